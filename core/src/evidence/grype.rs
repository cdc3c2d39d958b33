//! Grype's JSON report (anchore/grype, `grype/presenter/models`).

use serde::Deserialize;
use serde_json::Value;

use super::{EvidenceError, Finding, FixState, Scan, Severity, name_and_version, read as json};

#[derive(Deserialize)]
struct Report {
    matches: Vec<Match>,
    descriptor: Option<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    vulnerability: Vulnerability,
    #[serde(default)]
    related_vulnerabilities: Option<Vec<Related>>,
    artifact: Artifact,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: String,
    severity: Option<String>,
    namespace: Option<String>,
    fix: Option<Fix>,
}

#[derive(Deserialize)]
struct Fix {
    #[serde(default)]
    versions: Option<Vec<String>>,
    state: Option<String>,
}

#[derive(Deserialize)]
struct Related {
    id: String,
}

#[derive(Deserialize)]
struct Artifact {
    name: String,
    version: Option<String>,
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Descriptor {
    version: Option<String>,
    timestamp: Option<String>,
    db: Option<Value>,
}

pub(super) fn read(document: &[u8]) -> Result<Scan, EvidenceError> {
    let report: Report = json("Grype report", document)?;
    let (mut version, mut finished, mut built) = (None, None, None);
    if let Some(descriptor) = report.descriptor {
        // A report without a time has an empty one.
        (version, finished) = (descriptor.version, descriptor.timestamp.filter(|time| !time.is_empty()));
        // Newer versions say it under `status`.
        built = descriptor.db.and_then(|db| {
            let at = db.get("built").or_else(|| db.get("status")?.get("built"))?;
            at.as_str().map(str::to_owned)
        });
    }
    Ok(Scan {
        scanner: "grype".into(),
        scanner_version: version,
        database_updated: built,
        finished,
        findings: report.matches.into_iter().map(finding).collect(),
    })
}

fn finding(found: Match) -> Finding {
    let Vulnerability { id, severity, namespace, fix } = found.vulnerability;
    let name = name_and_version(&found.artifact.name, found.artifact.version.as_deref());
    let related = found.related_vulnerabilities.unwrap_or_default().into_iter().map(|related| related.id);
    let aliases = related.filter(|other| *other != id).collect();
    let (state, fixed_in) = fix.map_or((None, None), |fix| (fix.state, fix.versions));
    Finding {
        aliases,
        package: found.artifact.purl.filter(|purl| !purl.is_empty()).or(Some(name)),
        source: namespace,
        fix_state: match state.as_deref() {
            Some("fixed") => FixState::Fixed,
            Some("not-fixed") => FixState::NotFixed,
            Some("wont-fix") => FixState::WontFix,
            _ => FixState::Unknown,
        },
        fixed_in: fixed_in.unwrap_or_default(),
        ..Finding::new(id, severity.map_or(Severity::Unknown, |word| Severity::of_word(&word)))
    }
}
