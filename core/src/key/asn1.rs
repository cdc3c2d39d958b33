//! The little ASN.1 that several formats share: object identifiers, their names, and telling structures
//! apart.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Encode as _, Reader as _, SliceReader, Tag};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::KeyError;
use super::algorithm::Curve;

pub(super) const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// Names for what is refused, so that the message says more than a number.
const REFUSED: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.10", "RSASSA-PSS restricted RSA keys"),
    ("1.2.840.113549.1.1.7", "RSAES-OAEP keys"),
    ("1.2.840.10040.4.1", "DSA keys"),
    ("1.2.840.113549.1.3.1", "Diffie-Hellman keys"),
    ("1.3.101.110", "X25519 keys (key agreement, not signatures)"),
    ("1.3.101.111", "X448 keys (key agreement, not signatures)"),
    ("1.3.101.113", "Ed448 keys"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44 keys"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65 keys"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87 keys"),
    ("1.2.840.10045.3.1.1", "curve P-192"),
    ("1.3.132.0.33", "curve P-224"),
    ("1.3.132.0.10", "curve secp256k1"),
    ("1.3.36.3.3.2.8.1.1.7", "curve brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.11", "curve brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.13", "curve brainpoolP512r1"),
    ("1.2.156.10197.1.301", "curve SM2"),
];

/// Structures that a DER input can be, told apart by the tags of their first elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Structure {
    Pkcs8,
    Pkcs8Encrypted,
    Sec1,
    Pkcs1Private,
    Pkcs1Public,
    SubjectPublicKeyInfo,
    Certificate,
}

/// Tells which structure a DER input is meant to be.
pub(super) fn structure(der: &[u8]) -> Result<Structure, KeyError> {
    first_tags(der).map_err(|error| KeyError::der("DER", error)).and_then(|(first, second, third)| {
        Ok(match (first, second, third) {
            (Tag::Integer, Some(Tag::Sequence), _) => Structure::Pkcs8,
            (Tag::Integer, Some(Tag::OctetString), _) => Structure::Sec1,
            (Tag::Integer, Some(Tag::Integer), Some(_)) => Structure::Pkcs1Private,
            (Tag::Integer, Some(Tag::Integer), None) => Structure::Pkcs1Public,
            (Tag::Sequence, Some(Tag::OctetString), _) => Structure::Pkcs8Encrypted,
            (Tag::Sequence, Some(Tag::BitString), _) => Structure::SubjectPublicKeyInfo,
            (Tag::Sequence, Some(Tag::Sequence), _) => Structure::Certificate,
            _ => return Err(KeyError::der("DER", "neither a key nor a certificate")),
        })
    })
}

fn first_tags(der: &[u8]) -> der::Result<(Tag, Option<Tag>, Option<Tag>)> {
    let mut reader = SliceReader::new(der)?;
    let tags = reader.sequence(|inner| {
        let mut tags = [None; 3];
        for tag in &mut tags {
            if !inner.is_finished() {
                *tag = Some(Tag::peek(inner)?);
                inner.tlv_bytes()?;
            }
        }
        inner.drain(inner.remaining_len())?;
        Ok::<_, der::Error>(tags)
    })?;
    reader.finish()?;
    Ok((tags[0].unwrap_or(Tag::Null), tags[1], tags[2]))
}

/// The curve that algorithm parameters name.
///
/// # Errors
/// `KEY_UNSUPPORTED` for other curves and for explicit parameters, `KEY_DER_MALFORMED` for none.
pub(super) fn curve(parameters: Option<AnyRef<'_>>) -> Result<Curve, KeyError> {
    let Some(parameters) = parameters else {
        return Err(KeyError::der("EC parameters", "the curve is not named"));
    };
    let Ok(oid) = parameters.decode_as::<ObjectIdentifier>() else {
        return Err(KeyError::unsupported("elliptic curve with explicit parameters"));
    };
    match oid {
        P256 => Ok(Curve::P256),
        P384 => Ok(Curve::P384),
        P521 => Ok(Curve::P521),
        other => Err(refused("curve", other)),
    }
}

/// The object identifier of a curve.
pub(super) fn curve_oid(curve: Curve) -> ObjectIdentifier {
    match curve {
        Curve::P256 => P256,
        Curve::P384 => P384,
        Curve::P521 => P521,
    }
}

/// The refusal of an algorithm or a curve, by its name where it is known.
pub(super) fn refused(what: &str, oid: ObjectIdentifier) -> KeyError {
    let text = oid.to_string();
    match REFUSED.iter().find(|(known, _)| *known == text) {
        Some((_, name)) => KeyError::unsupported(*name),
        None => KeyError::unsupported(format!("{what} with object identifier {text}")),
    }
}

/// SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) of a key in its algorithm's own encoding.
pub(super) fn public_key_info(
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'_>>,
    key: &[u8],
) -> Result<Vec<u8>, KeyError> {
    let encode = || {
        let subject_public_key = BitStringRef::from_bytes(key)?;
        SubjectPublicKeyInfoRef { algorithm: AlgorithmIdentifierRef { oid, parameters }, subject_public_key }
            .to_der()
    };
    encode().map_err(|error| KeyError::der("SubjectPublicKeyInfo", error))
}
