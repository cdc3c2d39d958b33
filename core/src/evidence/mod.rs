//! Evidence: what attested documents say, in one form whatever tool wrote them.
//!
//! Each scanner has its own output, which is attested as it is; here each is read into a [`Scan`]. What a tool does not
//! tell is `None` or [`Severity::Unknown`], never a guess: whoever decides on a scan takes the unknown for the worst.

mod cyclonedx;
mod grype;
mod misconfiguration;
mod sarif;
mod secrets;
mod trivy;
mod vulns;

use serde::{Deserialize, Serialize};

use crate::format::predicate::PredicateType;
use crate::json::{self, JsonError};

/// What one scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scan {
    /// The name of the scanner.
    pub scanner: String,
    /// Its version.
    pub scanner_version: Option<String>,
    /// When its database was last updated, as it stands in the document (RFC 3339).
    pub database_updated: Option<String>,
    /// When the scan ended, as it stands in the document (RFC 3339).
    pub finished: Option<String>,
    /// What it found, in the order of the document.
    pub findings: Vec<Finding>,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is called: `CVE-2026-1234`, a rule, a detector.
    pub id: String,
    /// Other names of the same.
    pub aliases: Vec<String>,
    /// The package that has it, as a package URL where the document has one, else `NAME@VERSION`; or where it was found.
    pub package: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// Who says so: a distribution, a database, a rule set.
    pub source: Option<String>,
    /// Whether it is mended somewhere.
    pub fix_state: FixState,
    /// The versions that have it mended.
    pub fixed_in: Vec<String>,
}

/// How bad a finding is, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Hardly at all.
    Negligible,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
    /// Nobody knows: counts as the worst.
    #[default]
    Unknown,
}

/// Whether a finding is mended somewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixState {
    /// In a version that is there.
    Fixed,
    /// Not yet.
    NotFixed,
    /// Nobody will.
    WontFix,
    /// The document does not say.
    #[default]
    Unknown,
}

/// Why a document is no scan.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// It is not of the shape that its type has.
    #[error("{what}: {source}")]
    Json {
        /// The kind of document.
        what: &'static str,
        /// Why.
        source: JsonError,
    },
    /// No reader knows it.
    #[error("'{0}' is no scan that can be read")]
    Unknown(String),
}

impl EvidenceError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json { .. } => "EVIDENCE_MALFORMED",
            Self::Unknown(_) => "EVIDENCE_UNKNOWN",
        }
    }
}

impl Finding {
    fn new(id: impl Into<String>, severity: Severity) -> Self {
        Self {
            id: id.into(),
            aliases: Vec::new(),
            package: None,
            severity,
            source: None,
            fix_state: FixState::Unknown,
            fixed_in: Vec::new(),
        }
    }
}

impl Severity {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Negligible => "negligible",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }

    /// A word, in any case, of any of the tools.
    fn of_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "negligible" | "none" | "info" | "informational" | "style" => Self::Negligible,
            "low" | "note" => Self::Low,
            "medium" | "moderate" | "warning" => Self::Medium,
            "high" | "important" | "error" => Self::High,
            "critical" => Self::Critical,
            _ => Self::Unknown,
        }
    }

    /// A CVSS score (CVSS 3.1, section 5).
    fn of_score(score: f64) -> Self {
        match score {
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            score if score > 0.0 => Self::Low,
            0.0 => Self::Negligible,
            _ => Self::Unknown,
        }
    }
}

/// Reads the predicate of a scan's attestation.
///
/// # Errors
/// When the type is none of a scan, or the predicate is not of its type.
pub fn scan(predicate_type: &str, predicate: &[u8]) -> Result<Scan, EvidenceError> {
    let name = PredicateType::names()
        .find(|name| name.parse::<PredicateType>().is_ok_and(|known| known.uri() == predicate_type));
    match name {
        Some("trivy") => trivy::read(predicate),
        Some("grype") => grype::read(predicate),
        Some("sarif") => sarif::read(predicate),
        Some("kubesec") => misconfiguration::kubesec(predicate),
        Some("hadolint") => misconfiguration::hadolint(predicate),
        Some("trufflehog") => secrets::read(predicate),
        Some("vuln") => vulns::cosign(predicate),
        Some("vulns") => vulns::in_toto(predicate),
        Some("cyclonedx") => cyclonedx::read(predicate),
        _ => Err(EvidenceError::Unknown(predicate_type.to_owned())),
    }
}

/// Reads the output of a scanner, whichever it is, by what stands in it.
fn any(document: &[u8]) -> Result<Scan, EvidenceError> {
    #[derive(Deserialize)]
    struct Outline<'a> {
        #[serde(rename = "SchemaVersion", borrow)]
        trivy: Option<&'a serde_json::value::RawValue>,
        #[serde(borrow)]
        matches: Option<&'a serde_json::value::RawValue>,
        #[serde(borrow)]
        runs: Option<&'a serde_json::value::RawValue>,
        #[serde(rename = "bomFormat", borrow)]
        cyclonedx: Option<&'a serde_json::value::RawValue>,
    }
    let outline: Outline<'_> = read("scan", document)?;
    match outline {
        Outline { trivy: Some(_), .. } => trivy::read(document),
        Outline { matches: Some(_), .. } => grype::read(document),
        Outline { runs: Some(_), .. } => sarif::read(document),
        Outline { cyclonedx: Some(_), .. } => cyclonedx::read(document),
        _ => Err(EvidenceError::Unknown("the result of the scanner".into())),
    }
}

fn read<'de, T: Deserialize<'de>>(what: &'static str, document: &'de [u8]) -> Result<T, EvidenceError> {
    json::read(document).map_err(|source| EvidenceError::Json { what, source })
}

/// `NAME@VERSION`.
fn name_and_version(name: &str, version: Option<&str>) -> String {
    match version.filter(|version| !version.is_empty()) {
        Some(version) => format!("{name}@{version}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests;
