//! SARIF 2.1.0 (OASIS), as Trivy, Grype, Hadolint and CodeQL write it.

use serde::Deserialize;
use serde_json::Value;

use super::{EvidenceError, Finding, Scan, Severity, read as json};

#[derive(Deserialize)]
struct Log {
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    tool: Tool,
    #[serde(default)]
    results: Option<Vec<Found>>,
    #[serde(default)]
    invocations: Option<Vec<Invocation>>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Driver,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: String,
    version: Option<String>,
    semantic_version: Option<String>,
    #[serde(default)]
    rules: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    default_configuration: Option<Configuration>,
    properties: Option<Value>,
}

#[derive(Deserialize)]
struct Configuration {
    level: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    rule_id: Option<String>,
    rule_index: Option<usize>,
    level: Option<String>,
    kind: Option<String>,
    #[serde(default)]
    suppressions: Option<Vec<Value>>,
    #[serde(default)]
    locations: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    end_time_utc: Option<String>,
}

pub(super) fn read(document: &[u8]) -> Result<Scan, EvidenceError> {
    let log: Log = json("SARIF log", document)?;
    let mut scan = Scan::default();
    for run in log.runs {
        let driver = run.tool.driver;
        let rules = driver.rules.unwrap_or_default();
        if scan.scanner.is_empty() {
            scan.scanner = driver.name.to_ascii_lowercase();
            scan.scanner_version = driver.semantic_version.or(driver.version);
        }
        scan.finished = scan
            .finished
            .or_else(|| run.invocations?.into_iter().find_map(|invocation| invocation.end_time_utc));
        let findings = run.results.unwrap_or_default();
        scan.findings.extend(findings.into_iter().filter_map(|found| finding(found, &rules)));
    }
    Ok(scan)
}

/// A result of another kind than `fail`, or one that is suppressed, is none (sections 3.27.9 and 3.27.23).
fn finding(found: Found, rules: &[Rule]) -> Option<Finding> {
    let suppressed = found.suppressions.is_some_and(|reasons| {
        reasons.iter().any(|reason| !matches!(reason["status"].as_str(), Some("underReview" | "rejected")))
    });
    if suppressed || found.kind.is_some_and(|kind| kind != "fail") {
        return None;
    }
    let by_index = found.rule_index.and_then(|index| rules.get(index));
    let rule = by_index.or_else(|| rules.iter().find(|rule| Some(&rule.id) == found.rule_id.as_ref()));
    let score = rule.and_then(|rule| match &rule.properties.as_ref()?["security-severity"] {
        Value::String(text) => text.parse::<f64>().ok(),
        other => other.as_f64(),
    });
    let level = found.level.as_deref().or_else(|| rule?.default_configuration.as_ref()?.level.as_deref());
    let severity = match score {
        Some(score) => Severity::of_score(score),
        // What says nothing is a warning (section 3.27.10).
        None => Severity::of_word(level.unwrap_or("warning")),
    };
    let id = found.rule_id.or_else(|| Some(rule?.id.clone())).unwrap_or_default();
    let place = found.locations.unwrap_or_default().first().and_then(|location| {
        location["physicalLocation"]["artifactLocation"]["uri"].as_str().map(str::to_owned)
    });
    Some(Finding { package: place, ..Finding::new(id, severity) })
}
