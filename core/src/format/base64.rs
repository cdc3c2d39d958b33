//! Standard base64 with padding (RFC 4648 section 4), and nothing else.
//!
//! URL-safe letters, missing padding, line breaks and bits left over are refused: a document has one spelling.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
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

    /// threat model, row 53.
    #[test]
    fn only_one_spelling_is_read() {
        assert_eq!(decode("x", "+/8=").unwrap(), [0xfb, 0xff]);
        for text in ["-_8=", "+/8", "+/8=\n", "+/\n8=", " +/8=", "+/9=", "=", "+/8=="] {
            assert!(decode("x", text).is_err(), "{text:?}");
        }
    }
}
