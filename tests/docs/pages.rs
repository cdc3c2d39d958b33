//! Every command of every page is run.

use std::path::{Path, PathBuf};

use countersign_core::digest::Digest;
use countersign_core::media_type;
use countersign_core::oci::{Descriptor, RawManifest};
use countersign_core::reference::{Selector, Tag};
use countersign_core::source::Source;
use countersign_core::source::layout::Layout;
use serde_json::{Value, json};
use testkit::documents;
use testkit::registry::{self, Access};
use testkit::servers::{Kind, Server};
use testkit::{Sandbox, peer, program, project};

use crate::session::{self, Step};
use crate::{all_pages, read};

/// What is not run here, since it builds the program or runs all tests: each is what another test or the checks run.
const ELSEWHERE: [&str; 4] = [
    "cargo run --release --locked -- demo",
    "./tests/run",
    "cargo build --release --locked",
    "export PATH=$PWD/target/release:$PATH",
];

/// Programs of others that pages run, and the variables of where they are.
const OTHERS: [(&str, &str); 3] = [("hadolint", "HADOLINT"), ("jq", "JQ"), ("trivy", "TRIVY")];

/// The credentials of `$PRIVATE_REGISTRY`, as the page has them.
const USER: &str = "ci";
const PASSWORD: &str = "secret";

/// Commands of a page that are run here.
fn to_run(page: &Path) -> Vec<Step> {
    let mut steps = session::steps(page, &read(page));
    steps.retain(|step| !ELSEWHERE.contains(&step.command.as_str()));
    steps
}

/// Every page is run against both kinds of registries: with and without the referrers API.
#[test]
fn every_command_of_every_page_ends_as_the_page_says() {
    let pages: Vec<_> = all_pages().into_iter().map(|page| (to_run(&page), page)).collect();
    let count: usize = pages.iter().map(|(steps, _)| steps.len()).sum();
    assert!(count > 150, "only {count} commands were found");
    std::thread::scope(|scope| {
        for (steps, page) in pages.iter().filter(|(steps, _)| !steps.is_empty()) {
            scope.spawn(move || run_everywhere(page, steps));
        }
    });
}

/// Where the programs of others are that these commands run; `None` where one of them is missing.
fn others(steps: &[Step]) -> Option<Vec<PathBuf>> {
    let runs = |name: &str| {
        steps.iter().any(|step| step.command.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')))
    };
    let needed = OTHERS.iter().filter(|(name, _)| runs(name));
    needed.map(|(_, variable)| Some(peer(variable)?.parent()?.to_owned())).collect()
}

fn run_everywhere(page: &Path, steps: &[Step]) {
    let Some(others) = others(steps) else { return };
    if !steps.iter().any(|step| step.command.contains("$REGISTRY")) {
        return run_page(page, steps, &others, None);
    }
    for kind in [Kind::Distribution2, Kind::Referrers] {
        if let Some(server) = Server::start(kind) {
            run_page(page, steps, &others, Some(&server));
        }
    }
}

fn run_page(page: &Path, steps: &[Step], others: &[PathBuf], server: Option<&Server>) {
    let sandbox = sandbox(others);
    let private = private_registry();
    let sandbox = sandbox.with("PRIVATE_REGISTRY", private.host());
    let sandbox = match server {
        Some(server) => sandbox.with("REGISTRY", server.host()),
        None => sandbox,
    };
    materials(&sandbox);
    session::run(page, steps, &sandbox);
}

/// With `countersign` and the programs of others on the path, and no secret but those that a page gives.
fn sandbox(others: &[PathBuf]) -> Sandbox {
    let programs = program().parent().expect("the program's folder").to_owned();
    let mut path = vec![programs];
    path.extend_from_slice(others);
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    Sandbox::new().with("PATH", std::env::join_paths(path).expect("a path")).with("SECRET", PASSWORD)
}

fn private_registry() -> registry::Registry {
    let access = Access::Basic { user: USER.into(), password: PASSWORD.into() };
    registry::Registry::start(registry::Options { access, ..registry::Options::default() })
}

/// What pages start from besides: `oci:multi:v1`, an index of two images; `oci:multi:built`, the same with what BuildKit
/// says of them; private keys of other tools.
pub(crate) fn materials(sandbox: &Sandbox) {
    std::fs::create_dir(sandbox.path("work")).expect("a folder");
    for (name, source) in [("release.pem", "ecdsa-p384/pkcs8.pem"), ("id_ed25519", "ed25519/openssh.pem")] {
        let source = project().join("keys-testdata").join(source);
        std::fs::copy(source, sandbox.path("work").join(name)).expect("a key");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let entries: Vec<_> = ["amd64", "arm64"]
        .map(|architecture| {
            let target = format!("oci:work/multi:{architecture}");
            sandbox.countersign(["demo", "--build-image", &target, "--text", architecture]).succeeds();
            let found = runtime.block_on(multi(sandbox).resolve(&selector(architecture)));
            let mut entry = json!(found.expect("an answer").expect("the image"));
            entry["platform"] = json!({"os": "linux", "architecture": architecture});
            entry
        })
        .into();
    let attested: Vec<_> = entries.iter().map(|image| runtime.block_on(attested(sandbox, image))).collect();
    for (tag, entries) in [("v1", entries.clone()), ("built", [entries, attested].concat())] {
        let index = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries});
        let index = RawManifest::write(media_type::OCI_INDEX, &index).expect("an index");
        runtime.block_on(multi(sandbox).put_manifest(&selector(tag), &index)).expect("the index");
    }
}

/// Stores an attestation manifest with an SBOM and provenance, as BuildKit does, and gives its entry in an index.
async fn attested(sandbox: &Sandbox, image: &Value) -> Value {
    let store = async |media_type: &str, content: String| {
        let blob = Descriptor::of(media_type, content.as_bytes());
        multi(sandbox).put_blob(&blob, content.into_bytes().into(), None).await.expect("a blob");
        json!(blob)
    };
    let digest: Digest = image["digest"].as_str().and_then(|digest| digest.parse().ok()).expect("a digest");
    let mut layers = Vec::new();
    for kind in ["https://spdx.dev/Document", "https://slsa.dev/provenance/v1"] {
        let mut layer = store(documents::IN_TOTO, documents::statement(&digest, kind).to_string()).await;
        layer["annotations"] = json!({"in-toto.io/predicate-type": kind});
        layers.push(layer);
    }
    store(media_type::OCI_EMPTY, "{}".into()).await;
    let mut manifest = documents::referrer(image, &layers);
    manifest["artifactType"] = json!(media_type::BUILDKIT_ATTESTATION);
    let manifest = RawManifest::write(media_type::OCI_MANIFEST, &manifest).expect("a manifest");
    multi(sandbox).put_manifest(&manifest.digest.into(), &manifest).await.expect("the manifest");
    let mut entry = json!(manifest.descriptor());
    entry["platform"] = json!({"os": "unknown", "architecture": "unknown"});
    entry["annotations"] = json!({
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": digest,
    });
    entry
}

fn multi(sandbox: &Sandbox) -> Layout {
    Layout::open(&sandbox.path("work/multi")).expect("the layout")
}

fn selector(tag: &str) -> Selector {
    Selector::Tag(tag.parse::<Tag>().expect("a tag"))
}

/// The README's two commands are there literally, and are what the checks run.
#[test]
fn the_two_commands_of_the_readme_are_those_that_are_checked() {
    let steps = session::steps(Path::new("README.md"), &read("README.md"));
    for command in &ELSEWHERE[..2] {
        assert!(steps.iter().any(|step| step.command == *command), "README.md lacks: {command}");
    }
    assert!(read(".ci/run").contains("/../tests/run"), ".ci/run no longer runs tests/run");
    // `cargo run` is the program, from the lock file that is there, and `demo` is what tests/cli/demo.rs repeats.
    assert!(read("Cargo.toml").contains("default-members = [\"cli\"]"));
    assert!(project().join("Cargo.lock").is_file());
    assert!(read("tests/cli/demo.rs").contains("[\"demo\", \"--dir\", \"first\"]"));
}

/// The table of contents has every page, and no other.
#[test]
fn every_page_is_in_the_table_of_contents() {
    let summary = read("docs/SUMMARY.md");
    let links = regex::Regex::new(r"\]\(([^)]+\.md)\)").expect("an expression");
    let mut listed: Vec<_> =
        links.captures_iter(&summary).map(|link| PathBuf::from("docs").join(&link[1])).collect();
    listed.sort();
    let mut there = all_pages();
    there.retain(|page| !matches!(page.to_str(), Some("README.md" | "docs/SUMMARY.md")));
    assert_eq!(listed, there);
}

/// A link to a page, a file or a heading leads somewhere.
#[test]
fn links_lead_somewhere() {
    let links = regex::Regex::new(r"\]\(([^)#:]*)(#[^)]*)?\)").expect("an expression");
    let mut pages = all_pages();
    pages.extend(["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].map(PathBuf::from));
    for page in pages {
        let text = read(&page);
        for link in links.captures_iter(&text) {
            let target = match &link[1] {
                "" => page.clone(),
                target => page.parent().expect("a folder").join(target),
            };
            assert!(project().join(&target).exists(), "{}: {}", page.display(), &link[0]);
            if let Some(heading) = link.get(2) {
                let found = headings(&read(&target)).iter().any(|name| name == &heading.as_str()[1..]);
                assert!(found, "{}: {}", page.display(), &link[0]);
            }
        }
    }
}

/// The names that mdBook and GitHub give headings.
fn headings(text: &str) -> Vec<String> {
    let kept = |c: char| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => c.to_lowercase().next(),
        _ => None,
    };
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| line.trim_start_matches('#').trim().chars().filter_map(kept).collect()).collect()
}
