//! Bytes that are made piece by piece.
//!
//! A document that holds a long payload in base64 takes more than twice the payload's room when it is held as a whole.
//! Here only the payload is held, and the text of it is made when it is hashed, and again when it is sent.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio_util::io::StreamReader;

use crate::digest::{Algorithm, Hasher};
use crate::limits;
use crate::oci::Descriptor;
use crate::source::BlobReader;

/// Bytes of the payload that are encoded at once; a multiple of three.
const PIECE: usize = 48 << 10;

/// Bytes that can be had several times, and are the same each time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    before: Bytes,
    /// Stands in the document as base64.
    payload: Bytes,
    after: Bytes,
}

impl From<Bytes> for Pieces {
    fn from(before: Bytes) -> Self {
        Self { before, ..Self::default() }
    }
}

impl From<Vec<u8>> for Pieces {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl Pieces {
    /// `payload` in base64, between `before` and `after`. What is small is put together at once.
    pub(crate) fn around(before: Bytes, payload: Bytes, after: Bytes) -> Self {
        let pieces = Self { before, payload, after };
        match pieces.size() <= limits::SMALL_BLOB_BYTES {
            true => pieces.join().into(),
            false => pieces,
        }
    }

    /// Length in bytes.
    pub fn size(&self) -> u64 {
        let text = self.payload.len().div_ceil(3) as u64 * 4;
        self.before.len() as u64 + text + self.after.len() as u64
    }

    /// The bytes, if they are there as they are.
    pub fn whole(&self) -> Option<&Bytes> {
        (self.payload.is_empty() && self.after.is_empty()).then_some(&self.before)
    }

    /// All of it, put together.
    pub fn join(&self) -> Bytes {
        match self.whole() {
            Some(whole) => whole.clone(),
            None => self.iter().flatten().collect(),
        }
    }

    /// The pieces, in order.
    pub fn iter(&self) -> impl Iterator<Item = Bytes> + Send + use<> {
        let Self { before, payload, after } = self.clone();
        let text = (0..payload.len()).step_by(PIECE).map(move |start| {
            let piece = &payload[start..payload.len().min(start + PIECE)];
            Bytes::from(STANDARD.encode(piece))
        });
        [before].into_iter().chain(text).chain([after]).filter(|piece| !piece.is_empty())
    }

    /// The descriptor of a blob with this content.
    pub fn descriptor(&self, media_type: &str) -> Descriptor {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        self.iter().for_each(|piece| hasher.update(&piece));
        Descriptor::new(media_type, hasher.finish(), self.size())
    }

    /// The pieces as a stream.
    pub fn stream(&self) -> impl Stream<Item = io::Result<Bytes>> + Send + Unpin + use<> {
        stream::iter(self.iter().map(Ok))
    }

    /// The bytes as the stream of a blob.
    pub fn reader(&self) -> BlobReader {
        Box::new(StreamReader::new(self.stream()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_are_the_document() {
        for length in [0, 1, 2, 3, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 2] {
            let payload: Bytes = (0..length).map(|index| u8::try_from(index % 253).unwrap()).collect();
            let (before, after) = (Bytes::from_static(b"{\"payload\":\""), Bytes::from_static(b"\"}"));
            let pieces = Pieces::around(before, payload.clone(), after);
            let expected = format!("{{\"payload\":\"{}\"}}", STANDARD.encode(&payload));
            assert_eq!(pieces.join(), expected, "{length}");
            assert_eq!(pieces.size(), expected.len() as u64);
            // What is small goes with one request to a registry that takes it so.
            assert_eq!(
                pieces.whole().is_some(),
                expected.len() as u64 <= limits::SMALL_BLOB_BYTES,
                "{length}"
            );
            assert_eq!(pieces.descriptor("x"), Descriptor::of("x", expected.as_bytes()));
        }
        assert_eq!(Pieces::from(b"whole".to_vec()).join(), "whole");
    }
}
