//! Standard base64 with padding (RFC 4648 section 4), and nothing else.
//!
//! URL-safe letters, missing padding, line breaks and bits left over are refused: a document has one spelling.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::FormatError;

/// The text of `bytes`.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of `text`; `field` names it in the error.
///
/// # Errors
/// [`FormatError::Base64`].
pub fn decode(field: &'static str, text: &str) -> Result<Vec<u8>, FormatError> {
    STANDARD.decode(text).map_err(|_| FormatError::Base64 { field })
}

/// Decodes a piece of a document where it stands, without a second copy of it: what is decoded takes three quarters of
/// the room of its text.
///
/// # Errors
/// [`FormatError::Base64`].
pub(super) fn decode_in_place(
    field: &'static str,
    document: Bytes,
    text: Range<usize>,
) -> Result<Bytes, FormatError> {
    const TEXT: usize = 4096;
    let mut buffer = document.try_into_mut().unwrap_or_else(|shared| BytesMut::from(shared.as_ref()));
    let (begin, mut end) = (text.start, text.start);
    let mut copy = [0; TEXT];
    for start in text.clone().step_by(TEXT) {
        let stop = text.end.min(start + TEXT);
        let piece = &mut copy[..stop - start];
        piece.copy_from_slice(&buffer[start..stop]);
        let is_last = stop == text.end;
        let length = STANDARD.decode_slice(&*piece, &mut buffer[end..stop]).ok();
        // Padding may stand at the end of the text only.
        let length = length.filter(|length| is_last || *length == TEXT / 4 * 3);
        end += length.ok_or(FormatError::Base64 { field })?;
    }
    Ok(buffer.freeze().slice(begin..end))
}

/// Bytes that a JSON document holds as base64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base64(pub Vec<u8>);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map(Self).map_err(|_| serde::de::Error::custom("malformed base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_place(text: &str) -> Result<Bytes, FormatError> {
        decode_in_place("x", Bytes::from(format!("before{text}after")), 6..6 + text.len())
    }

    /// threat model, row 53.
    #[test]
    fn only_one_spelling_is_read() {
        assert_eq!(decode("x", "+/8=").unwrap(), [0xfb, 0xff]);
        for text in ["-_8=", "+/8", "+/8=\n", "+/\n8=", " +/8=", "+/9=", "=", "+/8=="] {
            assert!(decode("x", text).is_err(), "{text:?}");
            assert!(in_place(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_decoded_where_it_stands() {
        for length in [0, 1, 2, 3, 3071, 3072, 3073, 6143, 6144, 10_000] {
            let bytes: Vec<_> = (0..length).map(|index| u8::try_from(index % 251).unwrap()).collect();
            assert_eq!(in_place(&encode(&bytes)).unwrap(), bytes, "{length}");
        }
        let padded_within = encode(&[7; 3071]) + &encode(&[7; 3072]);
        assert!(in_place(&padded_within).is_err());
    }
}
