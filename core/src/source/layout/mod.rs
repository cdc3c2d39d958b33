//! An OCI image layout: a directory that is a repository (OCI image specification 1.1, "Image Layout").
//!
//! Every verb works on a directory as it does on a registry, with no server at all. `index.json` lists the manifests,
//! with their tags as annotations; manifests, configurations and layers are blobs, files named by their digests. How
//! tags are read is told in `lookup`, how referrers are found in `referrers`, how writers do not lose each other's work
//! in `store`. Layouts that `cosign save` wrote are understood.
//!
//! A layout is hostile input like everything else: nothing outside its directory is read or written through it.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::AsyncReadExt;

use self::content::Content;
use self::directory::Directory;
use self::stream::{PIECE, blocking};
use super::{BlobContent, BlobReader, Referrers, ReferrersFrom, Result, SharedTag, Source, SourceError};
use crate::digest::Digest;
use crate::oci::{Annotations, Descriptor, RawManifest};
use crate::reference::{LocalSelector, Selector, Tag};

mod change;
mod choose;
pub(crate) mod content;
mod directory;
pub(crate) mod lookup;
mod reading;
pub(crate) mod referrers;
mod store;
pub(crate) mod stream;

pub(crate) use change::merge_index;
pub(crate) use reading::Reading;

/// An image layout directory.
///
/// Clones share what was read already. Any number of them, in any number of processes, may write at the same time.
#[derive(Clone, Debug)]
pub struct Layout {
    directory: Arc<Directory>,
    reading: Reading,
}

impl Layout {
    /// Opens a layout that is there.
    ///
    /// # Errors
    /// When the directory is no layout of version 1.0.0, or its `index.json` is missing, malformed or too large.
    pub fn open(path: &Path) -> Result<Self> {
        let layout = Self::at(path);
        layout.directory.check()?;
        Ok(layout)
    }

    /// Opens a layout, or makes an empty one where there is nothing or an empty directory.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when the directory holds something else or cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        let layout = Self::at(path);
        layout.directory.create()?;
        layout.directory.check()?;
        Ok(layout)
    }

    fn at(path: &Path) -> Self {
        let directory = Arc::new(Directory::at(path));
        Self { reading: Reading::of(directory.clone()), directory }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.root()
    }

    /// Which image is meant by what stands after the path of a local reference. Without a name it is the only image:
    /// signatures, attestations, referrers and the platforms of an index that is there too are not counted.
    ///
    /// # Errors
    /// When there is no such image, or several and none was named; the message lists the names.
    pub fn select(&self, selector: Option<&LocalSelector>) -> Result<Selector> {
        self.reading.select(selector)
    }

    /// Adds annotations to every entry of `index.json` with this digest: the `kind` by which cosign tells images from
    /// signatures in a layout that it loads, or other names.
    ///
    /// # Errors
    /// When the layout lists no such manifest or cannot be written.
    pub async fn annotate(&self, digest: Digest, annotations: Annotations) -> Result<()> {
        self.write(move |directory| {
            directory.edit(|index| {
                let mut found = false;
                for entry in index.manifests.iter_mut().filter(|entry| entry.digest == digest) {
                    entry.annotations.get_or_insert_default().extend(annotations.clone());
                    found = true;
                }
                let missing =
                    || SourceError::NotFound { place: directory.place(), what: format!("manifest {digest}") };
                if found { Ok(()) } else { Err(missing()) }
            })
        })
        .await
    }

    /// Marks a saved image, and what is attached to it by tag, as `cosign save` does, so that `cosign load` and
    /// `cosign verify --local-image` find them. cosign reads one image per layout: the first that is marked.
    ///
    /// # Errors
    /// When the layout cannot be written.
    pub async fn mark_for_cosign(&self, image: Digest) -> Result<()> {
        self.write(move |directory| change::mark_for_cosign(directory, &image)).await
    }

    pub(crate) fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// Waiting for the lock and for the disk is done on a thread that may block.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Directory) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let directory = self.directory.clone();
        blocking(self.directory.place(), move || work(&directory)).await
    }

    async fn write_stream(&self, descriptor: &Descriptor, mut reader: BlobReader) -> Result<()> {
        let (wanted, place) = (descriptor.clone(), self.directory.place());
        let mut writer = self.write(move |directory| directory.blob_writer(&wanted)).await?;
        let mut piece = Vec::with_capacity(PIECE);
        loop {
            piece.clear();
            let mut limited = (&mut reader).take(PIECE as u64);
            let read = limited.read_to_end(&mut piece).await;
            if read.map_err(|error| content::source_error(&place, error))? == 0 {
                return self.write(move |directory| writer.finish(directory)).await;
            }
            (writer, piece) = blocking(place.clone(), move || {
                writer.write(&piece)?;
                Ok((writer, piece))
            })
            .await?;
        }
    }
}

#[async_trait]
impl Source for Layout {
    fn name(&self) -> String {
        self.directory.place()
    }

    async fn manifest(&self, selector: &Selector) -> Result<Option<RawManifest>> {
        self.reading.manifest(selector)
    }

    async fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        self.reading.resolve(selector)
    }

    async fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Bytes> {
        self.reading.blob(descriptor, limit).await
    }

    async fn blob_reader(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        self.reading.blob_reader(descriptor)
    }

    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool> {
        self.reading.has_blob(descriptor)
    }

    async fn referrers(&self, subject: &Digest, from: ReferrersFrom) -> Result<Referrers> {
        self.reading.referrers(subject, from).await
    }

    async fn tags(&self) -> Result<Vec<Tag>> {
        self.reading.tags()
    }

    async fn put_blob(&self, descriptor: &Descriptor, content: BlobContent, _: Option<&str>) -> Result<()> {
        let wanted = descriptor.clone();
        match content {
            BlobContent::Bytes(bytes) => self.write(move |directory| directory.store(&wanted, &bytes)).await,
            BlobContent::Reader(reader) => {
                if self.write(move |directory| directory.has(&wanted)).await? {
                    return Ok(());
                }
                self.write_stream(descriptor, reader).await
            }
        }
    }

    async fn put_manifest(&self, selector: &Selector, manifest: &RawManifest) -> Result<()> {
        let (selector, manifest) = (selector.clone(), manifest.clone());
        self.write(move |directory| change::put_manifest(directory, &selector, &manifest)).await
    }

    async fn put_referrer(&self, subject: &Digest, manifest: &RawManifest) -> Result<()> {
        let (subject, manifest) = (*subject, manifest.clone());
        self.write(move |directory| change::put_referrer(directory, &subject, &manifest)).await
    }

    async fn add_to_tag(&self, tag: &Tag, kind: SharedTag, addition: &RawManifest) -> Result<()> {
        let (tag, addition) = (tag.clone(), addition.clone());
        self.write(move |directory| change::add_to_tag(directory, &tag, kind, &addition)).await
    }

    async fn delete(&self, selector: &Selector) -> Result<bool> {
        let selector = selector.clone();
        self.write(move |directory| change::delete(directory, &selector)).await
    }
}

#[cfg(test)]
pub(crate) mod tests;
