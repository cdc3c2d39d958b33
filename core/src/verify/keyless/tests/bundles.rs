//! Whole bundles: CPython's releases, and the cases of the conformance suite.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::super::*;
use super::exactly;
use crate::format::bundle::{Bundle, Content};
use crate::key::{HashAlgorithm, HashPolicy, MessageDigest};
use crate::material::trusted_root::TrustedRoot;
use crate::vectors::{json, rows, sha256, trusted_root, vectors};
use crate::verify::log::What;

/// Verifies a blob's bundle by the digest of the blob; the code of what is refused.
fn verify(row: &Value, bundle: &Path, root: &TrustedRoot, digest: &MessageDigest) -> Result<(), String> {
    let bundle =
        Bundle::parse(std::fs::read(bundle).unwrap().into()).map_err(|error| error.code().to_owned())?;
    let code = |error: KeylessError| error.code().to_owned();
    let signer = SigningCertificate::of_bundle(&bundle.verification_material).map_err(code)?;
    let Content::Message(message) = bundle.content().unwrap() else { return Err("BUNDLE_CONTENT".into()) };
    if message.message_digest.as_ref().is_some_and(|told| told.digest.0 != digest.bytes()) {
        return Err("MESSAGE_DIGEST_MISMATCH".into());
    }
    let accepted = [exactly(row["identity"].as_str().unwrap(), row["issuer"].as_str().unwrap())];
    let asked = Requirements {
        root,
        identities: &accepted,
        promises: 1,
        entries: 1,
        now: "2026-11-23T00:00:00Z".parse::<Timestamp>().unwrap(),
    };
    let signature = &message.signature.0;
    KeylessProven::check(&bundle, &signer, signature, What::Blob(digest), &asked).map_err(code)?;
    // Early releases were signed by keys on P-384 over SHA-256.
    let key = signer.leaf.public_key();
    let verified = key.verify_digest(digest, signature, HashPolicy::AlsoLegacy);
    verified.map(drop).map_err(|_| "SIGNATURE_INVALID".into())
}

fn digest(field: &Value) -> MessageDigest {
    sha256(field.as_str().unwrap())
}

#[test]
fn every_release_of_cpython_is_verified_by_its_digest() {
    let (Some(bundles), Some(roots)) = (vectors("cpython"), vectors("sigstore-conformance")) else { return };
    let root = trusted_root(&roots.join("prod-trusted_root.json"));
    let rows = rows(&bundles);
    for row in &rows {
        let (bundle, digest) = (bundles.join(row["bundle"].as_str().unwrap()), digest(&row["digest"]));
        assert_eq!(verify(row, &bundle, &root, &digest), Ok(()), "{row}");
        let other = HashAlgorithm::Sha256.digest(b"another");
        assert_eq!(verify(row, &bundle, &root, &other).unwrap_err(), "MESSAGE_DIGEST_MISMATCH");
    }
    assert_eq!(rows.len(), 87);
}

/// The classes of reasons of the conformance suite, and the codes that are theirs.
const REASONS: [(&str, &str); 16] = [
    ("artifact.digest-mismatch", "MESSAGE_DIGEST_MISMATCH"),
    ("bundle.certificate-missing", "CERTIFICATE_MISSING"),
    ("bundle.media-type", "ARTIFACT_VALUE"),
    ("bundle.parse", "ARTIFACT_MALFORMED_JSON"),
    ("bundle.parse", "LOG_ENTRY_MALFORMED"),
    ("bundle.root-in-chain", "CERTIFICATE_ROOT_IN_CHAIN"),
    ("policy.key-required", "CERTIFICATE_MISSING"),
    ("time.outside-certificate", "CERTIFICATE_EXPIRED"),
    ("tlog.checkpoint-parse", "LOG_CHECKPOINT_MALFORMED"),
    ("tlog.checkpoint-signature", "LOG_CHECKPOINT_SIGNATURE"),
    ("tlog.entry-mismatch", "LOG_ENTRY_MISMATCH"),
    ("tlog.inclusion-proof-missing", "LOG_PROOF_MISSING"),
    ("tlog.root-mismatch", "LOG_ROOT_MISMATCH"),
    ("tlog.set-signature", "LOG_PROMISE_INVALID"),
    ("trust.unknown-log-or-ca", "LOG_UNKNOWN"),
    ("trustroot.parse", "TRUSTED_ROOT_MALFORMED"),
];

/// Every case over a blob that names an identity. Timestamps are not read yet: what has its time from one alone, as all
/// of Rekor v2, has none, and is refused for that.
#[test]
fn cases_of_the_conformance_suite_have_their_verdict_and_reason() {
    let Some(directory) = vectors("sigstore-conformance") else { return };
    let (mut accepted, mut refused, mut without_time) = (0, 0, 0);
    for row in rows(&directory) {
        let file = |field: &str| row[field].as_str().map(|name| directory.join(name));
        let (Some(bundle), Some(root_file)) = (file("bundle"), file("trusted_root")) else { continue };
        let document = json(&bundle);
        if document["messageSignature"].is_null() || row["identity"].is_null() {
            continue;
        }
        let verdict = match TrustedRoot::parse(&std::fs::read(&root_file).unwrap()) {
            Ok(root) => verify(&row, &bundle, &root, &digest(&row["artifact_sha256"])),
            Err(error) => Err(error.code().into()),
        };
        match (row["expect"].as_str().unwrap(), verdict) {
            (_, Err(code)) if matches!(code.as_str(), "LOG_OUTSIDE_WINDOW" | "TIME_MISSING") => {
                without_time += 1;
            }
            ("pass", verdict) => {
                assert_eq!(verdict, Ok(()), "{}", row["case"]);
                accepted += 1;
            }
            (_, Ok(())) => panic!("{}: {}", row["case"], row["reason"]),
            (_, Err(code)) => {
                let reasons = row["reason"].as_array().unwrap();
                let is_theirs = |reason: &Value| REASONS.contains(&(reason.as_str().unwrap(), &code));
                assert!(reasons.iter().any(is_theirs), "{}: {reasons:?} {code}", row["case"]);
                refused += 1;
            }
        }
    }
    assert_eq!((accepted, refused, without_time), (3, 22, 12));
}
