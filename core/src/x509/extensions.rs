//! The extensions of a certificate: all of them as bytes, and those that decide about a path decoded.

use bytes::Bytes;
use der::asn1::ObjectIdentifier;
use der::oid::AssociatedOid;
use der::{Decode, Encode, Reader as _, SliceReader};
use x509_cert::ext::Extension as Encoded;
use x509_cert::ext::pkix::constraints::name::NameConstraints;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};

use super::error::{CertificateError, at_most};
use super::names::AlternativeName;
use crate::limits;

/// What an extension says, and whether who does not understand it must refuse (RFC 5280, 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extended<T> {
    /// Whether it is marked critical.
    pub critical: bool,
    /// What it says.
    pub value: T,
}

/// One extension as it stands in the certificate.
pub(super) struct Extension {
    pub(super) oid: ObjectIdentifier,
    pub(super) critical: bool,
    pub(super) value: Bytes,
    /// The whole extension in DER.
    pub(super) der: Bytes,
}

/// Every extension, and those of RFC 5280, 4.2.1 that a path depends on.
#[derive(Default)]
pub(super) struct Extensions {
    pub(super) all: Vec<Extension>,
    pub(super) basic_constraints: Option<Extended<BasicConstraints>>,
    pub(super) key_usage: Option<Extended<KeyUsage>>,
    pub(super) extended_key_usage: Option<Extended<ExtendedKeyUsage>>,
    pub(super) name_constraints: Option<Extended<NameConstraints>>,
    pub(super) names: Vec<AlternativeName>,
}

impl Extensions {
    /// Reads `Extensions` (4.1.2.9) in DER.
    pub(super) fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let mut extensions = Self::default();
        for encoded in split(der)? {
            at_most("extensions", extensions.all.len() + 1, limits::CERTIFICATE_EXTENSIONS)?;
            let extension: Encoded = exact("extensions", encoded)?;
            if extensions.find(extension.extn_id).is_some() {
                return Err(CertificateError::DuplicateExtension { oid: extension.extn_id.to_string() });
            }
            extensions.all.push(Extension {
                oid: extension.extn_id,
                critical: extension.critical,
                value: Bytes::copy_from_slice(extension.extn_value.as_bytes()),
                der: Bytes::copy_from_slice(encoded),
            });
        }
        if extensions.all.is_empty() {
            return Err(CertificateError::malformed("extensions", "there are none in the list"));
        }
        extensions.basic_constraints = extensions.decode("basicConstraints")?;
        extensions.key_usage = extensions.decode("keyUsage")?;
        extensions.extended_key_usage = extensions.decode("extKeyUsage")?;
        extensions.name_constraints = extensions.decode("nameConstraints")?;
        let names: Option<Extended<SubjectAltName>> = extensions.decode("subjectAltName")?;
        if let Some(names) = names {
            extensions.names = AlternativeName::all(&names.value.0)?;
        }
        Ok(extensions)
    }

    pub(super) fn find(&self, oid: ObjectIdentifier) -> Option<&Extension> {
        self.all.iter().find(|extension| extension.oid == oid)
    }

    /// A critical extension that nothing here understands.
    pub(super) fn unknown_critical(&self) -> Option<ObjectIdentifier> {
        const KNOWN: [ObjectIdentifier; 5] = [
            BasicConstraints::OID,
            KeyUsage::OID,
            ExtendedKeyUsage::OID,
            NameConstraints::OID,
            SubjectAltName::OID,
        ];
        self.all
            .iter()
            .find(|extension| extension.critical && !KNOWN.contains(&extension.oid))
            .map(|extension| extension.oid)
    }

    fn decode<T>(&self, part: &'static str) -> Result<Option<Extended<T>>, CertificateError>
    where
        T: for<'a> Decode<'a, Error = der::Error> + Encode + AssociatedOid,
    {
        let Some(extension) = self.find(T::OID) else { return Ok(None) };
        let value = exact(part, &extension.value)?;
        Ok(Some(Extended { critical: extension.critical, value }))
    }
}

fn split(der: &[u8]) -> Result<Vec<&[u8]>, CertificateError> {
    let elements = || {
        let mut reader = SliceReader::new(der)?;
        let mut elements = Vec::new();
        reader.sequence(|inner| {
            while !inner.is_finished() {
                elements.push(inner.tlv_bytes()?);
            }
            Ok::<_, der::Error>(())
        })?;
        reader.finish()?;
        Ok::<_, der::Error>(elements)
    };
    elements().map_err(|error| CertificateError::malformed("extensions", error))
}

/// Decodes a value that has exactly one encoding (X.690, 10 and 11): default values left out, bits trimmed.
pub(super) fn exact<'a, T>(part: &'static str, der: &'a [u8]) -> Result<T, CertificateError>
where
    T: Decode<'a, Error = der::Error> + Encode,
{
    let value = T::from_der(der).map_err(|error| CertificateError::malformed(part, error))?;
    if value.to_der().is_ok_and(|again| again == der) {
        Ok(value)
    } else {
        Err(CertificateError::malformed(part, "not in the one encoding that DER has for it"))
    }
}
