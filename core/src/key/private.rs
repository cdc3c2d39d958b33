//! Private keys: generating, reading PKCS#8 and its relatives, writing PKCS#8.
//!
//! Secrets live in memory that is wiped when it is freed: `aws-lc` cleanses what it frees, `ed25519-dalek`
//! and every buffer here zeroise. `Debug` shows the public half only.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _};
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use super::algorithm::{Curve, KeyAlgorithm, KeyKind};
use super::error::KeyError;
use super::public::PublicKey;
use super::{pem, rsa};

/// PKCS#8 v1 of an Ed25519 key up to the seed (RFC 8410, 7). Version 2, which also holds the public half, is
/// what OpenSSL before 3.0 and Java refuse.
const ED25519_PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A private key that signs in this process.
pub struct PrivateKey {
    material: Material,
    public: PublicKey,
}

pub(super) enum Material {
    Ecdsa(EcdsaKeyPair),
    Ed25519(SigningKey),
    Rsa(RsaKeyPair),
}

impl PrivateKey {
    /// Makes a new key with the cryptographic library's random generator.
    ///
    /// # Errors
    /// `KEY_CRYPTO` when there is no entropy or no memory.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, KeyError> {
        match algorithm {
            KeyAlgorithm::EcdsaP256 => Self::generate_ecdsa(Curve::P256),
            KeyAlgorithm::EcdsaP384 => Self::generate_ecdsa(Curve::P384),
            KeyAlgorithm::EcdsaP521 => Self::generate_ecdsa(Curve::P521),
            KeyAlgorithm::Ed25519 => Self::generate_ed25519(),
            KeyAlgorithm::Rsa2048 => Self::generate_rsa(KeySize::Rsa2048),
            KeyAlgorithm::Rsa3072 => Self::generate_rsa(KeySize::Rsa3072),
            KeyAlgorithm::Rsa4096 => Self::generate_rsa(KeySize::Rsa4096),
        }
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// What kind of key it is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.public.kind()
    }

    /// The key as PKCS#8 v1 `PrivateKeyInfo` in DER (RFC 5208, 5958; RFC 5915, 8017, 8410 inside): readable
    /// by OpenSSL and by Go's `x509.ParsePKCS8PrivateKey`. Not encrypted.
    ///
    /// # Errors
    /// `KEY_CRYPTO` when the library fails.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let failed = |_| KeyError::Crypto { operation: "encoding a private key" };
        Ok(match &self.material {
            Material::Ecdsa(key) => Zeroizing::new(key.to_pkcs8v1().map_err(failed)?.as_ref().to_vec()),
            Material::Rsa(key) => Zeroizing::new(key.as_der().map_err(failed)?.as_ref().to_vec()),
            Material::Ed25519(key) => {
                let mut der = Zeroizing::new(Vec::with_capacity(ED25519_PKCS8.len() + 32));
                der.extend_from_slice(&ED25519_PKCS8);
                der.extend_from_slice(key.as_bytes());
                der
            }
        })
    }

    /// The PEM block `PRIVATE KEY`, not encrypted, with a line feed at the end.
    ///
    /// # Errors
    /// Those of [`Self::to_pkcs8_der`].
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        Ok(pem::encode("PRIVATE KEY", &self.to_pkcs8_der()?))
    }

    pub(super) fn material(&self) -> &Material {
        &self.material
    }

    /// A PKCS#8 structure or an `ECPrivateKey` (RFC 5915) on a curve that the caller has read from it.
    pub(super) fn from_ecdsa_der(curve: Curve, der: &[u8]) -> Result<Self, KeyError> {
        let key = EcdsaKeyPair::from_private_key_der(ecdsa_signing(curve), der);
        Self::from_ecdsa(curve, key.map_err(|_| inconsistent(KeyKind::Ecdsa(curve)))?)
    }

    /// A scalar and a point as OpenSSH stores them.
    pub(super) fn from_ecdsa_parts(curve: Curve, scalar: &[u8], point: &[u8]) -> Result<Self, KeyError> {
        let key = EcdsaKeyPair::from_private_key_and_public_key(ecdsa_signing(curve), scalar, point);
        Self::from_ecdsa(curve, key.map_err(|_| inconsistent(KeyKind::Ecdsa(curve)))?)
    }

    /// A seed (RFC 8032, 5.1.5), and the public half where the format has it.
    pub(super) fn from_ed25519(seed: &[u8], public: Option<&[u8]>) -> Result<Self, KeyError> {
        let seed: &[u8; 32] =
            seed.try_into().map_err(|_| KeyError::der("CurvePrivateKey", "the seed is not 32 bytes"))?;
        let key = SigningKey::from_bytes(seed);
        if public.is_some_and(|public| public != key.verifying_key().as_bytes()) {
            return Err(inconsistent(KeyKind::Ed25519));
        }
        let public = PublicKey::from_ed25519(key.verifying_key().as_bytes())?;
        Ok(Self { material: Material::Ed25519(key), public })
    }

    /// A `RSAPrivateKey` (RFC 8017, A.1.2) in DER.
    pub(super) fn from_rsa_der(der: &[u8]) -> Result<Self, KeyError> {
        let bits = rsa::check_private(der)?;
        Self::from_rsa(RsaKeyPair::from_der(der).map_err(|_| inconsistent(KeyKind::Rsa { bits }))?)
    }

    pub(super) fn from_rsa(key: RsaKeyPair) -> Result<Self, KeyError> {
        let public = PublicKey::from_rsa(key.public_key().as_ref())?;
        Ok(Self { material: Material::Rsa(key), public })
    }

    fn from_ecdsa(curve: Curve, key: EcdsaKeyPair) -> Result<Self, KeyError> {
        let public = PublicKey::from_point(curve, key.public_key().as_ref())?;
        Ok(Self { material: Material::Ecdsa(key), public })
    }

    fn generate_ecdsa(curve: Curve) -> Result<Self, KeyError> {
        let key = EcdsaKeyPair::generate(ecdsa_signing(curve));
        Self::from_ecdsa(curve, key.map_err(|_| KeyError::Crypto { operation: "generating an ECDSA key" })?)
    }

    fn generate_ed25519() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0_u8; 32]);
        fill_random(&mut *seed)?;
        Self::from_ed25519(&*seed, None)
    }

    fn generate_rsa(size: KeySize) -> Result<Self, KeyError> {
        Self::from_rsa(
            RsaKeyPair::generate(size)
                .map_err(|_| KeyError::Crypto { operation: "generating an RSA key" })?,
        )
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// Fills a buffer with random bytes.
pub(super) fn fill_random(buffer: &mut [u8]) -> Result<(), KeyError> {
    aws_lc_rs::rand::fill(buffer).map_err(|_| KeyError::Crypto { operation: "reading random bytes" })
}

/// The refusal of a key whose halves do not belong together, as far as the library tells.
pub(super) fn inconsistent(kind: KeyKind) -> KeyError {
    KeyError::Inconsistent { kind: kind.family() }
}

fn ecdsa_signing(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
        Curve::P384 => &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
        Curve::P521 => &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
    }
}
