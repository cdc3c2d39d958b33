//! Trivy's JSON report (aquasecurity/trivy, `pkg/types/report.go`; schema version 2).

use serde::Deserialize;

use super::{EvidenceError, Finding, FixState, Scan, Severity, name_and_version, read as json};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    created_at: Option<String>,
    trivy: Option<Program>,
    #[serde(default)]
    results: Option<Vec<Target>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Program {
    version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    target: Option<String>,
    #[serde(default)]
    vulnerabilities: Option<Vec<Vulnerability>>,
    #[serde(default)]
    misconfigurations: Option<Vec<Misconfiguration>>,
    #[serde(default)]
    secrets: Option<Vec<Secret>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Vulnerability {
    #[serde(rename = "VulnerabilityID")]
    id: String,
    #[serde(rename = "VendorIDs", default)]
    vendor_ids: Option<Vec<String>>,
    pkg_name: Option<String>,
    pkg_identifier: Option<Identifier>,
    installed_version: Option<String>,
    fixed_version: Option<String>,
    status: Option<String>,
    severity: Option<String>,
    severity_source: Option<String>,
}

#[derive(Deserialize)]
struct Identifier {
    #[serde(rename = "PURL")]
    purl: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Misconfiguration {
    #[serde(rename = "ID")]
    id: String,
    severity: Option<String>,
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Secret {
    #[serde(rename = "RuleID")]
    rule: String,
    severity: Option<String>,
}

pub(super) fn read(document: &[u8]) -> Result<Scan, EvidenceError> {
    let report: Report = json("Trivy report", document)?;
    let mut findings = Vec::new();
    for target in report.results.unwrap_or_default() {
        findings.extend(target.vulnerabilities.unwrap_or_default().into_iter().map(vulnerability));
        let place = target.target;
        let here = |id: String, severity: Option<String>| Finding {
            package: place.clone(),
            ..Finding::new(id, word(severity.as_deref()))
        };
        let failed = target.misconfigurations.unwrap_or_default().into_iter().filter(|found| {
            // A report may list what holds as well.
            !found.status.as_deref().is_some_and(|status| matches!(status, "PASS" | "EXCEPTION"))
        });
        findings.extend(failed.map(|found| here(found.id, found.severity)));
        findings.extend(
            target.secrets.unwrap_or_default().into_iter().map(|found| here(found.rule, found.severity)),
        );
    }
    Ok(Scan {
        scanner: "trivy".into(),
        scanner_version: report.trivy.and_then(|program| program.version),
        database_updated: None,
        finished: report.created_at,
        findings,
    })
}

fn vulnerability(found: Vulnerability) -> Finding {
    let fixed_in = found.fixed_version.iter().flat_map(|versions| versions.split(", "));
    let fixed_in: Vec<_> = fixed_in.filter(|version| !version.is_empty()).map(str::to_owned).collect();
    let fix_state = match found.status.as_deref() {
        Some("will_not_fix" | "end_of_life") => FixState::WontFix,
        _ if !fixed_in.is_empty() => FixState::Fixed,
        Some("affected" | "fix_deferred" | "under_investigation") => FixState::NotFixed,
        _ => FixState::Unknown,
    };
    let name =
        found.pkg_name.as_deref().map(|name| name_and_version(name, found.installed_version.as_deref()));
    Finding {
        aliases: found.vendor_ids.unwrap_or_default(),
        package: found.pkg_identifier.and_then(|identifier| identifier.purl).or(name),
        source: found.severity_source,
        fix_state,
        fixed_in,
        ..Finding::new(found.id, word(found.severity.as_deref()))
    }
}

fn word(severity: Option<&str>) -> Severity {
    severity.map_or(Severity::Unknown, Severity::of_word)
}
