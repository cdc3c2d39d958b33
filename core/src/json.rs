//! Strict reading of JSON that comes from outside.
//!
//! Two readers that disagree about a document are a way in: a duplicate key, trailing bytes or a byte-order mark is an
//! error here (RFC 8259 section 4 leaves duplicates open), and nesting is bounded by [`limits::JSON_DEPTH`].
//!
//! A document must not cost many times its size: a list that is read into memory is bounded while it is read
//! ([`at_most`]), and what nobody looks into is kept as its text ([`Raw`]).

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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
pub fn read<'de, T: Deserialize<'de>>(document: &'de [u8]) -> Result<T, JsonError> {
    check(document)?;
    Ok(serde_json::from_slice(document)?)
}

/// Checks a whole document without building anything from it.
///
/// # Errors
/// As [`read`], but for the shape.
pub fn check(document: &[u8]) -> Result<(), JsonError> {
    let mut deserializer = serde_json::Deserializer::from_slice(document);
    Strict { depth: limits::JSON_DEPTH, keys: &Cell::new(limits::JSON_KEYS) }
        .deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(())
}

/// Reads a list of at most `MOST` elements. When there are more, one more is given, so that this shows; the others are
/// passed over.
///
/// # Errors
/// When an element is malformed.
pub fn at_most<'de, const MOST: usize, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    at_most_within::<MOST, T, D>(deserializer, |_| Ok(()))
}

/// As [`at_most`]; each time that the list makes room for more elements, `take` is asked for so many bytes, and may refuse
/// them with a reason.
///
/// # Errors
/// When an element is malformed, or room is refused.
pub fn at_most_within<'de, const MOST: usize, T, D>(
    deserializer: D,
    take: impl FnMut(usize) -> Result<(), &'static str>,
) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    struct AtMost<T, F, const MOST: usize>(PhantomData<T>, F);

    impl<'de, T, F, const MOST: usize> Visitor<'de> for AtMost<T, F, MOST>
    where
        T: Deserialize<'de>,
        F: FnMut(usize) -> Result<(), &'static str>,
    {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut sequence: A) -> Result<Vec<T>, A::Error> {
            let mut elements = Vec::new();
            while elements.len() <= MOST {
                let room = elements.capacity();
                match sequence.next_element()? {
                    Some(element) => elements.push(element),
                    None => return Ok(elements),
                }
                let more = (elements.capacity() - room) * size_of::<T>();
                (self.1)(more).map_err(serde::de::Error::custom)?;
            }
            while sequence.next_element::<IgnoredAny>()?.is_some() {}
            Ok(elements)
        }
    }

    deserializer.deserialize_seq(AtMost::<T, _, MOST>(PhantomData, take))
}

/// A value that is kept as the text it came in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(Box<RawValue>);

impl Raw {
    /// The text of a value.
    ///
    /// # Errors
    /// When the value has no JSON form.
    pub fn of(value: &impl Serialize) -> Result<Self, JsonError> {
        Ok(Self(serde_json::value::to_raw_value(value)?))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// Walks a value, refusing duplicate keys, too deep a nesting, and more keys than are held to compare them.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    /// How many keys may still be held.
    keys: &'a Cell<usize>,
}

impl Strict<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => Err(E::custom(format_args!("nested deeper than {}", limits::JSON_DEPTH))),
        }
    }

    fn one_more_key<E: serde::de::Error>(self) -> Result<(), E> {
        let left = self.keys.get().checked_sub(1);
        self.keys.set(left.ok_or_else(|| E::custom(format_args!("more than {} keys", limits::JSON_KEYS)))?);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
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
        let (inner, keys) = (self.deeper()?, self.keys.get());
        let mut seen = Keys::default();
        while let Some(key) = map.next_key_seed(Key)? {
            self.one_more_key()?;
            map.next_value_seed(inner)?;
            if let Some(duplicate) = seen.add(key) {
                return Err(serde::de::Error::custom(format_args!("duplicate key '{duplicate}'")));
            }
        }
        self.keys.set(keys);
        Ok(())
    }
}

/// A key that is not copied out of the document, unless it was written with escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

/// The keys of one object. Nearly all objects have a few only, which are compared sooner than hashed.
#[derive(Default)]
struct Keys<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Keys<'de> {
    const FEW: usize = 16;

    /// Adds a key; gives it back when it is there already.
    fn add(&mut self, key: Cow<'de, str>) -> Option<Cow<'de, str>> {
        if self.few.len() < Self::FEW {
            if self.few.contains(&key) {
                return Some(key);
            }
            self.few.push(key);
            return None;
        }
        if self.few.contains(&key) { Some(key) } else { self.many.replace(key) }
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

    /// threat model, row 51.
    #[test]
    fn keys_are_counted_while_they_are_held() {
        let keys = |from: usize, to: usize| {
            (from..to).map(|key| format!(r#""{key}":0"#)).collect::<Vec<_>>().join(",")
        };
        let half = keys(0, limits::JSON_KEYS / 2);
        let most = format!("{{{}}}", keys(0, limits::JSON_KEYS));
        assert!(check(most.as_bytes()).is_ok());
        assert!(check(format!("[{most},{most}]").as_bytes()).is_ok());
        assert!(check(format!("{{{}}}", keys(0, limits::JSON_KEYS + 1)).as_bytes()).is_err());
        assert!(check(format!(r#"{{{half},"inner":{{{half}}}}}"#).as_bytes()).is_err());
    }

    #[test]
    fn a_list_ends_after_the_first_that_is_too_many() {
        #[derive(Deserialize)]
        struct Some2(#[serde(deserialize_with = "at_most::<2, _, _>")] Vec<u8>);

        for (text, expected) in [("[]", 0), ("[1,2]", 2), ("[1,2,3]", 3), ("[1,2,3,4,[5]]", 3)] {
            assert_eq!(read::<Some2>(text.as_bytes()).unwrap().0.len(), expected, "{text}");
        }
        assert!(read::<Some2>(b"[1,[2]]").is_err());
    }

    #[test]
    fn ordinary_documents_are_read() {
        let document = format!("{}{}", "[".repeat(limits::JSON_DEPTH), "]".repeat(limits::JSON_DEPTH));
        assert!(check(document.as_bytes()).is_ok());
        let many: Vec<_> = (0..100).map(|key| format!(r#""{key}":1"#)).collect();
        assert!(check(format!("{{{}}}", many.join(",")).as_bytes()).is_ok());
        for twice in ["3", "70"] {
            let document = format!(r#"{{{},"{twice}":1}}"#, many.join(","));
            assert!(check(document.as_bytes()).is_err());
        }
        assert!(check(br#" {"a":[1,-2,3.5,true,null,"x",{"a":1}],"b":18446744073709551615} "#).is_ok());
    }
}
