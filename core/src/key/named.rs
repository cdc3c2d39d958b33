//! Signatures whose algorithm is named beside them: certificates, timestamps.
//!
//! Artifacts don't choose their algorithm: there the hash is pinned to the key ([`SignatureScheme`]). What a trusted
//! authority signed names one (RFC 5280, 4.1.1.2), and any of SHA-2 goes with any key. SHA-1 and MD5 are refused.

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode as _, Error};
use ed25519_dalek::Signature;
use spki::AlgorithmIdentifierRef;

use super::algorithm::{Curve, KeyKind};
use super::asn1;
use super::error::KeyError;
use super::hash::HashAlgorithm;
use super::public::{Material, PublicKey};
use super::scheme::SignatureScheme;
use super::verify::signature_fits;

/// A signature algorithm as an AlgorithmIdentifier names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// ECDSA with this hash, on the curve of the key (RFC 5758, 3.2).
    Ecdsa(HashAlgorithm),
    /// RSASSA-PKCS1-v1_5 with this hash (RFC 4055, 5).
    RsaPkcs1(HashAlgorithm),
    /// Ed25519 over the message itself (RFC 8410, 3).
    Ed25519,
}

/// The algorithms by their object identifiers.
const ALGORITHMS: &[(ObjectIdentifier, SignatureAlgorithm)] = &[
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"), SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256)),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"), SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha384)),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"), SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha512)),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
        SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256),
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"),
        SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha384),
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"),
        SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha512),
    ),
    (ObjectIdentifier::new_unwrap("1.3.101.112"), SignatureAlgorithm::Ed25519),
];

/// Names for what is refused, so that the message says more than a number.
const REFUSED: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.4", "signatures with MD5"),
    ("1.2.840.113549.1.1.5", "RSA signatures with SHA-1"),
    ("1.2.840.10045.4.1", "ECDSA signatures with SHA-1"),
    ("1.2.840.10045.4.3.1", "ECDSA signatures with SHA-224"),
    ("1.2.840.113549.1.1.14", "RSA signatures with SHA-224"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS signatures"),
    ("1.2.840.10040.4.3", "DSA signatures with SHA-1"),
    ("2.16.840.1.101.3.4.3.2", "DSA signatures with SHA-256"),
    ("1.3.101.113", "Ed448 signatures"),
];

impl SignatureAlgorithm {
    /// Reads an AlgorithmIdentifier (RFC 5280, 4.1.1.2) in DER.
    ///
    /// # Errors
    /// `KEY_DER_MALFORMED`, also for parameters other than the algorithm's (NULL for RSA, none else);
    /// `KEY_UNSUPPORTED` for other algorithms.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        const WHAT: &str = "AlgorithmIdentifier";
        let identifier =
            AlgorithmIdentifierRef::from_der(der).map_err(|error: Error| KeyError::der(WHAT, error))?;
        let algorithm = Self::named(identifier.oid)?;
        let expected = matches!(algorithm, Self::RsaPkcs1(_)).then_some(AnyRef::NULL);
        if identifier.parameters == expected {
            Ok(algorithm)
        } else {
            Err(KeyError::der(WHAT, "wrong algorithm parameters"))
        }
    }

    fn named(oid: ObjectIdentifier) -> Result<Self, KeyError> {
        if let Some((_, algorithm)) = ALGORITHMS.iter().find(|(known, _)| *known == oid) {
            return Ok(*algorithm);
        }
        let text = oid.to_string();
        Err(match REFUSED.iter().find(|(known, _)| *known == text) {
            Some((_, name)) => KeyError::unsupported(*name),
            None => asn1::refused("signature algorithm", oid),
        })
    }

    /// The scheme that this is with a key of that kind, where artifacts are signed with it too.
    fn scheme(self, kind: KeyKind) -> Option<SignatureScheme> {
        use HashAlgorithm::{Sha256, Sha384, Sha512};
        Some(match (kind, self) {
            (KeyKind::Ecdsa(Curve::P256), Self::Ecdsa(Sha256)) => SignatureScheme::EcdsaP256Sha256,
            (KeyKind::Ecdsa(Curve::P384), Self::Ecdsa(Sha256)) => SignatureScheme::EcdsaP384Sha256,
            (KeyKind::Ecdsa(Curve::P384), Self::Ecdsa(Sha384)) => SignatureScheme::EcdsaP384Sha384,
            (KeyKind::Ecdsa(Curve::P521), Self::Ecdsa(Sha256)) => SignatureScheme::EcdsaP521Sha256,
            (KeyKind::Ecdsa(Curve::P521), Self::Ecdsa(Sha512)) => SignatureScheme::EcdsaP521Sha512,
            (KeyKind::Rsa { .. }, Self::RsaPkcs1(Sha256)) => SignatureScheme::RsaPkcs1Sha256,
            _ => return None,
        })
    }

    /// What verifies the pairs that [`Self::scheme`] has no name for.
    fn other(self, kind: KeyKind) -> Option<&'static dyn VerificationAlgorithm> {
        use HashAlgorithm::{Sha384, Sha512};
        Some(match (kind, self) {
            (KeyKind::Ecdsa(Curve::P256), Self::Ecdsa(Sha384)) => &signature::ECDSA_P256_SHA384_ASN1,
            (KeyKind::Ecdsa(Curve::P256), Self::Ecdsa(Sha512)) => &signature::ECDSA_P256_SHA512_ASN1,
            (KeyKind::Ecdsa(Curve::P384), Self::Ecdsa(Sha512)) => &signature::ECDSA_P384_SHA512_ASN1,
            (KeyKind::Ecdsa(Curve::P521), Self::Ecdsa(Sha384)) => &signature::ECDSA_P521_SHA384_ASN1,
            (KeyKind::Rsa { .. }, Self::RsaPkcs1(Sha384)) => &signature::RSA_PKCS1_2048_8192_SHA384,
            (KeyKind::Rsa { .. }, Self::RsaPkcs1(Sha512)) => &signature::RSA_PKCS1_2048_8192_SHA512,
            _ => return None,
        })
    }
}

impl std::fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ecdsa(hash) => write!(f, "ecdsa-{hash}"),
            Self::RsaPkcs1(hash) => write!(f, "rsa-pkcs1v15-{hash}"),
            Self::Ed25519 => f.write_str("ed25519"),
        }
    }
}

/// The signature was not made by this key over this message with the algorithm that is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {algorithm} signature does not verify with the {key} key")]
pub struct NamedMismatch {
    /// The key that was asked.
    pub key: KeyKind,
    /// The algorithm that was named.
    pub algorithm: SignatureAlgorithm,
}

impl PublicKey {
    /// Verifies a signature with exactly the algorithm that is named beside it.
    ///
    /// # Errors
    /// [`NamedMismatch`], whatever the reason: a wrong key or kind of key, another message, a malformed signature.
    pub fn verify_named(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), NamedMismatch> {
        let verifies = signature_fits(signature)
            && match (self.material(), algorithm) {
                (Material::Ed25519(key), SignatureAlgorithm::Ed25519) => Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
                (Material::Digest(keys), algorithm) => {
                    let scheme = algorithm.scheme(self.kind());
                    match keys.iter().find(|(candidate, _)| Some(*candidate) == scheme) {
                        Some((_, key)) => key.verify_sig(message, signature).is_ok(),
                        None => algorithm
                            .other(self.kind())
                            .and_then(|other| ParsedPublicKey::new(other, self.spki_der()).ok())
                            .is_some_and(|key| key.verify_sig(message, signature).is_ok()),
                    }
                }
                (Material::Ed25519(_), _) => false,
            };
        if verifies { Ok(()) } else { Err(NamedMismatch { key: self.kind(), algorithm }) }
    }
}
