//! What a layout directory and an archive of one have in common: an `index.json`, and blobs by their digest.
//!
//! Everything is checked where it leaves here: sizes before the first byte, digests with the last one.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;

use super::referrers::Seen;
use crate::digest::{Digest, Hasher};
use crate::file::FileError;
use crate::json;
use crate::limits;
use crate::media_type;
use crate::oci::{Descriptor, ImageIndex, OciError, RawManifest};
use crate::source::{Result, SourceError};

/// An image layout, wherever its bytes are. Blocking.
pub(crate) trait Content: Send + Sync + fmt::Debug + 'static {
    /// The layout as a user writes it, for names and messages.
    fn place(&self) -> String;

    /// The `index.json` of now.
    fn index(&self) -> Result<Arc<ImageIndex>>;

    /// Opens a blob that is there; its bytes are not checked yet.
    fn open(&self, digest: &Digest) -> Result<Option<Opened>>;

    /// Every blob with its size.
    fn blobs(&self) -> Result<Vec<(Digest, u64)>>;

    /// What is known of its manifests already.
    fn seen(&self) -> &Seen;
}

/// A blob whose bytes are not checked yet.
pub(crate) struct Opened {
    /// Bytes that are there.
    pub(crate) size: u64,
    /// The bytes.
    pub(crate) reader: Box<dyn Read + Send>,
}

impl Opened {
    /// The bytes as a reader that checks them: it fails with the last piece, before the end of the file is seen.
    pub(crate) fn checked(self, place: String, digest: Digest) -> CheckedReader {
        let state = State::Reading(Hasher::new(digest.algorithm()));
        CheckedReader { inner: self.reader, place, digest, size: self.size, state }
    }
}

/// Hands out the bytes of a blob, and an error instead of the last ones when they are not those of the digest.
pub(crate) struct CheckedReader {
    inner: Box<dyn Read + Send>,
    place: String,
    digest: Digest,
    size: u64,
    state: State,
}

enum State {
    Reading(Hasher),
    Checked,
    Refused,
}

impl Read for CheckedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let hasher = match &mut self.state {
            State::Reading(hasher) => hasher,
            State::Checked => return Ok(0),
            State::Refused => return Err(io::ErrorKind::InvalidData.into()),
        };
        let left = usize::try_from(self.size - hasher.length()).unwrap_or(usize::MAX);
        let most = left.min(buffer.len());
        let got = self.inner.read(&mut buffer[..most])?;
        hasher.update(&buffer[..got]);
        if got == most && got == left || got == 0 && most > 0 {
            self.finish().map_err(invalid)?;
        }
        Ok(got)
    }
}

impl CheckedReader {
    /// Called when all bytes were seen, or no more came.
    fn finish(&mut self) -> Result<()> {
        let State::Reading(hasher) = std::mem::replace(&mut self.state, State::Refused) else {
            return Ok(());
        };
        if hasher.length() != self.size {
            let (place, expected, got) = (self.place.clone(), self.size, hasher.length());
            return Err(SourceError::SizeMismatch { place, expected, got });
        }
        same_digest(&self.place, self.digest, hasher.finish())?;
        self.state = State::Checked;
        Ok(())
    }
}

fn invalid(error: SourceError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// The store's own error, where an input error carries one.
pub(crate) fn source_error(place: &str, error: io::Error) -> SourceError {
    match error.downcast::<SourceError>() {
        Ok(inner) => inner,
        Err(error) => SourceError::io(place, error),
    }
}

/// Compares what a digest should be with what it is.
pub(crate) fn same_digest(place: &str, expected: Digest, got: Digest) -> Result<()> {
    if expected == got {
        Ok(())
    } else {
        Err(SourceError::DigestMismatch { place: place.into(), expected, got })
    }
}

/// An error that says in words what is wrong with a layout.
pub(crate) fn protocol(place: impl Into<String>, why: impl Into<String>) -> SourceError {
    SourceError::Protocol { place: place.into(), why: why.into() }
}

/// What a file error is to a store.
pub(crate) fn file_error(error: FileError) -> SourceError {
    let text = error.to_string();
    match error {
        FileError::Io { path, source } => SourceError::io(path.display().to_string(), source),
        FileError::TooLarge { path, limit } => {
            SourceError::Limit { place: path.display().to_string(), what: "the file in bytes", limit }
        }
        FileError::Symlink { path }
        | FileError::NotRegular { path, .. }
        | FileError::Exists { path }
        | FileError::TooMany { path, .. }
        | FileError::NoName { path } => {
            let place = path.display().to_string();
            let why = text.strip_prefix(&format!("{place}: ")).unwrap_or(&text);
            SourceError::io(place.clone(), io::Error::other(why))
        }
    }
}

/// Opens the blob of `descriptor`, its size checked.
pub(crate) fn open_blob(content: &dyn Content, descriptor: &Descriptor) -> Result<CheckedReader> {
    let place = || format!("{}@{}", content.place(), descriptor.digest);
    let Some(opened) = content.open(&descriptor.digest)? else {
        return Err(SourceError::NotFound {
            place: content.place(),
            what: format!("blob {}", descriptor.digest),
        });
    };
    if opened.size != descriptor.size {
        return Err(SourceError::SizeMismatch {
            place: place(),
            expected: descriptor.size,
            got: opened.size,
        });
    }
    Ok(opened.checked(place(), descriptor.digest))
}

/// Reads the blob of `descriptor`, at most `limit` bytes of it.
pub(crate) fn read_blob(content: &dyn Content, descriptor: &Descriptor, limit: u64) -> Result<Bytes> {
    let too_large = |place| SourceError::Limit { place, what: "a blob in bytes", limit };
    let place = format!("{}@{}", content.place(), descriptor.digest);
    if descriptor.size > limit {
        return Err(too_large(place));
    }
    let mut reader = open_blob(content, descriptor)?;
    // The size is that of the file: no more is set aside than is there.
    let mut bytes = vec![0; usize::try_from(descriptor.size).map_err(|_| too_large(place.clone()))?];
    reader.read_exact(&mut bytes).map_err(|error| source_error(&place, error))?;
    if bytes.is_empty() {
        same_digest(&place, descriptor.digest, Digest::of(descriptor.digest.algorithm(), b""))?;
    }
    Ok(bytes.into())
}

/// Reads the manifest of `descriptor`.
pub(crate) fn read_manifest(content: &dyn Content, descriptor: &Descriptor) -> Result<RawManifest> {
    let bytes = read_blob(content, descriptor, limits::MANIFEST_BYTES)?;
    Ok(RawManifest { media_type: descriptor.media_type.clone(), digest: descriptor.digest, bytes })
}

/// Reads an `index.json` (OCI image specification 1.1, "index.json file").
pub(crate) fn parse_index(place: &str, bytes: &[u8]) -> Result<ImageIndex> {
    let refused = |source| SourceError::Manifest { place: place.into(), source };
    let index: ImageIndex = json::read(bytes).map_err(|error| refused(error.into()))?;
    if index.other.contains_key("layers") || index.other.contains_key("config") {
        return Err(refused(OciError::Ambiguous));
    }
    if let Some(inside) = index.media_type.as_ref().filter(|inside| *inside != media_type::OCI_INDEX) {
        let served = media_type::OCI_INDEX.into();
        return Err(refused(OciError::MediaType { served, inside: inside.clone() }));
    }
    if index.schema_version != 2 {
        return Err(protocol(place, format!("schemaVersion is {}, expected 2", index.schema_version)));
    }
    if index.manifests.len() > limits::LAYOUT_ENTRIES {
        let (got, limit) = (index.manifests.len(), limits::LAYOUT_ENTRIES);
        return Err(refused(OciError::TooMany { got, limit }));
    }
    Ok(index)
}

/// Checks the `oci-layout` file (OCI image specification 1.1, "oci-layout file").
pub(crate) fn check_marker(place: &str, bytes: &[u8]) -> Result<()> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Marker {
        image_layout_version: String,
    }
    let marker: Marker = json::read(bytes).map_err(|error| protocol(place, error.to_string()))?;
    match marker.image_layout_version.as_str() {
        LAYOUT_VERSION => Ok(()),
        other => Err(protocol(place, format!("image layout version is {other}, expected {LAYOUT_VERSION}"))),
    }
}

/// The only version of image layouts there is.
const LAYOUT_VERSION: &str = "1.0.0";

/// What the `oci-layout` file holds.
pub(crate) const MARKER: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
