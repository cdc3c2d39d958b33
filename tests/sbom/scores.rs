//! What `sbom score` counts, before the conformance checker of the makers of SPDX: both read the same documents.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_sbom::format::{Format, SpdxVersion, write};
use serde_json::{Value, json};
use testkit::{Sandbox, peer};

use crate::samples;

/// A document of which nothing is missing: the sample, with a supplier wherever nobody is known.
fn full() -> Value {
    let format = Format::SpdxJson(SpdxVersion::V2_3);
    let written = write(&samples::inventory(), format, &samples::making()).expect("a document");
    let mut document: Value = serde_json::from_slice(&written).expect("JSON");
    for package in document["packages"].as_array_mut().expect("packages") {
        if package["supplier"] == "NOASSERTION" {
            package["supplier"] = json!("Organization: Someone");
        }
    }
    document
}

fn package<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    let packages = document["packages"].as_array_mut().expect("packages");
    packages.iter_mut().find(|package| package["name"] == name).expect("a package of this name")
}

type Without = fn(&mut Value);

/// What is taken away, and the elements that are not met then.
const CASES: [(Without, &[&str]); 7] = [
    (|_| (), &[]),
    (|document| package(document, "bash")["supplier"] = json!("NOASSERTION"), &["supplier"]),
    (
        |document| {
            package(document, "bash").as_object_mut().expect("a package").remove("supplier");
        },
        &["supplier"],
    ),
    (|document| package(document, "debian")["supplier"] = json!("NOASSERTION"), &["supplier"]),
    (
        |document| {
            package(document, "bash").as_object_mut().expect("a package").remove("versionInfo");
        },
        &["version"],
    ),
    (
        |document| {
            package(document, "libc6")["supplier"] = json!("NOASSERTION");
            package(document, "ms").as_object_mut().expect("a package").remove("versionInfo");
        },
        &["supplier", "version"],
    ),
    (
        |document| {
            for package in document["packages"].as_array_mut().expect("packages") {
                package["supplier"] = json!("NOASSERTION");
            }
        },
        &["supplier"],
    ),
];

/// The elements that `sbom score` finds not met.
fn scored(sandbox: &Sandbox, file: &str) -> BTreeSet<String> {
    let report =
        sandbox.countersign(["sbom", "score", file, "--profile", "ntia", "-o", "json"]).succeeds().json();
    let elements = report["profiles"][0]["elements"].as_array().expect("elements").clone();
    let lacking = elements.iter().filter(|element| element["passed"] == false);
    lacking.map(|element| element["id"].as_str().expect("a name").to_owned()).collect()
}

/// The elements that the checker finds not met, by our names.
fn checked(sandbox: &Sandbox, checker: &Path, file: &str) -> BTreeSet<String> {
    let run = sandbox.run(checker, [format!("ntia={file}")]);
    let complaints = run.stdout.lines().filter(|line| !line.is_empty());
    // Before each stands what was asked.
    let complaints = complaints.map(|line| line.split_once(": ").map_or(line, |(_, complaint)| complaint));
    let element = |complaint: &str| match complaint.split(':').next().unwrap_or_default() {
        "authorNameProvided" => "author",
        "timestampProvided" => "timestamp",
        "dependencyRelationshipsProvided" => "relationships",
        "componentNames" => "name",
        "componentVersions" => "version",
        "componentIdentifiers" => "identifiers",
        "componentSuppliers" => "supplier",
        _ => panic!("{complaint}\n{}", run.stderr),
    };
    complaints.map(|complaint| element(complaint).to_owned()).collect()
}

#[test]
fn the_elements_of_ntia_are_counted_as_their_checker_counts_them() {
    let Some(checker) = peer("SBOM_VALIDATORS") else { return };
    let sandbox = Sandbox::new();
    for (number, (without, expected)) in CASES.into_iter().enumerate() {
        let mut document = full();
        without(&mut document);
        let file = format!("{number}.spdx.json");
        sandbox.write(&file, document.to_string());
        let expected: BTreeSet<_> = expected.iter().map(|&id| id.to_owned()).collect();
        assert_eq!(scored(&sandbox, &file), expected, "{number}");
        assert_eq!(checked(&sandbox, &checker, &file), expected, "{number}");
    }
}

/// Where the two differ, on purpose: to the checker the identifier of a package within its own document is a unique one,
/// and NTIA asks for one that is "a look-up key for relevant databases".
#[test]
fn an_identifier_within_the_document_is_not_enough() {
    let Some(checker) = peer("SBOM_VALIDATORS") else { return };
    let sandbox = Sandbox::new();
    let mut document = full();
    package(&mut document, "bash").as_object_mut().expect("a package").remove("externalRefs");
    sandbox.write("document", document.to_string());
    assert_eq!(scored(&sandbox, "document"), ["identifiers".to_owned()].into());
    assert_eq!(checked(&sandbox, &checker, "document"), BTreeSet::new());
}

#[test]
fn a_score_can_be_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.write("full", full().to_string());
    let score = |more: &[&str]| sandbox.countersign(["sbom", "score", "full"].iter().chain(more));
    score(&["--profile", "ntia", "--min", "100"]).succeeds();
    // SPDX 2.3 is none of the formats of the BSI.
    score(&["--profile", "bsi", "--min", "100"]).fails(1, "SBOM_SCORE");
    let text = score(&[]).succeeds().stdout;
    for line in ["NTIA minimum elements 2021: met, 100 %", "BSI TR-03183-2 v2.1.0: not met", "not judged"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    score(&["--min", "101"]).ends(2);
    score(&["--profile", "other"]).ends(2);
}
