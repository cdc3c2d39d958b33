//! The entries of provenance that builders released between 2023 and 2025, by way of slsa-verifier's own tests.

use std::collections::BTreeMap;

use super::*;
use crate::vectors::vectors;

/// The bundles in a file: one, or those that npm gives for a package.
fn bundles(text: &[u8]) -> Vec<Bundle> {
    let Ok(document) = serde_json::from_slice::<Value>(text) else { return Vec::new() };
    let texts = match document["attestations"].as_array() {
        Some(attestations) => attestations.iter().map(|one| one["bundle"].to_string().into()).collect(),
        None => vec![text.to_vec()],
    };
    texts.into_iter().filter_map(|text: Vec<u8>| Bundle::parse(text.into()).ok()).collect()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What becomes of the entries of a bundle by a certificate; those by keys that are not here are passed over.
fn outcomes(bundle: Bundle, logs: &[Log]) -> Vec<String> {
    if bundle.verification_material.public_key.is_some() {
        return Vec::new();
    }
    // Each of them has an envelope, which needs no digest.
    let digest = HashAlgorithm::Sha256.digest(b"");
    let case = Case { bundle, digest, key: None, logs: logs.to_vec(), times: Vec::new() };
    let outcome = |entry| match TlogEntry::parse(entry) {
        Ok(entry) => match case.check(&entry) {
            Ok(_) => format!("{} {}", entry.kind, entry.version),
            Err(error) => error.code().to_owned(),
        },
        Err(error) => error.code().to_owned(),
    };
    case.bundle.verification_material.tlog_entries.iter().map(outcome).collect()
}

#[test]
fn provenance_of_builders() {
    let Some(directory) = vectors("slsa") else { return };
    let logs = logs(&directory.join("trusted_root.json"));
    let mut counts = BTreeMap::new();
    for file in files(&directory.join("files")) {
        for outcome in bundles(&std::fs::read(&file).unwrap()).into_iter().flat_map(|it| outcomes(it, &logs))
        {
            let name = file.file_name().unwrap().to_str().unwrap();
            // Whose statement was changed after it was signed, and whose promise is no base64.
            match outcome.as_str() {
                "LOG_ENTRY_MISMATCH" => assert!(name.contains("invalidsigprov"), "{name}"),
                "ARTIFACT_MALFORMED_JSON" => assert!(name.starts_with("invalid-set"), "{name}"),
                _ => assert!(!name.contains("invalidsigprov") && outcome.contains(' '), "{name}: {outcome}"),
            }
            *counts.entry(outcome).or_insert(0) += 1;
        }
    }
    let expected =
        [("ARTIFACT_MALFORMED_JSON", 1), ("LOG_ENTRY_MISMATCH", 4), ("dsse 0.0.1", 10), ("intoto 0.0.2", 56)];
    assert_eq!(counts, expected.map(|(outcome, count)| (outcome.to_owned(), count)).into());
}
