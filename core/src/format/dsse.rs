//! DSSE envelopes (secure-systems-lab/dsse, `envelope.md` and `protocol.md`, version 1.0.2).

use serde::{Deserialize, Serialize};

use super::FormatError;
use super::base64::Base64;

/// A signed payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    /// The exact bytes that were signed.
    pub payload: Base64,
    /// What the payload is; part of what was signed.
    pub payload_type: String,
    /// The signatures.
    #[serde(deserialize_with = "crate::json::at_most::<1, _, _>")]
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvelopeSignature {
    /// The signature over the pre-authentication encoding.
    pub sig: Base64,
    /// A hint at the key, which decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyid: Option<String>,
}

impl Envelope {
    /// An envelope with one signature.
    pub fn new(payload_type: &str, payload: Vec<u8>, signature: Vec<u8>) -> Self {
        Self {
            payload: Base64(payload),
            payload_type: payload_type.into(),
            signatures: vec![EnvelopeSignature { sig: Base64(signature), keyid: None }],
        }
    }

    /// The one signature that an envelope in a bundle has (Sigstore bundle specification: "there MUST be exactly one
    /// signature").
    ///
    /// # Errors
    /// [`FormatError::Count`] when there is none, or more than one.
    pub fn only_signature(&self) -> Result<&[u8], FormatError> {
        match self.signatures.as_slice() {
            [signature] => Ok(&signature.sig.0),
            others => {
                let what = "signatures in the DSSE envelope";
                Err(FormatError::Count { what, expected: "exactly 1", got: others.len() })
            }
        }
    }

    /// The bytes that the signatures are over.
    pub fn pae(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload.0)
    }
}

/// The pre-authentication encoding: `DSSEv1 LEN(type) type LEN(body) body`.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut encoded = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    encoded.extend_from_slice(payload);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's `protocol.md`.
    #[test]
    fn encoding_is_that_of_the_specification() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    /// threat model, row 59.
    #[test]
    fn none_or_several_signatures_are_refused() {
        let mut envelope = Envelope::new("t", b"p".to_vec(), b"s".to_vec());
        assert_eq!(envelope.only_signature().unwrap(), b"s");
        envelope.signatures.push(envelope.signatures[0].clone());
        assert_eq!(envelope.only_signature().unwrap_err().code(), "ARTIFACT_COUNT");
        envelope.signatures.clear();
        assert_eq!(envelope.only_signature().unwrap_err().code(), "ARTIFACT_COUNT");
    }
}
