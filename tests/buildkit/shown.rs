//! What `download`, `tree` and `inspect` show of BuildKit's attestations. None of them verifies anything.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::Sandbox;
use testkit::servers::{Kind, Server};

use crate::made::{Made, PROVENANCE, SPDX, Shape, push, statement};

const PLATFORM: [&str; 2] = ["--platform", "linux/amd64"];

/// The statement in an envelope.
fn payload(line: &str) -> Value {
    let envelope: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(envelope["signatures"], json!([]));
    let payload = STANDARD.decode(envelope["payload"].as_str().expect("a payload")).expect("base64");
    serde_json::from_slice(&payload).expect("JSON")
}

#[test]
fn attestations_are_downloaded_with_their_state() {
    let Some(server) = Server::start(Kind::Distribution2) else { return };
    for shape in Shape::ALL {
        let sandbox = Sandbox::new();
        let made = Made::new(&sandbox, "layout");
        let entries = made.attested(shape, "amd64");
        made.index(&entries);
        let Some(tagged) = push(&sandbox, "layout", &server) else { return };
        for image in ["oci:layout:v1", &tagged] {
            let download = |more: &[&str]| {
                let line = ["download", "attestation", image];
                sandbox.countersign(line.iter().chain(more))
            };
            let both = download(&PLATFORM).succeeds();
            let statements: Vec<_> = both.stdout.lines().map(payload).collect();
            assert_eq!(statements, [SPDX, PROVENANCE].map(|kind| statement(&entries[0], kind)));
            assert_eq!(both.stderr.matches("unsigned: self-asserted").count(), 2, "{}", both.stderr);
            let one = [&PLATFORM[..], &["--predicate-type", "slsaprovenance1"]].concat();
            assert_eq!(download(&one).succeeds().stdout.lines().count(), 1);
            // Of the index as a whole BuildKit says nothing; that it says something of its images is a hint.
            let index = download(&[]).fails(1, "NO_ATTESTATIONS");
            assert!(index.stderr.contains("linux/amd64: name one with --platform"), "{}", index.stderr);
        }
    }
}

#[test]
fn an_sbom_is_downloaded_as_it_stands_in_its_statement() {
    let sandbox = Sandbox::new();
    let made = Made::new(&sandbox, "layout");
    let image = made.image("amd64");
    // A stage's SBOM comes after that of the image.
    let mut stage = statement(&image, SPDX);
    stage["predicate"]["name"] = json!("sbom-stage");
    let layers = [made.statement(&statement(&image, SPDX)), made.statement(&stage)];
    let entry = made.entry(&image, &made.manifest(Shape::Artifact, &image, &layers));
    made.index(&[image.clone(), entry]);
    let download = |more: &[&str]| {
        sandbox.countersign(["download", "sbom", "oci:layout:v1"].iter().chain(&PLATFORM).chain(more))
    };
    let sbom = download(&[]).succeeds();
    assert_eq!(sbom.stdout, statement(&image, SPDX)["predicate"].to_string());
    assert!(sbom.stderr.contains("unsigned: self-asserted"), "{}", sbom.stderr);
    assert!(sbom.stderr.contains("of a stage or the context"), "{}", sbom.stderr);
    let nothing = sandbox.countersign(["download", "sbom", "oci:layout:v1"]).fails(1, "NO_SBOM");
    assert!(nothing.stderr.contains("linux/amd64: name one with --platform"), "{}", nothing.stderr);

    // Beside one that is attached, the type tells which is meant.
    sandbox.write("sbom.json", r#"{"spdxVersion": "SPDX-2.3"}"#);
    let attached = format!("oci:layout@{}", image["digest"].as_str().expect("a digest"));
    sandbox
        .countersign([
            "attach",
            "sbom",
            "--type",
            "spdx",
            "--input-format",
            "json",
            "--sbom",
            "sbom.json",
            &attached,
        ])
        .succeeds();
    let several = download(&[]).fails(2, "USAGE");
    assert!(several.stderr.contains(&format!("buildkit {SPDX}")), "{}", several.stderr);
    assert_eq!(download(&["--type", "buildkit"]).succeeds().stdout, sbom.stdout);
    assert_eq!(download(&["--type", "spdx+json"]).succeeds().stdout, r#"{"spdxVersion": "SPDX-2.3"}"#);
}

#[test]
fn an_index_shows_them_as_what_they_are() {
    let sandbox = Sandbox::new();
    let made = Made::new(&sandbox, "layout");
    let [image, entry] = made.attested(Shape::Artifact, "amd64");
    let arm64 = made.image("arm64");
    let broken = made.entry(
        &arm64,
        &json!({
            "schemaVersion": 2,
            "mediaType": testkit::documents::MANIFEST,
            "artifactType": "text/plain",
            "config": made.blob("text/plain", b""),
            "layers": [],
        }),
    );
    made.index(&[image.clone(), arm64.clone(), entry.clone(), broken.clone()]);

    let tree = sandbox.countersign(["tree", "oci:layout:v1"]).succeeds().stdout;
    let head = format!(
        "BuildKit attestations of linux/amd64 in the index: oci:layout@{}",
        entry["digest"].as_str().expect("a digest")
    );
    for words in [&head, SPDX, PROVENANCE, "of linux/arm64", "[BUILDKIT_SHAPE]"] {
        assert!(tree.contains(words), "{words}: {tree}");
    }
    assert!(!tree.contains("No Supply Chain"), "{tree}");
    let tree = sandbox.countersign(["tree", "-o", "json", "oci:layout:v1"]).succeeds().json();
    let shown = &tree["buildkit"][0];
    assert_eq!(shown["platform"], "linux/amd64");
    assert_eq!((&shown["image"], &shown["manifest"]), (&image["digest"], &entry["digest"]));
    assert_eq!(shown["statements"][0]["predicateType"], SPDX);
    assert_eq!(tree["buildkit"][1]["refusal"]["code"], "BUILDKIT_SHAPE");

    let inspected = sandbox.countersign(["inspect", "-o", "json", "oci:layout:v1"]).succeeds().json();
    let entries = &inspected["manifests"];
    assert_eq!(entries[0].get("kind"), None);
    assert_eq!(entries[2]["kind"], "BuildKit attestation manifest");
    assert_eq!(entries[2]["attests"]["digest"], image["digest"]);
    assert_eq!(entries[2]["attests"]["platform"]["architecture"], "amd64");
    assert_eq!(entries[2]["predicateTypes"], json!([SPDX, PROVENANCE]));
    assert!(entries[3]["refused"].as_str().is_some_and(|why| why.contains("BUILDKIT_SHAPE")), "{entries}");
}
