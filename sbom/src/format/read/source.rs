//! The bytes of a document: bounded, and counted as they are read, so that an error can say where it is.

use std::io::{self, BufRead, BufReader, Read, Take};

use super::ReadError;
use crate::limits;

/// A document that is being read.
pub(super) struct Source<R: Read> {
    inner: BufReader<Take<R>>,
    most: u64,
    /// The line and the byte in it that come next, from 1.
    line: u64,
    column: u64,
    /// How many bytes were taken since [`Source::mark`].
    since_mark: usize,
}

impl<R: Read> Source<R> {
    pub(super) fn new(document: R, most: u64) -> Self {
        let inner = BufReader::with_capacity(64 << 10, document.take(most.saturating_add(1)));
        Self { inner, most, line: 1, column: 1, since_mark: 0 }
    }

    /// The first byte that is no white space, without taking it; a byte order mark of UTF-8 is passed over.
    ///
    /// # Errors
    /// When there is none, when it belongs to another encoding, or when it cannot be had.
    pub(super) fn first(&mut self) -> Result<u8, ReadError> {
        if self.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            self.inner.consume(3);
        }
        loop {
            let bytes = self.fill_buf()?;
            match bytes.iter().position(|byte| !byte.is_ascii_whitespace()) {
                Some(at) => {
                    let first = bytes[at];
                    self.consume(at);
                    // The marks of UTF-16 and UTF-32; what has no mark has zeros.
                    return if matches!(first, 0 | 0xfe | 0xff) {
                        Err(ReadError::Encoding)
                    } else {
                        Ok(first)
                    };
                }
                None if bytes.is_empty() => return Err(ReadError::Empty),
                None => {
                    let all = bytes.len();
                    self.consume(all);
                }
            }
        }
    }

    /// Where the next byte is: the line and the byte in it, from 1.
    pub(super) const fn position(&self) -> (u64, u64) {
        (self.line, self.column)
    }

    /// From here on, no more than [`limits::DOCUMENT_TEXT_BYTES`] are given until the next mark.
    pub(super) const fn mark(&mut self) {
        self.since_mark = 0;
    }

    /// Whether too much was asked for since the last mark.
    pub(super) const fn is_overdrawn(&self) -> bool {
        self.since_mark > limits::DOCUMENT_TEXT_BYTES
    }

    /// # Errors
    /// When the document has more bytes than are read.
    pub(super) fn bounded(&self) -> Result<(), ReadError> {
        match self.inner.get_ref().limit() {
            0 => Err(ReadError::Bytes { most: self.most }),
            _ => Ok(()),
        }
    }
}

/// Nothing is counted here: a parser of JSON counts for itself.
impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.is_overdrawn() {
            true => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
            false => self.inner.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        let taken = &self.inner.buffer()[..amount];
        match taken.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => {
                self.line += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
                self.column = (amount - last) as u64;
            }
            None => self.column += amount as u64,
        }
        self.since_mark += amount;
        self.inner.consume(amount);
    }
}
