//! What documents in JSON have in common.

mod room;

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::passed::PassedOver;
use super::{ReadError, limits};
use room::Room;
pub(super) use room::at_most;

/// Reads JSON to its end, and counts the keys that `T` does not have.
pub(super) fn parse<T: DeserializeOwned>(
    document: impl std::io::Read,
    passed: &mut PassedOver,
) -> Result<T, ReadError> {
    let room = Room::begin(limits::DOCUMENT_ELEMENT_BYTES);
    let mut deserializer = serde_json::Deserializer::from_reader(document);
    let parsed = serde_ignored::deserialize(&mut deserializer, |path| passed.add_key(&path));
    if room.is_spent() {
        return Err(ReadError::Elements { most: limits::DOCUMENT_ELEMENT_BYTES });
    }
    let parsed = parsed?;
    deserializer.end()?;
    Ok(parsed)
}

struct Listed<T, const MOST: usize>(Vec<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Listed<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        at_most::<MOST, T, D>(deserializer).map(Self)
    }
}

/// A list of which no more is kept than one element beyond what is allowed; `null`, as some write it, is an empty one.
pub(super) fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let listed = Option::<Listed<T, { limits::DOCUMENT_COMPONENTS }>>::deserialize(deserializer)?;
    Ok(listed.map(|listed| listed.0).unwrap_or_default())
}

/// A list of relationships, as [`list`].
pub(super) fn relations<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let listed = Option::<Listed<T, { limits::DOCUMENT_RELATIONS }>>::deserialize(deserializer)?;
    Ok(listed.map(|listed| listed.0).unwrap_or_default())
}

/// A text, or `null` for an empty one.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::<String>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A list of which each element is counted, and nothing is kept.
pub(super) fn counted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    struct Counted;

    impl<'de> Deserialize<'de> for Counted {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_seq(Self)
        }
    }

    impl<'de> Visitor<'de> for Counted {
        type Value = Self;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self, A::Error> {
            while sequence.next_element::<IgnoredAny>()?.is_some() {}
            Ok(self)
        }
    }

    Option::<Counted>::deserialize(deserializer).map(drop)
}

/// What says nothing of its own: the name of a schema, the version of a list. It is read, and not counted.
#[derive(Debug, Default)]
pub(super) struct Formal;

impl<'de> Deserialize<'de> for Formal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Formal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Formal, E> {
        Ok(Formal)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Formal, E> {
        Ok(Formal)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Formal, E> {
        Ok(Formal)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Formal, E> {
        Ok(Formal)
    }

    fn visit_str<E>(self, _: &str) -> Result<Formal, E> {
        Ok(Formal)
    }

    fn visit_unit<E>(self) -> Result<Formal, E> {
        Ok(Formal)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Formal, A::Error> {
        while sequence.next_element::<Formal>()?.is_some() {}
        Ok(Formal)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Formal, A::Error> {
        while map.next_entry::<IgnoredAny, Formal>()?.is_some() {}
        Ok(Formal)
    }
}
