//! Whose word a statement of BuildKit's is: signed, pinned, or nobody's.

use serde_json::Value;
use testkit::peers::{COSIGN_BUNDLE, peer};
use testkit::servers::{Kind, Server};
use testkit::{Run, Sandbox};

use crate::made::{Made, Shape, push};

/// A sandbox with the keys `a` and `b`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.key("a");
    sandbox.key("b");
    sandbox
}

fn verify(sandbox: &Sandbox, image: &str, more: &[&str]) -> Run {
    let line = ["verify-attestation", "--type", "spdxjson", "--key", "a.pub", image];
    sandbox.countersign(line.iter().chain(more))
}

const BUILDKIT: &[&str] = &["--buildkit", "--platform", "linux/amd64"];

fn sign(sandbox: &Sandbox, key: &str, image: &str) {
    sandbox.countersign(["sign", "--key", &format!("{key}.key"), image]).succeeds();
}

/// The first that was accepted, of the first image in a report.
fn accepted(sandbox: &Sandbox, image: &str) -> Value {
    let report = verify(sandbox, image, &[BUILDKIT, &["-o", "report"]].concat()).succeeds().json();
    report["images"][0]["accepted"][0].clone()
}

/// Goes through the three states of an image that stands at `repository`, tagged `v1`.
fn three_states(sandbox: &Sandbox, repository: &str, tagged: &str, index: &str, manifest: &str) {
    let unsigned = verify(sandbox, tagged, BUILDKIT).fails(1, "BUILDKIT_UNSIGNED");
    assert!(unsigned.stderr.contains("unsigned, self-asserted"), "{}", unsigned.stderr);
    let mends = format!("'countersign sign --key KEY {repository}@{index}'");
    assert!(unsigned.stderr.contains(&mends), "{}", unsigned.stderr);
    assert_eq!(unsigned.stdout, "");

    // Signed by somebody who is not trusted, it is as if it were not.
    sign(sandbox, "b", &format!("{repository}@{index}"));
    verify(sandbox, tagged, BUILDKIT).fails(1, "BUILDKIT_UNSIGNED");

    sign(sandbox, "a", &format!("{repository}@{index}"));
    let pinned = accepted(sandbox, tagged);
    assert_eq!((&pinned["format"], &pinned["buildkit"]), (&"buildkit".into(), &"pinned".into()));
    assert_eq!(pinned["origin"]["manifest"], *manifest);
    assert_eq!(pinned["origin"]["via"], format!("index:{index}"));
    let text = verify(sandbox, tagged, &[BUILDKIT, &["-o", "text"]].concat()).succeeds();
    assert!(text.stdout.ends_with("1 valid attestation (buildkit: pinned)\n"), "{}", text.stdout);

    sign(sandbox, "a", &format!("{repository}@{manifest}"));
    assert_eq!(accepted(sandbox, tagged)["buildkit"], "signed");

    // Nobody asked for it.
    verify(sandbox, tagged, &["--platform", "linux/amd64"]).fails(1, "NO_ATTESTATIONS");
    verify(sandbox, tagged, &[]).fails(1, "NO_ATTESTATIONS");
}

/// threat model, row 91: what nobody who is trusted signed counts for nothing.
#[test]
fn the_three_states_are_told_apart() {
    for shape in Shape::ALL {
        let sandbox = sandbox();
        let made = Made::new(&sandbox, "layout");
        let entries = made.attested(shape, "amd64");
        let manifest = entries[1]["digest"].as_str().expect("a digest").to_owned();
        let index = made.index(&entries);
        for kind in [Kind::Distribution2, Kind::Referrers] {
            let Some(server) = Server::start(kind) else { continue };
            let Some(tagged) = push(&sandbox, "layout", &server) else { continue };
            let repository = tagged.strip_suffix(":v1").expect("a tag");
            three_states(&sandbox, repository, &tagged, &index, &manifest);
        }
        three_states(&sandbox, "oci:layout", "oci:layout:v1", &index, &manifest);
        // What signs it goes along when it is copied.
        let Some(server) = Server::start(Kind::Crane) else { continue };
        let copied = format!("{}/copied/app:v1", server.host());
        sandbox.countersign(["copy", "oci:layout:v1", &copied]).succeeds();
        assert_eq!(accepted(&sandbox, &copied)["buildkit"], "signed");
    }
}

#[test]
fn an_index_that_cosign_signed_pins_what_it_lists() {
    let (Some(cosign), Some(server)) = (peer("COSIGN"), Server::start(Kind::Referrers)) else { return };
    let sandbox = Sandbox::new();
    sandbox.run(&cosign, ["generate-key-pair"]).succeeds();
    sandbox.offline(&cosign);
    let made = Made::new(&sandbox, "layout");
    let index = made.index(&made.attested(Shape::Artifact, "amd64"));
    let Some(tagged) = push(&sandbox, "layout", &server) else { return };
    let named = format!("{}@{index}", tagged.strip_suffix(":v1").expect("a tag"));
    let sign = [&["sign", "--key", "cosign.key"][..], &COSIGN_BUNDLE, &[&named]].concat();
    sandbox.run(&cosign, sign).succeeds();
    let line =
        ["verify-attestation", "--type", "slsaprovenance1", "--key", "cosign.pub", "-o", "text", &tagged];
    let verified = sandbox.countersign(line.iter().chain(BUILDKIT)).succeeds();
    assert!(verified.stdout.contains("(buildkit: pinned)"), "{}", verified.stdout);
}

/// A statement counts for each key that covers it, and for each key once.
#[test]
fn keys_are_counted_whatever_they_signed() {
    let sandbox = sandbox();
    let made = Made::new(&sandbox, "layout");
    let entries = made.attested(Shape::Artifact, "amd64");
    let manifest = format!("oci:layout@{}", entries[1]["digest"].as_str().expect("a digest"));
    let index = format!("oci:layout@{}", made.index(&entries));
    let both = [BUILDKIT, &["--key", "b.pub", "--threshold", "2"]].concat();
    sign(&sandbox, "a", &manifest);
    sign(&sandbox, "a", &index);
    verify(&sandbox, "oci:layout:v1", &both).fails(1, "THRESHOLD_NOT_REACHED");
    sign(&sandbox, "b", &index);
    let verified = verify(&sandbox, "oci:layout:v1", &both).succeeds();
    // One statement, and one document.
    assert_eq!(verified.stdout.lines().count(), 1, "{}", verified.stdout);
    assert_eq!(verified.json()["signatures"], Value::Array(Vec::new()));
    let text = verify(&sandbox, "oci:layout:v1", &[&both[..], &["-o", "text"]].concat()).succeeds();
    assert!(text.stdout.ends_with("1 valid attestation (buildkit: signed, pinned)\n"), "{}", text.stdout);
}

/// An attestation of the index signs the index as little as one of an image signs that.
#[test]
fn an_attestation_of_the_index_does_not_pin() {
    let sandbox = sandbox();
    let made = Made::new(&sandbox, "layout");
    made.index(&made.attested(Shape::Artifact, "amd64"));
    sandbox.write("scan", "{}");
    let line = ["attest", "--key", "a.key", "--type", "https://example.com/x", "--predicate", "scan"];
    sandbox.countersign(line.iter().chain(&["oci:layout:v1"])).succeeds();
    verify(&sandbox, "oci:layout:v1", BUILDKIT).fails(1, "BUILDKIT_UNSIGNED");
}

#[test]
fn every_platform_needs_its_own() {
    let sandbox = sandbox();
    let made = Made::new(&sandbox, "layout");
    let [amd64, attested] = made.attested(Shape::Artifact, "amd64");
    let arm64 = made.image("arm64");
    made.index(&[amd64.clone(), arm64, attested.clone()]);
    sign(&sandbox, "a", "oci:layout:v1");
    let all = ["--buildkit", "--recursive", "-o", "report"];
    let report = verify(&sandbox, "oci:layout:v1", &all).ends(1).json();
    let outcomes: Vec<_> = (0..).map_while(|image| report["images"][image]["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["proven", "refused"]);

    let [arm64, arm64_attested] = made.attested(Shape::Image, "arm64");
    made.index(&[amd64, arm64, attested, arm64_attested]);
    sign(&sandbox, "a", "oci:layout:v1");
    verify(&sandbox, "oci:layout:v1", &all).succeeds();
    // Of the platform of this machine, where it has one.
    if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        verify(&sandbox, "oci:layout:v1", &["--buildkit"]).succeeds();
    }
}

/// What is attached to the image itself counts as it always does.
#[test]
fn other_attestations_of_the_image_count_as_well() {
    let sandbox = sandbox();
    let made = Made::new(&sandbox, "layout");
    let entries = made.attested(Shape::Artifact, "amd64");
    let image = format!("oci:layout@{}", entries[0]["digest"].as_str().expect("a digest"));
    made.index(&entries);
    sandbox.write("sbom.json", r#"{"spdxVersion": "SPDX-2.3"}"#);
    let attest = ["attest", "--key", "a.key", "--type", "spdxjson", "--predicate", "sbom.json", &image];
    sandbox.countersign(attest).succeeds();
    let verified = verify(&sandbox, "oci:layout:v1", &[BUILDKIT, &["-o", "text"]].concat()).succeeds();
    assert!(verified.stdout.ends_with(": 1 valid attestation\n"), "{}", verified.stdout);
    assert!(verified.stderr.contains("[BUILDKIT_UNSIGNED]"), "{}", verified.stderr);
    // Named by its own digest, no index is known.
    let alone = verify(&sandbox, &image, &["--buildkit"]).succeeds();
    assert!(alone.stderr.contains("is no index"), "{}", alone.stderr);
}
