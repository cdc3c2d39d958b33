//! Signatures, payloads and statements that were made to be mistaken for others.

use countersign_core::digest::Digest;
use serde_json::{Value, json};
use testkit::Scene;
use testkit::documents::{self, IN_TOTO, SIGN};

/// threat model, row 46: the same key twice, under two names, in two formats, twice each, is one signer.
#[test]
fn one_key_is_one_signer() {
    let scene = Scene::default();
    scene.sandbox.key("b");
    scene.sandbox.write("again.pub", scene.sandbox.read("a.pub"));
    scene.signed_by("a");
    scene.sign(&["--format", "both", "--force"]).succeeds();
    let two = ["--threshold", "2"];
    scene.verify(&[&["--key", "again.pub"], &two[..]].concat()).ends(2);
    scene
        .verify(&[&["--key", "again.pub", "--key", "b.pub"], &two[..]].concat())
        .fails(1, "THRESHOLD_NOT_REACHED");
    scene.signed_by("b");
    scene.verify(&[&["--key", "again.pub", "--key", "b.pub"], &two[..]].concat()).succeeds();
}

/// threat model, row 54: a flag that says how, an older format, a trusted root that names nothing: the same checks.
#[test]
fn every_path_makes_the_same_checks() {
    let scene = Scene::default();
    scene.sandbox.key("b");
    let root = json!({"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"});
    scene.sandbox.write("root.json", root.to_string());
    scene.signed_payload("b", &documents::payload(&scene.digest));
    let other = scene.signed_statement("a", &documents::statement(&Digest::sha256(b"other"), SIGN));
    scene.bundle(other.to_string());
    for flags in [
        &[][..],
        &["--trusted-root", "root.json"],
        &["--insecure-ignore-tlog"],
        &["--private-infrastructure"],
        &["--offline"],
        &["--new-bundle-format=false"],
        &["--new-bundle-format"],
        &["--check-claims"],
    ] {
        scene.verify(flags).fails(1, "NO_SIGNATURE_ACCEPTED");
    }
    // cosign's first form of a blob's bundle, of another blob.
    let sandbox = &scene.sandbox;
    sandbox.write("blob", "content");
    let signature = documents::base64(&sandbox.signature("a", b"other"));
    let verify = ["verify-blob", "--key", "a.pub", "--bundle", "bundle", "blob"];
    sandbox.write("bundle", json!({"base64Signature": signature}).to_string());
    sandbox.countersign(verify).fails(1, "SIGNATURE_INVALID");
    sandbox.write("bundle", documents::message(b"content", b"none").to_string());
    sandbox.countersign(verify).fails(1, "SIGNATURE_INVALID");
}

/// threat model, row 55: a hint is only a hint; the hash is that of the key, whatever the bundle says.
#[test]
fn a_hint_does_not_choose_the_key() {
    let scene = Scene::default();
    scene.sandbox.key("b");
    let hint = documents::base64(Digest::sha256(&scene.sandbox.read("a.pub")).bytes());
    let mut bundle = scene.signed_statement("b", &documents::statement(&scene.digest, SIGN));
    bundle["verificationMaterial"]["publicKey"]["hint"] = hint.into();
    scene.bundle(bundle.to_string());
    scene.verify(&[]).fails(1, "NO_SIGNATURE_ACCEPTED");
    scene.countersign(&["verify", "--key", "b.pub", "IMAGE"]).succeeds();
    scene.verify(&["--key", "b.pub"]).succeeds();

    let sandbox = &scene.sandbox;
    sandbox.write("blob", "content");
    let mut bundle = documents::message(b"content", &sandbox.signature("a", b"content"));
    bundle["messageSignature"]["messageDigest"]["algorithm"] = "SHA2_512".into();
    sandbox.write("bundle", bundle.to_string());
    let verify = ["verify-blob", "--key", "a.pub", "--bundle", "bundle", "blob"];
    sandbox.countersign(verify).fails(1, "MESSAGE_DIGEST_MISMATCH");
}

/// threat model, row 57: whatever the payload calls the image, its digest decides; the name is reported as what was
/// signed, not as what was verified.
#[test]
fn a_legacy_payload_counts_by_its_digest() {
    let scene = Scene::default();
    let mut payload = documents::payload(&scene.digest);
    payload["critical"]["identity"]["docker-reference"] = "elsewhere.example/other".into();
    scene.signed_payload("a", &payload);
    let run = scene.verify(&[]).succeeds();
    let element = &run.json()[0];
    assert_eq!(element["critical"]["identity"]["docker-reference"], "elsewhere.example/other");
    assert_eq!(element["critical"]["image"]["docker-manifest-digest"], scene.digest.to_string());

    for (pointer, value) in [
        ("/critical/image/docker-manifest-digest", json!(Digest::sha256(b"other"))),
        ("/critical/image/docker-manifest-digest", json!(scene.digest.hex())),
        ("/critical/type", json!("something else")),
        ("/critical/identity", json!({"docker-reference": "x", "more": 1})),
        ("/critical", Value::Null),
    ] {
        let mut payload = documents::payload(&scene.digest);
        *payload.pointer_mut(pointer).unwrap() = value;
        scene.signed_payload("a", &payload);
        scene.verify(&[]).fails(1, "NO_SIGNATURE_ACCEPTED");
    }
}

/// threat model, row 58: a payload of one kind in the place of another, signed for what it is.
#[test]
fn one_kind_of_payload_is_not_taken_for_another() {
    let scene = Scene::default();
    let payload = documents::payload(&scene.digest);
    scene.bundle(scene.signed_statement("a", &payload).to_string());
    scene.verify(&[]).fails(1, "NO_SIGNATURE_ACCEPTED");

    let scene = Scene::default();
    scene.signed_payload("a", &documents::statement(&scene.digest, SIGN));
    scene.verify(&[]).fails(1, "NO_SIGNATURE_ACCEPTED");

    // The signature of an envelope, shown as one of a legacy payload, which is then the encoding itself.
    let scene = Scene::default();
    let statement = documents::statement(&scene.digest, SIGN).to_string();
    let encoded = documents::pae(IN_TOTO, statement.as_bytes());
    let signature = scene.sandbox.signature("a", &encoded);
    scene.legacy(&encoded, &documents::base64(&signature));
    scene.verify(&[]).fails(1, "NO_SIGNATURE_ACCEPTED");

    // A byte of the payload moved into its type.
    let scene = Scene::default();
    let moved = format!("{IN_TOTO} {} {statement}", statement.len());
    scene.bundle(documents::envelope(&moved, b"", &[signature]).to_string());
    scene.verify(&[]).fails(1, "NO_SIGNATURE_ACCEPTED");
}

/// threat model, row 59: beside a good signature, one that is not checked.
#[test]
fn an_envelope_has_one_signature() {
    let scene = Scene::default();
    let payload = documents::statement(&scene.digest, SIGN).to_string();
    let good = scene.sandbox.signature("a", &documents::pae(IN_TOTO, payload.as_bytes()));
    for signatures in [vec![], vec![good.clone(), b"other".to_vec()], vec![b"other".to_vec(), good]] {
        scene.registry.change(|contents| {
            let repository = contents.repository("acme/app");
            repository.manifests.retain(|digest, _| *digest == scene.digest);
        });
        scene.bundle(documents::envelope(IN_TOTO, payload.as_bytes(), &signatures).to_string());
        scene.verify(&[]).fails(1, "NO_SIGNATURE_ACCEPTED");
    }
}

/// threat model, row 60: an attestation by the trusted key is no signature, whatever its manifest says of it, and
/// however little is asked.
#[test]
fn an_attestation_is_no_signature() {
    for predicate_type in ["https://slsa.dev/provenance/v1", &format!("{SIGN}/"), "", &SIGN.to_uppercase()] {
        let scene = Scene::default();
        let statement = documents::statement(&scene.digest, predicate_type);
        let bundle = scene.signed_statement("a", &statement).to_string();
        let layer = scene.blob(documents::BUNDLE, bundle.as_bytes());
        scene.blob("application/vnd.oci.empty.v1+json", b"{}");
        let mut manifest = documents::referrer(&scene.subject(), &[layer]);
        manifest["annotations"] = json!({"dev.sigstore.bundle.predicateType": SIGN});
        scene.manifest(None, &manifest);
        for flags in [&[][..], &["--check-claims=false"]] {
            scene.verify(flags).fails(1, "NO_SIGNATURES");
        }
    }
}

/// threat model, row 61: exactly one subject is the image, by its whole digest, in lower case, under its algorithm.
#[test]
fn a_statement_is_about_one_image() {
    let hex = |scene: &Scene| scene.digest.hex();
    type Subjects = fn(&str) -> Value;
    let cases: [(Subjects, bool); 9] = [
        (|hex| json!([{"name": "x", "digest": {"sha256": hex, "sha1": "00"}}]), true),
        (|hex| json!([{"digest": {"gitCommit": "00"}}, {"digest": {"sha256": hex}}]), true),
        (|_| json!([]), false),
        (|_| json!(null), false),
        (|hex| json!([{"digest": {"sha256": hex}}, {"digest": {"sha256": hex}}]), false),
        (|hex| json!([{"digest": {"sha256": hex.to_uppercase()}}]), false),
        (|hex| json!([{"digest": {"sha512": hex}}]), false),
        (|hex| json!([{"name": hex, "digest": {"sha256": "00"}}]), false),
        (|hex| json!([{"digest": {"sha256": &hex[..63]}}]), false),
    ];
    for (subjects, accepted) in cases {
        let scene = Scene::default();
        let mut statement = documents::statement(&scene.digest, SIGN);
        statement["subject"] = subjects(&hex(&scene));
        scene.bundle(scene.signed_statement("a", &statement).to_string());
        let run = scene.verify(&[]);
        assert_eq!(run.code, Some(i32::from(!accepted)), "{statement}: {}", run.stderr);
    }
}
