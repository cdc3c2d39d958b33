//! Documents that would take many times their size in memory.

use countersign_core::digest::Digest;
use serde_json::{Value, json};
use testkit::documents::{self, BUNDLE, SIGN};
use testkit::{Sandbox, Scene};

/// Bytes of what is large.
const LARGE: usize = 32 << 20;

#[track_caller]
fn within(sandbox: &Sandbox, words: &[&str], code: i32, mebibytes: u64) {
    let Some(peak) = sandbox.peak(words, code) else { return };
    println!("{words:?}: {peak} KiB");
    assert!(peak < mebibytes << 10, "{words:?}: {peak} KiB");
}

/// A good bundle with so many bytes of numbers in a log entry.
fn with_numbers(bundle: &str) -> String {
    let numbers = "0,".repeat(LARGE / 2);
    bundle.replacen(r#""publicKey""#, &format!(r#""tlogEntries":[[{numbers}0]],"publicKey""#), 1)
}

/// threat model, row 51: a bundle costs what it has, not what could be made of it.
#[test]
fn a_bundle_takes_no_multiple_of_its_size() {
    let scene = Scene::default();
    let sandbox = &scene.sandbox;
    sandbox.write("blob", "content");
    let message = documents::message(b"content", &sandbox.signature("a", b"content"));
    sandbox.write("bundle", message.to_string());
    let verify = ["verify-blob", "--key", "a.pub", "--bundle", "bundle", "blob"];
    sandbox.countersign(verify).succeeds();
    sandbox.write("bundle", with_numbers(&message.to_string()));
    sandbox.countersign(verify).fails(1, "CONTENT_TOO_LARGE");
    within(sandbox, &verify, 1, 64);
    let numbers = "0,".repeat(LARGE / 2);
    sandbox.write("bundle", format!(r#"{{"base64Signature":"AAAA","rekorBundle":[{numbers}0]}}"#));
    within(sandbox, &verify, 1, 64);
}

/// threat model, rows 4 and 51: a large bundle that says it is a signature is refused, one that says nothing cannot be
/// one. Neither is fetched.
#[test]
fn no_signature_is_large() {
    let scene = Scene::default();
    let bundle = scene.signed_statement("a", &documents::statement(&scene.digest, SIGN));
    let layer = scene.blob(BUNDLE, with_numbers(&bundle.to_string()).as_bytes());
    scene.referrer(std::slice::from_ref(&layer));
    scene.verify(&[]).fails(1, "NO_SIGNATURES");
    let run = scene.verify(&["-o", "report"]).ends(1).json();
    assert_eq!(run["images"][0]["ignored"][0]["code"], "CONTENT_TOO_LARGE", "{run}");

    let mut says = documents::referrer(&scene.subject(), &[layer]);
    says["annotations"] = json!({"dev.sigstore.bundle.predicateType": SIGN});
    scene.manifest(None, &says);
    let run = scene.verify(&["-o", "report"]).ends(1).json();
    assert_eq!(run["images"][0]["refused"][0]["code"], "CONTENT_TOO_LARGE", "{run}");
    within(&scene.sandbox, &["verify", "--key", "a.pub", &scene.tag()], 1, 32);
    assert!(!scene.registry.requests().iter().any(|line| line.contains("/blobs/")));

    scene.signed_by("a");
    scene.verify(&[]).succeeds();
}

/// threat model, row 4: many large manifests on an image are looked at one after another, not held together.
#[test]
fn manifests_are_not_held_together() {
    const COUNT: usize = 24;
    let sandbox = Sandbox::with_image();
    let mut index: Value = serde_json::from_slice(&sandbox.read("image/index.json")).expect("an index");
    let subject = index["manifests"][0].clone();
    let large = "x".repeat(1 << 20);
    for number in 0..COUNT {
        let mut manifest = documents::referrer(&subject, &[]);
        manifest["artifactType"] = format!("application/x{number}-{large}").into();
        let many = (0..5_000).map(|name| (format!("{name}"), "annotation".into()));
        manifest["annotations"] =
            Value::Object(many.chain([("large".into(), large.clone().into())]).collect());
        let bytes = manifest.to_string();
        let digest = Digest::sha256(bytes.as_bytes());
        sandbox.write(format!("image/blobs/sha256/{}", digest.hex()), &bytes);
        let entry = documents::descriptor(documents::MANIFEST, bytes.as_bytes());
        index["manifests"].as_array_mut().expect("entries").push(entry);
    }
    sandbox.write("image/index.json", index.to_string());
    let tree = ["tree", "-o", "json", "oci:image:v1"];
    let attached = sandbox.countersign(tree).succeeds().json()["attached"].as_array().map(Vec::len);
    assert_eq!(attached, Some(COUNT));
    within(&sandbox, &tree, 0, 80);
    let verify = ["verify", "--key", "cosign.pub", "oci:image:v1"];
    sandbox.countersign(verify).fails(1, "NO_SIGNATURES");
    within(&sandbox, &verify, 1, 80);
}
