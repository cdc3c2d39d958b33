//! Public keys: reading, writing, naming.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::Decode as _;
use der::asn1::AnyRef;
use ed25519_dalek::VerifyingKey;
use spki::SubjectPublicKeyInfoRef;

use super::algorithm::{Curve, KeyKind};
use super::asn1::{self, Structure};
use super::error::{KeyError, printable};
use super::hash::{HashAlgorithm, MessageDigest};
use super::scheme::SignatureScheme;
use super::{pem, rsa};

const INFO: &str = "SubjectPublicKeyInfo";

/// A public key that has passed every check: algorithm, size, encoding, point on its curve.
///
/// One key has one encoding here (uncompressed points, canonical integers), so two keys are equal exactly
/// when their SubjectPublicKeyInfo bytes are: what a threshold counts. Clones share the parsed key.
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    kind: KeyKind,
    spki: Vec<u8>,
    material: Material,
}

/// The key as the libraries want it.
pub(super) enum Material {
    Ed25519(VerifyingKey),
    /// One parsed key for each scheme, in the order of [`SignatureScheme::of`].
    Digest(Vec<(SignatureScheme, ParsedPublicKey)>),
}

impl PublicKey {
    /// Reads a PEM file with exactly one block: `PUBLIC KEY` (RFC 7468, 13) or `RSA PUBLIC KEY` (PKCS#1).
    ///
    /// # Errors
    /// Those of the PEM (`KEY_PEM_*`, `KEY_TOO_LARGE`); `KEY_PRIVATE_GIVEN`, `KEY_CERTIFICATE_GIVEN` or
    /// `KEY_LABEL_UNKNOWN` for another label; those of [`Self::from_spki_der`].
    pub fn from_pem(input: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let block = pem::parse_one(input.as_ref())?;
        match block.label.as_str() {
            "PUBLIC KEY" => Self::from_spki_der(&block.data),
            "RSA PUBLIC KEY" => Self::from_rsa(&block.data),
            label if label.ends_with("PRIVATE KEY") => {
                Err(KeyError::PrivateKeyGiven { got: printable(label) })
            }
            label if pem::CERTIFICATES.contains(&label) => {
                Err(KeyError::CertificateGiven { got: printable(label) })
            }
            label => Err(KeyError::LabelUnknown {
                expected: "PUBLIC KEY or RSA PUBLIC KEY",
                got: printable(label),
            }),
        }
    }

    /// Reads a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7; RFC 5480, 8410, 3279) in DER.
    ///
    /// # Errors
    /// `KEY_DER_MALFORMED`; `KEY_UNSUPPORTED` for other algorithms and curves and for compressed points;
    /// `KEY_RSA_SIZE`, `KEY_RSA_EXPONENT`, `KEY_POINT_INVALID`; `KEY_PRIVATE_GIVEN` or
    /// `KEY_CERTIFICATE_GIVEN` where the structure is one of those.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        pem::check_size(der)?;
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|error| refuse_structure(der, error))?;
        let Some(key) = info.subject_public_key.as_bytes() else {
            return Err(KeyError::der(INFO, "the key is no whole number of bytes"));
        };
        let parameters = info.algorithm.parameters;
        match info.algorithm.oid {
            asn1::EC_PUBLIC_KEY => Self::from_point(asn1::curve(parameters)?, key),
            asn1::ED25519 if parameters.is_none() => Self::from_ed25519(key),
            asn1::RSA_ENCRYPTION if parameters == Some(AnyRef::NULL) => Self::from_rsa(key),
            asn1::ED25519 | asn1::RSA_ENCRYPTION => Err(KeyError::der(INFO, "wrong algorithm parameters")),
            other => Err(asn1::refused("key", other)),
        }
    }

    /// Reads a `RSAPublicKey` (PKCS#1; RFC 8017, A.1.1) in DER.
    ///
    /// # Errors
    /// `KEY_DER_MALFORMED`, `KEY_RSA_SIZE`, `KEY_RSA_EXPONENT`.
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, KeyError> {
        pem::check_size(der)?;
        Self::from_rsa(der)
    }

    /// What kind of key it is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.0.kind
    }

    /// The SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.0.spki
    }

    /// The PEM block `PUBLIC KEY`, with a line feed at the end: the bytes of a `cosign.pub`.
    #[must_use]
    pub fn to_pem(&self) -> String {
        std::mem::take(&mut *pem::encode("PUBLIC KEY", self.spki_der()))
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn fingerprint(&self) -> MessageDigest {
        HashAlgorithm::Sha256.digest(self.spki_der())
    }

    /// The hint that bundles name a key with: base64 of the fingerprint. A hint never decides anything.
    #[must_use]
    pub fn hint(&self) -> String {
        STANDARD.encode(self.fingerprint().bytes())
    }

    pub(super) fn material(&self) -> &Material {
        &self.0.material
    }

    /// An uncompressed point (SEC 1, 2.3.3).
    pub(super) fn from_point(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        match point.first() {
            Some(4) if point.len() == 1 + 2 * curve.field_bytes() => {}
            Some(2 | 3) if point.len() == 1 + curve.field_bytes() => {
                return Err(KeyError::unsupported("compressed elliptic curve points"));
            }
            _ => return Err(KeyError::PointInvalid { curve: curve.name() }),
        }
        let kind = KeyKind::Ecdsa(curve);
        let keys = parse_all(kind, point).ok_or(KeyError::PointInvalid { curve: curve.name() })?;
        let oid = asn1::curve_oid(curve);
        let spki = asn1::public_key_info(asn1::EC_PUBLIC_KEY, Some(AnyRef::from(&oid)), point)?;
        Ok(Self::new(kind, spki, Material::Digest(keys)))
    }

    /// The 32 bytes of RFC 8032, 5.1.5. Points of small order verify anything; a second encoding of one point
    /// would count as a second key.
    pub(super) fn from_ed25519(bytes: &[u8]) -> Result<Self, KeyError> {
        let invalid = || KeyError::PointInvalid { curve: "Ed25519" };
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| invalid())?;
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| invalid())?;
        if key.is_weak() || key.to_edwards().compress().as_bytes() != bytes {
            return Err(invalid());
        }
        let spki = asn1::public_key_info(asn1::ED25519, None, bytes)?;
        Ok(Self::new(KeyKind::Ed25519, spki, Material::Ed25519(key)))
    }

    /// A `RSAPublicKey` (RFC 8017, A.1.1) in DER.
    pub(super) fn from_rsa(der: &[u8]) -> Result<Self, KeyError> {
        let kind = KeyKind::Rsa { bits: rsa::check_public(der)? };
        let keys =
            parse_all(kind, der).ok_or_else(|| KeyError::der("RSAPublicKey", "refused by the library"))?;
        let spki = asn1::public_key_info(asn1::RSA_ENCRYPTION, Some(AnyRef::NULL), der)?;
        Ok(Self::new(kind, spki, Material::Digest(keys)))
    }

    fn new(kind: KeyKind, spki: Vec<u8>, material: Material) -> Self {
        Self(Arc::new(Inner { kind, spki, material }))
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.spki == other.0.spki
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.spki.hash(state);
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("kind", &self.0.kind)
            .field("fingerprint", &self.fingerprint())
            .finish()
    }
}

fn parse_all(kind: KeyKind, bytes: &[u8]) -> Option<Vec<(SignatureScheme, ParsedPublicKey)>> {
    let parse = |scheme: &SignatureScheme| {
        Some((*scheme, ParsedPublicKey::new(verification_algorithm(*scheme)?, bytes).ok()?))
    };
    SignatureScheme::of(kind).iter().map(parse).collect()
}

fn verification_algorithm(scheme: SignatureScheme) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match scheme {
        SignatureScheme::EcdsaP256Sha256 => &signature::ECDSA_P256_SHA256_ASN1,
        SignatureScheme::EcdsaP384Sha384 => &signature::ECDSA_P384_SHA384_ASN1,
        SignatureScheme::EcdsaP384Sha256 => &signature::ECDSA_P384_SHA256_ASN1,
        SignatureScheme::EcdsaP521Sha512 => &signature::ECDSA_P521_SHA512_ASN1,
        SignatureScheme::EcdsaP521Sha256 => &signature::ECDSA_P521_SHA256_ASN1,
        SignatureScheme::RsaPkcs1Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        SignatureScheme::RsaPssSha256 => &signature::RSA_PSS_2048_8192_SHA256,
        SignatureScheme::Ed25519 | SignatureScheme::Ed25519ph => return None,
    })
}

/// What an input that is no SubjectPublicKeyInfo is instead.
fn refuse_structure(der: &[u8], error: der::Error) -> KeyError {
    match asn1::structure(der) {
        Ok(Structure::Certificate) => KeyError::CertificateGiven { got: "DER".to_owned() },
        Ok(Structure::Pkcs8 | Structure::Pkcs8Encrypted | Structure::Sec1 | Structure::Pkcs1Private) => {
            KeyError::PrivateKeyGiven { got: "DER".to_owned() }
        }
        Ok(Structure::Pkcs1Public) => {
            KeyError::unsupported("PKCS#1 public keys in DER; give SubjectPublicKeyInfo")
        }
        Ok(Structure::SubjectPublicKeyInfo) | Err(_) => KeyError::der(INFO, error),
    }
}
