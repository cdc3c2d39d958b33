//! The documents that signatures are made of: parsed strictly, and trusted in nothing.
//!
//! | document | module | specification |
//! | --- | --- | --- |
//! | DSSE envelope | [`dsse`] | secure-systems-lab/dsse, protocol 1.0.2 |
//! | in-toto statement | [`statement`] | in-toto/attestation, Statement v1 (v0.1 is read) |
//! | predicates and their types | [`predicate`] | cosign, in-toto, OpenVEX |
//! | Sigstore bundle | [`bundle`] | sigstore/protobuf-specs, bundle v0.1-v0.3 |
//! | simple-signing payload | [`simple_signing`] | containers/image, `docs/containers-signature.5.md` |
//! | cosign's legacy layers and blob bundles | [`legacy`] | cosign, `specs/SIGNATURE_SPEC.md` |
//! | entries of transparency logs | [`tlog`] | sigstore/protobuf-specs, `sigstore_rekor.proto` |
//! | what logs keep of a signature | [`rekor`] | sigstore/rekor, sigstore/rekor-tiles |
//! | signed notes, checkpoints of logs | [`note`] | C2SP, signed-note and tlog-checkpoint 1.0.0 |

pub mod base64;
pub mod bundle;
pub mod dsse;
pub mod legacy;
pub mod note;
pub mod predicate;
pub mod rekor;
pub mod simple_signing;
pub mod statement;
pub mod tlog;

use crate::json::JsonError;
use crate::limits;

/// Why a document is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// It is no JSON, or not of the expected shape.
    #[error("{what}: {source}")]
    Json {
        /// The kind of document.
        what: &'static str,
        /// Why.
        source: JsonError,
    },
    /// A field is not standard base64 with padding (RFC 4648 section 4).
    #[error("{field}: malformed base64")]
    Base64 {
        /// The field.
        field: &'static str,
    },
    /// A field has another value than the one that is needed.
    #[error("{field} is '{got}', expected {expected}")]
    Value {
        /// The field.
        field: &'static str,
        /// What is accepted.
        expected: &'static str,
        /// What is there.
        got: String,
    },
    /// A field that must be there is missing.
    #[error("{field} is missing")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// There are fewer or more of something than allowed.
    #[error("{got} {what}, expected {expected}")]
    Count {
        /// What was counted.
        what: &'static str,
        /// How many are allowed.
        expected: &'static str,
        /// How many there are.
        got: usize,
    },
    /// More bytes than are held.
    #[error("{what} larger than the limit of {limit} bytes")]
    TooLarge {
        /// What is too large, and how it is.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

impl FormatError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json { .. } => "ARTIFACT_MALFORMED_JSON",
            Self::Base64 { .. } => "ARTIFACT_MALFORMED_BASE64",
            Self::Value { .. } => "ARTIFACT_VALUE",
            Self::Missing { .. } => "ARTIFACT_FIELD_MISSING",
            Self::Count { .. } => "ARTIFACT_COUNT",
            Self::TooLarge { .. } => "ARTIFACT_TOO_LARGE",
        }
    }

    /// Bounds what a document has beside its one large part by [`limits::SIGNATURE_BYTES`].
    fn beside(what: &'static str, document: &[u8], large: usize) -> Result<(), Self> {
        let limit = limits::SIGNATURE_BYTES;
        match document.len().saturating_sub(large) as u64 > limit {
            true => Err(Self::TooLarge { what, limit }),
            false => Ok(()),
        }
    }

    fn json(what: &'static str) -> impl FnOnce(JsonError) -> Self {
        move |source| Self::Json { what, source }
    }
}
