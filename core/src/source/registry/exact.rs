//! Content that is handed on while it is read: it is what its descriptor says, or reading fails before the end of it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use crate::digest::Hasher;
use crate::oci::Descriptor;
use crate::source::{BlobReader, SourceError};

/// The next bytes, so many of them or all that are left.
pub(super) async fn read_piece(reader: &mut (impl AsyncRead + Unpin), size: usize) -> io::Result<Bytes> {
    let mut piece = BytesMut::with_capacity(size.min(1 << 20));
    while piece.len() < size {
        let left = size - piece.len();
        if (&mut *reader).take(left as u64).read_buf(&mut piece).await? == 0 {
            break;
        }
    }
    Ok(piece.freeze())
}

/// A reader that fails when what it reads is not what the descriptor says, before the end of it has been handed out.
pub(super) struct Exact {
    inner: BlobReader,
    hasher: Option<Hasher>,
    descriptor: Descriptor,
    place: String,
}

impl Exact {
    /// Content of this descriptor; `place` names it in errors.
    pub(super) fn new(inner: BlobReader, descriptor: &Descriptor, place: String) -> Self {
        let hasher = Some(Hasher::new(descriptor.digest.algorithm()));
        Self { inner, hasher, descriptor: descriptor.clone(), place }
    }

    fn check(&mut self, at_end: bool) -> Result<(), SourceError> {
        let Some(length) = self.hasher.as_ref().map(Hasher::length) else { return Ok(()) };
        let (expected, place) = (self.descriptor.size, self.place.clone());
        if length > expected || (at_end && length < expected) {
            return Err(SourceError::SizeMismatch { place, expected, got: length });
        }
        if length < expected {
            return Ok(());
        }
        let expected = self.descriptor.digest;
        match self.hasher.take().map(Hasher::finish) {
            Some(got) if got != expected => Err(SourceError::DigestMismatch { place, expected, got }),
            _ => Ok(()),
        }
    }
}

impl AsyncRead for Exact {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let new = &buffer.filled()[before..];
        let at_end = new.is_empty() && buffer.remaining() > 0;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(new);
        } else if !new.is_empty() {
            buffer.set_filled(before);
            let (place, expected) = (self.place.clone(), self.descriptor.size);
            let error = SourceError::SizeMismatch { place, expected, got: expected.saturating_add(1) };
            return Poll::Ready(Err(io::Error::other(error)));
        }
        let checked = self.check(at_end).map_err(io::Error::other);
        if checked.is_err() {
            buffer.set_filled(before);
        }
        Poll::Ready(checked)
    }
}
