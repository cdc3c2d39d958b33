//! An index, and which of its entries are attestation manifests of which others.

use std::collections::HashMap;

use super::BuildkitError;
use crate::digest::Digest;
use crate::image::Image;
use crate::limits;
use crate::media_type;
use crate::oci::{Descriptor, Document, ImageIndex, Platform, RawManifest};
use crate::source::SourceError;

/// What BuildKit gives as operating system and as architecture, so that nothing runs an attestation manifest.
const UNKNOWN: &str = "unknown";

/// An index in a store.
#[derive(Clone, Debug)]
pub struct Index {
    image: Image,
    document: ImageIndex,
}

/// An entry of an index that is an attestation manifest of another entry. Only an index that was read gives one.
#[derive(Clone, Debug)]
pub struct Listed {
    index: Digest,
    image: Descriptor,
    manifest: Descriptor,
}

impl Index {
    /// The index that `image` is; `None` where it is a manifest.
    ///
    /// # Errors
    /// When the document cannot be had or read.
    pub async fn of(image: &Image) -> Result<Option<Self>, SourceError> {
        Self::read(image, &image.manifest().await?)
    }

    /// The same from the document, where it has been fetched; what it is, is its own digest.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(image: &Image, raw: &RawManifest) -> Result<Option<Self>, SourceError> {
        let document = raw.parse();
        let document = document.map_err(|source| SourceError::Manifest { place: image.name(), source })?;
        match document {
            Document::Index(index) => {
                Ok(Some(Self { image: image.with_digest(raw.digest), document: *index }))
            }
            Document::Manifest(_) => Ok(None),
        }
    }

    /// Where the index is, and its digest.
    pub const fn image(&self) -> &Image {
        &self.image
    }

    /// The entries that are images or indexes of their own: those that say nothing of belonging to another entry.
    pub fn images(&self) -> impl Iterator<Item = &Descriptor> {
        let is_image =
            |entry: &&Descriptor| entry.annotation(media_type::ANNOTATION_REFERENCE_TYPE).is_none();
        self.document.manifests.iter().filter(is_image)
    }

    /// The attestation manifests of images in this index, in its order. One that names no image of the index belongs to
    /// nothing that could be asked for, and is left out; so is an entry that is something else to another.
    pub fn listed(&self) -> Vec<Listed> {
        // By name, for an index of 4 MiB has tens of thousands of either; of one image that is there twice the first.
        let mut images = HashMap::new();
        self.images().for_each(|image| {
            images.entry(image.digest.to_string()).or_insert(image);
        });
        let listed = |manifest: &Descriptor| {
            let kind = manifest.annotation(media_type::ANNOTATION_REFERENCE_TYPE)?;
            let named = manifest.annotation(media_type::ANNOTATION_REFERENCE_DIGEST)?;
            let image = images.get(named).filter(|_| kind == media_type::BUILDKIT_REFERENCE)?;
            Some(Listed { index: self.image.digest, image: (*image).clone(), manifest: manifest.clone() })
        };
        self.document.manifests.iter().filter_map(listed).collect()
    }

    /// The attestation manifests of one image.
    ///
    /// # Errors
    /// [`BuildkitError::Manifests`] when there are more than [`limits::BUILDKIT_MANIFESTS`].
    pub fn listed_for(&self, image: &Digest) -> Result<Vec<Listed>, BuildkitError> {
        let mut listed = self.listed();
        listed.retain(|listed| listed.image.digest == *image);
        let (got, limit) = (listed.len(), limits::BUILDKIT_MANIFESTS);
        if got > limit { Err(BuildkitError::Manifests { got, limit }) } else { Ok(listed) }
    }
}

impl Listed {
    /// The digest of the index.
    pub const fn index(&self) -> &Digest {
        &self.index
    }

    /// The entry of the image that is attested.
    pub const fn image(&self) -> &Descriptor {
        &self.image
    }

    /// The entry of the attestation manifest.
    pub const fn manifest(&self) -> &Descriptor {
        &self.manifest
    }

    /// The same entry, as if it were of this manifest.
    #[cfg(fuzzing)]
    pub(super) fn made_of(self, manifest: Descriptor) -> Self {
        let platform = self.manifest.platform;
        Self { manifest: Descriptor { platform, ..manifest }, ..self }
    }

    /// Checks that nothing would run the attestation manifest in the image's place.
    pub(super) fn check_platform(&self) -> Result<(), BuildkitError> {
        let runs = |platform: &&Platform| platform.os != UNKNOWN || platform.architecture != UNKNOWN;
        match self.manifest.platform.as_ref().filter(runs) {
            Some(platform) => Err(BuildkitError::Platform { got: media_type::brief(&platform.to_string()) }),
            None => Ok(()),
        }
    }
}
