//! x509-limbo's chains (C2SP), regenerated for code signing: every row that has its certificates.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::{chain, leaf};
use crate::vectors::{json, rows, vectors};
use crate::x509::path::{self, Purpose};
use crate::x509::{Certificate, CertificateError};

/// The time of rows that name none: their certificates are valid for centuries.
const NOW: &str = "2026-11-23T00:00:00Z";

/// What is refused, and with which code.
const REFUSED: &[(&str, &str)] = &[
    ("cve::cve-2025-61727", "CERTIFICATE_NAME_CONSTRAINTS"),
    ("invalid::invalid-issuer-key", "CERTIFICATE_KEY"),
    ("pathlen::intermediate-violates-pathlen-0", "CERTIFICATE_PATH_LENGTH"),
    ("pathlen::intermediate-pathlen-too-long", "CERTIFICATE_PATH_LENGTH"),
    ("pathological::intermediate-cycle-distinct-cas", "CERTIFICATE_CHAIN"),
    ("pathological::intermediate-cycle-distinct-cas-max-depth", "CERTIFICATE_CHAIN"),
    ("pathological::intermediate-cycle-same-logical-ca", "CERTIFICATE_USAGE"),
    ("rfc5280::eku::ee-wrong-eku", "CERTIFICATE_USAGE"),
    ("rfc5280::validity::expired-root", "CERTIFICATE_EXPIRED"),
    ("rfc5280::validity::expired-leaf", "CERTIFICATE_EXPIRED"),
    ("rfc5280::validity::expired-5-seconds", "CERTIFICATE_EXPIRED"),
    ("rfc5280::validity::not-yet-valid-5-seconds", "CERTIFICATE_EXPIRED"),
    ("rfc5280::unknown-critical-extension-ee", "CERTIFICATE_EXTENSION"),
    ("rfc5280::unknown-critical-extension-root", "CERTIFICATE_EXTENSION"),
    ("rfc5280::unknown-critical-extension-intermediate", "CERTIFICATE_EXTENSION"),
    ("rfc5280::chain-untrusted-root", "CERTIFICATE_CHAIN"),
    ("rfc5280::intermediate-ca-without-ca-bit", "CERTIFICATE_USAGE"),
    ("rfc5280::root-missing-basic-constraints", "CERTIFICATE_USAGE"),
    ("rfc5280::root-non-critical-basic-constraints", "CERTIFICATE_USAGE"),
    ("rfc5280::ica-ku-keycertsign", "CERTIFICATE_CHAIN"),
    ("rfc5280::leaf-ku-keycertsign", "CERTIFICATE_USAGE"),
    ("rfc5280::ee-critical-aia-invalid", "CERTIFICATE_EXTENSION"),
    ("rfc5280::duplicate-extensions", "CERTIFICATE_MALFORMED"),
    ("webpki::forbidden-p192-leaf", "CERTIFICATE_KEY"),
    ("webpki::forbidden-dsa-leaf", "CERTIFICATE_KEY"),
    ("webpki::forbidden-weak-rsa-in-leaf", "CERTIFICATE_KEY"),
    ("webpki::v1-cert", "CERTIFICATE_MALFORMED"),
    ("webpki::ee-basicconstraints-ca", "CERTIFICATE_USAGE"),
];

#[test]
fn every_row() {
    let Some(directory) = vectors("x509-limbo") else { return };
    let mut seen = 0;
    for row in &rows(&directory) {
        let id = row["id"].as_str().unwrap();
        let folder = directory.join(row["bundle_dir"].as_str().unwrap());
        if !folder.is_dir() {
            assert!(["rfc5280::mismatching-signature-algorithm", "webpki::explicit-curve"].contains(&id));
            continue;
        }
        let verdict = verdict(&folder, row["validation_time"].as_str().unwrap_or(NOW).parse().unwrap());
        let expected = REFUSED.iter().find(|(refused, _)| *refused == id).map(|(_, code)| *code);
        assert_eq!(verdict.is_ok(), row["expect"] == "SUCCESS", "{id}: {verdict:?}");
        assert_eq!(verdict.err().map(|(code, _)| code), expected, "{id}");
        seen += 1;
    }
    assert_eq!(seen, 40);
}

/// One authority that leads to the leaf is enough; else what the last one said.
fn verdict(folder: &Path, at: Timestamp) -> Result<(), (&'static str, String)> {
    let unreadable = |error: CertificateError| (error.code(), error.to_string());
    let bundle = json(&folder.join("bundle.sigstore.json"));
    let leaf = Certificate::parse(&leaf(&bundle).unwrap()).map_err(unreadable)?;
    let root = json(&folder.join("trusted_root.json"));
    let one = |authority: &Value| {
        let certificates: Result<Vec<_>, _> =
            chain(authority).iter().map(|der| Certificate::parse(der)).collect();
        let certificates = certificates.map_err(unreadable)?;
        let (anchor, pool) = certificates.split_last().unwrap();
        path::verify(&leaf, pool, anchor, at, Purpose::CodeSigning)
            .map(|path| {
                assert_eq!(path.certificates().first(), Some(&leaf));
                assert_eq!(path.certificates().last(), Some(anchor));
                assert_eq!(path.certificates()[1].spki_der(), path.issuer_spki_der());
            })
            .map_err(|error| (error.code(), error.to_string()))
    };
    let verdicts: Vec<_> = root["certificateAuthorities"].as_array().unwrap().iter().map(one).collect();
    verdicts.into_iter().reduce(Result::or).unwrap()
}
