//! Signing: from a digest to a stored signature that was read back.
//!
//! ```text
//! digest -> statement or payload -> signer -> bundle or layer -> source -> read back
//! ```
//!
//! Signing is idempotent: what the same key already signed, with the same annotations, is not signed again.

mod attach;
mod attest;
pub mod blob;
mod image;

pub use attach::{attach_artifact, attach_bundle, attach_envelope, attach_legacy, attach_sbom_tag};
pub use attest::{AttestRequest, Attestation, Attested, attest};
pub use image::{SignRequest, Signed, bundle_for, legacy_for, sign_image};

use crate::format::FormatError;
use crate::key::KeyError;
use crate::oci::OciError;
use crate::outcome::Outcome;
use crate::source::SourceError;

/// Why nothing was signed, or what was signed is not stored.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key cannot sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A document could not be written.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A manifest could not be written.
    #[error(transparent)]
    Oci(#[from] OciError),
}

impl SignError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key(error) => error.code(),
            Self::Source(error) => error.code(),
            Self::Format(error) => error.code(),
            Self::Oci(error) => error.code(),
        }
    }

    /// How a command that failed so has ended.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Key(_) => Outcome::Usage,
            Self::Source(error) => error.outcome(),
            Self::Format(_) | Self::Oci(_) => Outcome::Refused,
        }
    }
}
