//! Every vector: releases of CPython, the conformance suite, and bundles of a whole local stack.

use super::*;
use crate::vectors::vectors;

#[test]
fn releases_of_cpython() {
    let Some(directory) = vectors("cpython") else { return };
    let root = directory.join("../sigstore-conformance/prod-trusted_root.json");
    let mut entries = 0;
    for row in &rows(&directory) {
        let digest = row["digest"].as_str().unwrap();
        let file = row["bundle"].as_str().unwrap();
        let case = Case::read(&directory.join(file), sha256(digest), None, &root).unwrap();
        for entry in case.entries() {
            let proven = case.check(&entry).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert_eq!(proven.integrated_time(), entry.integrated_time, "{file}");
            assert!(proven.integrated_time().is_some() && proven.is_included(), "{file}");
            assert_eq!(proven.log_index(), entry.log_index, "{file}");
            assert_eq!(proven.log().base_url, "https://rekor.sigstore.dev", "{file}");
            entries += 1;
        }
    }
    assert!(entries >= 87, "{entries}");
}

/// The suite's classes of refusals that are about logs, with our codes.
const CLASSES: [(&str, &str); 8] = [
    ("trust.unknown-log-or-ca", "LOG_UNKNOWN"),
    ("tlog.entry-mismatch", "LOG_ENTRY_MISMATCH"),
    ("tlog.set-signature", "LOG_PROMISE_INVALID"),
    ("tlog.inclusion-proof", "LOG_PROOF_INVALID"),
    ("tlog.inclusion-proof-missing", "LOG_PROOF_MISSING"),
    ("tlog.root-mismatch", "LOG_ROOT_MISMATCH"),
    ("tlog.checkpoint-parse", "LOG_CHECKPOINT_MALFORMED"),
    ("tlog.checkpoint-signature", "LOG_CHECKPOINT_SIGNATURE"),
];

/// Reasons that are found by other steps, before logs are looked at or whatever they say.
const ELSEWHERE: [&str; 3] = ["bundle.", "trustroot.", "policy."];

#[test]
fn conformance_suite() {
    let Some(directory) = vectors("sigstore-conformance") else { return };
    let (mut proven, mut refused) = (0, 0);
    for row in &rows(&directory) {
        let name = row["case"].as_str().unwrap();
        let path = |field: &str| row[field].as_str().map(|path| directory.join(path));
        let reasons: Vec<_> =
            row["reason"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if reasons.iter().any(|reason| ELSEWHERE.iter().any(|other| reason.starts_with(other))) {
            continue;
        }
        let digest = sha256(row["artifact_sha256"].as_str().unwrap());
        let root = path("trusted_root").unwrap();
        let mut case = Case::read(&path("bundle").unwrap(), digest, path("key"), &root).unwrap();
        case.add_time();
        let result = case.entries().iter().try_for_each(|entry| case.check(entry).map(drop));
        let codes: Vec<_> =
            CLASSES.iter().filter(|(class, _)| reasons.contains(class)).map(|(_, code)| *code).collect();
        let may_pass = codes.len() < reasons.len() || reasons.is_empty();
        match result {
            Ok(()) => assert!(may_pass, "{name} is not refused"),
            Err(error) => assert!(codes.contains(&error.code()), "{name}: {} {error}", error.code()),
        }
        *(if codes.is_empty() { &mut proven } else { &mut refused }) += 1;
    }
    assert_eq!((proven, refused), (23, 18));
}

#[test]
fn bundles_of_a_local_stack() {
    let Some(directory) = vectors("keyless-local") else { return };
    let root = directory.join("trusted_root.json");
    let artifact = std::fs::read(directory.join("bundles/hello.txt")).unwrap();
    for (file, promises) in [
        ("attest-blob.keyless", true),
        ("blob.keyless", true),
        ("blob.keyless.rekor-only", true),
        ("blob.keyless.tsa-only", false),
    ] {
        let bundle = directory.join(format!("bundles/{file}.sigstore.json"));
        let case = Case::read(&bundle, HashAlgorithm::Sha256.digest(&artifact), None, &root).unwrap();
        let entries = case.entries();
        assert_eq!(!entries.is_empty(), promises, "{file}");
        for entry in &entries {
            let proven = case.check(entry).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(proven.is_included() && proven.integrated_time().is_some(), "{file}");
        }
    }
}
