//! Predicates: what an attestation says, and the short names of their types (cosign, `specs/ATTESTATION_SPEC.md`;
//! in-toto/attestation, `spec/predicates`; OpenVEX; the outputs of scanners, which have no type of their own).
//!
//! A predicate belongs to whoever wrote it. It is checked against its type, and its bytes are kept as they are: no number
//! is rounded, no key moved, no unknown field dropped.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use url::Url;

use crate::json::{self, JsonError};

/// What an attestation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredicateType {
    uri: Cow<'static, str>,
    known: Option<&'static Known>,
}

/// A type that has a short name.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    names: &'static [&'static str],
    uri: &'static str,
    form: Form,
}

/// How the content of a predicate file becomes the predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As it is: a JSON document in which these stand.
    Json(&'static [Rule]),
    /// As it is: a JSON document in which all of one of these stand.
    Either(&'static [&'static [Rule]]),
    /// As it is: any JSON document.
    AnyJson,
    /// As a JSON string.
    Text,
    /// As `{"Data": TEXT, "Timestamp": NOW}`.
    Custom,
}

/// What must stand at a place of a document: names of fields, with dots between them.
type Rule = (&'static str, Is);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Text,
    Number,
    Object,
    List,
    OneOf(&'static [&'static str]),
    /// A text that begins so, or a list with one.
    Begins(&'static str),
}

const CYCLONEDX: &[Rule] = &[
    ("bomFormat", Is::OneOf(&["CycloneDX"])),
    ("specVersion", Is::OneOf(&["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])),
];
const VULN: &[Rule] = &[
    ("scanner.uri", Is::Text),
    ("scanner.result", Is::Object),
    ("metadata.scanStartedOn", Is::Text),
    ("metadata.scanFinishedOn", Is::Text),
];
const VULNS: &[Rule] = &[
    ("scanner.uri", Is::Text),
    ("scanner.result", Is::List),
    ("metadata.scanStartedOn", Is::Text),
    ("metadata.scanFinishedOn", Is::Text),
];
const SLSA_1: &[Rule] = &[
    ("buildDefinition.buildType", Is::Text),
    ("buildDefinition.externalParameters", Is::Object),
    ("runDetails.builder.id", Is::Text),
];
const SUMMARY: &[Rule] = &[
    ("verifier.id", Is::Text),
    ("timeVerified", Is::Text),
    ("resourceUri", Is::Text),
    ("policy", Is::Object),
    ("verificationResult", Is::OneOf(&["PASSED", "FAILED"])),
];
const TEST_RESULT: &[Rule] =
    &[("result", Is::OneOf(&["PASSED", "WARNED", "FAILED"])), ("configuration", Is::List)];

const KNOWN: &[Known] = &[
    known(&["custom"], "https://cosign.sigstore.dev/attestation/v1", Form::Custom),
    known(
        &["slsaprovenance", "slsaprovenance02"],
        "https://slsa.dev/provenance/v0.2",
        Form::Json(&[("builder.id", Is::Text), ("buildType", Is::Text)]),
    ),
    known(&["slsaprovenance1"], "https://slsa.dev/provenance/v1", Form::Json(SLSA_1)),
    known(&["vsa"], "https://slsa.dev/verification_summary/v1", Form::Json(SUMMARY)),
    known(
        &["spdxjson"],
        "https://spdx.dev/Document",
        Form::Either(&[
            &[("spdxVersion", Is::Begins("SPDX-2."))],
            &[("@context", Is::Begins("https://spdx.org/rdf/3."))],
        ]),
    ),
    known(&["spdx"], "https://spdx.dev/Document", Form::Text),
    known(&["cyclonedx"], "https://cyclonedx.org/bom", Form::Json(CYCLONEDX)),
    known(&["vuln"], "https://cosign.sigstore.dev/attestation/vuln/v1", Form::Json(VULN)),
    known(&["vulns"], "https://in-toto.io/attestation/vulns/v0.2", Form::Json(VULNS)),
    known(
        &["openvex"],
        "https://openvex.dev/ns",
        Form::Json(&[("@context", Is::Begins("https://openvex.dev/ns")), ("statements", Is::List)]),
    ),
    known(&["link"], "https://in-toto.io/Link/v1", Form::Json(&[("name", Is::Text)])),
    known(&["test-result"], "https://in-toto.io/attestation/test-result/v0.1", Form::Json(TEST_RESULT)),
    known(
        &["sarif"],
        "https://countersign.dev/scan/sarif/v1",
        Form::Json(&[("version", Is::OneOf(&["2.1.0"])), ("runs", Is::List)]),
    ),
    known(
        &["trivy"],
        "https://countersign.dev/scan/trivy/v1",
        Form::Json(&[("SchemaVersion", Is::Number), ("ArtifactName", Is::Text)]),
    ),
    known(&["grype"], "https://countersign.dev/scan/grype/v1", Form::Json(&[("matches", Is::List)])),
    known(&["kubesec"], "https://countersign.dev/scan/kubesec/v1", Form::AnyJson),
    known(&["hadolint"], "https://countersign.dev/scan/hadolint/v1", Form::AnyJson),
    known(&["trufflehog"], "https://countersign.dev/scan/trufflehog/v1", Form::Text),
];

const fn known(names: &'static [&'static str], uri: &'static str, form: Form) -> Known {
    Known { names, uri, form }
}

/// Why a text names no predicate type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is neither a known predicate type nor a URI")]
pub struct UnknownType(String);

/// Why the content of a predicate file is no predicate of its type.
#[derive(Debug, thiserror::Error)]
pub enum PredicateError {
    /// It is no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is no text.
    #[error("is not UTF-8 text")]
    NoText,
    /// A field is missing, or has another value than its type allows.
    #[error("{field} is {got}, expected {expected}")]
    Field {
        /// Names of fields, with dots between them.
        field: &'static str,
        /// What is expected.
        expected: String,
        /// What is there.
        got: String,
    },
}

impl PredicateError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "PREDICATE_MALFORMED_JSON",
            Self::NoText => "PREDICATE_NO_TEXT",
            Self::Field { .. } => "PREDICATE_FIELD",
        }
    }
}

impl PredicateType {
    /// The short names, each once.
    pub fn names() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().flat_map(|known| known.names).copied()
    }

    /// The type as a statement names it.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The predicate of a file with this `content`, which is kept as it is, or wrapped where cosign wraps it.
    ///
    /// # Errors
    /// When the content is not of this type.
    pub fn predicate(&self, content: Vec<u8>, now: Timestamp) -> Result<Vec<u8>, PredicateError> {
        match self.known.map_or(Form::AnyJson, |known| known.form) {
            Form::AnyJson => checked(content, &[&[]]),
            Form::Json(rules) => checked(content, &[rules]),
            Form::Either(alternatives) => checked(content, alternatives),
            Form::Text => Ok(serde_json::to_vec(&text(content)?).map_err(JsonError::from)?),
            Form::Custom => {
                let wrapped = Custom { data: text(content)?, timestamp: now.to_string() };
                Ok(serde_json::to_vec(&wrapped).map_err(JsonError::from)?)
            }
        }
    }
}

impl FromStr for PredicateType {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        if let Some(known) = KNOWN.iter().find(|known| known.names.contains(&text)) {
            return Ok(Self { uri: known.uri.into(), known: Some(known) });
        }
        match Url::parse(text) {
            Ok(_) => Ok(Self { uri: text.to_owned().into(), known: None }),
            Err(_) => Err(UnknownType(text.into())),
        }
    }
}

impl fmt::Display for PredicateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

/// What cosign makes of any text (`pkg/cosign/attestation`, "CosignPredicate").
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Custom {
    data: String,
    timestamp: String,
}

fn text(content: Vec<u8>) -> Result<String, PredicateError> {
    String::from_utf8(content).map_err(|_| PredicateError::NoText)
}

fn checked(mut content: Vec<u8>, alternatives: &[&[Rule]]) -> Result<Vec<u8>, PredicateError> {
    json::check(&content)?;
    let all = |rules: &[Rule]| rules.iter().try_for_each(|(field, is)| check(&content, field, *is));
    let mut answers = alternatives.iter().map(|rules| all(rules));
    if let Some(Err(first)) = answers.next()
        && !answers.any(|answer| answer.is_ok())
    {
        return Err(first);
    }
    let end = content.trim_ascii_end().len();
    content.truncate(end);
    content.drain(..content.len() - content.trim_ascii_start().len());
    Ok(content)
}

fn check(document: &[u8], field: &'static str, is: Is) -> Result<(), PredicateError> {
    let mut here: Option<&RawValue> = serde_json::from_slice(document).map_err(JsonError::from)?;
    for name in field.split('.') {
        let fields: Option<BTreeMap<Cow<'_, str>, &RawValue>> =
            here.and_then(|value| serde_json::from_str(value.get()).ok());
        here = fields.and_then(|fields| fields.get(name).copied());
    }
    let value = here.map(RawValue::get);
    if value.is_some_and(|value| is.holds(value)) {
        return Ok(());
    }
    let got = value.map_or_else(|| "missing".to_owned(), shortened);
    Err(PredicateError::Field { field, expected: is.to_string(), got })
}

/// A value in a message.
fn shortened(value: &str) -> String {
    const LENGTH: usize = 60;
    match value.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}...", &value[..end]),
        None => value.to_owned(),
    }
}

impl Is {
    fn holds(self, value: &str) -> bool {
        let text = || serde_json::from_str::<String>(value).ok();
        match self {
            Self::Text => text().is_some_and(|text| !text.is_empty()),
            Self::Number => value.starts_with(|first: char| first == '-' || first.is_ascii_digit()),
            Self::Object => value.starts_with('{'),
            Self::List => value.starts_with('['),
            Self::OneOf(choices) => text().is_some_and(|text| choices.contains(&text.as_str())),
            Self::Begins(start) => match serde_json::from_str::<Vec<String>>(value) {
                Ok(list) => list.iter().any(|text| text.starts_with(start)),
                Err(_) => text().is_some_and(|text| text.starts_with(start)),
            },
        }
    }
}

impl fmt::Display for Is {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("a text"),
            Self::Number => f.write_str("a number"),
            Self::Object => f.write_str("an object"),
            Self::List => f.write_str("a list"),
            Self::OneOf(choices) => f.write_str(&choices.join(" or ")),
            Self::Begins(start) => write!(f, "{start}..."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predicate(kind: &str, content: &str) -> Result<String, PredicateError> {
        let kind: PredicateType = kind.parse().unwrap();
        let predicate = kind.predicate(content.into(), Timestamp::UNIX_EPOCH)?;
        Ok(String::from_utf8(predicate).unwrap())
    }

    #[test]
    fn names_are_cosigns_and_our_own() {
        for (name, uri) in [
            ("custom", "https://cosign.sigstore.dev/attestation/v1"),
            ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
            ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
            ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
            ("spdx", "https://spdx.dev/Document"),
            ("spdxjson", "https://spdx.dev/Document"),
            ("cyclonedx", "https://cyclonedx.org/bom"),
            ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
            ("openvex", "https://openvex.dev/ns"),
            ("link", "https://in-toto.io/Link/v1"),
            ("https://example.com/x", "https://example.com/x"),
        ] {
            assert_eq!(name.parse::<PredicateType>().unwrap().uri(), uri);
        }
        assert!("CycloneDX".parse::<PredicateType>().is_err());
        assert!("".parse::<PredicateType>().is_err());
    }

    #[test]
    fn bytes_are_kept() {
        let odd = r#"{"z": 9007199254740993, "specVersion":"1.6","a":1.0, "bomFormat" : "CycloneDX"}"#;
        assert_eq!(predicate("cyclonedx", &format!("\n{odd} \n")).unwrap(), odd);
        assert_eq!(predicate("https://example.com/x", "[1,  2]").unwrap(), "[1,  2]");
        for spdx in [r#"{"spdxVersion":"SPDX-2.3"}"#, r#"{"@context":"https://spdx.org/rdf/3.0.1/x.jsonld"}"#]
        {
            assert_eq!(predicate("spdxjson", spdx).unwrap(), spdx);
        }
    }

    #[test]
    fn text_is_wrapped_as_cosign_does() {
        let custom = predicate("custom", "{\"a\":1}\n").unwrap();
        assert_eq!(custom, r#"{"Data":"{\"a\":1}\n","Timestamp":"1970-01-01T00:00:00Z"}"#);
        assert_eq!(predicate("spdx", "SPDXVersion: SPDX-2.3\n").unwrap(), r#""SPDXVersion: SPDX-2.3\n""#);
    }

    #[test]
    fn what_is_not_of_its_type_is_refused() {
        for (kind, content, says) in [
            ("cyclonedx", r#"{"specVersion":"1.6"}"#, "bomFormat is missing, expected CycloneDX"),
            ("cyclonedx", r#"{"bomFormat":"CycloneDX","specVersion":"2.0"}"#, r#"specVersion is "2.0""#),
            ("cyclonedx", "<bom/>", "malformed JSON"),
            ("cyclonedx", r#"{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}"#, "duplicate key"),
            ("slsaprovenance1", r#"{"buildDefinition":{"buildType":"x"}}"#, "externalParameters is missing"),
            ("slsaprovenance", r#"{"builder":7,"buildType":"x"}"#, "builder.id is missing"),
            ("test-result", r#"{"result":"MAYBE","configuration":[]}"#, "PASSED or WARNED or FAILED"),
            ("spdxjson", r#"{"spdxVersion":"SPDX-3"}"#, "SPDX-2...."),
            ("openvex", r#"{"@context":"https://example.com","statements":[]}"#, "https://openvex.dev/ns..."),
            ("vuln", r#"{"scanner":{"uri":"x","result":[]}}"#, "scanner.result is []"),
        ] {
            let error = predicate(kind, content).unwrap_err().to_string();
            assert!(error.contains(says), "{kind} {content}: {error}");
        }
        assert_eq!(
            "spdx"
                .parse::<PredicateType>()
                .unwrap()
                .predicate(vec![0xff], Timestamp::UNIX_EPOCH)
                .unwrap_err()
                .code(),
            "PREDICATE_NO_TEXT"
        );
    }
}
