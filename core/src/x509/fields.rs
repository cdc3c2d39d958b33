//! Cutting a certificate into its fields, and the rules that concern them alone (RFC 5280, 4.1).

use bytes::Bytes;
use der::asn1::{AnyRef, BitStringRef, UintRef};
use der::{Decode as _, Reader as _, SliceReader, Tag, TagMode, TagNumber, Tagged as _};
use jiff::Timestamp;
use x509_cert::name::{Name, RelativeDistinguishedName};
use x509_cert::time::{Time, Validity};

use super::error::CertificateError;

/// The only version that has extensions (RFC 5280, 4.1.2.1): v3 is encoded as 2.
const VERSION_3: u8 = 2;

/// Longest serial number in bytes (RFC 5280, 4.1.2.2).
const SERIAL_BYTES: usize = 20;

/// The fields that are kept as bytes: of the reader's input first, of the certificate later.
pub(super) struct Fields<B> {
    pub(super) tbs: B,
    /// What the `TBSCertificate` holds before its extensions.
    pub(super) before_extensions: B,
    pub(super) signature_algorithm: B,
    pub(super) signature: B,
    pub(super) serial: B,
    pub(super) issuer: B,
    pub(super) subject: B,
    pub(super) spki: B,
}

/// What is decoded at once.
pub(super) struct Decoded<'a> {
    pub(super) version: Option<u8>,
    pub(super) inner_algorithm: &'a [u8],
    pub(super) validity: Validity,
    pub(super) extensions: Option<&'a [u8]>,
}

impl Fields<&[u8]> {
    /// The same fields as parts of the bytes that they were read from.
    pub(super) fn owned(&self, der: &Bytes) -> Fields<Bytes> {
        Fields {
            tbs: der.slice_ref(self.tbs),
            before_extensions: der.slice_ref(self.before_extensions),
            signature_algorithm: der.slice_ref(self.signature_algorithm),
            signature: der.slice_ref(self.signature),
            serial: der.slice_ref(self.serial),
            issuer: der.slice_ref(self.issuer),
            subject: der.slice_ref(self.subject),
            spki: der.slice_ref(self.spki),
        }
    }
}

/// Cuts a `Certificate` into its fields.
pub(super) fn split(der: &[u8]) -> der::Result<(Fields<&[u8]>, Decoded<'_>)> {
    let mut reader = SliceReader::new(der)?;
    let (tbs, signature_algorithm, signature) = reader.sequence(|inner| {
        let parts = (inner.tlv_bytes()?, inner.tlv_bytes()?, BitStringRef::decode(inner)?);
        Ok::<_, der::Error>(parts)
    })?;
    reader.finish()?;
    let signature = signature.as_bytes().ok_or_else(|| Tag::BitString.value_error())?;
    let content = sequence(tbs)?;
    let mut reader = SliceReader::new(content)?;
    let version = reader.context_specific(TagNumber(0), TagMode::Explicit)?;
    let serial = UintRef::decode(&mut reader)?.as_bytes();
    let inner_algorithm = reader.tlv_bytes()?;
    let issuer = reader.tlv_bytes()?;
    let validity = Validity::decode(&mut reader)?;
    let (subject, spki) = (reader.tlv_bytes()?, reader.tlv_bytes()?);
    for unique_identifier in [1, 2] {
        reader.context_specific::<BitStringRef<'_>>(TagNumber(unique_identifier), TagMode::Implicit)?;
    }
    let (before_extensions, _) = content.split_at(usize::try_from(reader.position())?);
    let extensions = extensions(&mut reader)?;
    reader.finish()?;
    let fields =
        Fields { tbs, before_extensions, signature_algorithm, signature, serial, issuer, subject, spki };
    Ok((fields, Decoded { version, inner_algorithm, validity, extensions }))
}

/// The bytes inside of a `SEQUENCE`.
fn sequence(der: &[u8]) -> der::Result<&[u8]> {
    let element = AnyRef::from_der(der)?;
    element.tag().assert_eq(Tag::Sequence)?;
    Ok(element.value())
}

/// The bytes inside of `[3] EXPLICIT`, with which a `TBSCertificate` ends.
fn extensions<'a>(reader: &mut SliceReader<'a>) -> der::Result<Option<&'a [u8]>> {
    if reader.is_finished() {
        return Ok(None);
    }
    let field = AnyRef::decode(reader)?;
    let expected = Tag::ContextSpecific { constructed: true, number: TagNumber(3) };
    field.tag().assert_eq(expected)?;
    Ok(Some(field.value()))
}

/// The rules that concern several fields.
pub(super) fn check(fields: &Fields<&[u8]>, decoded: &Decoded<'_>) -> Result<(), CertificateError> {
    if decoded.version != Some(VERSION_3) {
        let got = decoded.version.map_or(1, |version| u16::from(version) + 1);
        return Err(CertificateError::malformed("version", format_args!("expected 3, got {got}")));
    }
    if fields.serial.iter().all(|byte| *byte == 0) {
        return Err(CertificateError::malformed("serialNumber", "expected a positive number, got 0"));
    }
    if fields.serial.len() > SERIAL_BYTES {
        let reason = format!("expected at most {SERIAL_BYTES} bytes, got {}", fields.serial.len());
        return Err(CertificateError::malformed("serialNumber", reason));
    }
    if fields.signature_algorithm != decoded.inner_algorithm {
        return Err(CertificateError::malformed(
            "signatureAlgorithm",
            "not the same inside and outside of what is signed",
        ));
    }
    Ok(())
}

pub(super) fn name(part: &'static str, der: &[u8]) -> Result<Name, CertificateError> {
    let name = Name::from_der(der).map_err(|error| CertificateError::malformed(part, error))?;
    if name.iter_rdn().any(RelativeDistinguishedName::is_empty) {
        return Err(CertificateError::malformed(part, "a part of the name is empty"));
    }
    Ok(name)
}

/// A time of a certificate; the end of the year 9999, "no well-defined expiration date" (RFC 5280, 4.1.2.5), lies
/// hours beyond the last timestamp that there is.
pub(super) fn timestamp(time: Time) -> Timestamp {
    i64::try_from(time.to_unix_duration().as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::MAX)
}
