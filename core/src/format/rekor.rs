//! What is in a log: the canonicalized bodies of Rekor's entries (sigstore/rekor, `pkg/types`; sigstore/rekor-tiles,
//! `api/proto/rekor/v2`).
//!
//! | kind | log | what it binds to signature and signer |
//! | --- | --- | --- |
//! | `hashedrekord` 0.0.1 | Rekor v1 | the digest of what was signed |
//! | `dsse` 0.0.1, `intoto` 0.0.2 | Rekor v1 | the digest of an envelope's payload |
//! | `intoto` 0.0.1 | Rekor v1 | the digest of an envelope's text, with the signature in it |
//! | `hashedrekord` 0.0.2 | Rekor v2 | the digest of what was signed |
//! | `dsse` 0.0.2 | Rekor v2 | the digest of an envelope's payload |
//!
//! Every other kind or version is an error that names it. The bytes in the log are canonical JSON (RFC 8785), so a body
//! of another spelling was not written by a log.

mod v1;
mod v2;

use serde::Deserialize;
use serde_json::Value;

use super::FormatError;
use crate::json::{self, JsonError, Raw};
use crate::key::{KeyError, MessageDigest, PublicKey, printable_up_to};

/// The two designs of Rekor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Rekor v1: promises with a time, proofs with checkpoints.
    V1,
    /// Rekor v2, of tiles: proofs with checkpoints only, and no time.
    V2,
}

/// The body of an entry, of any kind that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The design of the log that writes such bodies.
    pub generation: Generation,
    /// What was signed.
    pub content: BodyContent,
    /// The signature; `None` where it is only part of a [document](BodyContent::Document).
    pub signature: Option<Vec<u8>>,
    /// Who signed.
    pub verifier: BodyVerifier,
}

/// What a body says was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyContent {
    /// The digest of the very bytes that were signed: of a blob, or of an envelope's pre-authentication encoding.
    Signed(MessageDigest),
    /// The digest of an envelope's payload.
    Payload {
        /// The digest.
        digest: MessageDigest,
        /// The payload's type, where the body has it.
        payload_type: Option<String>,
        /// The payload itself, where the body has it.
        payload: Option<Vec<u8>>,
    },
    /// The digest of an envelope's text, as it was uploaded.
    Document {
        /// The digest.
        digest: MessageDigest,
        /// The digest of the envelope's payload, where the body has it.
        payload: Option<MessageDigest>,
    },
}

/// Who a body says signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyVerifier {
    /// The holder of this certificate, in DER.
    Certificate(Vec<u8>),
    /// The holder of this key.
    Key(PublicKey),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Head {
    api_version: String,
    kind: String,
    spec: Raw,
}

/// Kind and version of a body, for entries that come without them.
pub(super) fn kind_and_version(body: &[u8]) -> Result<(String, String), FormatError> {
    let head: Head = json::read(body).map_err(FormatError::json(WHAT))?;
    Ok((head.kind, head.api_version))
}

impl Body {
    /// Reads a body of the kind and version that its entry names.
    ///
    /// # Errors
    /// When it is malformed, not canonical, of an unknown or another kind or version, or has another number of
    /// signatures than one.
    pub fn parse(body: &[u8], kind: &str, version: &str) -> Result<Self, FormatError> {
        let head: Head = json::read(body).map_err(FormatError::json(WHAT))?;
        check_canonical(body)?;
        if (head.kind.as_str(), head.api_version.as_str()) != (kind, version) {
            let (field, got) = ("kindVersion of the log entry", name(kind, version));
            return Err(FormatError::Value { field, expected: "that of its body", got });
        }
        match (head.kind.as_str(), head.api_version.as_str()) {
            ("hashedrekord", "0.0.1") => v1::hashedrekord(&head.spec),
            ("dsse", "0.0.1") => v1::dsse(&head.spec),
            ("intoto", "0.0.1") => v1::intoto_1(&head.spec),
            ("intoto", "0.0.2") => v1::intoto_2(&head.spec),
            ("hashedrekord", "0.0.2") => v2::hashedrekord(&head.spec),
            ("dsse", "0.0.2") => v2::dsse(&head.spec),
            (kind, version) => Err(FormatError::Value {
                field: "kind of the log entry",
                expected: "hashedrekord, dsse or intoto, of version 0.0.1 or 0.0.2",
                got: name(kind, version),
            }),
        }
    }
}

const WHAT: &str = "body of the log entry";

fn read<'de, T: Deserialize<'de>>(spec: &'de Raw) -> Result<T, FormatError> {
    json::read(spec.as_str().as_bytes()).map_err(FormatError::json(WHAT))
}

/// RFC 8785, for documents whose keys are ASCII and that have no numbers: no space, keys in order, one escape for each
/// character.
fn check_canonical(body: &[u8]) -> Result<(), FormatError> {
    let json = |error| FormatError::json(WHAT)(JsonError::from(error));
    let value: Value = serde_json::from_slice(body).map_err(json)?;
    if serde_json::to_vec(&value).map_err(json)? == body {
        return Ok(());
    }
    Err(FormatError::Value {
        field: WHAT,
        expected: "canonical JSON (RFC 8785)",
        got: "another spelling".into(),
    })
}

/// A kind and version for a message.
fn name(kind: &str, version: &str) -> String {
    printable_up_to(&format!("{kind} {version}"), 100)
}

/// The only one of the signatures.
fn only<T>(mut signatures: Vec<T>) -> Result<T, FormatError> {
    match (signatures.pop(), signatures.len()) {
        (Some(signature), 0) => Ok(signature),
        (last, others) => {
            let got = others + usize::from(last.is_some());
            Err(FormatError::Count { what: "signatures in the log entry", expected: "exactly 1", got })
        }
    }
}

fn digest_length(error: KeyError) -> FormatError {
    FormatError::Value { field: "hash", expected: "a digest of its algorithm", got: error.to_string() }
}

fn verifier_key(error: KeyError) -> FormatError {
    FormatError::Value { field: "verifier", expected: "a certificate or public key", got: error.to_string() }
}

#[cfg(test)]
mod tests;
