//! Signed certificate timestamps: a log's promise that a certificate is public (RFC 6962).
//!
//! An authority has the log sign the certificate before it signs it itself, and puts the promise inside. What the log
//! signed is therefore the certificate without the promise, together with the key of the authority: that key must come
//! from a path that was verified, because two authorities may have one name.

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode as _, Encode as _, Tag, TagNumber};
use jiff::Timestamp;

use super::certificate::Certificate;
use super::error::{CertificateError, at_most};
use crate::key::{HashAlgorithm, NamedMismatch, PublicKey, SignatureAlgorithm};
use crate::limits;

/// The extension that holds them (RFC 6962, 3.3).
const EXTENSION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.2");

const PART: &str = "signed certificate timestamps";

/// A promise of one log (RFC 6962, 3.2). Not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateTimestamp {
    log_id: [u8; 32],
    milliseconds: u64,
    time: Timestamp,
    extensions: Vec<u8>,
    algorithm: [u8; 2],
    signature: Vec<u8>,
}

/// Why a promise does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateTimestampError {
    /// The promise is signed with an algorithm that is not accepted.
    #[error(
        "signed with hash {hash} and signature algorithm {signature} of TLS, expected SHA-2 with ECDSA or RSA"
    )]
    Algorithm {
        /// `HashAlgorithm` of RFC 5246, 7.4.1.4.1.
        hash: u8,
        /// `SignatureAlgorithm` of RFC 5246, 7.4.1.4.1.
        signature: u8,
    },
    /// It was not signed by this log for this certificate.
    #[error(transparent)]
    Signature(#[from] NamedMismatch),
}

impl CertificateTimestampError {
    /// The stable code of this refusal, for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "CERTIFICATE_TIMESTAMP"
    }
}

impl CertificateTimestamp {
    /// The promises inside of a certificate, in its order; none where it has no such extension.
    ///
    /// # Errors
    /// `CERTIFICATE_MALFORMED` for another version than 1, and for lengths that do not add up; `CERTIFICATE_LIMIT`.
    pub fn embedded(certificate: &Certificate) -> Result<Vec<Self>, CertificateError> {
        let Some(value) = certificate.extension(EXTENSION) else { return Ok(Vec::new()) };
        let list = <&OctetStringRef>::from_der(value).map_err(malformed)?;
        let mut outer = Fields(list.as_bytes());
        let mut entries = Fields(outer.vector()?);
        outer.end()?;
        let mut found = Vec::new();
        while !entries.0.is_empty() {
            at_most(PART, found.len() + 1, limits::CERTIFICATE_TIMESTAMPS)?;
            found.push(Self::parse(entries.vector()?)?);
        }
        if found.is_empty() { Err(malformed("there are none in the list")) } else { Ok(found) }
    }

    /// Reads one `SignedCertificateTimestamp` in the encoding of TLS.
    fn parse(bytes: &[u8]) -> Result<Self, CertificateError> {
        let mut fields = Fields(bytes);
        let [version] = fields.array()?;
        if version != 0 {
            return Err(malformed(format_args!("version {}, expected 1", u16::from(version) + 1)));
        }
        let log_id = fields.array()?;
        let milliseconds = u64::from_be_bytes(fields.array()?);
        let time = i64::try_from(milliseconds)
            .ok()
            .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
            .ok_or_else(|| malformed("a time beyond the year 9999"))?;
        let extensions = fields.vector()?.to_vec();
        let algorithm = fields.array()?;
        let signature = fields.vector()?.to_vec();
        fields.end()?;
        Ok(Self { log_id, milliseconds, time, extensions, algorithm, signature })
    }

    /// Which log made it: SHA-256 of the log's key.
    #[must_use]
    pub fn log_id(&self) -> &[u8; 32] {
        &self.log_id
    }

    /// When the log made it, by its own word.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// What the log signed (RFC 6962, 3.2, `precert_entry`): `certificate` is the one that holds the promise,
    /// `issuer_spki_der` the key that signed it, as [`Path::issuer_spki_der`](super::path::Path::issuer_spki_der)
    /// gives it.
    ///
    /// # Errors
    /// `CERTIFICATE_MALFORMED` when the certificate cannot be written without the promise.
    pub fn signed_bytes(
        &self,
        certificate: &Certificate,
        issuer_spki_der: &[u8],
    ) -> Result<Vec<u8>, CertificateError> {
        const VERSION_1_CERTIFICATE_TIMESTAMP: [u8; 2] = [0, 0];
        const PRECERTIFICATE: [u8; 2] = [0, 1];
        let tbs = without_timestamps(certificate).map_err(malformed)?;
        let length = u32::try_from(tbs.len()).map_err(malformed)?.to_be_bytes();
        let extensions = u16::try_from(self.extensions.len()).map_err(malformed)?.to_be_bytes();
        let issuer = HashAlgorithm::Sha256.digest(issuer_spki_der);
        Ok([
            &VERSION_1_CERTIFICATE_TIMESTAMP[..],
            &self.milliseconds.to_be_bytes(),
            &PRECERTIFICATE,
            issuer.bytes(),
            // 24 bits.
            &length[1..],
            &tbs,
            &extensions,
            &self.extensions,
        ]
        .concat())
    }

    /// Verifies the promise with the key of a log that the caller trusts. That [`Self::log_id`] names this log, and
    /// that [`Self::time`] lies where the log is trusted, is for the caller to see.
    ///
    /// # Errors
    /// [`CertificateTimestampError`]; `signed` is what [`Self::signed_bytes`] gives.
    pub fn verify(&self, log: &PublicKey, signed: &[u8]) -> Result<(), CertificateTimestampError> {
        let [hash, signature] = self.algorithm;
        let hashed = match hash {
            4 => Some(HashAlgorithm::Sha256),
            5 => Some(HashAlgorithm::Sha384),
            6 => Some(HashAlgorithm::Sha512),
            _ => None,
        };
        let algorithm = match (hashed, signature) {
            (Some(hash), 1) => SignatureAlgorithm::RsaPkcs1(hash),
            (Some(hash), 3) => SignatureAlgorithm::Ecdsa(hash),
            _ => return Err(CertificateTimestampError::Algorithm { hash, signature }),
        };
        Ok(log.verify_named(algorithm, signed, &self.signature)?)
    }
}

/// The `TBSCertificate` without the extension that holds the promises; everything else as it was signed.
fn without_timestamps(certificate: &Certificate) -> der::Result<Vec<u8>> {
    let others = certificate.extensions().iter().filter(|extension| extension.oid != EXTENSION);
    let others: Vec<u8> = others.flat_map(|extension| extension.der.iter().copied()).collect();
    let list = AnyRef::new(Tag::Sequence, &others)?.to_der()?;
    let field =
        AnyRef::new(Tag::ContextSpecific { constructed: true, number: TagNumber(3) }, &list)?.to_der()?;
    AnyRef::new(Tag::Sequence, &[certificate.before_extensions(), &field].concat())?.to_der()
}

/// What is left to read of a structure in the encoding of TLS (RFC 5246, 4).
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], CertificateError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(|| malformed("cut off"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CertificateError> {
        self.take(N)?.try_into().map_err(malformed)
    }

    /// Bytes after their length in 16 bits.
    fn vector(&mut self) -> Result<&'a [u8], CertificateError> {
        let length = u16::from_be_bytes(self.array()?);
        self.take(length.into())
    }

    fn end(&self) -> Result<(), CertificateError> {
        if self.0.is_empty() { Ok(()) } else { Err(malformed("bytes after the end")) }
    }
}

fn malformed(reason: impl std::fmt::Display) -> CertificateError {
    CertificateError::malformed(PART, reason)
}
