//! One certificate: its bytes cut into fields once, every rule checked that needs no other certificate.
//!
//! The fields keep the bytes of the certificate itself, so that what is hashed, compared or verified is what was
//! signed and no second encoding of it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use der::asn1::ObjectIdentifier;
use jiff::Timestamp;
use x509_cert::ext::pkix::constraints::name::NameConstraints;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use x509_cert::name::Name;

use super::error::{CertificateError, at_most};
use super::extensions::{Extended, Extension, Extensions};
use super::fields::{self, Fields};
use super::names::AlternativeName;
use crate::key::{KeyError, PublicKey, pem, printable_up_to};
use crate::limits;

/// Characters of a name that are repeated in a message.
const SHOWN: usize = 160;

/// A certificate that was parsed strictly and whose key is accepted. It may have been issued by anyone.
///
/// Clones share it. Two are equal when their bytes are.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    der: Bytes,
    fields: Fields<Bytes>,
    not_before: Timestamp,
    not_after: Timestamp,
    subject: Name,
    key: PublicKey,
    extensions: Extensions,
}

impl Certificate {
    /// Reads a certificate (RFC 5280, 4.1) in DER, and nothing after it.
    ///
    /// # Errors
    /// `CERTIFICATE_LIMIT`; `CERTIFICATE_MALFORMED` for anything but strict DER, another version than 3, a serial number
    /// that is not positive, two signature algorithms that differ, an extension that is there twice, an extension of a
    /// known kind that does not decode; `CERTIFICATE_KEY` for a key that [`PublicKey::from_spki_der`] refuses.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > limits::CERTIFICATE_BYTES {
            return Err(CertificateError::TooLarge { limit: limits::CERTIFICATE_BYTES, got: der.len() });
        }
        let der = Bytes::copy_from_slice(der);
        let (fields, decoded) =
            fields::split(&der).map_err(|error| CertificateError::malformed("Certificate", error))?;
        fields::check(&fields, &decoded)?;
        fields::name("issuer", fields.issuer)?;
        let subject = fields::name("subject", fields.subject)?;
        let key = PublicKey::from_spki_der(fields.spki).map_err(CertificateError::Key)?;
        let extensions = decoded.extensions.map(Extensions::parse).transpose()?.unwrap_or_default();
        Ok(Self(Arc::new(Inner {
            not_before: fields::timestamp(decoded.validity.not_before),
            not_after: fields::timestamp(decoded.validity.not_after),
            fields: fields.owned(&der),
            subject,
            key,
            extensions,
            der: der.clone(),
        })))
    }

    /// Reads the certificates of a PEM file, in its order: at least one, and no other blocks.
    ///
    /// # Errors
    /// `CERTIFICATE_PEM`, `CERTIFICATE_LIMIT`, and those of [`Self::parse`].
    pub fn parse_pem(text: impl AsRef<[u8]>) -> Result<Vec<Self>, CertificateError> {
        let blocks = pem::parse(text.as_ref()).map_err(|error| match error {
            KeyError::TooLarge { limit, got } => CertificateError::TooLarge { limit, got },
            KeyError::PemSeveral { got, .. } => {
                CertificateError::TooMany { what: "certificates", limit: limits::CERTIFICATES, got }
            }
            other => CertificateError::Pem(other),
        })?;
        at_most("certificates", blocks.len(), limits::CERTIFICATES)?;
        let parse = |block: &pem::Block| match block.label.as_str() {
            "CERTIFICATE" => Self::parse(&block.data),
            other => Err(CertificateError::Label { got: printable_up_to(other, SHOWN) }),
        };
        blocks.iter().map(parse).collect()
    }

    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// What the issuer signed: `TBSCertificate` in DER.
    #[must_use]
    pub fn tbs_der(&self) -> &[u8] {
        &self.0.fields.tbs
    }

    /// The algorithm that the issuer signed with: `AlgorithmIdentifier` in DER.
    #[must_use]
    pub fn signature_algorithm_der(&self) -> &[u8] {
        &self.0.fields.signature_algorithm
    }

    /// The issuer's signature over [`Self::tbs_der`].
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.0.fields.signature
    }

    /// The serial number: a positive integer, big-endian, without leading zeros.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.0.fields.serial
    }

    /// The name of the issuer in DER.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &self.0.fields.issuer
    }

    /// The name of the subject in DER, an empty sequence where only alternative names are given.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        &self.0.fields.subject
    }

    /// The name of the subject.
    pub(super) fn subject(&self) -> &Name {
        &self.0.subject
    }

    /// The first second in which the certificate is valid.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// The last second in which the certificate is valid.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// The subject's key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.0.key
    }

    /// The subject's key as it stands in the certificate: `SubjectPublicKeyInfo` in DER.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.0.fields.spki
    }

    /// Whether subject and issuer are one name (RFC 5280, 6.1), whoever signed.
    ///
    /// Names are compared by their bytes, as other verifiers do for chaining: RFC 5280, 7.1 would also call names
    /// equal that differ in case or in the type of a string, and no authority writes its own name in two ways.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject_der() == self.issuer_der()
    }

    /// The value of an extension, the content of its OCTET STRING.
    #[must_use]
    pub fn extension(&self, oid: ObjectIdentifier) -> Option<&[u8]> {
        self.0.extensions.find(oid).map(|extension| extension.value.as_ref())
    }

    /// Every extension in the order of the certificate.
    pub(super) fn extensions(&self) -> &[Extension] {
        &self.0.extensions.all
    }

    /// What the `TBSCertificate` holds before its extensions.
    pub(super) fn before_extensions(&self) -> &[u8] {
        &self.0.fields.before_extensions
    }

    /// A critical extension that is not understood here.
    pub(super) fn unknown_critical(&self) -> Option<ObjectIdentifier> {
        self.0.extensions.unknown_critical()
    }

    /// Whether the subject is an authority, and how long paths below it may be (RFC 5280, 4.2.1.9).
    #[must_use]
    pub fn basic_constraints(&self) -> Option<&Extended<BasicConstraints>> {
        self.0.extensions.basic_constraints.as_ref()
    }

    /// What the key may be used for (RFC 5280, 4.2.1.3).
    #[must_use]
    pub fn key_usage(&self) -> Option<&Extended<KeyUsage>> {
        self.0.extensions.key_usage.as_ref()
    }

    /// The purposes that the key may serve (RFC 5280, 4.2.1.12).
    #[must_use]
    pub fn extended_key_usage(&self) -> Option<&Extended<ExtendedKeyUsage>> {
        self.0.extensions.extended_key_usage.as_ref()
    }

    /// Which names certificates below this one may have (RFC 5280, 4.2.1.10).
    #[must_use]
    pub fn name_constraints(&self) -> Option<&Extended<NameConstraints>> {
        self.0.extensions.name_constraints.as_ref()
    }

    /// The alternative names of the subject (RFC 5280, 4.2.1.6).
    #[must_use]
    pub fn subject_alternative_names(&self) -> &[AlternativeName] {
        &self.0.extensions.names
    }

    /// The subject for messages: its name, else its first alternative name, else the serial number.
    pub(super) fn shown(&self) -> String {
        let text = if !self.0.subject.is_empty() {
            self.0.subject.to_string()
        } else if let Some(name) = self.subject_alternative_names().first() {
            name.to_string()
        } else {
            format!("serial number 0x{}", hex::encode(self.serial()))
        };
        printable_up_to(&text, SHOWN)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.shown())
            .field("serial", &hex::encode(self.serial()))
            .finish_non_exhaustive()
    }
}
