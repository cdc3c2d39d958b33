//! One bit changed anywhere, and an entry proves nothing.

use super::*;
use crate::format::dsse::Envelope;
use crate::vectors::vectors;

/// A case of the conformance suite that passes, for each kind of entry that it has.
const CASES: [(&str, &str); 5] = [
    ("happy-path-v0.3-new-mediaType", "hashedrekord 0.0.1"),
    ("happy-path-intoto-in-dsse-v3", "dsse 0.0.1"),
    ("intoto-with-custom-trust-root", "intoto 0.0.2"),
    ("bundle-with-sct-with-extensions", "hashedrekord 0.0.2"),
    ("rekor2-dsse-happy-path", "hashedrekord 0.0.2"),
];

fn cases() -> Vec<(Case, TlogEntry)> {
    let Some(directory) = vectors("sigstore-conformance") else { return Vec::new() };
    let index = json(&directory.join("index.json"));
    let read = |(name, kind): (&str, &str)| {
        let row = index.as_array().unwrap().iter().find(|row| row["case"] == name).unwrap();
        let path = |field: &str| directory.join(row[field].as_str().unwrap());
        let digest = HashAlgorithm::Sha256.digest(&std::fs::read(path("artifact")).unwrap());
        let mut case = Case::read(&path("bundle"), digest, None, &path("trusted_root")).unwrap();
        case.add_time();
        let entry = case.entries().remove(0);
        assert_eq!(format!("{} {}", entry.kind, entry.version), kind);
        case.check(&entry).unwrap_or_else(|error| panic!("{name}: {error}"));
        (case, entry)
    };
    CASES.into_iter().map(read).collect()
}

/// A change to one field, and the codes that it may end with.
type Change = (&'static str, fn(&mut TlogEntry), &'static [&'static str]);

fn proof(entry: &mut TlogEntry) -> &mut crate::format::tlog::InclusionProof {
    entry.proof.as_mut().unwrap()
}

const CHANGES: [Change; 8] = [
    ("log id", |entry| entry.log_id[31] ^= 1, &["LOG_UNKNOWN"]),
    ("kind", |entry| entry.kind.insert(0, 'x'), &["LOG_ENTRY_MALFORMED"]),
    ("version", |entry| entry.version.push('0'), &["LOG_ENTRY_MALFORMED"]),
    ("index", |entry| entry.log_index ^= 1, &["LOG_PROMISE_INVALID", "LOG_ROOT_MISMATCH"]),
    ("root", |entry| proof(entry).root[0] ^= 1, &["LOG_ROOT_MISMATCH"]),
    ("size", |entry| proof(entry).size ^= 1, &["LOG_ROOT_MISMATCH"]),
    ("index in the tree", |entry| proof(entry).index ^= 1, &["LOG_PROOF_INVALID", "LOG_ROOT_MISMATCH"]),
    ("another hash", |entry| proof(entry).hashes.push([0; 32]), &["LOG_PROOF_INVALID"]),
];

#[test]
fn every_field_counts() {
    for (case, entry) in cases() {
        let kind = format!("{} {}", entry.kind, entry.version);
        for (field, change, codes) in CHANGES {
            let mut changed = entry.clone();
            change(&mut changed);
            let code = case.check(&changed).unwrap_err().code();
            assert!(codes.contains(&code), "{kind}: {field}: {code}");
        }
        for index in 0..entry.proof.as_ref().unwrap().hashes.len() {
            let mut changed = entry.clone();
            proof(&mut changed).hashes[index][index] ^= 4;
            assert_eq!(case.check(&changed).unwrap_err().code(), "LOG_PROOF_INVALID", "{kind}");
        }
        if entry.promise.is_some() {
            let mut changed = entry.clone();
            changed.integrated_time = Some(Timestamp::from_second(1_700_000_000).unwrap());
            assert_eq!(case.check(&changed).unwrap_err().code(), "LOG_PROMISE_INVALID", "{kind}");
            changed.integrated_time = None;
            assert_eq!(case.check(&changed).unwrap_err().code(), "LOG_PROMISE_INVALID", "{kind}");
        }
    }
}

#[test]
fn every_byte_of_a_promise_counts() {
    for (case, entry) in cases() {
        for index in 0..entry.promise.as_ref().map_or(0, Vec::len) {
            let mut changed = entry.clone();
            changed.promise.as_mut().unwrap()[index] ^= 1 << (index % 8);
            assert_eq!(case.check(&changed).unwrap_err().code(), "LOG_PROMISE_INVALID", "{index}");
        }
    }
}

#[test]
fn bytes_of_the_body_count() {
    for (case, entry) in cases() {
        for index in (0..entry.body.len()).step_by(5) {
            let mut changed = entry.clone();
            changed.body[index] ^= 1 << (index % 8);
            let code = case.check(&changed).unwrap_err().code();
            let codes = ["LOG_ENTRY_MALFORMED", "LOG_PROMISE_INVALID", "LOG_PROOF_INVALID"];
            assert!(codes.contains(&code), "{index}: {code}");
        }
    }
}

/// Up to the end of the log's own signature line, which is the first; those of witnesses are not read.
#[test]
fn every_byte_of_a_checkpoint_counts() {
    for (case, entry) in cases() {
        let checkpoint = entry.proof.as_ref().unwrap().checkpoint.clone().unwrap();
        let signatures = checkpoint.find("\n\n").unwrap() + 2;
        let end = signatures + checkpoint[signatures..].find('\n').unwrap();
        for index in 0..end {
            let mut bytes = checkpoint.clone().into_bytes();
            bytes[index] ^= 1 << (index % 7);
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let mut changed = entry.clone();
            proof(&mut changed).checkpoint = Some(text.clone());
            let code = case.check(&changed).unwrap_err().code();
            let codes = ["LOG_CHECKPOINT_MALFORMED", "LOG_CHECKPOINT_SIGNATURE"];
            assert!(codes.contains(&code), "{code}: {text}");
        }
    }
}

#[test]
fn an_entry_of_another_signature_is_refused() {
    for (case, entry) in cases() {
        let signed = case.signed();
        let refused = |signed: Signed<'_>, what: &str| {
            let error = LogProven::check(&entry, &signed, &case.logs, case.rules()).unwrap_err();
            assert_eq!(error.code(), "LOG_ENTRY_MISMATCH", "{}", entry.kind);
            let message = error.to_string();
            assert!(message.contains(what) && message.contains("expected"), "{message}");
        };
        let mut signature = signed.signature.to_vec();
        signature[9] ^= 1;
        refused(Signed { signature: &signature, ..signed }, "signature");

        let Verifier::Certificate(der) = signed.verifier else { panic!("a key") };
        let mut other = der.to_vec();
        other[9] ^= 1;
        refused(Signed { verifier: Verifier::Certificate(&other), ..signed }, "signer");
        refused(Signed { verifier: Verifier::Key(&case.logs[0].key), ..signed }, "signer");

        for digest in [HashAlgorithm::Sha256.digest(b"other"), HashAlgorithm::Sha512.digest(b"")] {
            refused(Signed { what: What::Blob(&digest), ..signed }, "content");
        }
        refused(
            Signed { what: What::Envelope(&Envelope::new("t", &b"p"[..], Vec::new())), ..signed },
            "content",
        );
        if let What::Envelope(envelope) = signed.what {
            let payload = [&envelope.payload, &b" "[..]].concat().into();
            refused(
                Signed { what: What::Envelope(&Envelope { payload, ..envelope.clone() }), ..signed },
                "content",
            );
            // A dsse entry has no type; the signature itself covers it.
            if entry.kind != "dsse" {
                let other = Envelope { payload_type: "t".into(), ..envelope.clone() };
                refused(Signed { what: What::Envelope(&other), ..signed }, "content");
            }
        }
    }
}
