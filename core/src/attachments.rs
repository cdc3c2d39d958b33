//! Everything that is attached to one image: by tag, as cosign does, and by reference, as OCI 1.1 does.

use futures_util::future;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::digest::Digest;
use crate::format::statement::COSIGN_SIGN;
use crate::gather;
use crate::image::Image;
use crate::limits;
use crate::media_type;
use crate::oci::{Document, ImageManifest, RawManifest};
use crate::reference::{Selector, Tag};
use crate::source::SourceError;

const CONCURRENT: usize = 8;

/// What kind of thing is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A signature of the image.
    Signature,
    /// Another signed statement about the image.
    Attestation,
    /// A bill of materials, unsigned.
    Sbom,
    /// Something else that refers to the image.
    Other,
}

impl Kind {
    /// Those that cosign keeps behind a tag, with the tag's suffix.
    pub const TAGGED: [(Self, &'static str); 3] =
        [(Self::Signature, ".sig"), (Self::Attestation, ".att"), (Self::Sbom, ".sbom")];
}

/// One manifest that is attached to an image.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// What it is, by what it says of itself.
    pub kind: Kind,
    /// The tag that names it; `None` for a referrer.
    pub tag: Option<Tag>,
    /// The manifest.
    pub manifest: RawManifest,
    /// Its artifact type, or the predicate type of its bundle.
    pub describes: String,
}

impl Attachment {
    /// The digests of its layers; empty for an index.
    pub fn layers(&self) -> Vec<Digest> {
        match self.manifest.parse() {
            Ok(Document::Manifest(manifest)) => manifest.layers.iter().map(|layer| layer.digest).collect(),
            _ => Vec::new(),
        }
    }
}

/// Lists what is attached to an image. What a listing names but the store does not have is left out.
///
/// # Errors
/// When a listing or a manifest cannot be had, or there are more than [`limits::ENTRIES_PER_IMAGE`].
pub async fn list(image: &Image) -> Result<Vec<Attachment>, SourceError> {
    let (mut tagged, referring) = tokio::try_join!(tagged(image), referring(image))?;
    tagged.extend(referring);
    Ok(tagged)
}

async fn tagged(image: &Image) -> Result<Vec<Attachment>, SourceError> {
    let steps = Kind::TAGGED.map(|(kind, suffix)| behind_tag(image, kind, suffix));
    Ok(future::try_join_all(steps).await?.into_iter().flatten().collect())
}

async fn behind_tag(image: &Image, kind: Kind, suffix: &str) -> Result<Option<Attachment>, SourceError> {
    let tag = Tag::attached(&image.digest, suffix);
    let manifest = image.attachments.manifest(&Selector::Tag(tag.clone())).await?;
    Ok(manifest.map(|manifest| {
        let describes = manifest.media_type.clone();
        Attachment { kind, tag: Some(tag), manifest, describes }
    }))
}

async fn referring(image: &Image) -> Result<Vec<Attachment>, SourceError> {
    let listed = gather::referrers(image, true).await?.descriptors;
    if listed.len() > limits::ENTRIES_PER_IMAGE {
        let limit = limits::ENTRIES_PER_IMAGE as u64;
        return Err(SourceError::Limit { place: image.name(), what: "number of referrers", limit });
    }
    let steps: Vec<_> = listed.into_iter().map(|entry| listed_referrer(image, entry.digest)).collect();
    let found: Vec<_> = stream::iter(steps).buffered(CONCURRENT).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn listed_referrer(image: &Image, digest: Digest) -> Result<Option<Attachment>, SourceError> {
    match image.attachments.manifest(&digest.into()).await? {
        Some(manifest) => referrer(image, manifest),
        None => Ok(None),
    }
}

/// A referrer that really refers to this image (threat model, row 21).
/// One that cannot be read is an error: it must not be taken for nothing.
fn referrer(image: &Image, manifest: RawManifest) -> Result<Option<Attachment>, SourceError> {
    let place = format!("{}@{}", image.attachments.name(), manifest.digest);
    let document = manifest.parse().map_err(|source| SourceError::Manifest { place, source })?;
    if document.subject() != Some(image.digest) {
        return Ok(None);
    }
    let (kind, describes) = match &document {
        Document::Manifest(parsed) => classify(parsed),
        Document::Index(_) => (Kind::Other, manifest.media_type.clone()),
    };
    Ok(Some(Attachment { kind, tag: None, manifest, describes }))
}

fn classify(manifest: &ImageManifest) -> (Kind, String) {
    let artifact_type = manifest.effective_artifact_type();
    if artifact_type.starts_with(media_type::BUNDLE_PREFIX) {
        return match manifest.annotation(media_type::ANNOTATION_BUNDLE_PREDICATE_TYPE) {
            Some(COSIGN_SIGN) => (Kind::Signature, COSIGN_SIGN.into()),
            Some(predicate) => (Kind::Attestation, predicate.into()),
            None => (Kind::Signature, artifact_type.into()),
        };
    }
    let sbom = ["cyclonedx", "spdx", "syft", "swid"].iter().any(|name| artifact_type.contains(name));
    (if sbom { Kind::Sbom } else { Kind::Other }, artifact_type.into())
}

/// Deletes what is attached to an image, of the given kinds, and gives what was deleted. The image itself stays.
///
/// # Errors
/// When something cannot be listed, or the store refuses to delete.
pub async fn clean(image: &Image, kinds: &[Kind]) -> Result<Vec<Attachment>, SourceError> {
    let mut attached = list(image).await?;
    attached.retain(|attachment| kinds.contains(&attachment.kind));
    for attachment in &attached {
        match &attachment.tag {
            Some(tag) => image.attachments.clear_tag(tag).await?,
            None => image.attachments.delete_referrer(&image.digest, &attachment.manifest.digest).await?,
        };
    }
    Ok(attached)
}
