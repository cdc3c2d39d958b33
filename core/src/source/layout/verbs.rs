//! The verbs of a source, said once for all that is read as a layout: a directory and an archive.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::AsyncReadExt;

use super::content::{Content, open_blob, read_blob, source_error};
use super::directory::Directory;
use super::stream::{BlobStream, PIECE, blocking};
use super::{change, lookup, referrers};
use crate::digest::Digest;
use crate::oci::{Descriptor, RawManifest};
use crate::reference::{Selector, Tag};
use crate::source::{BlobContent, BlobReader, Referrers, ReferrersFrom, Result, SharedTag, Source};

/// What is read as a layout, and written as one where it is a directory.
pub(crate) trait Stored: Send + Sync + fmt::Debug {
    /// How its bytes are kept.
    type Content: Content;

    /// What is read.
    fn content(&self) -> &Arc<Self::Content>;

    /// What is written; an error where that cannot be.
    fn directory(&self) -> Result<&Arc<Directory>>;
}

#[async_trait]
impl<S: Stored> Source for S {
    fn name(&self) -> String {
        self.content().place()
    }

    async fn manifest(&self, selector: &Selector) -> Result<Option<RawManifest>> {
        lookup::manifest(&**self.content(), selector)
    }

    async fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        lookup::resolve(&**self.content(), selector)
    }

    async fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Bytes> {
        if descriptor.size <= PIECE as u64 {
            return read_blob(&**self.content(), descriptor, limit);
        }
        let (content, wanted) = (self.content().clone(), descriptor.clone());
        blocking(content.place(), move || read_blob(&*content, &wanted, limit)).await
    }

    async fn blob_reader(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        Ok(Box::new(BlobStream::new(open_blob(&**self.content(), descriptor)?)))
    }

    /// A blob of another size is not this blob: writing it replaces it.
    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool> {
        let opened = self.content().open(&descriptor.digest)?;
        Ok(opened.is_some_and(|opened| opened.size == descriptor.size))
    }

    /// Many manifests may have to be read: on a thread that may block.
    async fn referrers(&self, subject: &Digest, from: ReferrersFrom) -> Result<Referrers> {
        let (content, subject) = (self.content().clone(), *subject);
        blocking(content.place(), move || referrers::referrers(&*content, &subject, from)).await
    }

    async fn tags(&self) -> Result<Vec<Tag>> {
        lookup::tags(&self.content().place(), &*self.content().index()?)
    }

    async fn put_blob(&self, descriptor: &Descriptor, content: BlobContent, _: Option<&str>) -> Result<()> {
        let (directory, wanted) = (self.directory()?, descriptor.clone());
        let reader = match content {
            BlobContent::Pieces(pieces) => match pieces.whole().cloned() {
                Some(bytes) => {
                    return directory.write(move |directory| directory.store(&wanted, &bytes)).await;
                }
                None => pieces.reader(),
            },
            BlobContent::Reader(reader) => reader,
        };
        if directory.write(move |directory| directory.has(&wanted)).await? {
            return Ok(());
        }
        directory.write_stream(descriptor, reader).await
    }

    async fn put_manifest(&self, selector: &Selector, manifest: &RawManifest) -> Result<()> {
        let (selector, manifest) = (selector.clone(), manifest.clone());
        self.directory()?.write(move |directory| change::put_manifest(directory, &selector, &manifest)).await
    }

    async fn put_referrer(&self, subject: &Digest, manifest: &RawManifest) -> Result<()> {
        let (subject, manifest) = (*subject, manifest.clone());
        self.directory()?.write(move |directory| change::put_referrer(directory, &subject, &manifest)).await
    }

    async fn add_to_tag(&self, tag: &Tag, kind: SharedTag, addition: &RawManifest) -> Result<()> {
        let (tag, addition) = (tag.clone(), addition.clone());
        self.directory()?.write(move |directory| change::add_to_tag(directory, &tag, kind, &addition)).await
    }

    async fn delete(&self, selector: &Selector) -> Result<bool> {
        let selector = selector.clone();
        self.directory()?.write(move |directory| change::delete(directory, &selector)).await
    }
}

impl Directory {
    /// Waiting for the lock and for the disk is done on a thread that may block.
    pub(super) async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let directory = self.clone();
        blocking(self.place(), move || work(&directory)).await
    }

    async fn write_stream(self: &Arc<Self>, descriptor: &Descriptor, mut reader: BlobReader) -> Result<()> {
        let (wanted, place) = (descriptor.clone(), self.place());
        let mut writer = self.write(move |directory| directory.blob_writer(&wanted)).await?;
        let mut piece = Vec::with_capacity(PIECE);
        loop {
            piece.clear();
            let mut limited = (&mut reader).take(PIECE as u64);
            let read = limited.read_to_end(&mut piece).await;
            if read.map_err(|error| source_error(&place, error))? == 0 {
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
