//! TruffleHog's output (trufflesecurity/trufflehog, `pkg/output/json.go`): a JSON document a line. Attested, it is one JSON
//! string, since several documents are no JSON.

use serde::Deserialize;

use super::{EvidenceError, Finding, Scan, Severity, read as json};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    detector_name: Option<String>,
    #[serde(default)]
    verified: bool,
}

/// A secret that TruffleHog has tried and found to work is critical, another one high. The secret itself is not kept.
pub(super) fn read(predicate: &[u8]) -> Result<Scan, EvidenceError> {
    let text: String = json("TruffleHog output", predicate)?;
    let mut findings = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let line: Line = json("line of TruffleHog", line.as_bytes())?;
        // It logs what it does in the same stream.
        let Some(name) = line.detector_name else { continue };
        findings.push(Finding::new(name, if line.verified { Severity::Critical } else { Severity::High }));
    }
    Ok(Scan { scanner: "trufflehog".into(), findings, ..Scan::default() })
}
