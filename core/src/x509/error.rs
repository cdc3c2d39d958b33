//! What can be wrong with a certificate by itself, whoever issued it.

use crate::key::KeyError;

/// Why a certificate was refused when it was read.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// Larger than any certificate: nothing of it was parsed.
    #[error("a certificate of {got} bytes, at most {limit} are read")]
    TooLarge {
        /// The bound in bytes.
        limit: usize,
        /// Size of the input in bytes.
        got: usize,
    },
    /// More certificates, extensions or names than are read.
    #[error("{got} {what}, at most {limit} are read")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: usize,
        /// How many there are, or how many were read before giving up.
        got: usize,
    },
    /// No PEM, or PEM with something else than certificates.
    #[error("the certificates are not readable as PEM")]
    Pem(#[source] KeyError),
    /// A PEM block of something else.
    #[error("a PEM block {got:?}, expected CERTIFICATE")]
    Label {
        /// The label, shortened.
        got: String,
    },
    /// The DER does not decode, or breaks a rule of RFC 5280 that needs no other certificate to see.
    #[error("malformed certificate: {part}: {reason}")]
    Malformed {
        /// The field, as RFC 5280 calls it.
        part: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The same extension twice (RFC 5280, 4.2).
    #[error("malformed certificate: extension {oid} occurs twice")]
    DuplicateExtension {
        /// Its object identifier.
        oid: String,
    },
    /// A key that is not accepted from anyone.
    #[error("the key of the certificate is not accepted")]
    Key(#[source] KeyError),
    /// Not exactly one name that can be a signer's.
    #[error(
        "the certificate has {got} names of a signer (email, URI, or Fulcio's otherName), expected exactly 1"
    )]
    Identity {
        /// How many there are.
        got: usize,
    },
    /// A claim of Fulcio's that does not decode.
    #[error("the claim {name} ({oid}) of the certificate is malformed: {reason}")]
    Claim {
        /// Its name.
        name: &'static str,
        /// Its object identifier.
        oid: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The old and the new claim of the issuer contradict each other.
    #[error("the certificate names two issuers: {old:?} and {new:?}")]
    Issuers {
        /// What the extension 1.3.6.1.4.1.57264.1.1 says, shortened.
        old: String,
        /// What the extension 1.3.6.1.4.1.57264.1.8 says, shortened.
        new: String,
    },
}

impl CertificateError {
    /// The stable code of this error, for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::TooMany { .. } => "CERTIFICATE_LIMIT",
            Self::Pem(_) | Self::Label { .. } => "CERTIFICATE_PEM",
            Self::Malformed { .. } | Self::DuplicateExtension { .. } => "CERTIFICATE_MALFORMED",
            Self::Key(_) => "CERTIFICATE_KEY",
            Self::Identity { .. } => "CERTIFICATE_IDENTITY",
            Self::Claim { .. } | Self::Issuers { .. } => "CERTIFICATE_CLAIM",
        }
    }

    /// A part that does not decode or breaks a rule.
    pub(super) fn malformed(part: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Malformed { part, reason: reason.to_string() }
    }
}

/// Refuses more than `limit` of something.
pub(super) fn at_most(what: &'static str, got: usize, limit: usize) -> Result<(), CertificateError> {
    if got > limit { Err(CertificateError::TooMany { what, limit, got }) } else { Ok(()) }
}
