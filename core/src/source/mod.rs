//! Where images and what is attached to them are kept: a repository of a registry, an image layout, an archive.
//!
//! [`Source`] has the few verbs that reading and writing need. Every implementation checks the digest and the size of
//! all that it hands out, and bounds it by [`limits`]; a caller never sees bytes that are not the ones
//! it asked for. "Not there" (`None`) is told apart from "could not be asked" ([`SourceError`]) everywhere: only a
//! store that answered may say that something is missing.

pub mod archive;
mod error;
pub mod layout;
pub mod registry;
pub mod shared_tag;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::AsyncRead;

use crate::digest::Digest;
use crate::oci::{Descriptor, RawManifest};
use crate::pieces::Pieces;
use crate::reference::{Selector, Tag};
use crate::{limits, media_type};

pub use archive::Archive;
pub use error::SourceError;
pub use layout::Layout;
pub use shared_tag::SharedTag;

/// The result of a verb of a [`Source`].
pub type Result<T> = std::result::Result<T, SourceError>;

/// A stream of a blob's bytes. It ends with an error, not with an end of file, when the bytes are not those of the
/// descriptor that it was opened with.
pub type BlobReader = Box<dyn AsyncRead + Send + Unpin>;

/// What a listing of referrers gave.
#[derive(Clone, Debug, Default)]
pub struct Referrers {
    /// The entries, each once, in the order of the store. They are claims of the store: artifact type and annotations
    /// of an entry count only once its manifest has been looked at, unless `reliable` is set. What an entry has beyond
    /// [`limits::ENTRY_BYTES`] is left out: it then says nothing of itself, or only its type
    /// and the predicate type of its bundle.
    pub descriptors: Vec<Descriptor>,
    /// Whether artifact types and annotations were derived from the manifests by the store itself (referrers API),
    /// rather than written by some client (fallback index).
    pub reliable: bool,
}

impl Referrers {
    /// An entry as it is kept while others are read: a thousand of them must not take a thousand manifests' room.
    pub(crate) fn entry(mut descriptor: Descriptor) -> Descriptor {
        let most = limits::ENTRY_BYTES;
        descriptor.other = serde_json::Map::new();
        if descriptor.media_type.len() > most {
            descriptor.media_type.clear();
        }
        descriptor.artifact_type = descriptor.artifact_type.filter(|kind| kind.len() <= most);
        let size = |(name, value): (&String, &String)| name.len() + value.len() + limits::ANNOTATION_BYTES;
        if let Some(annotations) = &mut descriptor.annotations
            && annotations.iter().map(size).sum::<usize>() > most
        {
            annotations.retain(|name, value| {
                name == media_type::ANNOTATION_BUNDLE_PREDICATE_TYPE && size((name, value)) <= most
            });
        }
        descriptor
    }
}

/// Content to be stored as a blob.
pub enum BlobContent {
    /// Bytes in memory, or made from what is in memory.
    Pieces(Pieces),
    /// A stream, for content that is too large to be held. It can be read once.
    Reader(BlobReader),
}

impl fmt::Debug for BlobContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pieces(pieces) => write!(f, "BlobContent::Pieces({} bytes)", pieces.size()),
            Self::Reader(_) => f.write_str("BlobContent::Reader"),
        }
    }
}

impl<T: Into<Pieces>> From<T> for BlobContent {
    fn from(content: T) -> Self {
        Self::Pieces(content.into())
    }
}

/// Which listing of referrers is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferrersFrom {
    /// The referrers API; where the store does not have it, the fallback tag (OCI distribution specification 1.1,
    /// "Unavailable Referrers API").
    Store,
    /// The fallback tag alone, whatever the referrers API says: what was written before a registry got the API stands
    /// only there.
    FallbackTag,
}

/// One repository of a store.
#[async_trait]
pub trait Source: Send + Sync + fmt::Debug {
    /// The repository as a user would write it, without tag or digest: `ghcr.io/acme/app`, `oci:DIR`.
    fn name(&self) -> String;

    /// A manifest or index, its digest checked; `None` when the store says that there is none.
    async fn manifest(&self, selector: &Selector) -> Result<Option<RawManifest>>;

    /// The descriptor (media type, digest, size) of a manifest, without its bytes where the store can tell.
    async fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>>;

    /// A whole blob, digest and size checked, of at most `limit` bytes (checked before the first byte is asked for).
    async fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Bytes>;

    /// A blob as a stream.
    async fn blob_reader(&self, descriptor: &Descriptor) -> Result<BlobReader>;

    /// Whether the store has this blob.
    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool>;

    /// What refers to `subject`.
    async fn referrers(&self, subject: &Digest, from: ReferrersFrom) -> Result<Referrers>;

    /// Every tag.
    async fn tags(&self) -> Result<Vec<Tag>>;

    /// Stores a blob; nothing is sent when the store has it already. With `mount_from`, a repository path on the same
    /// registry, the store is asked to take it from there first.
    async fn put_blob(
        &self,
        descriptor: &Descriptor,
        content: BlobContent,
        mount_from: Option<&str>,
    ) -> Result<()>;

    /// Stores a manifest whose blobs are stored already.
    async fn put_manifest(&self, selector: &Selector, manifest: &RawManifest) -> Result<()>;

    /// Stores a manifest that refers to `subject`, so that [`referrers`](Self::referrers) finds it once this returns,
    /// whoever else writes at the same time. Reads back what was written.
    async fn put_referrer(&self, subject: &Digest, manifest: &RawManifest) -> Result<()>;

    /// Adds `addition` to what `tag` names, so that everything that anybody added stays there, whoever else writes at
    /// the same time. Reads back what was written.
    async fn add_to_tag(&self, tag: &Tag, kind: SharedTag, addition: &RawManifest) -> Result<()>;

    /// Removes a tag that several writers add to, so that nothing that was announced for it comes back and no other
    /// writer is lost; `false` when it was not there.
    async fn clear_tag(&self, tag: &Tag) -> Result<bool> {
        self.delete(&tag.clone().into()).await
    }

    /// Deletes a tag, or a manifest by its digest; `false` when it was not there.
    async fn delete(&self, selector: &Selector) -> Result<bool>;

    /// Deletes a manifest that refers to `subject`, and its entry wherever the store lists referrers; `false` when the
    /// manifest was not there.
    async fn delete_referrer(&self, _subject: &Digest, referrer: &Digest) -> Result<bool> {
        self.delete(&(*referrer).into()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// threat model, row 4.
    #[test]
    fn an_entry_is_kept_small() {
        let large = "x".repeat(limits::ENTRY_BYTES + 1);
        let predicate = media_type::ANNOTATION_BUNDLE_PREDICATE_TYPE;
        let mut descriptor = Descriptor::of(media_type::OCI_MANIFEST, b"{}");
        descriptor.artifact_type = Some("application/x".into());
        descriptor.annotations = Some([("a".into(), "b".into()), (predicate.into(), "c".into())].into());
        assert_eq!(Referrers::entry(descriptor.clone()), descriptor);

        descriptor.annotations.get_or_insert_default().insert("a".into(), large.clone());
        let kept = Referrers::entry(descriptor.clone());
        assert_eq!(kept.annotations, Some([(predicate.to_owned(), "c".to_owned())].into()));
        assert_eq!(kept.artifact_type.as_deref(), Some("application/x"));

        let many = (0..limits::ENTRY_BYTES / 8).map(|number| (number.to_string(), String::new()));
        descriptor.annotations = Some(many.chain([(predicate.into(), large.clone())]).collect());
        descriptor.artifact_type = Some(large.clone());
        descriptor.other.insert("data".into(), large.into());
        let kept = Referrers::entry(descriptor.clone());
        assert!(kept.artifact_type.is_none() && kept.other.is_empty());
        assert_eq!(kept.annotations, Some([].into()));
        assert_eq!((kept.digest, kept.size), (descriptor.digest, descriptor.size));
    }
}
