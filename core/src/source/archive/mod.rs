//! Images in a tar: an image layout (`oci-archive:`), or what `docker save` writes (`docker-archive:`).
//!
//! An archive is read where it lies: its headers once, its blobs by seeking. Nothing is unpacked, so nothing in it can
//! be written anywhere; names that lead out of it, links out of it, devices and names that are there twice are refused
//! all the same, because other tools do unpack it. It is a [`Source`] that can only be read; [`save`] writes one from a
//! layout, [`load`] makes a layout of one.

mod docker;
mod members;
mod names;
mod packed;
mod pax;
mod transfer;
mod window;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use self::packed::{MARKER_NAME, Packed, Tar};
use super::layout::Reading;
use super::layout::content::Content;
use super::{BlobContent, BlobReader, Referrers, ReferrersFrom, Result, SharedTag, Source, SourceError};
use crate::digest::Digest;
use crate::oci::{Descriptor, RawManifest};
use crate::reference::{LocalSelector, Selector, Tag};

pub use transfer::{load, save};

/// An archive of images, uncompressed, that can only be read.
#[derive(Clone, Debug)]
pub struct Archive {
    packed: Arc<Packed>,
    reading: Reading,
}

impl Archive {
    /// Opens a tar of an image layout.
    ///
    /// # Errors
    /// When the file is no uncompressed tar, has what no such archive may have (see the head of this module), or holds
    /// no image layout.
    pub fn open_oci(path: &Path) -> Result<Self> {
        Packed::oci("oci-archive", Tar::open(path)?).map(Self::of)
    }

    /// Opens what `docker save` or `podman save` wrote. Newer versions of Docker write an image layout beside the older
    /// format; it is preferred, because it has the manifests that a registry has. Compressed layers are read once.
    ///
    /// # Errors
    /// As [`open_oci`](Self::open_oci), and when the configuration of an image does not fit its layers.
    pub fn open_docker(path: &Path) -> Result<Self> {
        let tar = Tar::open(path)?;
        let packed = if tar.members.contains_key(MARKER_NAME) && tar.members.contains_key(packed::INDEX) {
            Packed::oci("docker-archive", tar)
        } else {
            docker::docker(tar)
        };
        packed.map(Self::of)
    }

    fn of(packed: Packed) -> Self {
        let packed = Arc::new(packed);
        Self { reading: Reading::of(packed.clone()), packed }
    }

    /// Which image is meant by what stands after the path of a local reference; see
    /// [`Layout::select`](super::Layout::select).
    ///
    /// # Errors
    /// When there is no such image, or several and none was named; the message lists the names.
    pub fn select(&self, selector: Option<&LocalSelector>) -> Result<Selector> {
        self.reading.select(selector)
    }

    fn read_only<T>(&self) -> Result<T> {
        Err(SourceError::Unsupported {
            place: self.packed.place(),
            what: "an archive cannot be written to: use an image layout (oci:DIRECTORY)".into(),
        })
    }
}

#[async_trait]
impl Source for Archive {
    fn name(&self) -> String {
        self.packed.place()
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

    async fn put_blob(&self, _: &Descriptor, _: BlobContent, _: Option<&str>) -> Result<()> {
        self.read_only()
    }

    async fn put_manifest(&self, _: &Selector, _: &RawManifest) -> Result<()> {
        self.read_only()
    }

    async fn put_referrer(&self, _: &Digest, _: &RawManifest) -> Result<()> {
        self.read_only()
    }

    async fn add_to_tag(&self, _: &Tag, _: SharedTag, _: &RawManifest) -> Result<()> {
        self.read_only()
    }

    async fn delete(&self, _: &Selector) -> Result<bool> {
        self.read_only()
    }
}

#[cfg(test)]
mod tests;
