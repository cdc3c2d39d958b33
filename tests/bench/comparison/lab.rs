//! What all cases share: registries, keys, images and the two programs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use testkit::documents::{MANIFEST, descriptor};
use testkit::registry::{Options, Registry};
use testkit::{Sandbox, peer, program};

use crate::measure::{self, Cost, median};

/// How long the slow registry takes to answer.
pub(crate) const LATENCY: Duration = Duration::from_millis(20);

/// Bytes of the blob that is signed.
pub(crate) const BLOB_BYTES: u64 = 1_000_000_000;

/// Everything that a case needs.
pub(crate) struct Lab {
    pub(crate) sandbox: Sandbox,
    /// With the referrers API.
    pub(crate) modern: Registry,
    /// Without.
    pub(crate) plain: Registry,
    /// Without it, and a blob takes two requests, as in distribution.
    pub(crate) plain_in_two: Registry,
    /// With it, and far away.
    pub(crate) slow: Registry,
    pub(crate) runs: usize,
    cosign: PathBuf,
    openssl: PathBuf,
}

/// A command line, and the registry that it speaks to.
pub(crate) struct Invocation<'a> {
    pub(crate) line: Vec<String>,
    pub(crate) registry: Option<&'a Registry>,
}

impl Lab {
    /// Starts the registries and makes the keys: `key.key` is encrypted, `plain.key` is not.
    pub(crate) fn new(runs: usize) -> Self {
        let start = |options| Registry::start(options);
        let lab = Self {
            sandbox: Sandbox::new(),
            modern: start(Options::default()),
            plain: start(Options { referrers_api: false, ..Options::default() }),
            plain_in_two: start(Options {
                referrers_api: false,
                takes_blob_at_once: false,
                ..Options::default()
            }),
            slow: start(Options { latency: LATENCY, ..Options::default() }),
            runs,
            cosign: needed("COSIGN"),
            openssl: needed("OPENSSL"),
        };
        let sandbox = &lab.sandbox;
        sandbox.countersign(["generate-key-pair", "--output-key-prefix", "key"]).succeeds();
        sandbox.key("plain");
        sandbox.offline(&lab.cosign);
        lab
    }

    /// Puts an image into a repository; its reference by digest.
    pub(crate) fn image(&self, registry: &Registry, repository: &str) -> String {
        let config = format!(
            r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":[]}},"author":"{repository}"}}"#
        );
        let digest = registry.change(|contents| {
            let repository = contents.repository(repository);
            repository.put_blob(config.as_bytes());
            let config = descriptor("application/vnd.oci.image.config.v1+json", config.as_bytes());
            let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []});
            repository.put(None, MANIFEST, manifest.to_string().as_bytes())
        });
        format!("{}/{repository}@{digest}", registry.host())
    }

    /// As many images, each in a repository of its own.
    pub(crate) fn images(&self, registry: &Registry, prefix: &str, count: usize) -> Vec<String> {
        (0..count).map(|number| self.image(registry, &format!("{prefix}-{number}"))).collect()
    }

    /// Signs with the key that is not encrypted.
    pub(crate) fn sign(&self, options: &[&str], images: &[String]) {
        let fixed = ["sign", "--key", "plain.key", "--yes"].iter().chain(options).map(ToString::to_string);
        self.sandbox.countersign(fixed.chain(images.iter().cloned())).succeeds();
    }

    /// A file of [`BLOB_BYTES`], in the file system's memory.
    pub(crate) fn blob(&self) -> PathBuf {
        let path = self.sandbox.path("blob");
        if !path.exists() {
            let mut file = std::fs::File::create(&path).expect("a blob");
            file.set_len(BLOB_BYTES).expect("room for a blob");
            file = std::fs::File::open(&path).expect("the blob");
            std::io::copy(&mut file, &mut std::io::sink()).expect("the blob is read");
        }
        path
    }

    /// Writes an SBOM of 40 MB, `sbom.json`: 54 MB as an attestation.
    pub(crate) fn sbom(&self) -> &'static str {
        const NAME: &str = "sbom.json";
        const COMPONENTS: usize = 400_000;
        let mut sbom = String::from(r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":["#);
        for number in 0..COMPONENTS {
            let comma = if number == 0 { "" } else { "," };
            sbom.push_str(&format!(
                r#"{comma}{{"type":"library","name":"component-{number:08}","version":"1.{number:08}.0","purl":"pkg:generic/c"}}"#
            ));
        }
        sbom.push_str("]}");
        self.sandbox.write(NAME, sbom);
        NAME
    }

    /// Runs the programs in turns, once before that to warm up, and gives the medians of each.
    pub(crate) fn compete<'a, const N: usize>(
        &self,
        mut turn: impl FnMut(usize) -> [Invocation<'a>; N],
    ) -> [Cost; N] {
        let mut costs: [Vec<Cost>; N] = std::array::from_fn(|_| Vec::new());
        for run in 0..=self.runs {
            for (costs, invocation) in costs.iter_mut().zip(turn(run)) {
                if let Some(registry) = invocation.registry {
                    registry.clear_log();
                }
                let mut cost = measure::run(&self.sandbox, &invocation.line);
                cost.requests = invocation.registry.map_or(0.0, |registry| registry.count() as f64);
                if run > 0 {
                    costs.push(cost);
                }
            }
        }
        costs.map(|costs| median(&costs))
    }

    /// A line for countersign.
    pub(crate) fn ours(&self, arguments: &[&str], images: &[String]) -> Vec<String> {
        line(program(), arguments, images)
    }

    /// A line for cosign.
    pub(crate) fn cosign(&self, arguments: &[&str], images: &[String]) -> Vec<String> {
        line(&self.cosign, arguments, images)
    }

    /// A line for another peer.
    pub(crate) fn peer(&self, name: &str, arguments: &[&str]) -> Vec<String> {
        line(&needed(name), arguments, &[])
    }

    /// Where cosign is.
    pub(crate) fn cosign_program(&self) -> &Path {
        &self.cosign
    }

    /// A line for openssl.
    pub(crate) fn openssl(&self, arguments: &[&str]) -> Vec<String> {
        line(&self.openssl, arguments, &[])
    }
}

/// A peer that has to be there.
pub(crate) fn needed(name: &str) -> PathBuf {
    peer(name).unwrap_or_else(|| panic!("{name}: tests/peers/install brings it"))
}

fn line(program: &Path, arguments: &[&str], images: &[String]) -> Vec<String> {
    let program = program.display().to_string();
    let arguments = arguments.iter().map(ToString::to_string);
    [program].into_iter().chain(arguments).chain(images.iter().cloned()).collect()
}
