//! What can go wrong between us and a store.

use std::time::Duration;

use crate::digest::Digest;
use crate::oci::OciError;
use crate::outcome::Outcome;

/// Why a store did not do what it was asked. `place` says where: a URL without credentials, or a path.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No connection, or it broke, in every try.
    #[error("{place}: cannot be reached: {why}")]
    Unreachable {
        /// Where.
        place: String,
        /// What the transport said.
        why: String,
    },
    /// No answer in time.
    #[error("{place}: no answer within {after:?}")]
    Timeout {
        /// Where.
        place: String,
        /// How long was waited.
        after: Duration,
    },
    /// 401: credentials are missing or wrong.
    #[error("{place}: not authorised (401): {why}")]
    Unauthorized {
        /// Where.
        place: String,
        /// What the store said.
        why: String,
    },
    /// 403: these credentials may not.
    #[error("{place}: forbidden (403): {why}")]
    Forbidden {
        /// Where.
        place: String,
        /// What the store said.
        why: String,
    },
    /// 429, in every try.
    #[error("{place}: throttled (429) in each of {tries} tries")]
    Throttled {
        /// Where.
        place: String,
        /// How often it was tried.
        tries: u32,
    },
    /// Another answer that is no success.
    #[error("{place}: answered {status}: {why}")]
    Status {
        /// Where.
        place: String,
        /// The HTTP status.
        status: u16,
        /// What the store said.
        why: String,
    },
    /// An answer that does not follow the specification.
    #[error("{place}: {why}")]
    Protocol {
        /// Where.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something that must be there is not.
    #[error("{place}: {what} not found")]
    NotFound {
        /// Where.
        place: String,
        /// What was looked for.
        what: String,
    },
    /// No image was named, and there are several.
    #[error("{place}: there are several images, name one of: {names}")]
    SeveralImages {
        /// Where.
        place: String,
        /// What they are called.
        names: String,
    },
    /// The bytes are not those of the digest.
    #[error("{place}: content has digest {got}, expected {expected}")]
    DigestMismatch {
        /// Where.
        place: String,
        /// The digest that was asked for.
        expected: Digest,
        /// The digest of what came.
        got: Digest,
    },
    /// The number of bytes is not that of the descriptor.
    #[error("{place}: content has {got} bytes, expected {expected}")]
    SizeMismatch {
        /// Where.
        place: String,
        /// Bytes that the descriptor names.
        expected: u64,
        /// Bytes that came.
        got: u64,
    },
    /// A bound was passed.
    #[error("{place}: {what} is larger than the limit of {limit}")]
    Limit {
        /// Where.
        place: String,
        /// What is too large, with its unit.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// A manifest or index that is not accepted.
    #[error("{place}: {source}")]
    Manifest {
        /// Where.
        place: String,
        /// Why.
        source: OciError,
    },
    /// The store cannot do this at all.
    #[error("{place}: {what}")]
    Unsupported {
        /// Where.
        place: String,
        /// What it cannot do.
        what: String,
    },
    /// A file or a directory failed.
    #[error("{place}: {source}")]
    Io {
        /// Where.
        place: String,
        /// Why.
        source: std::io::Error,
    },
    /// Settings that cannot be used: a certificate, a credential helper, a configuration file.
    #[error("{place}: {why}")]
    Settings {
        /// Where.
        place: String,
        /// What is wrong.
        why: String,
    },
}

impl SourceError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "STORE_UNREACHABLE",
            Self::Timeout { .. } => "STORE_TIMEOUT",
            Self::Unauthorized { .. } => "STORE_UNAUTHORIZED",
            Self::Forbidden { .. } => "STORE_FORBIDDEN",
            Self::Throttled { .. } => "STORE_THROTTLED",
            Self::Status { .. } => "STORE_STATUS",
            Self::Protocol { .. } => "STORE_PROTOCOL",
            Self::NotFound { .. } => "NOT_FOUND",
            Self::SeveralImages { .. } => "SEVERAL_IMAGES",
            Self::DigestMismatch { .. } => "CONTENT_DIGEST_MISMATCH",
            Self::SizeMismatch { .. } => "CONTENT_SIZE_MISMATCH",
            Self::Limit { .. } => "LIMIT_CONTENT",
            Self::Manifest { source, .. } => source.code(),
            Self::Unsupported { .. } => "STORE_UNSUPPORTED",
            Self::Io { .. } => "STORE_IO",
            Self::Settings { .. } => "STORE_SETTINGS",
        }
    }

    /// Bytes that contradict their digest, or pass a bound, are evidence that is malformed: refused. A store that
    /// could not be asked leaves the question open.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::DigestMismatch { .. }
            | Self::SizeMismatch { .. }
            | Self::Limit { .. }
            | Self::Manifest { .. } => Outcome::Refused,
            Self::Settings { .. } | Self::SeveralImages { .. } => Outcome::Usage,
            _ => Outcome::Undecided,
        }
    }

    /// An input or output error at `place`.
    pub fn io(place: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { place: place.into(), source }
    }
}
