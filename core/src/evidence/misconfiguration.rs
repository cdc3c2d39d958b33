//! What kubesec (controlplaneio/kubesec, `pkg/ruler`) and Hadolint (hadolint/hadolint, `json` format) say of manifests and
//! Dockerfiles.

use serde::Deserialize;

use super::{EvidenceError, Finding, Scan, Severity, read as json};

#[derive(Deserialize)]
struct Report {
    object: Option<String>,
    #[serde(default)]
    valid: Option<bool>,
    message: Option<String>,
    scoring: Option<Scoring>,
}

#[derive(Deserialize)]
struct Scoring {
    #[serde(default)]
    critical: Option<Vec<Rule>>,
    #[serde(default)]
    advise: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
struct Rule {
    id: Option<String>,
    selector: Option<String>,
}

/// What kubesec finds critical counts as critical, what it advises as low. A manifest that it could not read is a
/// finding of unknown severity.
pub(super) fn kubesec(document: &[u8]) -> Result<Scan, EvidenceError> {
    let reports: Vec<Report> = json("kubesec report", document)?;
    let mut findings = Vec::new();
    for report in reports {
        let here =
            |id: String, severity| Finding { package: report.object.clone(), ..Finding::new(id, severity) };
        if report.valid == Some(false) {
            findings
                .push(here(report.message.clone().unwrap_or_else(|| "invalid".into()), Severity::Unknown));
        }
        let scoring = report.scoring.unwrap_or(Scoring { critical: None, advise: None });
        for (rules, severity) in [(scoring.critical, Severity::Critical), (scoring.advise, Severity::Low)] {
            let named = rules
                .unwrap_or_default()
                .into_iter()
                .map(|rule| rule.id.or(rule.selector).unwrap_or_default());
            findings.extend(named.map(|id| here(id, severity)));
        }
    }
    Ok(Scan { scanner: "kubesec".into(), findings, ..Scan::default() })
}

#[derive(Deserialize)]
struct Line {
    code: String,
    level: Option<String>,
    file: Option<String>,
}

/// Each line that Hadolint finds fault with. What it calls info or style it calls a note in SARIF: here it counts the same.
pub(super) fn hadolint(document: &[u8]) -> Result<Scan, EvidenceError> {
    let lines: Vec<Line> = json("Hadolint report", document)?;
    let finding = |line: Line| {
        let severity = match line.level.as_deref() {
            Some("info" | "style") => Severity::of_word("note"),
            Some(word) => Severity::of_word(word),
            None => Severity::Unknown,
        };
        Finding { package: line.file, ..Finding::new(line.code, severity) }
    };
    let findings = lines.into_iter().map(finding).collect();
    Ok(Scan { scanner: "hadolint".into(), findings, ..Scan::default() })
}
