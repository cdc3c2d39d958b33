//! Strict reading of JSON that comes from outside.
//!
//! Two readers that disagree about a document are a way in: a duplicate key, trailing bytes or a byte-order mark is an
//! error here (RFC 8259 section 4 leaves duplicates open), and nesting is bounded by [`limits::JSON_DEPTH`].

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::limits;

/// Why a document was not read.
#[derive(Debug, thiserror::Error)]
#[error("malformed JSON: {0}")]
pub struct JsonError(#[from] serde_json::Error);

impl JsonError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        "JSON_MALFORMED"
    }
}

/// Reads `T` from a whole document.
///
/// # Errors
/// When the document is not JSON, has a duplicate key, trailing bytes or too deep a nesting, or is no `T`.
pub fn read<T: DeserializeOwned>(document: &[u8]) -> Result<T, JsonError> {
    check(document)?;
    Ok(serde_json::from_slice(document)?)
}

/// Checks a whole document without building anything from it.
///
/// # Errors
/// As [`read`], but for the shape.
pub fn check(document: &[u8]) -> Result<(), JsonError> {
    let mut deserializer = serde_json::Deserializer::from_slice(document);
    Strict { depth: limits::JSON_DEPTH }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(())
}

/// Walks a value, refusing duplicate keys and too deep a nesting.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth }),
            None => Err(E::custom(format_args!("nested deeper than {}", limits::JSON_DEPTH))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while sequence.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(inner)?;
            if let Some(duplicate) = seen.replace(key) {
                return Err(serde::de::Error::custom(format_args!("duplicate key '{duplicate}'")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// threat model, row 52.
    #[test]
    fn what_two_readers_may_read_differently_is_refused() {
        for document in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":{"b":1,"\u0062":2}}"#,
            r#"{"a":1} x"#,
            r#"{"a":1}{"#,
            "\u{feff}{}",
            "NaN",
            r#"{"a":NaN}"#,
            "",
            &"[".repeat(200_000),
            &format!("{}{}", "[".repeat(65), "]".repeat(65)),
        ] {
            assert!(check(document.as_bytes()).is_err(), "{}", &document[..document.len().min(40)]);
        }
    }

    #[test]
    fn ordinary_documents_are_read() {
        let document = format!("{}{}", "[".repeat(limits::JSON_DEPTH), "]".repeat(limits::JSON_DEPTH));
        assert!(check(document.as_bytes()).is_ok());
        assert!(check(br#" {"a":[1,-2,3.5,true,null,"x",{"a":1}],"b":18446744073709551615} "#).is_ok());
    }
}
