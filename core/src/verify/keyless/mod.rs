//! Keyless verification: steps 5 and 6 of `docs/verification.md`.
//!
//! ```text
//! leaf, pool, trusted root, proven times -> CertificateProven -> IdentityProven
//! ```
//!
//! Each proof is a value that only its check makes, and takes the one before: there is no identity without a path, and
//! no path without a time. When a signature was made is for the caller to prove, by a log's entry or a timestamp;
//! nothing here reads a clock.

mod certificate;
mod identity;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use certificate::CertificateProven;
pub use identity::{IdentityPolicy, IdentityProven, Matcher, PatternError};

use crate::x509::CertificateError;
use crate::x509::path::PathError;

/// Why a certificate proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum KeylessError {
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
