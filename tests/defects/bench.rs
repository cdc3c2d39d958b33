//! What the tests share: programs, an image, keys without a password.

use std::path::PathBuf;

use testkit::registry::{Options, Registry};
use testkit::{Run, Sandbox, peer};

/// A sandbox with a key and a layer.
pub struct Bench {
    pub sandbox: Sandbox,
    crane: PathBuf,
}

impl Bench {
    /// `None` where crane is not there. The key is in `one.key` and `one.pub`.
    pub fn new() -> Option<Self> {
        let bench = Self { sandbox: Sandbox::new(), crane: peer("CRANE")? };
        bench.sandbox.layer("layer.tar", "content\n");
        bench.sandbox.key("one");
        Some(bench)
    }

    /// Pushes an image, the same each time, and names it by its digest.
    pub fn push(&self, host: &str, name: &str) -> String {
        self.sandbox.push(&self.crane, "layer.tar", &format!("{host}/{name}:v1"))
    }

    /// Pushes an index of two images, and names it by its digest.
    pub fn push_index(&self, host: &str, name: &str) -> String {
        let repository = format!("{host}/{name}");
        let one = self.push(host, name);
        self.sandbox.layer("layer2.tar", "another\n");
        let two = self.sandbox.push(&self.crane, "layer2.tar", &format!("{repository}:v2"));
        let index = format!("{repository}:index");
        self.crane(&["index", "append", "-m", &one, "-m", &two, "-t", &index]);
        format!("{repository}@{}", self.crane(&["digest", &index]).stdout.trim())
    }

    pub fn crane(&self, words: &[&str]) -> Run {
        self.sandbox.run(&self.crane, words.iter().chain(&["--insecure"])).succeeds()
    }

    /// Runs countersign.
    pub fn ours(&self, words: &[&str]) -> Run {
        self.sandbox.countersign(words)
    }

    /// Signs with `one.key`.
    pub fn sign(&self, image: &str, format: &str) {
        self.ours(&["sign", "--key", "one.key", "--format", format, image]).succeeds();
    }

    pub fn verify(&self, image: &str) -> Run {
        self.ours(&["verify", "--key", "one.pub", image])
    }

    /// cosign 3, with a key of its own in `cosign.key` and what keeps it off the network.
    pub fn cosign(&self) -> Option<PathBuf> {
        let cosign = peer("COSIGN")?;
        self.sandbox.run(&cosign, ["generate-key-pair"]).succeeds();
        self.sandbox.offline(&cosign);
        Some(cosign)
    }
}

/// A registry in this process.
pub fn registry(referrers_api: bool) -> Registry {
    Registry::start(Options { referrers_api, ..Options::default() })
}

/// The digest of `repository@digest`.
pub fn digest(image: &str) -> &str {
    image.split_once('@').map_or(image, |(_, digest)| digest)
}
