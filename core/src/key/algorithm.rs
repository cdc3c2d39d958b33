//! Names of keys: what can be generated, and what a parsed key is.

use std::fmt;
use std::str::FromStr;

use super::KeyError;
use super::error::printable;
use super::hash::HashAlgorithm;

/// A NIST curve (FIPS 186-5, SP 800-186).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Curve {
    /// P-256, also prime256v1 or secp256r1.
    P256,
    /// P-384, also secp384r1.
    P384,
    /// P-521, also secp521r1.
    P521,
}

impl Curve {
    /// The name in SP 800-186.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Bytes of a coordinate.
    pub(super) fn field_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// What kind of key can be generated. The default is P-256, as in cosign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// ECDSA on P-256.
    #[default]
    EcdsaP256,
    /// ECDSA on P-384.
    EcdsaP384,
    /// ECDSA on P-521.
    EcdsaP521,
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// RSA with 2048 bits.
    Rsa2048,
    /// RSA with 3072 bits.
    Rsa3072,
    /// RSA with 4096 bits.
    Rsa4096,
}

impl KeyAlgorithm {
    /// Every algorithm, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Ed25519,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
    ];

    const NAMES: &'static str = "ecdsa-p256, ecdsa-p384, ecdsa-p521, ed25519, rsa-2048, rsa-3072, rsa-4096";

    /// The canonical name; [`FromStr`] reads it back.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
            Self::EcdsaP521 => "ecdsa-p521",
            Self::Ed25519 => "ed25519",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for KeyAlgorithm {
    type Err = KeyError;

    /// Reads our names, the curves' own names, those of the Sigstore algorithm registry (cosign's
    /// `--signing-algorithm`) and of OpenSSH, in any case.
    ///
    /// # Errors
    /// `KEY_ALGORITHM_UNKNOWN`.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "ecdsa"
            | "p256"
            | "p-256"
            | "ecdsa-p256"
            | "nistp256"
            | "prime256v1"
            | "secp256r1"
            | "ecdsa-sha2-nistp256"
            | "ecdsa-sha2-256-nistp256" => Self::EcdsaP256,
            "p384"
            | "p-384"
            | "ecdsa-p384"
            | "nistp384"
            | "secp384r1"
            | "ecdsa-sha2-nistp384"
            | "ecdsa-sha2-384-nistp384" => Self::EcdsaP384,
            "p521"
            | "p-521"
            | "ecdsa-p521"
            | "nistp521"
            | "secp521r1"
            | "ecdsa-sha2-nistp521"
            | "ecdsa-sha2-512-nistp521" => Self::EcdsaP521,
            "ed25519" | "ssh-ed25519" => Self::Ed25519,
            "rsa2048" | "rsa-2048" | "rsa-2048-pkcs1v15" | "rsa-sign-pkcs1-2048-sha256" => Self::Rsa2048,
            "rsa3072" | "rsa-3072" | "rsa-3072-pkcs1v15" | "rsa-sign-pkcs1-3072-sha256" => Self::Rsa3072,
            "rsa4096" | "rsa-4096" | "rsa-4096-pkcs1v15" | "rsa-sign-pkcs1-4096-sha256" => Self::Rsa4096,
            _ => return Err(KeyError::AlgorithmUnknown { expected: Self::NAMES, got: printable(text) }),
        })
    }
}

/// What a parsed key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// ECDSA on a NIST curve.
    Ecdsa(Curve),
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// RSA.
    Rsa {
        /// Bits of the modulus.
        bits: usize,
    },
}

impl KeyKind {
    /// The hash that belongs to the key, for signing and for the digest of a signed message in a bundle.
    /// Ed25519 hashes the message by itself; SHA-256 is what bundles record beside it.
    #[must_use]
    pub fn hash(self) -> HashAlgorithm {
        match self {
            Self::Ecdsa(Curve::P384) => HashAlgorithm::Sha384,
            Self::Ecdsa(Curve::P521) => HashAlgorithm::Sha512,
            Self::Ecdsa(Curve::P256) | Self::Ed25519 | Self::Rsa { .. } => HashAlgorithm::Sha256,
        }
    }

    /// `ECDSA`, `Ed25519` or `RSA`.
    pub(super) fn family(self) -> &'static str {
        match self {
            Self::Ecdsa(_) => "ECDSA",
            Self::Ed25519 => "Ed25519",
            Self::Rsa { .. } => "RSA",
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ecdsa(curve) => write!(f, "ECDSA {}", curve.name()),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
        }
    }
}
