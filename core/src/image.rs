//! One image in a store: resolved once, named by its digest ever after.
//!
//! A tag may move between two requests (threat model, rows 25 and 26); nothing here asks for a tag a second time.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};

use crate::digest::Digest;
use crate::limits;
use crate::oci::{Descriptor, Document, RawManifest};
use crate::reference::Selector;
use crate::source::{Source, SourceError};

/// An image, or an index of images.
#[derive(Clone, Debug)]
pub struct Image {
    /// The store it is in.
    pub source: Arc<dyn Source>,
    /// The store that its signatures and attestations are in: the same, unless `--repository` says otherwise.
    pub attachments: Arc<dyn Source>,
    /// The digest of its manifest.
    pub digest: Digest,
}

impl Image {
    /// Resolves a selector. A digest costs no request: whether it is there shows when it is asked for.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when the store says that there is no such tag; any other when it cannot be asked.
    pub async fn resolve(
        source: Arc<dyn Source>,
        attachments: Arc<dyn Source>,
        selector: &Selector,
    ) -> Result<Self, SourceError> {
        let digest = match selector {
            Selector::Digest(digest) => *digest,
            Selector::Tag(tag) => {
                let found = source.resolve(selector).await?;
                found.ok_or_else(|| not_found(source.as_ref(), format!("tag '{tag}'")))?.digest
            }
        };
        Ok(Self { source, attachments, digest })
    }

    /// The same store, another digest.
    pub fn with_digest(&self, digest: Digest) -> Self {
        Self { digest, ..self.clone() }
    }

    /// `repository@digest`.
    pub fn name(&self) -> String {
        format!("{}@{}", self.source.name(), self.digest)
    }

    /// The manifest or index.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when it is not there; any other when it cannot be had.
    pub async fn manifest(&self) -> Result<RawManifest, SourceError> {
        let found = self.source.manifest(&self.digest.into()).await?;
        found.ok_or_else(|| not_found(self.source.as_ref(), format!("manifest {}", self.digest)))
    }

    /// The descriptor of the manifest.
    ///
    /// # Errors
    /// As [`manifest`](Self::manifest).
    pub async fn descriptor(&self) -> Result<Descriptor, SourceError> {
        let found = self.source.resolve(&self.digest.into()).await?;
        found.ok_or_else(|| not_found(self.source.as_ref(), format!("manifest {}", self.digest)))
    }

    /// The images of one platform, `OS/ARCHITECTURE[/VARIANT]`, in an index: several where the variant is not named. An
    /// image that is no index is itself, whatever it runs on.
    ///
    /// # Errors
    /// When the manifest cannot be had or read.
    pub async fn of_platform(&self, wanted: &str) -> Result<Vec<Self>, SourceError> {
        let document = self.manifest().await?.parse();
        let document = document.map_err(|source| SourceError::Manifest { place: self.name(), source })?;
        let Document::Index(index) = document else { return Ok(vec![self.clone()]) };
        let matching = index
            .manifests
            .into_iter()
            .filter(|entry| entry.platform.as_ref().is_some_and(|platform| platform.is(wanted)));
        Ok(matching.map(|entry| self.with_digest(entry.digest)).collect())
    }

    /// This image and, where it is an index, every manifest in it, each digest once, the index first.
    ///
    /// # Errors
    /// When a manifest cannot be had or read, or indexes nest deeper than [`limits::INDEX_DEPTH`].
    pub async fn with_children(&self) -> Result<Vec<Self>, SourceError> {
        let mut found = vec![self.clone()];
        self.collect_children(limits::INDEX_DEPTH, &mut found).await?;
        Ok(found)
    }

    fn collect_children<'a>(
        &'a self,
        depth: usize,
        found: &'a mut Vec<Self>,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        async move {
            let place = || self.name();
            let document = self.manifest().await?.parse();
            let document = document.map_err(|source| SourceError::Manifest { place: place(), source })?;
            let Document::Index(index) = document else { return Ok(()) };
            let limit = |what, limit: usize| SourceError::Limit { place: place(), what, limit: limit as u64 };
            if depth == 0 {
                return Err(limit("nesting of indexes", limits::INDEX_DEPTH));
            }
            for entry in index.manifests {
                if found.iter().any(|known| known.digest == entry.digest) {
                    continue;
                }
                let child = self.with_digest(entry.digest);
                found.push(child.clone());
                if found.len() > limits::INDEX_ENTRIES {
                    return Err(limit("number of manifests", limits::INDEX_ENTRIES));
                }
                if crate::media_type::is_index(&entry.media_type) {
                    child.collect_children(depth - 1, found).await?;
                }
            }
            Ok(())
        }
        .boxed()
    }
}

/// The error for something that a store says it does not have.
pub(crate) fn not_found(source: &dyn Source, what: String) -> SourceError {
    SourceError::NotFound { place: source.name(), what }
}
