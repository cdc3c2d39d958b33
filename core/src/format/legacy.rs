//! cosign's older forms: a signature in the annotations of a layer, and the first blob bundle.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::FormatError;
use super::base64;
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

    /// The layer of a new signature; its content is `payload`.
    pub fn layer(payload: &[u8], signature: &[u8]) -> Descriptor {
        let mut layer = Descriptor::of(media_type::SIMPLE_SIGNING, payload);
        layer.annotations =
            Some([(media_type::ANNOTATION_SIGNATURE.to_owned(), base64::encode(signature))].into());
        layer
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
    /// A Rekor v1 entry, which nothing looks into yet.
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
}
