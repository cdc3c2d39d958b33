//! Real reports against `docs/report.schema.json`.
//!
//! The schema keeps to a few words of JSON Schema 2020-12, all of which are checked here; another word in it fails.

use serde_json::{Map, Value, json};
use testkit::Sandbox;
use testkit::registry::{Fault, Options, Registry};

use crate::read;

fn schema() -> Value {
    serde_json::from_str(&read("docs/report.schema.json")).expect("JSON")
}

/// What a value breaks, with its place.
pub(crate) fn faults(root: &Value, rule: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let mut fault = |what: String| found.push(format!("{place}: {what}"));
    let rule = rule.as_object().expect("a rule is an object");
    let mut nested = Vec::new();
    for (word, wanted) in rule {
        match word.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => {}
            "$ref" => {
                let pointer =
                    wanted.as_str().and_then(|text| text.strip_prefix('#')).expect("a local reference");
                nested.push((root.pointer(pointer).expect("a definition"), value, place.to_owned()));
            }
            "type" => {
                if !is_of(value, wanted) {
                    fault(format!("{value} is not of type {wanted}"));
                }
            }
            "const" => {
                if value != wanted {
                    fault(format!("{value} is not {wanted}"));
                }
            }
            "enum" => {
                if !wanted.as_array().expect("values").contains(value) {
                    fault(format!("{value} is none of {wanted}"));
                }
            }
            "pattern" => {
                let pattern = regex::Regex::new(wanted.as_str().expect("text")).expect("an expression");
                if value.as_str().is_some_and(|text| !pattern.is_match(text)) {
                    fault(format!("{value} does not match {wanted}"));
                }
            }
            "minItems" => {
                let count = value.as_array().map_or(u64::MAX, |items| items.len() as u64);
                if count < wanted.as_u64().expect("a number") {
                    fault("too few".into());
                }
            }
            "required" => {
                let Some(fields) = value.as_object() else { continue };
                for name in wanted.as_array().expect("names").iter().filter_map(Value::as_str) {
                    if !fields.contains_key(name) {
                        fault(format!("lacks {name}"));
                    }
                }
            }
            "additionalProperties" => {
                assert_eq!(*wanted, json!(false));
                let nothing = Map::new();
                let known = rule.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
                for name in value.as_object().unwrap_or(&nothing).keys() {
                    if !known.contains_key(name) {
                        fault(format!("has {name}"));
                    }
                }
            }
            "properties" => {
                for (name, rule) in wanted.as_object().expect("rules") {
                    if let Some(inner) = value.get(name) {
                        nested.push((rule, inner, format!("{place}/{name}")));
                    }
                }
            }
            "items" => {
                for (position, inner) in value.as_array().into_iter().flatten().enumerate() {
                    nested.push((wanted, inner, format!("{place}/{position}")));
                }
            }
            other => panic!("{place}: the schema uses '{other}', which is not checked"),
        }
    }
    for (rule, value, place) in nested {
        faults(root, rule, value, &place, found);
    }
}

fn is_of(value: &Value, wanted: &Value) -> bool {
    let is = |name: &Value| match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_u64(),
        Some("null") => value.is_null(),
        other => panic!("type {other:?}"),
    };
    wanted.as_array().map_or_else(|| is(wanted), |names| names.iter().any(is))
}

fn check(report: &Value) -> Vec<String> {
    let (schema, mut found) = (schema(), Vec::new());
    faults(&schema, &schema, report, "", &mut found);
    found
}

/// Runs `verify -o report`, and checks the document and its outcome.
fn report(sandbox: &Sandbox, code: i32, outcome: &str, arguments: &[&str]) -> Value {
    let line = ["verify", "-o", "report", "--key", "cosign.pub"];
    let report = sandbox.countersign(line.iter().chain(arguments)).ends(code).json();
    assert_eq!(check(&report), Vec::<String>::new(), "{report}");
    assert_eq!(report["outcome"], outcome);
    report
}

fn prepared() -> Sandbox {
    let sandbox = Sandbox::with_image();
    sandbox
        .countersign(["sign", "--key", "cosign.key", "-a", "a=b", "--format", "both", "oci:image:v1"])
        .succeeds();
    sandbox
}

#[test]
fn a_report_of_each_outcome_follows_the_schema() {
    let sandbox = prepared();
    let proven = report(&sandbox, 0, "proven", &["-a", "a=b", "oci:image:v1"]);
    assert_eq!(proven["images"][0]["accepted"].as_array().map(Vec::len), Some(2));

    let refused = report(&sandbox, 1, "refused", &["-a", "a=c", "oci:image:v1"]);
    assert_eq!(refused["images"][0]["refused"][0]["code"], "ANNOTATION_MISMATCH");

    let undecided = report(&sandbox, 3, "undecided", &["oci:image:v1", "oci:image:v2"]);
    assert_eq!(undecided["images"][0]["outcome"], "proven");
    assert_eq!(undecided["images"][1]["refusal"]["code"], "NOT_FOUND");

    sandbox.countersign(["demo", "--build-image", "oci:image:v1", "--text", "other"]).succeeds();
    let unsigned = report(&sandbox, 1, "refused", &["--check-claims=false", "oci:image:v1"]);
    assert_eq!(unsigned["checkClaims"], false);
}

/// What BuildKit says, with and without a signature that covers it.
#[test]
fn a_report_about_buildkit_follows_the_schema() {
    let sandbox = prepared();
    crate::pages::materials(&sandbox);
    let image = "oci:work/multi:built";
    let line = "verify-attestation -o report --key cosign.pub --type spdxjson --buildkit --recursive";
    let report = |code| {
        let report = sandbox.countersign(line.split(' ').chain([image])).ends(code).json();
        assert_eq!(check(&report), Vec::<String>::new(), "{report}");
        report
    };
    assert_eq!(report(1)["images"][0]["refused"][0]["code"], "BUILDKIT_UNSIGNED");
    sandbox.countersign(["sign", "--key", "cosign.key", image]).succeeds();
    let proven = report(0);
    assert_eq!(proven["images"].as_array().map(Vec::len), Some(2));
    assert_eq!(proven["images"][1]["accepted"][0]["buildkit"], "pinned");
}

/// A store that has the image, and fails when it is asked for one of its signatures.
#[test]
fn a_report_with_what_could_not_be_read_follows_the_schema() {
    let sandbox = prepared();
    let registry = Registry::start(Options::default());
    let image = format!("{}/acme/app:v1", registry.host());
    sandbox.countersign(["copy", "oci:image:v1", &image]).succeeds();
    sandbox.countersign(["generate-key-pair", "--output-key-prefix", "other"]).succeeds();
    std::fs::rename(sandbox.path("other.pub"), sandbox.path("cosign.pub")).expect("another key");
    let tree = sandbox.countersign(["tree", "-o", "json", &image]).succeeds().json();
    let layer = tree["attached"][0]["layers"][0].as_str().expect("a layer").to_owned();
    registry.fault(Fault::status("GET", &layer, 500));
    let unread = report(&sandbox, 3, "undecided", &["--timeout", "2s", &image]);
    assert_eq!(unread["images"][0]["unread"].as_array().map(Vec::len), Some(1));
}

/// The checker finds what is wrong.
#[test]
fn what_breaks_the_schema_is_found() {
    let sandbox = prepared();
    let good = report(&sandbox, 0, "proven", &["oci:image:v1"]);
    for (pointer, value, expected) in [
        ("/outcome", json!("maybe"), "none of"),
        ("/images", json!([]), "too few"),
        ("/images/0/digest", json!("sha256:AB"), "does not match"),
        ("/images/0/accepted/0/checks/0/status", json!("skipped"), "none of"),
        ("/checkClaims", json!("yes"), "not of type"),
        ("/images/0/accepted/0/signer", json!({"key": good["images"][0]["digest"]}), "lacks scheme"),
        ("/images/0/ignored", json!([{"more": 1}]), "has more"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).expect(pointer) = value;
        let found = check(&bad);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{pointer}: {found:?}");
    }
}
