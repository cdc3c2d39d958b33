//! SBOMs of every platform of an index.

use serde_json::Value;
use testkit::Sandbox;
use testkit::servers::{Kind, Server};

use crate::made::{Made, Shape, push};

/// A sandbox with a key, and the layout of an index of two images with attestation manifests.
fn sandbox() -> (Sandbox, [String; 2]) {
    let sandbox = Sandbox::new();
    sandbox.key("a");
    let made = Made::new(&sandbox, "layout");
    let [amd64, amd64_attested] = made.attested(Shape::Artifact, "amd64");
    let [mut arm64, arm64_attested] = made.attested(Shape::Image, "arm64");
    arm64["platform"]["variant"] = "v8".into();
    let digests = [&amd64, &arm64].map(|image| image["digest"].as_str().expect("a digest").to_owned());
    made.index(&[amd64, arm64, amd64_attested, arm64_attested]);
    (sandbox, digests)
}

fn generate(image: &str, more: &[&str]) -> Vec<String> {
    ["sbom", "generate", "--recursive", image].iter().chain(more).map(ToString::to_string).collect()
}

#[test]
fn each_platform_has_its_files() {
    let (sandbox, digests) = sandbox();
    let files = ["-o", "cyclonedx-json=app.cdx.json", "-o", "spdx-json=app.json"];
    sandbox.countersign(generate("oci:layout:v1", &files)).succeeds();
    for (label, digest) in ["linux-amd64", "linux-arm64-v8"].iter().zip(&digests) {
        let made: Value =
            serde_json::from_slice(&sandbox.read(format!("app.{label}.cdx.json"))).expect("JSON");
        let named = made["metadata"]["component"].to_string();
        assert!(named.contains(digest.strip_prefix("sha256:").expect("SHA-256")), "{named}");
        // The same as of that image by itself.
        let alone = ["sbom", "generate", "-o", "spdx-json", &format!("oci:layout@{digest}")];
        let alone = sandbox.countersign(alone).succeeds().stdout;
        assert_eq!(String::from_utf8_lossy(&sandbox.read(format!("app.{label}.json"))), alone);
    }
    let count = sandbox.listing().iter().filter(|path| path.starts_with("app.")).count();
    assert_eq!(count, 4, "attestation manifests are no images");
}

#[test]
fn an_image_that_is_listed_twice_is_one() {
    let sandbox = Sandbox::new();
    let made = Made::new(&sandbox, "layout");
    let [amd64, attested] = made.attested(Shape::Artifact, "amd64");
    let arm64 = made.image("arm64");
    made.index(&[amd64.clone(), arm64, attested, amd64]);
    sandbox.countersign(generate("oci:layout:v1", &["-o", "spdx-json=app.json"])).succeeds();
    for label in ["linux-amd64", "linux-arm64"] {
        assert!(!sandbox.read(format!("app.{label}.json")).is_empty(), "{label}");
    }
}

#[test]
fn each_platform_is_attested() {
    let Some(server) = Server::start(Kind::Referrers) else { return };
    let (sandbox, digests) = sandbox();
    let Some(tagged) = push(&sandbox, "layout", &server) else { return };
    let attest = ["-o", "cyclonedx-json=app.cdx.json", "--attest", "--key", "a.key"];
    sandbox.countersign(generate(&tagged, &attest)).succeeds();
    let verify = ["verify-attestation", "--type", "cyclonedx", "--key", "a.pub"];
    for digest in &digests {
        let image = format!("{}@{digest}", tagged.strip_suffix(":v1").expect("a tag"));
        sandbox.countersign(verify.iter().chain(&[image.as_str()])).succeeds();
    }
    sandbox.countersign(verify.iter().chain(&[tagged.as_str()])).fails(1, "NO_ATTESTATIONS");
}

#[test]
fn one_document_goes_to_standard_output() {
    let (sandbox, _) = sandbox();
    for more in [&[][..], &["-o", "spdx-json", "-o", "swid=app.xml"]] {
        let run = sandbox.countersign(generate("oci:layout:v1", more)).fails(2, "USAGE");
        assert!(run.stderr.contains("2 documents"), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    // An index of one image, and an image that is no index.
    let made = Made::new(&sandbox, "single");
    let [image, attested] = made.attested(Shape::Artifact, "amd64");
    let digest = format!("oci:single@{}", image["digest"].as_str().expect("a digest"));
    made.index(&[image, attested]);
    let one = sandbox.countersign(generate("oci:single:v1", &[])).succeeds().stdout;
    assert_eq!(sandbox.countersign(generate(&digest, &[])).succeeds().stdout, one);
    // Of an image that is no index, the file has the name that was given.
    sandbox.countersign(generate(&digest, &["-o", "swid=app.xml"])).succeeds();
    assert!(!sandbox.read("app.xml").is_empty());
}

#[test]
fn what_cannot_be_is_said() {
    let (sandbox, _) = sandbox();
    sandbox.countersign(["sbom", "generate", "--recursive", "dir:home"]).fails(2, "USAGE");
    sandbox.countersign(generate("oci:layout:v1", &["--platform", "linux/amd64"])).ends(2);
    // No document is written over the key, by whatever name.
    std::fs::rename(sandbox.path("a.key"), sandbox.path("a.linux-amd64.key")).expect("the key");
    let key = sandbox.read("a.linux-amd64.key");
    let over = ["-o", "spdx-json=a.key", "--attest", "--key", "a.linux-amd64.key"];
    sandbox.countersign(generate("oci:layout:v1", &over)).fails(2, "USAGE");
    assert_eq!(sandbox.read("a.linux-amd64.key"), key);
    let made = Made::new(&sandbox, "nothing");
    made.index(&[]);
    sandbox.countersign(generate("oci:nothing:v1", &["-o", "swid=x.xml"])).fails(3, "NOT_FOUND");
}

/// Two images of one platform are told apart by their digests.
#[test]
fn files_of_one_platform_do_not_meet() {
    let sandbox = Sandbox::new();
    let made = Made::new(&sandbox, "layout");
    let one = made.image("amd64");
    let mut other = made.image("s390x");
    other["platform"] = one["platform"].clone();
    made.index(&[one.clone(), other.clone()]);
    sandbox.countersign(generate("oci:layout:v1", &["-o", "swid=app.xml"])).succeeds();
    for image in [one, other] {
        let part = &image["digest"].as_str().expect("a digest")["sha256:".len()..][..12];
        assert!(!sandbox.read(format!("app.linux-amd64-{part}.xml")).is_empty());
    }
}
