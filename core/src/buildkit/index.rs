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

    /// The entries that are images or indexes of their own: all but those that are an attestation manifest of another and
    /// that nothing would run. An entry that only says so is an image like any other.
    pub fn images(&self) -> impl Iterator<Item = &Descriptor> {
        let images = attestable(&self.document);
        self.document.manifests.iter().filter(move |entry| is_image(&images, entry))
    }

    /// The attestation manifests of images in this index, in its order. One that names no image of the index belongs to
    /// nothing that could be asked for, and is left out; so is an entry that is something else to another.
    pub fn listed(&self) -> Vec<Listed> {
        let images = attestable(&self.document);
        let listed = |manifest: &Descriptor| {
            let image = attested(&images, manifest)?.clone();
            Some(Listed { index: self.image.digest, image, manifest: manifest.clone() })
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
        if is_inert(&self.manifest) {
            return Ok(());
        }
        let named = self.manifest.platform.as_ref().map(ToString::to_string);
        Err(BuildkitError::Platform {
            got: media_type::brief(&named.unwrap_or_else(|| "nothing".to_owned())),
        })
    }
}

/// Whether an entry is listed for the platform that nothing is.
fn is_inert(entry: &Descriptor) -> bool {
    let none = |platform: &Platform| {
        platform.os == UNKNOWN && platform.architecture == UNKNOWN && platform.other.is_empty()
    };
    entry.platform.as_ref().is_some_and(none)
}

fn is_manifest(entry: &Descriptor) -> bool {
    entry.annotation(media_type::ANNOTATION_REFERENCE_TYPE) == Some(media_type::BUILDKIT_REFERENCE)
}

/// What an attestation manifest may be of, by digest: an index of 4 MiB has tens of thousands. Of one that is there twice
/// the first.
fn attestable(index: &ImageIndex) -> HashMap<Digest, &Descriptor> {
    let mut images = HashMap::new();
    for image in index.manifests.iter().filter(|image| !(is_inert(image) && is_manifest(image))) {
        images.entry(image.digest).or_insert(image);
    }
    images
}

fn is_image(images: &HashMap<Digest, &Descriptor>, entry: &Descriptor) -> bool {
    !(is_inert(entry) && attested(images, entry).is_some())
}

/// The image that an entry says it is the attestation manifest of; `None` where it does not, or where the index has no such
/// image.
fn attested<'a>(images: &HashMap<Digest, &'a Descriptor>, entry: &Descriptor) -> Option<&'a Descriptor> {
    let named = entry.annotation(media_type::ANNOTATION_REFERENCE_DIGEST).filter(|_| is_manifest(entry))?;
    images.get(&named.parse().ok()?).copied()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entry(content: &[u8], platform: Value, kind: &str, of: &str) -> Value {
        json!({
            "mediaType": media_type::OCI_MANIFEST,
            "digest": Digest::sha256(content).to_string(),
            "size": content.len(),
            "platform": platform,
            "annotations": {"vnd.docker.reference.type": kind, "vnd.docker.reference.digest": of},
        })
    }

    fn inert() -> Value {
        json!({"os": "unknown", "architecture": "unknown"})
    }

    /// Whether an entry beside an image is one of the images, and whether it is listed as belonging to the image; threat
    /// model, row 92.
    #[test]
    fn what_would_run_is_an_image_whatever_it_says() {
        let image = Digest::sha256(b"image").to_string();
        let itself = Digest::sha256(b"other").to_string();
        let variant = json!({"os": "unknown", "architecture": "unknown", "variant": "v8"});
        for (platform, kind, of, is_image, is_listed) in [
            (inert(), "attestation-manifest", &image, false, true),
            (json!({"os": "linux", "architecture": "arm64"}), "attestation-manifest", &image, true, true),
            (json!({"os": "linux", "architecture": "unknown"}), "attestation-manifest", &image, true, true),
            (variant, "attestation-manifest", &image, true, true),
            (json!(null), "attestation-manifest", &image, true, true),
            (json!({"os": "linux", "architecture": "arm64"}), "signature", &image, true, false),
            (inert(), "signature", &image, true, false),
            (inert(), "attestation-manifest", &itself, true, false),
            (inert(), "attestation-manifest", &"sha256:00".to_owned(), true, false),
        ] {
            let case = format!("{platform} {kind} {of}");
            let linux = json!({"os": "linux", "architecture": "amd64"});
            let index = json!({
                "schemaVersion": 2,
                "mediaType": media_type::OCI_INDEX,
                "manifests": [entry(b"image", linux, "", ""), entry(b"other", platform, kind, of)],
            });
            let document: ImageIndex = serde_json::from_value(index).unwrap();
            let other = &document.manifests[1];
            assert_eq!(super::is_image(&attestable(&document), other), is_image, "{case}");
            assert_eq!(attested(&attestable(&document), other).is_some(), is_listed, "{case}");
        }
    }
}
