//! `inspect` of what `verify-attestation` printed.

use serde_json::{Value, json};
use testkit::Sandbox;

/// One scan, or several, a line each; what is told of each is what is told of its bundle.
#[test]
fn envelopes_that_were_verified_are_told_of() {
    let sandbox = Sandbox::with_image();
    let scan = |level: &str| {
        json!([{"line": 1, "code": "DL3006", "file": "Dockerfile", "level": level}]).to_string()
    };
    let attest =
        "attest --key cosign.key --type hadolint --predicate scan.json --bundle made.json oci:image:v1";
    let verify = "verify-attestation --key cosign.pub --type hadolint oci:image:v1";
    let verified = || sandbox.countersign(verify.split(' ')).succeeds().stdout;
    let inspect = |file: &str| {
        let told = sandbox.countersign(["inspect", "-o", "json", file]).succeeds().stdout;
        told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>()
    };
    let mut expected = Vec::new();
    for (level, severity) in [("error", "high"), ("warning", "medium")] {
        sandbox.write("scan.json", scan(level));
        sandbox.countersign(attest.split(' ')).succeeds();
        let bundle = inspect("made.json");
        assert_eq!(bundle[0]["signed"]["scan"]["findings"], json!({severity: 1}));
        expected.push(bundle[0]["signed"]["scan"].clone());
        sandbox.write("verified", verified());
        let told = inspect("verified");
        assert_eq!(told.len(), expected.len());
        for scan in &expected {
            assert!(told.iter().any(|told| told["scan"] == *scan && told["signatures"] == 1), "{told:?}");
        }
    }
    // All of it is envelopes, or none is.
    sandbox.write("verified", verified() + "{}\n");
    sandbox.countersign(["inspect", "verified"]).fails(1, "UNKNOWN_CONTENT");
    sandbox.write("verified", "");
    sandbox.countersign(["inspect", "verified"]).fails(1, "UNKNOWN_CONTENT");
}
