//! From blocking readers to asynchronous ones.

use std::future::Future;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::task::{JoinHandle, spawn_blocking};

use super::content::CheckedReader;
use crate::source::{Result, SourceError};

/// Bytes that are read, hashed or written in one go on a blocking thread.
pub(crate) const PIECE: usize = 1 << 20;

/// Runs blocking work away from the asynchronous threads.
pub(crate) async fn blocking<T: Send + 'static>(
    place: String,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(SourceError::io(place, io::Error::other(error))),
    }
}

type Piece = (CheckedReader, Vec<u8>, io::Result<usize>);

/// A checked blob that is read piece by piece on blocking threads, in constant memory.
pub(crate) struct BlobStream {
    state: State,
    piece: Vec<u8>,
    position: usize,
}

enum State {
    Idle(CheckedReader),
    Busy(JoinHandle<Piece>),
    Failed,
}

impl BlobStream {
    /// A stream of what `reader` reads.
    pub(crate) fn new(reader: CheckedReader) -> Self {
        Self { state: State::Idle(reader), piece: Vec::new(), position: 0 }
    }
}

fn next_piece(mut reader: CheckedReader, mut piece: Vec<u8>) -> Piece {
    piece.resize(PIECE, 0);
    let read = loop {
        match reader.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read,
        }
    };
    piece.truncate(*read.as_ref().unwrap_or(&0));
    (reader, piece, read)
}

impl AsyncRead for BlobStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.position < self.piece.len() {
                let count = buffer.remaining().min(self.piece.len() - self.position);
                buffer.put_slice(&self.piece[self.position..self.position + count]);
                self.position += count;
                return Poll::Ready(Ok(()));
            }
            match std::mem::replace(&mut self.state, State::Failed) {
                State::Failed => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
                State::Idle(reader) => {
                    let piece = std::mem::take(&mut self.piece);
                    self.position = 0;
                    self.state = State::Busy(spawn_blocking(move || next_piece(reader, piece)));
                }
                State::Busy(mut task) => {
                    let Poll::Ready(done) = Pin::new(&mut task).poll(context) else {
                        self.state = State::Busy(task);
                        return Poll::Pending;
                    };
                    let (reader, piece, read) = done.map_err(io::Error::other)?;
                    let count = read?;
                    self.state = State::Idle(reader);
                    self.piece = piece;
                    if count == 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}
