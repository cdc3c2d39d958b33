//! Keyless verification: steps 5 to 8 of `docs/verification.md`.
//!
//! ```text
//! log entries -> LogProven -> times -> CertificateProven -> IdentityProven
//!                             \______________ KeylessProven ____________/
//! ```
//!
//! Each proof is a value that only its check makes, and takes the one before: there is no identity without a path, and
//! no path without a time. When a signature was made is for the caller to prove, by a log's entry or a timestamp;
//! nothing here reads a clock.

mod bundle;
mod certificate;
mod identity;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use bundle::{KeylessProven, Requirements, SigningCertificate};
pub use certificate::CertificateProven;
pub use identity::{IdentityPolicy, IdentityProven, Matcher, PatternError};

use super::log::LogError;
use crate::format::FormatError;
use crate::x509::CertificateError;
use crate::x509::path::PathError;

/// Why a certificate proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum KeylessError {
    /// The bundle names a key, and no certificate.
    #[error("the bundle has no certificate: it is signed by a key")]
    NoCertificate,
    /// A certificate that signed itself came along.
    #[error("the bundle brings a certificate that signed itself: whom to trust is not for it to say")]
    RootInChain,
    /// A log entry cannot be read.
    #[error("a log entry cannot be read: {0}")]
    Entry(FormatError),
    /// A log entry proves nothing.
    #[error(transparent)]
    Log(LogError),
    /// The same entry twice.
    #[error("the log entry {index} is there twice")]
    EntryTwice {
        /// Its index.
        index: u64,
    },
    /// Too few logs have the signature.
    #[error("{got} trusted logs have the signature, {needed} are needed")]
    Entries {
        /// Distinct logs that are needed.
        needed: usize,
        /// Distinct logs that were found.
        got: usize,
    },
    /// A log says that it had the signature at a time that has not come.
    #[error("the log has the signature at {at}, which is in the future")]
    Future {
        /// The time.
        at: Timestamp,
    },
    /// Nothing says when it was used.
    #[error("nothing proves when the signature was made")]
    NoTime,
    /// Nobody who issues certificates is believed at the time.
    #[error("no trusted authority is believed at {at}")]
    Authority {
        /// The time.
        at: Timestamp,
    },
    /// There is no path to an authority.
    #[error(transparent)]
    Path(PathError),
    /// The certificate itself is not accepted.
    #[error(transparent)]
    Certificate(CertificateError),
    /// Too few logs promised to publish it.
    #[error("{got} trusted logs promised to publish the certificate, {needed} are needed: {why}")]
    CertificateTimestamps {
        /// Distinct logs that are needed.
        needed: usize,
        /// Distinct logs that were found.
        got: usize,
        /// Why the last of the others does not count.
        why: String,
    },
    /// The certificate does not tell who vouched for the name in it.
    #[error("the certificate names no issuer of the identity")]
    Issuer,
    /// The signer is not one that is accepted.
    #[error("signed by '{identity}' (issuer '{issuer}'), which is none of the identities that are asked for")]
    Identity {
        /// The name in the certificate.
        identity: String,
        /// Who vouched for it.
        issuer: String,
    },
    /// The signer is accepted, and a claim is not.
    #[error("the certificate's {name} is {got}, expected '{expected}'")]
    Claim {
        /// The claim.
        name: String,
        /// What is asked for.
        expected: String,
        /// What is there.
        got: String,
    },
}

impl KeylessError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoCertificate => "CERTIFICATE_MISSING",
            Self::RootInChain => "CERTIFICATE_ROOT_IN_CHAIN",
            Self::Entry(_) => "LOG_ENTRY_MALFORMED",
            Self::Log(error) => error.code(),
            Self::EntryTwice { .. } => "LOG_ENTRY_TWICE",
            Self::Entries { .. } => "LOG_ENTRIES",
            Self::Future { .. } => "TIME_FUTURE",
            Self::NoTime => "TIME_MISSING",
            Self::Authority { .. } => "CERTIFICATE_CHAIN",
            Self::Path(error) => error.code(),
            Self::Certificate(error) => error.code(),
            Self::CertificateTimestamps { .. } => "CERTIFICATE_TIMESTAMP",
            Self::Issuer | Self::Identity { .. } => "IDENTITY_MISMATCH",
            Self::Claim { .. } => "CLAIM_MISMATCH",
        }
    }
}
