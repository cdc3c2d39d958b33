//! cosign's older forms: a signature in the annotations of a layer, and the first blob bundle.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::base64::{self, Base64};
use super::tlog::{self, TlogEntry};
use super::{FormatError, rekor};
use crate::json::{self, Raw};
use crate::media_type;
use crate::oci::{Annotations, Descriptor};

/// A legacy image signature: a layer's bytes, and what its annotations say.
#[derive(Clone, Debug)]
pub struct LegacySignature {
    /// The layer: a simple-signing payload, the exact bytes that were signed.
    pub payload: Bytes,
    /// The signature over the payload.
    pub signature: Vec<u8>,
    /// The annotations, as they were found.
    pub annotations: Annotations,
}

impl LegacySignature {
    /// A signature from a layer and its bytes.
    ///
    /// # Errors
    /// When the annotation with the signature is missing or malformed.
    pub fn parse(layer: &Descriptor, payload: Bytes) -> Result<Self, FormatError> {
        let text = layer
            .annotation(media_type::ANNOTATION_SIGNATURE)
            .filter(|text| !text.is_empty())
            .ok_or(FormatError::Missing { field: media_type::ANNOTATION_SIGNATURE })?;
        let signature = base64::decode(media_type::ANNOTATION_SIGNATURE, text)?;
        Ok(Self { payload, signature, annotations: layer.annotations.clone().unwrap_or_default() })
    }

    /// The log entry in the annotations, if there is one.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn log_entry(&self) -> Result<Option<TlogEntry>, FormatError> {
        log_entry_of(&self.annotations)
    }

    /// The layer of a new signature; its content is `payload`.
    pub fn layer(payload: &[u8], signature: &[u8]) -> Descriptor {
        let mut layer = Descriptor::of(media_type::SIMPLE_SIGNING, payload);
        layer.annotations =
            Some([(media_type::ANNOTATION_SIGNATURE.to_owned(), base64::encode(signature))].into());
        layer
    }
}

/// The log entry in the annotations of a layer, of a signature or of an attestation, if there is one.
///
/// # Errors
/// When it is malformed.
pub fn log_entry_of(annotations: &Annotations) -> Result<Option<TlogEntry>, FormatError> {
    let text = annotations.get(media_type::ANNOTATION_REKOR_BUNDLE);
    text.map(|text| RekorBundle::parse(text.as_bytes())?.into_entry()).transpose()
}

/// How cosign kept a Rekor v1 entry: with its promise, and without a proof (cosign, `pkg/cosign/bundle/rekor.go`).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RekorBundle {
    signed_entry_timestamp: Base64,
    payload: RekorPayload,
}

/// What the promise is over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RekorPayload {
    body: Base64,
    integrated_time: u64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

impl RekorBundle {
    fn parse(document: &[u8]) -> Result<Self, FormatError> {
        json::read(document).map_err(FormatError::json("cosign Rekor bundle"))
    }

    fn into_entry(self) -> Result<TlogEntry, FormatError> {
        let RekorPayload { body: Base64(body), integrated_time, log_index, log_id } = self.payload;
        let (kind, version) = rekor::kind_and_version(&body)?;
        let id = hex::decode(&log_id).ok().filter(|id| hex::encode(id) == log_id);
        let value = |field, expected, got| FormatError::Value { field, expected, got };
        if i64::try_from(log_index).is_err() {
            return Err(value("logIndex", "a number below 2^63", log_index.to_string()));
        }
        Ok(TlogEntry {
            log_id: id.ok_or_else(|| value("logID", "lower-case hexadecimal", log_id))?,
            log_index,
            kind,
            version,
            integrated_time: tlog::time(integrated_time)?,
            promise: Some(self.signed_entry_timestamp.0),
            proof: None,
            body,
        })
    }
}

/// cosign's first bundle for blobs (`sign-blob --bundle` before version 3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlobBundle {
    /// The signature in base64.
    pub base64_signature: String,
    /// Base64 of a PEM certificate or public key; a claim that decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<String>,
    /// A Rekor v1 entry: see [`log_entry`](Self::log_entry).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rekor_bundle: Option<Raw>,
}

impl BlobBundle {
    /// Reads a blob bundle.
    ///
    /// # Errors
    /// When it is malformed, or larger than [`limits::SIGNATURE_BYTES`](crate::limits::SIGNATURE_BYTES).
    pub fn parse(document: &[u8]) -> Result<Self, FormatError> {
        FormatError::beside("the blob bundle is", document, 0)?;
        json::read(document).map_err(FormatError::json("cosign blob bundle"))
    }

    /// The signature.
    ///
    /// # Errors
    /// [`FormatError::Base64`].
    pub fn signature(&self) -> Result<Vec<u8>, FormatError> {
        base64::decode("base64Signature", &self.base64_signature)
    }

    /// The log entry, if there is one.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn log_entry(&self) -> Result<Option<TlogEntry>, FormatError> {
        let bundle = self.rekor_bundle.as_ref();
        bundle.map(|bundle| RekorBundle::parse(bundle.as_str().as_bytes())?.into_entry()).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_gives_back_what_was_put_in() {
        let layer = LegacySignature::layer(b"payload", b"signature");
        let read = LegacySignature::parse(&layer, Bytes::from_static(b"payload")).unwrap();
        assert_eq!(read.signature, b"signature");
    }

    #[test]
    fn a_missing_or_malformed_signature_is_told_apart() {
        let mut layer = LegacySignature::layer(b"p", b"s");
        layer.annotations = Some([(media_type::ANNOTATION_SIGNATURE.into(), "?".into())].into());
        assert_eq!(
            LegacySignature::parse(&layer, Bytes::new()).unwrap_err().code(),
            "ARTIFACT_MALFORMED_BASE64"
        );
        layer.annotations = None;
        assert_eq!(
            LegacySignature::parse(&layer, Bytes::new()).unwrap_err().code(),
            "ARTIFACT_FIELD_MISSING"
        );
    }

    /// `{"apiVersion":"0.0.1","kind":"dsse","spec":{}}`
    const REKOR_BUNDLE: &str = concat!(
        r#"{"SignedEntryTimestamp":"BAU=","Payload":{"#,
        r#""body":"eyJhcGlWZXJzaW9uIjoiMC4wLjEiLCJraW5kIjoiZHNzZSIsInNwZWMiOnt9fQ==","#,
        r#""integratedTime":1700000000,"logIndex":7,"logID":"c0ff"}}"#
    );

    #[test]
    fn a_log_entry_has_a_promise_and_no_proof() {
        let mut layer = LegacySignature::layer(b"p", b"s");
        let read = LegacySignature::parse(&layer, Bytes::new()).unwrap();
        assert_eq!(read.log_entry().unwrap(), None);
        let annotation = (media_type::ANNOTATION_REKOR_BUNDLE.to_owned(), REKOR_BUNDLE.to_owned());
        layer.annotations.get_or_insert_default().extend([annotation]);
        let in_layer = LegacySignature::parse(&layer, Bytes::new()).unwrap().log_entry().unwrap().unwrap();
        let blob = format!(r#"{{"base64Signature":"","rekorBundle":{REKOR_BUNDLE}}}"#);
        assert_eq!(BlobBundle::parse(blob.as_bytes()).unwrap().log_entry().unwrap(), Some(in_layer.clone()));
        let expected = TlogEntry {
            log_id: vec![0xc0, 0xff],
            log_index: 7,
            kind: "dsse".into(),
            version: "0.0.1".into(),
            integrated_time: Some("2023-11-14T22:13:20Z".parse().unwrap()),
            promise: Some(vec![4, 5]),
            proof: None,
            body: br#"{"apiVersion":"0.0.1","kind":"dsse","spec":{}}"#.to_vec(),
        };
        assert_eq!(in_layer, expected);
    }

    /// threat model, rows 36, 52, 53.
    #[test]
    fn a_malformed_log_entry_is_refused() {
        for (from, to, code) in [
            ("\"BAU=\"", "\"BAU\"", "ARTIFACT_MALFORMED_JSON"),
            ("\"eyJh", "\"xyJh", "ARTIFACT_MALFORMED_JSON"),
            ("\"eyJh", "{\"x\":\"eyJh", "ARTIFACT_MALFORMED_JSON"),
            ("\"body\"", "\"Body\"", "ARTIFACT_MALFORMED_JSON"),
            ("\"logIndex\":7", "\"logIndex\":-7", "ARTIFACT_MALFORMED_JSON"),
            ("\"logIndex\":7", "\"logIndex\":9223372036854775808", "ARTIFACT_VALUE"),
            ("\"logIndex\":7", "\"logIndex\":7,\"logIndex\":7", "ARTIFACT_MALFORMED_JSON"),
            ("1700000000", "253402300800", "ARTIFACT_VALUE"),
            ("c0ff", "C0FF", "ARTIFACT_VALUE"),
            ("c0ff", "c0f", "ARTIFACT_VALUE"),
            ("}}", "}}}", "ARTIFACT_MALFORMED_JSON"),
        ] {
            let text = REKOR_BUNDLE.replacen(from, to, 1);
            assert_ne!(text, REKOR_BUNDLE, "{from}");
            let annotations = [(media_type::ANNOTATION_REKOR_BUNDLE.to_owned(), text.clone())].into();
            assert_eq!(log_entry_of(&annotations).unwrap_err().code(), code, "{text}");
        }
    }
}
