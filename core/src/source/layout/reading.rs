//! The verbs of a source that only read, the same for a directory and for an archive.

use std::sync::Arc;

use bytes::Bytes;

use super::choose::choose;
use super::content::{Content, open_blob, read_blob};
use super::stream::{BlobStream, PIECE, blocking};
use super::{lookup, referrers};
use crate::digest::Digest;
use crate::oci::{Descriptor, RawManifest};
use crate::reference::{LocalSelector, Selector, Tag};
use crate::source::{BlobReader, Referrers, ReferrersFrom, Result};

/// Reads a layout, wherever it is.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    content: Arc<dyn Content>,
}

impl Reading {
    pub(crate) fn of(content: Arc<dyn Content>) -> Self {
        Self { content }
    }

    pub(crate) fn select(&self, selector: Option<&LocalSelector>) -> Result<Selector> {
        choose(&*self.content, selector)
    }

    pub(crate) fn manifest(&self, selector: &Selector) -> Result<Option<RawManifest>> {
        lookup::manifest(&*self.content, selector)
    }

    pub(crate) fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        lookup::resolve(&*self.content, selector)
    }

    pub(crate) async fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Bytes> {
        if descriptor.size <= PIECE as u64 {
            return read_blob(&*self.content, descriptor, limit);
        }
        let (content, wanted) = (self.content.clone(), descriptor.clone());
        blocking(self.content.place(), move || read_blob(&*content, &wanted, limit)).await
    }

    pub(crate) fn blob_reader(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        Ok(Box::new(BlobStream::new(open_blob(&*self.content, descriptor)?)))
    }

    /// A blob of another size is not this blob: writing it replaces it.
    pub(crate) fn has_blob(&self, descriptor: &Descriptor) -> Result<bool> {
        let opened = self.content.open(&descriptor.digest)?;
        Ok(opened.is_some_and(|opened| opened.size == descriptor.size))
    }

    /// Many manifests may have to be read: on a thread that may block.
    pub(crate) async fn referrers(&self, subject: &Digest, from: ReferrersFrom) -> Result<Referrers> {
        let (content, subject) = (self.content.clone(), *subject);
        blocking(self.content.place(), move || referrers::referrers(&*content, &subject, from)).await
    }

    pub(crate) fn tags(&self) -> Result<Vec<Tag>> {
        lookup::tags(&self.content.place(), &*self.content.index()?)
    }
}
