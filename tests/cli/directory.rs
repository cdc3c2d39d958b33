//! A statement about a directory.

use serde_json::{Value, json};
use testkit::Sandbox;

const ATTEST: &str =
    "attest-blob --key cosign.key --type https://example.com/x --predicate says.json --bundle";
const VERIFY: &str = "verify-blob-attestation --key cosign.pub --type https://example.com/x --bundle";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.countersign(["generate-key-pair"]).succeeds();
    std::fs::create_dir_all(sandbox.path("dist/bin")).expect("a folder");
    for (name, text) in [("says.json", "{}"), ("dist/README", "text"), ("dist/bin/app", "program")] {
        sandbox.write(name, text);
    }
    sandbox
}

fn words<'a>(line: &'a str, more: &'a str) -> impl Iterator<Item = &'a str> {
    line.split(' ').chain(more.split(' '))
}

/// (threat model, row 97) The bundle may lie in the directory, also when it is written a second time; whatever else is added is found.
#[test]
fn every_file_is_a_subject_and_no_other_may_be_there() {
    let sandbox = sandbox();
    for _ in 0..2 {
        sandbox
            .countersign(words(ATTEST, "dist/made.json --output-attestation dist/statement dist"))
            .succeeds();
    }
    let statement: Value = serde_json::from_slice(&sandbox.read("dist/statement")).expect("JSON");
    let names: Vec<_> =
        statement["subject"].as_array().expect("subjects").iter().map(|s| &s["name"]).collect();
    assert_eq!(json!(names), json!(["README", "bin/app"]));
    std::fs::remove_file(sandbox.path("dist/statement")).expect("removed");

    let verify = || sandbox.countersign(words(VERIFY, "dist/made.json dist"));
    verify().succeeds();
    sandbox.write("dist/bin/app", "another");
    assert!(verify().fails(1, "FILES_DIFFER").stderr.contains("\"bin/app\" has another content"));
    sandbox.write("dist/bin/app", "program");
    sandbox.write("dist/.hidden", "");
    assert!(verify().fails(1, "FILES_DIFFER").stderr.contains("\".hidden\" is not among the subjects"));
    std::fs::remove_file(sandbox.path("dist/.hidden")).expect("removed");
    std::fs::remove_file(sandbox.path("dist/README")).expect("removed");
    assert!(verify().fails(1, "FILES_DIFFER").stderr.contains("\"README\" is missing"));
    sandbox.countersign(words(VERIFY, "dist/made.json --ignore-missing dist")).succeeds();
    // One of the subjects alone is verified as any file is.
    sandbox.countersign(words(VERIFY, "dist/made.json dist/bin/app")).succeeds();
}

#[test]
fn what_is_no_file_is_no_subject() {
    let sandbox = sandbox();
    let attest = |place: &str| sandbox.countersign(words(ATTEST, &format!("made.json {place}")));
    std::fs::create_dir(sandbox.path("empty")).expect("a folder");
    assert!(attest("empty").fails(2, "USAGE").stderr.contains("has no file"));
    attest("dist").succeeds();
    std::os::unix::fs::symlink("/etc/passwd", sandbox.path("dist/link")).expect("a link");
    assert!(attest("dist").fails(2, "USAGE").stderr.contains("dist/link"));
    sandbox.countersign(words(VERIFY, "made.json dist")).fails(1, "FILES_DIFFER");
    sandbox.countersign(words(VERIFY, "made.json --ignore-missing says.json")).fails(2, "USAGE");
}

/// A statement that was made elsewhere must be about each file.
#[test]
fn a_whole_statement_is_about_every_file() {
    let sandbox = sandbox();
    sandbox.countersign(words(ATTEST, "made.json --output-attestation statement dist")).succeeds();
    let sign =
        ["attest-blob", "--key", "cosign.key", "--statement", "statement", "--bundle", "again.json", "dist"];
    sandbox.countersign(sign).succeeds();
    sandbox.countersign(words(VERIFY, "again.json dist")).succeeds();
    sandbox.write("dist/new", "");
    sandbox.countersign(sign).fails(2, "USAGE");
}
