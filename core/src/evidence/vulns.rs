//! Vulnerability predicates: cosign's vuln v1 (`specs/COSIGN_VULN_ATTESTATION_SPEC.md`), which holds a scanner's own
//! output, and in-toto's vulns v0.2 (in-toto/attestation, `spec/predicates/vuln.md`).

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{EvidenceError, Finding, Scan, Severity, any, read as json};

#[derive(Deserialize)]
struct Predicate<'a, R> {
    scanner: Scanner<R>,
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
struct Scanner<R> {
    uri: Option<String>,
    version: Option<String>,
    db: Option<Database>,
    result: R,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Database {
    last_update: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(borrow)]
    scan_finished_on: Option<std::borrow::Cow<'a, str>>,
}

/// The findings are those of the scanner's own output, the rest is what the predicate says.
pub(super) fn cosign(predicate: &[u8]) -> Result<Scan, EvidenceError> {
    let read: Predicate<'_, &RawValue> = json("vuln predicate", predicate)?;
    let mut scan = any(read.scanner.result.get().as_bytes())?;
    scan.scanner_version = read.scanner.version.or(scan.scanner_version);
    scan.database_updated = read.scanner.db.and_then(|db| db.last_update).or(scan.database_updated);
    let finished = read.metadata.and_then(|metadata| metadata.scan_finished_on);
    scan.finished = finished.map(Into::into).or(scan.finished);
    Ok(scan)
}

#[derive(Deserialize)]
struct Found {
    id: String,
    #[serde(default)]
    severity: Option<Vec<Rating>>,
}

#[derive(Deserialize)]
struct Rating {
    method: Option<String>,
    score: Option<Value>,
}

pub(super) fn in_toto(predicate: &[u8]) -> Result<Scan, EvidenceError> {
    let read: Predicate<'_, Vec<Found>> = json("vulns predicate", predicate)?;
    let Predicate { scanner, metadata } = read;
    Ok(Scan {
        scanner: scanner.uri.unwrap_or_default(),
        scanner_version: scanner.version,
        database_updated: scanner.db.and_then(|db| db.last_update),
        finished: metadata.and_then(|metadata| metadata.scan_finished_on).map(Into::into),
        findings: scanner.result.into_iter().map(finding).collect(),
    })
}

/// The worst of the ratings: a score, or a word.
fn finding(found: Found) -> Finding {
    let ratings = found.severity.unwrap_or_default();
    let severity = |rating: &Rating| match rating.score.as_ref()? {
        Value::Number(score) => score.as_f64().map(Severity::of_score),
        Value::String(text) => {
            Some(text.parse().map_or_else(|_| Severity::of_word(text), Severity::of_score))
        }
        _ => None,
    };
    let worst = ratings.iter().max_by_key(|rating| severity(rating));
    let source = worst.and_then(|rating| rating.method.clone());
    Finding { source, ..Finding::new(found.id, worst.and_then(severity).unwrap_or_default()) }
}
