//! The room that the elements of a document's lists take, all of them together.
//!
//! A bound for each list is not enough: lists stand in lists, and `{}` takes three bytes of the document and hundreds of
//! memory. Serde builds a document from the types of its parts, with nothing handed along, so what is left is kept beside,
//! for the thread that reads.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

thread_local! {
    /// Bytes that are left for the document which this thread reads; `None` when they did not suffice.
    static LEFT: Cell<Option<usize>> = const { Cell::new(Some(0)) };
}

/// While it lives, what this thread reads is counted.
pub(super) struct Room(());

impl Room {
    /// Makes room for one document, in bytes.
    pub(super) fn begin(bytes: usize) -> Self {
        LEFT.set(Some(bytes));
        Self(())
    }

    /// Whether the room did not suffice.
    pub(super) fn is_spent(&self) -> bool {
        LEFT.get().is_none()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        LEFT.set(Some(0));
    }
}

/// Takes the room of so many elements.
fn take<T, E: Error>(elements: usize) -> Result<(), E> {
    let left = LEFT.get().and_then(|left| left.checked_sub(elements * size_of::<T>()));
    LEFT.set(left);
    left.map(drop).ok_or_else(|| E::custom("the elements of its lists take too much room"))
}

/// Reads a list of which no more is kept than one element beyond `MOST`, within the room of the document.
pub(in super::super) fn at_most<'de, const MOST: usize, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_seq(AtMost::<T, MOST>(PhantomData))
}

struct AtMost<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for AtMost<T, MOST> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
        let mut elements = Vec::new();
        while elements.len() <= MOST {
            match sequence.next_element()? {
                Some(element) => push(&mut elements, element)?,
                None => return Ok(elements),
            }
        }
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(elements)
    }
}

/// Adds an element. What counts is the room that the list has made for more of them.
fn push<T, E: Error>(elements: &mut Vec<T>, element: T) -> Result<(), E> {
    let before = elements.capacity();
    elements.push(element);
    take::<T, E>(elements.capacity() - before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Lists {
        #[serde(deserialize_with = "at_most::<100, _, _>")]
        one: Vec<u64>,
        #[serde(deserialize_with = "at_most::<100, _, _>")]
        other: Vec<u64>,
    }

    #[test]
    fn all_lists_share_the_room_and_every_document_begins_anew() {
        let text = r#"{"one": [1, 2, 3], "other": [4, 5]}"#;
        let read = || serde_json::from_str::<Lists>(text);
        assert!(read().is_err());
        // Each list makes room for four.
        for (room, fits) in [(8 * 8, true), (8 * 8 - 1, false), (8 * 8, true)] {
            let room = Room::begin(room);
            assert_eq!(read().map(|lists| (lists.one.len(), lists.other.len())).ok(), fits.then_some((3, 2)));
            assert_eq!(room.is_spent(), !fits);
        }
    }
}
