//! Moving an image with everything attached to it between stores: registries, layouts, archives.
//!
//! Everything is moved as the bytes it came in. Blobs go before the manifests that name them, children before their
//! index, attachments before the tag: a tag at the target names nothing that is not complete. What the target already
//! has attached is kept, and merged with what comes.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::attachments::{self, Attachment, Kind};
use crate::digest::Digest;
use crate::image::Image;
use crate::limits;
use crate::media_type;
use crate::oci::{Descriptor, Document, RawManifest};
use crate::reference::Tag;
use crate::source::{BlobContent, SharedTag, Source, SourceError};

/// Blobs of one manifest that are under way at once.
const CONCURRENT: usize = 4;

/// What to move besides the image.
#[derive(Clone, Debug)]
pub struct TransferOptions {
    /// Move the image itself, not only what is attached to it.
    pub image: bool,
    /// Kinds of attachments to move.
    pub kinds: Vec<Kind>,
    /// A tag to give the image at the target; without one it is stored by its digest alone.
    pub tag: Option<Tag>,
    /// A repository path on the target's registry that blobs may be mounted from: where the image comes from, when
    /// that is the same registry.
    pub mount_from: Option<String>,
}

impl Default for TransferOptions {
    fn default() -> Self {
        let kinds = vec![Kind::Signature, Kind::Attestation, Kind::Sbom, Kind::Other];
        Self { image: true, kinds, tag: None, mount_from: None }
    }
}

/// Is told what is moved.
pub trait Observer: Send + Sync {
    /// A blob of so many bytes will be moved.
    fn planned(&self, descriptor: &Descriptor);
    /// It is there.
    fn moved(&self, descriptor: &Descriptor);
}

/// Moves `image` to `target`. Running it again completes what was interrupted.
///
/// # Errors
/// When something cannot be read from the one store or written to the other.
pub async fn transfer(
    image: &Image,
    target: Arc<dyn Source>,
    options: &TransferOptions,
    observer: &dyn Observer,
) -> Result<(), SourceError> {
    let (done, subjects, moved) = (Mutex::default(), Mutex::default(), AtomicUsize::new(0));
    let job = Job { target, options, observer, done, subjects, moved };
    let root = image.manifest().await?;
    if options.image {
        job.manifest(image.source.as_ref(), &root, limits::INDEX_DEPTH).await?;
    }
    for part in image.with_children().await? {
        job.attachments(&part, limits::ATTACHMENT_DEPTH).await?;
    }
    match &options.tag {
        Some(tag) if options.image => job.target.put_manifest(&tag.clone().into(), &root).await,
        _ => Ok(()),
    }
}

struct Job<'a> {
    target: Arc<dyn Source>,
    options: &'a TransferOptions,
    observer: &'a dyn Observer,
    done: Mutex<HashSet<Digest>>,
    /// What was asked for its attachments: tags can make a circle, or many ways to one manifest.
    subjects: Mutex<HashSet<Digest>>,
    /// Attachments so far.
    moved: AtomicUsize,
}

impl Job<'_> {
    /// Whether this digest is met for the first time.
    fn first(&self, digest: &Digest) -> bool {
        insert(&self.done, digest)
    }

    /// Moves a manifest and all that it names, and stores it by its digest.
    fn manifest<'a>(
        &'a self,
        from: &'a dyn Source,
        raw: &'a RawManifest,
        depth: usize,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        async move {
            self.content(from, raw, depth).await?;
            self.target.put_manifest(&raw.digest.into(), raw).await
        }
        .boxed()
    }

    /// Moves all that a manifest names.
    async fn content(&self, from: &dyn Source, raw: &RawManifest, depth: usize) -> Result<(), SourceError> {
        let place = || format!("{}@{}", from.name(), raw.digest);
        let document = raw.parse().map_err(|source| SourceError::Manifest { place: place(), source })?;
        match document {
            Document::Manifest(manifest) => {
                let blobs: Vec<_> = std::iter::once(manifest.config).chain(manifest.layers).collect();
                let moves: Vec<_> = blobs.iter().map(|blob| self.blob(from, blob).boxed()).collect();
                stream::iter(moves).buffer_unordered(CONCURRENT).try_collect().await
            }
            Document::Index(_) if depth == 0 => {
                let limit = limits::INDEX_DEPTH as u64;
                Err(SourceError::Limit { place: place(), what: "nesting of indexes", limit })
            }
            Document::Index(index) => {
                for entry in index.manifests {
                    if self.first(&entry.digest) {
                        let child = from.manifest(&entry.digest.into()).await?;
                        let what = || format!("manifest {}", entry.digest);
                        let child = child.ok_or_else(|| crate::image::not_found(from, what()))?;
                        self.manifest(from, &child, depth - 1).await?;
                    }
                }
                Ok(())
            }
        }
    }

    async fn blob(&self, from: &dyn Source, blob: &Descriptor) -> Result<(), SourceError> {
        if !self.first(&blob.digest) {
            return Ok(());
        }
        self.observer.planned(blob);
        if !self.target.has_blob(blob).await? {
            match from.blob_reader(blob).await {
                Ok(reader) => {
                    let mount = self.options.mount_from.as_deref();
                    self.target.put_blob(blob, BlobContent::Reader(reader), mount).await?;
                }
                // Its bytes may stay where its `urls` say, and those are not followed (threat model, row 14).
                Err(SourceError::NotFound { .. }) if is_foreign(&blob.media_type) => {}
                Err(error) => return Err(error),
            }
        }
        self.observer.moved(blob);
        Ok(())
    }

    fn attachments<'a>(&'a self, part: &'a Image, depth: usize) -> BoxFuture<'a, Result<(), SourceError>> {
        async move {
            if !insert(&self.subjects, &part.digest) {
                return Ok(());
            }
            let mut attached = attachments::each(part).await?;
            while let Some((attachment, raw)) = attached.try_next().await? {
                if self.options.kinds.contains(&attachment.kind) {
                    self.attachment(part, &attachment, &raw, depth).await?;
                }
            }
            Ok(())
        }
        .boxed()
    }

    async fn attachment(
        &self,
        part: &Image,
        attachment: &Attachment,
        raw: &RawManifest,
        depth: usize,
    ) -> Result<(), SourceError> {
        let from = part.attachments.as_ref();
        if self.moved.fetch_add(1, Ordering::Relaxed) == limits::ATTACHMENTS_MOVED {
            let (what, limit) = ("number of attachments", limits::ATTACHMENTS_MOVED as u64);
            return Err(SourceError::Limit { place: part.name(), what, limit });
        }
        self.content(from, raw, limits::INDEX_DEPTH).await?;
        match &attachment.tag {
            Some(tag) => self.target.add_to_tag(tag, SharedTag::LegacyLayers, raw).await?,
            None => self.target.put_referrer(&part.digest, raw).await?,
        }
        // Signatures of SBOMs, and the like.
        let inner = Image { source: part.attachments.clone(), ..part.with_digest(raw.digest) };
        if depth > 0 {
            return self.attachments(&inner, depth - 1).await;
        }
        if !insert(&self.subjects, &inner.digest) {
            return Ok(());
        }
        match attachments::list(&inner).await?.is_empty() {
            true => Ok(()),
            false => {
                let limit = limits::ATTACHMENT_DEPTH as u64;
                Err(SourceError::Limit { place: inner.name(), what: "nesting of attachments", limit })
            }
        }
    }
}

/// Whether this digest was not in the set.
fn insert(set: &Mutex<HashSet<Digest>>, digest: &Digest) -> bool {
    set.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(*digest)
}

fn is_foreign(media_type: &str) -> bool {
    media_type.contains(".nondistributable.") || media_type == media_type::DOCKER_FOREIGN_LAYER
}
