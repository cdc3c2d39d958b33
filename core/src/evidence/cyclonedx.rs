//! Vulnerabilities in a CycloneDX document (1.4 and later, "Vulnerability Disclosure Report").

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::{EvidenceError, Finding, FixState, Scan, Severity, name_and_version, read as json};

#[derive(Deserialize)]
struct Bom {
    metadata: Option<Metadata>,
    #[serde(default)]
    components: Option<Vec<Component>>,
    #[serde(default)]
    vulnerabilities: Option<Vec<Vulnerability>>,
}

#[derive(Deserialize)]
struct Metadata {
    timestamp: Option<String>,
    tools: Option<Value>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "bom-ref")]
    reference: Option<String>,
    name: Option<String>,
    version: Option<String>,
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: Option<String>,
    source: Option<Source>,
    #[serde(default)]
    references: Option<Vec<Reference>>,
    #[serde(default)]
    ratings: Option<Vec<Rating>>,
    #[serde(default)]
    affects: Option<Vec<Affected>>,
    analysis: Option<Analysis>,
}

#[derive(Deserialize)]
struct Source {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
}

#[derive(Deserialize)]
struct Rating {
    severity: Option<String>,
    score: Option<f64>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(rename = "ref")]
    reference: String,
}

#[derive(Deserialize)]
struct Analysis {
    state: Option<String>,
    #[serde(default)]
    response: Option<Vec<String>>,
}

pub(super) fn read(document: &[u8]) -> Result<Scan, EvidenceError> {
    let bom: Bom = json("CycloneDX document", document)?;
    let mut names = HashMap::new();
    for component in bom.components.unwrap_or_default() {
        if let (Some(reference), Some(name)) = (component.reference, component.name) {
            let named = name_and_version(&name, component.version.as_deref());
            names.insert(reference, component.purl.unwrap_or(named));
        }
    }
    let mut scan = Scan::default();
    if let Some(metadata) = bom.metadata {
        scan.finished = metadata.timestamp;
        (scan.scanner, scan.scanner_version) = tool(metadata.tools.as_ref());
    }
    for found in bom.vulnerabilities.unwrap_or_default() {
        let affected: Vec<_> =
            found.affects.iter().flatten().map(|affected| affected.reference.clone()).collect();
        let finding = finding(found);
        let of = |reference: &String| names.get(reference).unwrap_or(reference).clone();
        match affected.is_empty() {
            true => scan.findings.push(finding),
            false => scan.findings.extend(
                affected.iter().map(|reference| Finding { package: Some(of(reference)), ..finding.clone() }),
            ),
        }
    }
    Ok(scan)
}

/// The first tool: a list before version 1.5, components since.
fn tool(tools: Option<&Value>) -> (String, Option<String>) {
    let first = tools.and_then(|tools| tools.get(0).or_else(|| tools.get("components")?.get(0)));
    let text = |name: &str| first.and_then(|tool| tool.get(name)?.as_str()).map(str::to_owned);
    (text("name").unwrap_or_default(), text("version"))
}

fn finding(found: Vulnerability) -> Finding {
    let worst = found.ratings.unwrap_or_default().iter().filter_map(severity).max();
    let response = |wanted: &str| {
        found.analysis.as_ref().is_some_and(|analysis| {
            analysis.response.as_ref().is_some_and(|response| response.iter().any(|word| word == wanted))
        })
    };
    let state = found.analysis.as_ref().and_then(|analysis| analysis.state.as_deref());
    let fix_state = match state {
        Some("resolved" | "resolved_with_pedigree") => FixState::Fixed,
        _ if response("will_not_fix") => FixState::WontFix,
        _ if response("can_not_fix") => FixState::NotFixed,
        _ => FixState::Unknown,
    };
    let aliases =
        found.references.unwrap_or_default().into_iter().filter_map(|reference| reference.id).collect();
    Finding {
        aliases,
        source: found.source.and_then(|source| source.name),
        fix_state,
        ..Finding::new(found.id.unwrap_or_default(), worst.unwrap_or_default())
    }
}

fn severity(rating: &Rating) -> Option<Severity> {
    match (&rating.severity, rating.score) {
        (Some(word), _) => Some(Severity::of_word(word)),
        (None, Some(score)) => Some(Severity::of_score(score)),
        (None, None) => None,
    }
}
