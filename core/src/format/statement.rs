//! in-toto statements (in-toto/attestation, `spec/v1/statement.md`; v0.1 is read as well).
//!
//! The predicate belongs to whoever wrote it: its bytes are kept as they came.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::FormatError;
use crate::digest::Digest;
use crate::json::{self, JsonError};
use crate::limits;

/// The type of a statement that is written.
pub const STATEMENT_V1: &str = "https://in-toto.io/Statement/v1";
/// The type of an older statement.
pub const STATEMENT_V01: &str = "https://in-toto.io/Statement/v0.1";
/// The predicate type of an image signature.
pub const COSIGN_SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

/// A claim about subjects.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement<'a> {
    /// [`STATEMENT_V1`] or [`STATEMENT_V01`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// What the claim is about.
    #[serde(deserialize_with = "json::at_most::<{ limits::STATEMENT_SUBJECTS }, _, _>")]
    pub subject: Vec<Subject>,
    /// What kind of claim it is.
    pub predicate_type: String,
    /// The claim, as it stands in the document.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<&'a RawValue>,
}

/// One thing that a statement is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// Its name, which decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its digests: algorithm to hexadecimal digits.
    #[serde(default)]
    pub digest: BTreeMap<String, String>,
    /// Annotations; cosign keeps `-a` pairs here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, Value>,
}

impl Subject {
    /// A subject with one digest.
    pub fn of(digest: &Digest) -> Self {
        Self {
            name: None,
            digest: [(digest.algorithm().name().to_owned(), digest.hex())].into(),
            annotations: BTreeMap::new(),
        }
    }

    /// Whether this subject is `digest`: the same algorithm, the same bytes, written as they must be.
    pub fn is(&self, digest: &Digest) -> bool {
        self.digest.get(digest.algorithm().name()).is_some_and(|hex| *hex == digest.hex())
    }
}

impl<'a> Statement<'a> {
    /// Reads a statement.
    ///
    /// # Errors
    /// When it is malformed, of an unknown type, or has more than [`limits::STATEMENT_SUBJECTS`] subjects.
    pub fn parse(payload: &'a [u8]) -> Result<Self, FormatError> {
        check_size(payload)?;
        let statement: Self = json::read(payload).map_err(FormatError::json("in-toto statement"))?;
        if !matches!(statement.kind.as_str(), STATEMENT_V1 | STATEMENT_V01) {
            let expected = "https://in-toto.io/Statement/v1 or v0.1";
            return Err(FormatError::Value { field: "_type", expected, got: statement.kind });
        }
        if statement.subject.len() > limits::STATEMENT_SUBJECTS {
            let got = statement.subject.len();
            return Err(FormatError::Count { what: "subjects", expected: "at most 10000", got });
        }
        Ok(statement)
    }

    /// The signature statement of an image, with `-a` pairs on its subject.
    pub fn image_signature(digest: &Digest, annotations: &BTreeMap<String, String>) -> Self {
        let mut subject = Subject::of(digest);
        subject.annotations = annotations.iter().map(|(k, v)| (k.clone(), Value::from(v.clone()))).collect();
        Self {
            kind: STATEMENT_V1.into(),
            subject: vec![subject],
            predicate_type: COSIGN_SIGN.into(),
            predicate: serde_json::from_str("{}").ok(),
        }
    }

    /// What stands before and after the predicate in a statement about `subjects`.
    ///
    /// # Errors
    /// None in practice: these types always serialise.
    pub fn around(subjects: Vec<Subject>, predicate_type: &str) -> Result<(Vec<u8>, Vec<u8>), FormatError> {
        let statement = Statement {
            kind: STATEMENT_V1.into(),
            subject: subjects,
            predicate_type: predicate_type.into(),
            predicate: None,
        };
        let mut head = statement.to_json()?;
        let tail = head.split_off(head.len() - 1);
        head.extend_from_slice(br#","predicate":"#);
        Ok((head, tail))
    }

    /// The document.
    ///
    /// # Errors
    /// None in practice: these types always serialise.
    pub fn to_json(&self) -> Result<Vec<u8>, FormatError> {
        serde_json::to_vec(self).map_err(JsonError::from).map_err(FormatError::json("in-toto statement"))
    }

    /// Whether `digest` is among the subjects, once or more often.
    pub fn names(&self, digest: &Digest) -> bool {
        self.subject.iter().any(|subject| subject.is(digest))
    }

    /// What the statement is about, for a message.
    pub(crate) fn describe_subjects(&self) -> String {
        let digests: Vec<_> = self
            .subject
            .iter()
            .flat_map(|subject| subject.digest.iter().map(|(algorithm, hex)| format!("{algorithm}:{hex}")))
            .take(3)
            .collect();
        match self.subject.len() {
            0 => "no subject".into(),
            count if digests.is_empty() => format!("{count} subjects without a digest"),
            count if count > digests.len() => format!("{} and others", digests.join(", ")),
            _ => digests.join(", "),
        }
    }

    /// The one subject that is `digest`; `None` when none is, or more than one.
    pub fn subject_of(&self, digest: &Digest) -> Option<&Subject> {
        let mut matching = self.subject.iter().filter(|subject| subject.is(digest));
        matching.next().filter(|_| matching.next().is_none())
    }
}

/// Where the predicate of a statement is: the one part that may be large.
#[derive(Deserialize)]
struct Outline<'a> {
    #[serde(default, borrow)]
    predicate: Option<&'a RawValue>,
}

/// Bounds what a statement has beside its predicate, before anything of it is held.
fn check_size(payload: &[u8]) -> Result<(), FormatError> {
    const WHAT: &str = "what the statement has beside its predicate is";
    if FormatError::beside(WHAT, payload, 0).is_ok() {
        return Ok(());
    }
    let outline = serde_json::from_slice::<Outline<'_>>(payload).map_err(JsonError::from);
    let outline = outline.map_err(FormatError::json("in-toto statement"))?;
    FormatError::beside(WHAT, payload, outline.predicate.map_or(0, |predicate| predicate.get().len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(subject: &str) -> String {
        format!(r#"{{"_type":"{STATEMENT_V1}","subject":{subject},"predicateType":"x","predicate":{{}}}}"#)
    }

    /// threat model, row 61.
    #[test]
    fn exactly_one_subject_must_be_the_digest() {
        let digest = Digest::sha256(b"x");
        let hex = digest.hex();
        let one = format!(r#"{{"name":"a","digest":{{"sha256":"{hex}"}}}}"#);
        let upper = format!(r#"{{"digest":{{"sha256":"{}"}}}}"#, hex.to_uppercase());
        for (subject, found) in [
            (format!("[{one}]"), true),
            (format!(r#"[{{"digest":{{"sha1":"aa"}}}},{one}]"#), true),
            (format!("[{one},{one}]"), false),
            ("[]".into(), false),
            (format!("[{upper}]"), false),
            (format!(r#"[{{"name":"{hex}","digest":{{"gitCommit":"{hex}"}}}}]"#), false),
            (r#"[{"digest":{}}]"#.into(), false),
        ] {
            let text = statement(&subject);
            let statement = Statement::parse(text.as_bytes()).unwrap();
            assert_eq!(statement.subject_of(&digest).is_some(), found, "{subject}");
        }
        assert!(Statement::parse(statement("null").as_bytes()).is_err());
        assert!(Statement::parse(statement("[null]").as_bytes()).is_err());
    }

    #[test]
    fn a_statement_is_written_around_its_predicate() {
        let digest = Digest::sha256(b"x");
        let (head, tail) = Statement::around(vec![Subject::of(&digest)], "https://example.com/x").unwrap();
        let document = [&head, &br#"{"n": 9007199254740993}"#[..], &tail].concat();
        let statement = Statement::parse(&document).unwrap();
        assert_eq!(statement.predicate.unwrap().get(), r#"{"n": 9007199254740993}"#);
        assert!(statement.subject_of(&digest).is_some());
    }

    /// threat model, row 51.
    #[test]
    fn what_stands_beside_the_predicate_is_bounded() {
        let most = limits::STATEMENT_SUBJECTS;
        let code = |text: String| Statement::parse(text.as_bytes()).err().map(|error| error.code());
        assert_eq!(code(statement(&format!("[{}]", vec!["{}"; most].join(",")))), None);
        let too_many = statement(&format!("[{}]", vec!["{}"; most + 1].join(",")));
        assert_eq!(code(too_many), Some("ARTIFACT_COUNT"));
        let zeros = format!("[{}0]", "0,".repeat(usize::try_from(limits::SIGNATURE_BYTES).unwrap()));
        let annotated = format!(r#"[{{"annotations":{{"a":{zeros}}}}}]"#);
        assert_eq!(code(statement(&annotated)), Some("ARTIFACT_TOO_LARGE"));
        let text = format!(
            r#"{{"_type":"{STATEMENT_V1}","subject":[],"predicateType":"x","predicate":{{"a":{zeros}}}}}"#
        );
        assert!(Statement::parse(text.as_bytes()).is_ok());
    }

    #[test]
    fn another_type_is_refused() {
        let text = r#"{"_type":"https://in-toto.io/Statement/v2","subject":[],"predicateType":"x"}"#;
        assert_eq!(Statement::parse(text.as_bytes()).unwrap_err().code(), "ARTIFACT_VALUE");
    }

    #[test]
    fn a_predicate_keeps_its_bytes() {
        let text = format!(
            r#"{{"_type":"{STATEMENT_V01}","subject":[],"predicateType":"x","predicate":{{"z": 9007199254740993, "a":1.0}}}}"#
        );
        let statement = Statement::parse(text.as_bytes()).unwrap();
        assert_eq!(statement.predicate.unwrap().get(), r#"{"z": 9007199254740993, "a":1.0}"#);
    }
}
