//! Blobs: reading. What is handed out has the digest and the size of its descriptor; inline `data` and foreign `urls`
//! of a descriptor are not looked at (threat model, row 14).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{Method, StatusCode};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::StreamReader;

use super::RegistrySource;
use super::auth::Access;
use super::exact::Exact;
use super::patience::Patience;
use super::transport::{Answer, Call};
use crate::digest::Digest;
use crate::limits;
use crate::oci::Descriptor;
use crate::source::{BlobReader, Result, SourceError};

impl RegistrySource {
    pub(super) async fn read_blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Bytes> {
        if descriptor.size > limit {
            return Err(SourceError::Limit {
                place: self.blob_place(&descriptor.digest),
                what: "blob in bytes",
                limit,
            });
        }
        let mut call = blob_call(Method::GET, &descriptor.digest);
        // One byte more than there should be, so that too many are noticed.
        call.limit = Some(descriptor.size.saturating_add(1));
        call.grows = limits::ATTACHMENT_TIME.saturating_sub(self.inner.options.timeout);
        let answer = match self.call(call).await {
            // More than the descriptor says, and not asked for to the end.
            Err(SourceError::Limit { place, limit, .. }) => {
                return Err(SourceError::SizeMismatch {
                    place,
                    expected: descriptor.size,
                    got: limit.saturating_add(1),
                });
            }
            other => other?,
        };
        let answer = self.found(answer, &descriptor.digest)?;
        let (place, got) = (answer.place(), answer.body.len() as u64);
        if got != descriptor.size {
            return Err(SourceError::SizeMismatch { place, expected: descriptor.size, got });
        }
        let expected = descriptor.digest;
        let got = Digest::of(expected.algorithm(), &answer.body);
        if got != expected {
            return Err(SourceError::DigestMismatch { place, expected, got });
        }
        Ok(answer.body)
    }

    pub(super) async fn open_blob(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        let mut call = blob_call(Method::GET, &descriptor.digest);
        call.limit = None;
        let answer = self.found(self.call(call).await?, &descriptor.digest)?;
        let place = answer.place();
        let Some(response) = answer.stream else {
            return Err(super::problem::protocol(place, "the answer has no body"));
        };
        if let Some(got) = response.content_length().filter(|got| *got != descriptor.size) {
            return Err(SourceError::SizeMismatch { place, expected: descriptor.size, got });
        }
        let stream = response.bytes_stream().map_err(io::Error::other);
        let (timeout, idle) = (self.inner.options.timeout, self.inner.options.idle);
        let timely = Timely {
            inner: StreamReader::new(stream),
            place: place.clone(),
            patience: Patience::new(timeout, idle),
            came: 0,
            idle,
        };
        Ok(Box::new(Exact::new(Box::new(timely), descriptor, place)))
    }

    pub(super) async fn find_blob(&self, descriptor: &Descriptor) -> Result<bool> {
        let answer = self.call(blob_call(Method::HEAD, &descriptor.digest)).await?;
        match answer.status {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(answer.refusal()),
        }
    }

    fn found(&self, answer: Answer, digest: &Digest) -> Result<Answer> {
        match answer.status {
            StatusCode::OK => Ok(answer),
            StatusCode::NOT_FOUND => {
                let place = self.state.repository.to_string();
                Err(SourceError::NotFound { place, what: format!("blob {digest}") })
            }
            _ => Err(answer.refusal()),
        }
    }

    fn blob_place(&self, digest: &Digest) -> String {
        format!("{}/blobs/{digest}", self.state.repository)
    }
}

fn blob_call(method: Method, digest: &Digest) -> Call {
    Call::new(method, format!("blobs/{digest}"), Access::Pull)
}

/// A reader that fails when its bytes do not come in time.
struct Timely<R> {
    inner: R,
    place: String,
    patience: Patience,
    came: u64,
    idle: Duration,
}

impl<R: AsyncRead + Unpin> AsyncRead for Timely<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, came) = (buffer.filled().len(), self.came);
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        if polled.is_pending() {
            ready!(self.patience.poll_late(context, came));
            let error = SourceError::Timeout { place: self.place.clone(), after: self.idle };
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, error)));
        }
        self.patience.end_wait();
        self.came += (buffer.filled().len() - before) as u64;
        polled
    }
}
