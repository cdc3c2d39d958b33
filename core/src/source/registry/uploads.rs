//! Blobs: writing (OCI distribution specification 1.1, "Pushing Blobs"), with as few requests as the registry allows.
//!
//! - Small content goes with the request that opens the upload (`POST ?digest=`). A registry that does not take it so
//!   answers 202, and the content goes to the place it names; that registry is not tried so again.
//! - The empty configuration `{}` is there already in nearly every repository that holds artifacts: opening its upload
//!   as a mount from the repository itself asks whether it is, and sends it or opens the upload when it is not, in one
//!   request.
//! - Larger content is asked for with `HEAD` first, and then sent in one `PUT`; above
//!   [`RegistryOptions::single_upload`](super::RegistryOptions), or when the registry answers 413, in pieces.
//!
//! The place where content goes may be another host: it gets no credentials. A failure in the middle starts a new
//! session, as long as the content can be read again.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;
use url::Url;

use super::RegistrySource;
use super::auth::Access;
use super::exact::{Exact, read_piece};
use super::manifests::content_digest;
use super::problem::protocol;
use super::retry::backoff;
use super::transport::{Answer, Call, Payload, Target};
use crate::digest::Digest;
use crate::limits;
use crate::oci::Descriptor;
use crate::pieces::Pieces;
use crate::source::{BlobContent, BlobReader, Result, SourceError};

const CHUNK_MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
const NOTHING: HeaderValue = HeaderValue::from_static("0");
/// The content of the empty descriptor (OCI image specification 1.1).
const EMPTY: &[u8] = b"{}";

/// How an upload is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    /// With nothing.
    Plain,
    /// As a mount.
    Mount,
    /// With the content.
    WithContent,
}

/// What came of opening an upload.
enum Opened {
    /// The registry has the blob now.
    Stored,
    /// The content goes there, in pieces of at least so many bytes.
    Session { place: Url, min_piece: u64 },
}

impl RegistrySource {
    pub(super) async fn upload(
        &self,
        descriptor: &Descriptor,
        content: BlobContent,
        mount_from: Option<&str>,
    ) -> Result<()> {
        if let BlobContent::Pieces(pieces) = &content
            && let Some(bytes) = pieces.whole()
        {
            self.check_content(descriptor, bytes)?;
        }
        let is_large = descriptor.size > limits::SMALL_BLOB_BYTES;
        if is_large && mount_from.is_none() && self.find_blob(descriptor).await? {
            return Ok(());
        }
        match content {
            BlobContent::Pieces(pieces) => self.upload_pieces(descriptor, &pieces, mount_from).await,
            BlobContent::Reader(reader) => self.upload_stream(descriptor, reader, mount_from).await,
        }
    }

    fn check_content(&self, descriptor: &Descriptor, bytes: &Bytes) -> Result<()> {
        let (place, expected, got) = (self.name_of(descriptor), descriptor.size, bytes.len() as u64);
        if got != expected {
            return Err(SourceError::SizeMismatch { place, expected, got });
        }
        let (expected, got) = (descriptor.digest, Digest::of(descriptor.digest.algorithm(), bytes));
        if got == expected { Ok(()) } else { Err(SourceError::DigestMismatch { place, expected, got }) }
    }

    /// Sends content that can be read again: a session that fails is followed by a new one.
    async fn upload_pieces(
        &self,
        descriptor: &Descriptor,
        content: &Pieces,
        mount_from: Option<&str>,
    ) -> Result<()> {
        let mut tried = 0;
        let mut in_pieces = descriptor.size > self.inner.options.single_upload;
        loop {
            tried += 1;
            let at_once = content.whole().filter(|_| descriptor.size <= limits::SMALL_BLOB_BYTES);
            let Opened::Session { place, min_piece } = self.open(descriptor, at_once, mount_from).await?
            else {
                return Ok(());
            };
            let sent = if in_pieces {
                self.send_pieces(descriptor, content.reader(), place, min_piece).await
            } else {
                let whole = content.whole().cloned().map(Payload::Bytes);
                let body = whole.unwrap_or_else(|| Payload::Pieces(content.clone()));
                self.send_whole(descriptor, body, &place).await
            };
            match sent {
                Err(SourceError::Status { status: 413, .. }) if !in_pieces => in_pieces = true,
                Err(error) if tried < self.inner.options.tries && is_passing(&error) => {
                    tokio::time::sleep(backoff(self.inner.options.backoff, tried + 1)).await;
                }
                other => return other,
            }
        }
    }

    /// Sends content that can be read once.
    async fn upload_stream(
        &self,
        descriptor: &Descriptor,
        reader: BlobReader,
        mount_from: Option<&str>,
    ) -> Result<()> {
        let Opened::Session { place, min_piece } = self.open(descriptor, None, mount_from).await? else {
            return Ok(());
        };
        if descriptor.size > self.inner.options.single_upload {
            return self.send_pieces(descriptor, reader, place, min_piece).await;
        }
        let exact = Exact::new(reader, descriptor, self.name_of(descriptor));
        let body = reqwest::Body::wrap_stream(ReaderStream::with_capacity(exact, 64 << 10));
        self.send_whole(descriptor, Payload::Stream(Some(body)), &place).await
    }

    async fn open(
        &self,
        descriptor: &Descriptor,
        at_once: Option<&Bytes>,
        mount_from: Option<&str>,
    ) -> Result<Opened> {
        let digest = &descriptor.digest;
        let (call, opening) = self.opening(digest, at_once, mount_from);
        let answer = self.call(call).await?;
        let sent = opening == Opening::WithContent;
        match answer.status {
            StatusCode::CREATED => {
                check_stored(&answer, digest)?;
                if sent {
                    self.state.host.takes_blob_at_once.set(true);
                }
                Ok(Opened::Stored)
            }
            StatusCode::ACCEPTED => {
                if sent {
                    self.state.host.takes_blob_at_once.set(false);
                }
                self.session(&answer).await
            }
            // Not every registry that cannot mount, or take content at once, says so with 202.
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
                if opening != Opening::Plain =>
            {
                self.open_plainly().await
            }
            _ => Err(answer.refusal()),
        }
    }

    /// The request that opens an upload.
    fn opening(&self, digest: &Digest, at_once: Option<&Bytes>, mount_from: Option<&str>) -> (Call, Opening) {
        let own = self.state.repository.path();
        let is_empty = at_once.is_some_and(|bytes| bytes == EMPTY);
        let takes = self.state.host.takes_blob_at_once.get();
        let from_itself = at_once.is_some() && (is_empty || takes == Some(false));
        let call = |path: String| Call::new(Method::POST, path, Access::Push);
        let with_content = |path: String, bytes: &Bytes| {
            let mut call = call(path).header(CONTENT_TYPE, OCTETS);
            call.body = Payload::Bytes(bytes.clone());
            call
        };
        if let Some(from) = mount_from.or(from_itself.then_some(own)) {
            let mount = format!("blobs/uploads/?mount={digest}&from={from}");
            let mut call = match at_once.filter(|_| is_empty && takes != Some(false)) {
                Some(bytes) => with_content(format!("{mount}&digest={digest}"), bytes),
                None => call(mount).header(CONTENT_LENGTH, NOTHING),
            };
            call.need.mount_from = (from != own).then(|| from.to_owned());
            return (call, Opening::Mount);
        }
        match at_once {
            None => (call("blobs/uploads/".to_owned()).header(CONTENT_LENGTH, NOTHING), Opening::Plain),
            Some(bytes) => {
                (with_content(format!("blobs/uploads/?digest={digest}"), bytes), Opening::WithContent)
            }
        }
    }

    async fn open_plainly(&self) -> Result<Opened> {
        let call = Call::new(Method::POST, "blobs/uploads/", Access::Push);
        let answer = self.call(call.header(CONTENT_LENGTH, NOTHING)).await?;
        if answer.status == StatusCode::ACCEPTED {
            self.session(&answer).await
        } else {
            Err(answer.refusal())
        }
    }

    async fn session(&self, answer: &Answer) -> Result<Opened> {
        let place = self.inner.location(&self.state, answer)?;
        let min_piece = answer.text(CHUNK_MIN_LENGTH).and_then(|length| length.parse().ok()).unwrap_or(0);
        Ok(Opened::Session { place, min_piece })
    }

    /// One `PUT` with all the content.
    async fn send_whole(&self, descriptor: &Descriptor, body: Payload, place: &Url) -> Result<()> {
        let mut call = Call::new(Method::PUT, "", Access::Push)
            .header(CONTENT_TYPE, OCTETS)
            .header(CONTENT_LENGTH, descriptor.size.into());
        call.target = Target::Url(with_digest(place, &descriptor.digest));
        call.body = body;
        call.transfer = descriptor.size;
        // A session that has broken is not continued: a new one is opened.
        call.once = true;
        let answer = self.call(call).await?;
        finished(&answer, &descriptor.digest)
    }

    /// `PATCH`es with the content, one after another, and a `PUT` that closes them.
    async fn send_pieces(
        &self,
        descriptor: &Descriptor,
        reader: BlobReader,
        place: Url,
        min_piece: u64,
    ) -> Result<()> {
        if min_piece > limits::UPLOAD_PIECE_MAX_BYTES {
            let (place, limit) = (self.name_of(descriptor), limits::UPLOAD_PIECE_MAX_BYTES);
            return Err(SourceError::Limit { place, what: "OCI-Chunk-Min-Length in bytes", limit });
        }
        let size = usize::try_from(min_piece.max(limits::UPLOAD_PIECE_BYTES)).unwrap_or(usize::MAX);
        let mut reader = Exact::new(reader, descriptor, self.name_of(descriptor));
        let (mut place, mut sent) = (place, 0);
        while sent < descriptor.size {
            let piece =
                read_piece(&mut reader, size).await.map_err(|error| self.reading(descriptor, error))?;
            if piece.is_empty() {
                break;
            }
            let length = piece.len() as u64;
            let range = format!("{sent}-{}", sent + length - 1);
            place = self.send_piece(piece, &range, place).await?;
            sent += length;
        }
        // To the end, where the digest of what was read is compared.
        let rest = reader.read(&mut [0]).await.map_err(|error| self.reading(descriptor, error))?;
        debug_assert_eq!(rest, 0, "Exact hands out no more than the descriptor's size");
        let mut call = Call::new(Method::PUT, "", Access::Push).header(CONTENT_LENGTH, NOTHING);
        call.target = Target::Url(with_digest(&place, &descriptor.digest));
        call.once = true;
        finished(&self.call(call).await?, &descriptor.digest)
    }

    async fn send_piece(&self, piece: Bytes, range: &str, place: Url) -> Result<Url> {
        let range = HeaderValue::from_str(range).map_err(|_| protocol(range.into(), "no range"))?;
        let mut call = Call::new(Method::PATCH, "", Access::Push)
            .header(CONTENT_TYPE, OCTETS)
            .header(CONTENT_RANGE, range)
            .header(CONTENT_LENGTH, piece.len().into());
        call.target = Target::Url(place);
        call.transfer = piece.len() as u64;
        call.body = Payload::Bytes(piece);
        call.once = true;
        let answer = self.call(call).await?;
        if answer.status != StatusCode::ACCEPTED {
            return Err(answer.refusal());
        }
        self.inner.location(&self.state, &answer)
    }

    fn reading(&self, descriptor: &Descriptor, error: std::io::Error) -> SourceError {
        match error.downcast::<SourceError>() {
            Ok(error) => error,
            Err(error) => SourceError::io(self.name_of(descriptor), error),
        }
    }

    fn name_of(&self, descriptor: &Descriptor) -> String {
        format!("{}/blobs/{}", self.state.repository, descriptor.digest)
    }
}

fn is_passing(error: &SourceError) -> bool {
    match error {
        SourceError::Unreachable { .. } | SourceError::Throttled { .. } => true,
        // A session that the registry has lost is 404.
        SourceError::Status { status, .. } => matches!(status, 404 | 408 | 500 | 502 | 503 | 504),
        _ => false,
    }
}

/// The place with the digest; its query is kept.
fn with_digest(place: &Url, digest: &Digest) -> Url {
    let mut url = place.clone();
    // Not through the form encoding: the colon stays as it is, which every registry reads.
    let query = match url.query().filter(|query| !query.is_empty()) {
        Some(query) => format!("{query}&digest={digest}"),
        None => format!("digest={digest}"),
    };
    url.set_query(Some(&query));
    url
}

fn finished(answer: &Answer, digest: &Digest) -> Result<()> {
    match answer.status {
        StatusCode::CREATED | StatusCode::OK | StatusCode::NO_CONTENT => check_stored(answer, digest),
        _ => Err(answer.refusal()),
    }
}

/// threat model, row 24.
fn check_stored(answer: &Answer, expected: &Digest) -> Result<()> {
    let (place, expected) = (answer.place(), *expected);
    match content_digest(answer)?.filter(|got| got.algorithm() == expected.algorithm()) {
        Some(got) if got != expected => Err(SourceError::DigestMismatch { place, expected, got }),
        _ => Ok(()),
    }
}
