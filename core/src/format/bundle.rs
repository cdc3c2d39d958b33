//! Sigstore bundles (sigstore/protobuf-specs, `protos/sigstore_bundle.proto`), versions 0.1 to 0.3.
//!
//! The JSON form is that of protobuf in lower camel case. A field that is not known here is an error: a verifier that
//! passes over what it does not understand can be made to pass over a condition.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::FormatError;
use super::base64::Base64;
use super::dsse::{self, Envelope};
use crate::json::{self, JsonError, Raw};
use crate::limits::CERTIFICATES;
use crate::media_type;
use crate::pieces::Pieces;

/// Log entries in one bundle.
pub const LOG_ENTRIES: usize = 32;
/// Timestamps in one bundle.
pub const TIMESTAMPS: usize = 32;

/// A bundle.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bundle {
    /// The media type with its version.
    pub media_type: String,
    /// What the signature is checked with.
    pub verification_material: VerificationMaterial,
    /// What was signed, when that is a blob that is not part of the bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_signature: Option<MessageSignature>,
    /// What was signed, when that is part of the bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dsse_envelope: Option<Envelope>,
}

/// A bundle in a document that is being read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Encoded<'a> {
    media_type: String,
    verification_material: VerificationMaterial,
    #[serde(default)]
    message_signature: Option<MessageSignature>,
    #[serde(default, borrow)]
    dsse_envelope: Option<dsse::Encoded<'a>>,
}

/// What a signature is checked with. It is the signer's claim; trust comes from the caller.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerificationMaterial {
    /// The signer's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// The signer's certificate and its issuers (bundles before 0.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x509_certificate_chain: Option<CertificateChain>,
    /// A hint at the signer's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<PublicKeyHint>,
    /// Entries of transparency logs, which [`TlogEntry`](super::tlog::TlogEntry) reads.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "json::at_most::<LOG_ENTRIES, _, _>"
    )]
    pub tlog_entries: Vec<Raw>,
    /// Timestamps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_verification_data: Option<TimestampData>,
}

/// A DER certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Certificate {
    /// The DER bytes.
    pub raw_bytes: Base64,
}

/// DER certificates, the signer's first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateChain {
    /// The certificates.
    #[serde(deserialize_with = "json::at_most::<CERTIFICATES, _, _>")]
    pub certificates: Vec<Certificate>,
}

/// A hint at a key, which decides nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicKeyHint {
    /// In bundles by cosign: base64 of the SHA-256 of the key's SubjectPublicKeyInfo.
    #[serde(default)]
    pub hint: String,
}

/// Timestamps of a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TimestampData {
    /// RFC 3161 timestamps over the signature.
    #[serde(default, deserialize_with = "json::at_most::<TIMESTAMPS, _, _>")]
    pub rfc3161_timestamps: Vec<Rfc3161Timestamp>,
}

/// An RFC 3161 timestamp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rfc3161Timestamp {
    /// The DER `TimeStampResp`.
    pub signed_timestamp: Base64,
}

/// A signature over a blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessageSignature {
    /// The blob's digest, as a hint; it must not contradict the blob.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_digest: Option<MessageDigest>,
    /// The signature over the blob.
    pub signature: Base64,
}

/// The digest of a blob.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageDigest {
    /// `SHA2_256`, `SHA2_384` or `SHA2_512`.
    #[serde(default)]
    pub algorithm: String,
    /// The digest.
    #[serde(default)]
    pub digest: Base64,
}

/// What a bundle's signature is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// A payload inside the bundle.
    Envelope(&'a Envelope),
    /// A blob outside of it.
    Message(&'a MessageSignature),
}

impl Bundle {
    /// A bundle by a key.
    fn by_key(hint: String) -> Self {
        Self {
            media_type: media_type::BUNDLE_V03.into(),
            verification_material: VerificationMaterial {
                public_key: Some(PublicKeyHint { hint }),
                ..VerificationMaterial::default()
            },
            message_signature: None,
            dsse_envelope: None,
        }
    }

    /// A bundle of an envelope that was signed by the key with this hint (base64 of the SHA-256 of its
    /// SubjectPublicKeyInfo).
    pub fn of_envelope(hint: String, envelope: Envelope) -> Self {
        Self { dsse_envelope: Some(envelope), ..Self::by_key(hint) }
    }

    /// A bundle of a blob's signature by the key with this hint.
    pub fn of_message(hint: String, digest: MessageDigest, signature: Vec<u8>) -> Self {
        let message = MessageSignature { message_digest: Some(digest), signature: Base64(signature) };
        Self { message_signature: Some(message), ..Self::by_key(hint) }
    }

    /// Reads a bundle. A payload of any size is not copied: it takes the room of its text.
    ///
    /// # Errors
    /// When it is malformed, of an unknown version, or passes a bound.
    pub fn parse(document: Bytes) -> Result<Self, FormatError> {
        check_size(&document)?;
        let read: Encoded<'_> = json::read(&document).map_err(FormatError::json("Sigstore bundle"))?;
        if !is_known_media_type(&read.media_type) {
            let expected = "a Sigstore bundle of version 0.1, 0.2 or 0.3";
            return Err(FormatError::Value { field: "mediaType", expected, got: read.media_type });
        }
        read.verification_material.check()?;
        let (media_type, verification_material) = (read.media_type, read.verification_material);
        let message_signature = read.message_signature;
        let located = read.dsse_envelope.map(|envelope| envelope.locate(&document));
        let dsse_envelope = located.map(|envelope| envelope.decode(document)).transpose()?;
        let bundle = Self { media_type, verification_material, message_signature, dsse_envelope };
        bundle.content()?;
        Ok(bundle)
    }

    /// What the signature is over.
    ///
    /// # Errors
    /// When there is nothing, or both an envelope and a message signature.
    pub fn content(&self) -> Result<Content<'_>, FormatError> {
        match (&self.dsse_envelope, &self.message_signature) {
            (Some(envelope), None) => Ok(Content::Envelope(envelope)),
            (None, Some(message)) => Ok(Content::Message(message)),
            (None, None) => Err(FormatError::Missing { field: "dsseEnvelope or messageSignature" }),
            (Some(_), Some(_)) => {
                Err(FormatError::Count { what: "contents of the bundle", expected: "exactly 1", got: 2 })
            }
        }
    }

    /// The document.
    ///
    /// # Errors
    /// None in practice: these types always serialise.
    pub fn to_json(&self) -> Result<Vec<u8>, FormatError> {
        serde_json::to_vec(self).map_err(JsonError::from).map_err(FormatError::json("Sigstore bundle"))
    }

    /// The document, in which the payload of an envelope is not copied.
    ///
    /// # Errors
    /// None in practice: these types always serialise.
    pub fn pieces(&self) -> Result<Pieces, FormatError> {
        let Some(envelope) = &self.dsse_envelope else { return self.to_json().map(Pieces::from) };
        let empty = Envelope { payload: Bytes::new(), ..envelope.clone() };
        let document = Self { dsse_envelope: Some(empty), ..self.clone() };
        dsse::around(&document, envelope.payload.clone()).map_err(FormatError::json("Sigstore bundle"))
    }
}

impl VerificationMaterial {
    /// A `oneof` has one arm; lists are bounded.
    fn check(&self) -> Result<(), FormatError> {
        let chain = self.x509_certificate_chain.as_ref().map_or(&[][..], |chain| &chain.certificates);
        let arms =
            [self.certificate.is_some(), self.x509_certificate_chain.is_some(), self.public_key.is_some()];
        let timestamps =
            self.timestamp_verification_data.as_ref().map_or(0, |data| data.rfc3161_timestamps.len());
        for (what, expected, got, good) in [
            ("keys or certificates", "exactly 1", arms.iter().filter(|arm| **arm).count(), 1..=1),
            ("certificates", "at most 8", chain.len(), 0..=CERTIFICATES),
            ("log entries", "at most 32", self.tlog_entries.len(), 0..=LOG_ENTRIES),
            ("timestamps", "at most 32", timestamps, 0..=TIMESTAMPS),
        ] {
            if !good.contains(&got) {
                return Err(FormatError::Count { what, expected, got });
            }
        }
        Ok(())
    }
}

/// Where the payload of a bundle is: the one part that may be large.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline<'a> {
    #[serde(default, borrow)]
    dsse_envelope: Option<dsse::Outline<'a>>,
}

/// Bounds what a bundle has beside its payload, before anything of it is held.
fn check_size(document: &[u8]) -> Result<(), FormatError> {
    const WHAT: &str = "what the bundle has beside its payload is";
    if FormatError::beside(WHAT, document, 0).is_ok() {
        return Ok(());
    }
    let outline = serde_json::from_slice::<Outline<'_>>(document).map_err(JsonError::from);
    let outline = outline.map_err(FormatError::json("Sigstore bundle"))?;
    FormatError::beside(WHAT, document, outline.dsse_envelope.map_or(0, |envelope| envelope.payload()))
}

fn is_known_media_type(media_type: &str) -> bool {
    matches!(
        media_type,
        media_type::BUNDLE_V03
            | media_type::BUNDLE_V01
            | "application/vnd.dev.sigstore.bundle+json;version=0.2"
            | "application/vnd.dev.sigstore.bundle+json;version=0.3"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    fn sample() -> String {
        let envelope = Envelope::new("t", b"p".to_vec(), b"s".to_vec());
        String::from_utf8(Bundle::of_envelope("aGludA==".into(), envelope).to_json().unwrap()).unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let bundle = Bundle::parse(sample().into()).unwrap();
        assert!(matches!(bundle.content(), Ok(Content::Envelope(_))));
        assert_eq!(String::from_utf8(bundle.to_json().unwrap()).unwrap(), sample());
        assert_eq!(bundle.pieces().unwrap().join(), sample());
        let hint = r#""payload":"""#.to_owned();
        let odd = Bundle::of_envelope(hint, bundle.dsse_envelope.unwrap());
        assert_eq!(odd.pieces().unwrap().join(), odd.to_json().unwrap());
    }

    /// threat model, rows 51, 52, 53.
    #[test]
    fn what_is_ambiguous_or_unknown_is_refused() {
        let message = r#""messageSignature":{"signature":"cw=="},"dsseEnvelope""#;
        let key = r#""publicKey":{"hint":"x"},"certificate":{"rawBytes":"cw=="}"#;
        let entries = format!(r#""tlogEntries":[{}],"publicKey""#, vec!["{}"; 33].join(","));
        for (from, to, code) in [
            (r#""dsseEnvelope""#, message, "ARTIFACT_COUNT"),
            (r#""publicKey":{"hint":"aGludA=="}"#, key, "ARTIFACT_COUNT"),
            (r#""publicKey""#, &entries, "ARTIFACT_COUNT"),
            (r#""dsseEnvelope""#, r#""dsse_envelope""#, "ARTIFACT_MALFORMED_JSON"),
            (r#""mediaType""#, r#""x":1,"mediaType""#, "ARTIFACT_MALFORMED_JSON"),
            ("v0.3+json", "v0.4+json", "ARTIFACT_VALUE"),
            ("cA==", "cA", "ARTIFACT_MALFORMED_BASE64"),
        ] {
            let text = sample().replacen(from, to, 1);
            assert_ne!(text, sample(), "{from}");
            assert_eq!(Bundle::parse(text.clone().into()).unwrap_err().code(), code, "{text}");
        }
    }

    /// threat model, row 51.
    #[test]
    fn what_stands_beside_the_payload_is_bounded() {
        let large = vec![b'x'; 3 * usize::try_from(limits::SIGNATURE_BYTES).unwrap()];
        let envelope = Envelope::new("t", large.clone(), b"s".to_vec());
        let bundle = Bundle::of_envelope("aGludA==".into(), envelope).to_json().unwrap();
        assert_eq!(Bundle::parse(bundle.clone().into()).unwrap().to_json().unwrap(), bundle);

        let zeros = "0,".repeat(large.len() / 2);
        let entries = format!(r#""tlogEntries":[[{zeros}0]],"publicKey""#);
        let signature = format!(r#""signatures":[{{"keyid":"{zeros}","#);
        for (from, to) in [(r#""publicKey""#, &entries), (r#""signatures":[{"#, &signature)] {
            let text = sample().replacen(from, to, 1);
            assert_ne!(text, sample(), "{from}");
            assert_eq!(Bundle::parse(text.into()).unwrap_err().code(), "ARTIFACT_TOO_LARGE", "{from}");
        }
    }

    /// Nothing looks into a log entry before it is asked for, so it stays as it is.
    #[test]
    fn log_entries_keep_their_text() {
        let entries = r#""tlogEntries":[{ "logIndex": 1.0e2 }],"publicKey""#;
        let text = sample().replacen(r#""publicKey""#, entries, 1);
        let bundle = Bundle::parse(text.clone().into()).unwrap();
        assert_eq!(bundle.verification_material.tlog_entries[0].as_str(), r#"{ "logIndex": 1.0e2 }"#);
        assert_eq!(Bundle::parse(bundle.to_json().unwrap().into()).unwrap(), bundle);
    }

    #[test]
    fn a_bundle_without_content_is_refused() {
        let text = format!(
            r#"{{"mediaType":"{}","verificationMaterial":{{"publicKey":{{"hint":""}}}}}}"#,
            media_type::BUNDLE_V03
        );
        assert_eq!(Bundle::parse(text.into()).unwrap_err().code(), "ARTIFACT_FIELD_MISSING");
    }
}
