//! The room that the elements of a document's lists take, all of them together.
//!
//! A bound for each list is not enough: lists stand in lists, and `{}` takes three bytes of the document and hundreds of
//! memory. Serde builds a document from the types of its parts, with nothing handed along, so what is left is kept beside,
//! for the thread that reads.

use std::cell::Cell;

use countersign_core::json::at_most_within;
use serde::{Deserialize, Deserializer};

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

/// Takes so many bytes of the room.
fn take(bytes: usize) -> Result<(), &'static str> {
    let left = LEFT.get().and_then(|left| left.checked_sub(bytes));
    LEFT.set(left);
    left.map(drop).ok_or("the elements of its lists take too much room")
}

/// Reads a list of which no more is kept than one element beyond `MOST`, within the room of the document.
pub(in super::super) fn at_most<'de, const MOST: usize, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    at_most_within::<MOST, T, D>(deserializer, take)
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
