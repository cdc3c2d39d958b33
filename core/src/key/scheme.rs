//! Which signature schemes a key may be used with.
//!
//! The hash is pinned to the key, never taken from the artifact: an artifact that could choose would let a
//! weak hash be played against a strong key. Only files from before the pinning (imported P-384 and P-521
//! keys that signed SHA-256) are read with [`HashPolicy::AlsoLegacy`].

use std::fmt;

use super::algorithm::{Curve, KeyKind};
use super::hash::HashAlgorithm;

/// A signature scheme: key type, hash, padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureScheme {
    /// ECDSA on P-256 with SHA-256, DER-encoded.
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384, DER-encoded.
    EcdsaP384Sha384,
    /// ECDSA on P-384 with SHA-256, DER-encoded: older files.
    EcdsaP384Sha256,
    /// ECDSA on P-521 with SHA-512, DER-encoded.
    EcdsaP521Sha512,
    /// ECDSA on P-521 with SHA-256, DER-encoded: older files.
    EcdsaP521Sha256,
    /// Ed25519 over the message itself (RFC 8032, 5.1).
    Ed25519,
    /// Ed25519ph, over the message's SHA-512, with an empty context (RFC 8032, 5.1).
    Ed25519ph,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2).
    RsaPkcs1Sha256,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 8017, 8.1).
    RsaPssSha256,
}

impl SignatureScheme {
    /// The name of the scheme, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384",
            Self::EcdsaP384Sha256 => "ecdsa-p384-sha256",
            Self::EcdsaP521Sha512 => "ecdsa-p521-sha512",
            Self::EcdsaP521Sha256 => "ecdsa-p521-sha256",
            Self::Ed25519 => "ed25519",
            Self::Ed25519ph => "ed25519ph",
            Self::RsaPkcs1Sha256 => "rsa-pkcs1v15-sha256",
            Self::RsaPssSha256 => "rsa-pss-sha256",
        }
    }

    /// The hash whose digest is signed; `None` where the message itself is.
    #[must_use]
    pub fn hash(self) -> Option<HashAlgorithm> {
        match self {
            Self::EcdsaP256Sha256
            | Self::EcdsaP384Sha256
            | Self::EcdsaP521Sha256
            | Self::RsaPkcs1Sha256
            | Self::RsaPssSha256 => Some(HashAlgorithm::Sha256),
            Self::EcdsaP384Sha384 => Some(HashAlgorithm::Sha384),
            Self::EcdsaP521Sha512 | Self::Ed25519ph => Some(HashAlgorithm::Sha512),
            Self::Ed25519 => None,
        }
    }

    /// Whether only [`HashPolicy::AlsoLegacy`] admits it.
    #[must_use]
    pub fn is_legacy(self) -> bool {
        matches!(self, Self::EcdsaP384Sha256 | Self::EcdsaP521Sha256)
    }

    /// Every scheme that a key of this kind is read with, the one that is written first.
    pub(super) fn of(kind: KeyKind) -> &'static [Self] {
        match kind {
            KeyKind::Ecdsa(Curve::P256) => &[Self::EcdsaP256Sha256],
            KeyKind::Ecdsa(Curve::P384) => &[Self::EcdsaP384Sha384, Self::EcdsaP384Sha256],
            KeyKind::Ecdsa(Curve::P521) => &[Self::EcdsaP521Sha512, Self::EcdsaP521Sha256],
            KeyKind::Ed25519 => &[Self::Ed25519, Self::Ed25519ph],
            KeyKind::Rsa { .. } => &[Self::RsaPkcs1Sha256, Self::RsaPssSha256],
        }
    }
}

impl fmt::Display for SignatureScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Which hashes are admitted for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashPolicy {
    /// The key's own: bundles and attestations.
    Current,
    /// SHA-256 for P-384 and P-521 too: legacy signatures and older blob files.
    AlsoLegacy,
}

impl HashPolicy {
    pub(super) fn admits(self, scheme: SignatureScheme) -> bool {
        self == Self::AlsoLegacy || !scheme.is_legacy()
    }
}

/// The signature was not made by this key over this message, in any scheme that is admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify with the {key} key (tried {})", names(tried))]
pub struct SignatureMismatch {
    /// The key that was asked.
    pub key: KeyKind,
    /// The schemes that were tried; empty when none applies to what was given.
    pub tried: Vec<SignatureScheme>,
}

impl SignatureMismatch {
    /// The stable code of this refusal, for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "SIGNATURE_MISMATCH"
    }
}

fn names(schemes: &[SignatureScheme]) -> String {
    let names: Vec<_> = schemes.iter().map(|scheme| scheme.name()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
