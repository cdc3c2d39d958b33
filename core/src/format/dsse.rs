//! DSSE envelopes (secure-systems-lab/dsse, `envelope.md` and `protocol.md`, version 1.0.2).

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize, Serializer};

use super::FormatError;
use super::base64::{self, Base64};
use crate::json::{self, JsonError};
use crate::pieces::Pieces;

/// A signed payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The exact bytes that were signed.
    #[serde(serialize_with = "text")]
    pub payload: Bytes,
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

fn text<S: Serializer>(payload: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&base64::encode(payload))
}

/// A document whose envelope has an empty payload, with the payload put in.
pub(super) fn around(document: &impl Serialize, payload: Bytes) -> Result<Pieces, JsonError> {
    // Nothing else reads so: a quote inside of a string is escaped.
    const FIELD: &str = r#""payload":""#;
    let text = serde_json::to_string(document)?;
    let begin = text.find(&format!("{FIELD}\"")).map_or(text.len(), |field| field + FIELD.len());
    let mut before = Bytes::from(text);
    let after = before.split_off(begin);
    Ok(Pieces::around(before, payload, after))
}

/// An envelope in a document that is being read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Encoded<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
    payload_type: String,
    #[serde(deserialize_with = "json::at_most::<1, _, _>")]
    signatures: Vec<EnvelopeSignature>,
}

/// Where the payload of an envelope is: the one part that may be large.
#[derive(Deserialize)]
pub(super) struct Outline<'a> {
    #[serde(default, borrow)]
    payload: Cow<'a, str>,
}

impl Outline<'_> {
    /// Length of the payload's text in bytes.
    pub(super) fn payload(&self) -> usize {
        self.payload.len()
    }
}

/// An envelope without its payload, and where the document has that.
pub(super) struct Located {
    envelope: Envelope,
    payload: Place,
}

enum Place {
    Here(std::ops::Range<usize>),
    /// The text was written with escapes, and stands nowhere as it is.
    Elsewhere(String),
}

impl Encoded<'_> {
    /// Lets go of the `document` that this was read from.
    pub(super) fn locate(self, document: &[u8]) -> Located {
        let payload = match self.payload {
            Cow::Borrowed(text) => match text.as_ptr().addr().checked_sub(document.as_ptr().addr()) {
                Some(start) if start + text.len() <= document.len() => Place::Here(start..start + text.len()),
                _ => Place::Elsewhere(text.to_owned()),
            },
            Cow::Owned(text) => Place::Elsewhere(text),
        };
        let (payload_type, signatures) = (self.payload_type, self.signatures);
        Located { envelope: Envelope { payload: Bytes::new(), payload_type, signatures }, payload }
    }
}

impl Located {
    /// The whole envelope. The payload takes the room of its text in the document.
    pub(super) fn decode(self, document: Bytes) -> Result<Envelope, FormatError> {
        let payload = match self.payload {
            Place::Here(text) => base64::decode_in_place("payload", document, text)?,
            Place::Elsewhere(text) => base64::decode("payload", &text)?.into(),
        };
        Ok(Envelope { payload, ..self.envelope })
    }
}

impl Envelope {
    /// Reads an envelope. A payload of any size is not copied: it takes the room of its text.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn parse(document: Bytes) -> Result<Self, FormatError> {
        const WHAT: &str = "what the envelope has beside its payload is";
        if FormatError::beside(WHAT, &document, 0).is_err() {
            let outline = serde_json::from_slice::<Outline<'_>>(&document).map_err(JsonError::from);
            let outline = outline.map_err(FormatError::json("DSSE envelope"))?;
            FormatError::beside(WHAT, &document, outline.payload())?;
        }
        let encoded: Encoded<'_> = json::read(&document).map_err(FormatError::json("DSSE envelope"))?;
        encoded.locate(&document).decode(document)
    }

    /// An envelope with one signature.
    pub fn new(payload_type: &str, payload: impl Into<Bytes>, signature: Vec<u8>) -> Self {
        Self {
            payload: payload.into(),
            payload_type: payload_type.into(),
            signatures: vec![EnvelopeSignature { sig: Base64(signature), keyid: None }],
        }
    }

    /// An envelope around what nobody signed: for whoever takes statements in this form, and never to be verified.
    pub fn bare(payload_type: &str, payload: Bytes) -> Self {
        Self { payload, payload_type: payload_type.into(), signatures: Vec::new() }
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

    /// The document, in which the payload is not copied.
    ///
    /// # Errors
    /// None in practice: these types always serialise.
    pub fn pieces(&self) -> Result<Pieces, FormatError> {
        let empty = Self { payload: Bytes::new(), ..self.clone() };
        around(&empty, self.payload.clone()).map_err(FormatError::json("DSSE envelope"))
    }

    /// The bytes that the signatures are over, in two parts: what stands before the payload, and the payload.
    pub fn pae(&self) -> (Vec<u8>, &[u8]) {
        (pae_head(&self.payload_type, self.payload.len()), &self.payload)
    }
}

/// A payload that is about to be signed, held once together with what stands before it in the bytes to sign.
#[derive(Clone, Debug)]
pub struct Unsigned {
    payload_type: String,
    message: Bytes,
    payload: usize,
}

impl Unsigned {
    /// The payload is `head`, `body` and `tail`, one after another; the body's room is used again.
    pub fn new(payload_type: &str, head: &[u8], body: Vec<u8>, tail: &[u8]) -> Self {
        let mut start = pae_head(payload_type, head.len() + body.len() + tail.len());
        let payload = start.len();
        start.extend_from_slice(head);
        let mut message = body;
        message.extend_from_slice(tail);
        message.splice(..0, start);
        Self { payload_type: payload_type.into(), message: message.into(), payload }
    }

    /// The bytes to sign.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The envelope, with the signature over [`message`](Self::message).
    pub fn signed(self, signature: Vec<u8>) -> Envelope {
        Envelope::new(&self.payload_type, self.message.slice(self.payload..), signature)
    }
}

/// What the pre-authentication encoding has before the payload: `DSSEv1 LEN(type) type LEN(body) body`.
pub fn pae_head(payload_type: &str, length: usize) -> Vec<u8> {
    format!("DSSEv1 {} {payload_type} {length} ", payload_type.len()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's `protocol.md`.
    #[test]
    fn encoding_is_that_of_the_specification() {
        let envelope = Envelope::new("http://example.com/HelloWorld", &b"hello world"[..], Vec::new());
        let (head, payload) = envelope.pae();
        assert_eq!([&head, payload].concat(), b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn what_is_signed_is_what_is_verified() {
        let unsigned = Unsigned::new("type", b"{\"a\":", b"[1]".to_vec(), b"}");
        let message = unsigned.message().to_vec();
        let envelope = unsigned.signed(b"s".to_vec());
        assert_eq!(envelope.payload, r#"{"a":[1]}"#);
        let (head, payload) = envelope.pae();
        assert_eq!([&head, payload].concat(), message);
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
