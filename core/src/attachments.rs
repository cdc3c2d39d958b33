//! Everything that is attached to one image: by tag, as cosign does, and by reference, as OCI 1.1 does.

use futures_util::future;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::digest::Digest;
use crate::format::statement::COSIGN_SIGN;
use crate::gather::{self, Listed};
use crate::image::Image;
use crate::limits;
use crate::media_type;
use crate::oci::{Descriptor, Document, ImageManifest, RawManifest};
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
    pub manifest: Descriptor,
    /// Its artifact type, or the predicate type of its bundle.
    pub describes: String,
    layers: Vec<Digest>,
}

/// An attachment with its manifest.
pub(crate) type WithManifest = (Attachment, RawManifest);

impl Attachment {
    /// The digests of its layers; empty for an index.
    pub fn layers(&self) -> &[Digest] {
        &self.layers
    }

    fn new(kind: Kind, tag: Option<Tag>, raw: &RawManifest, document: Option<&Document>, is: &str) -> Self {
        let layers = document.and_then(Document::manifest).map_or(&[][..], |manifest| &manifest.layers);
        let layers = layers.iter().map(|layer| layer.digest).collect();
        Self { kind, tag, manifest: raw.descriptor(), describes: media_type::brief(is), layers }
    }
}

/// Lists what is attached to an image. What a fallback index names but the store does not have is left out: it was
/// deleted.
///
/// # Errors
/// When a listing or a manifest cannot be had, though the store itself lists it, or there are more than [`limits::ENTRIES_PER_IMAGE`], of more than
/// [`limits::ATTACHED_BYTES`].
pub async fn list(image: &Image) -> Result<Vec<Attachment>, SourceError> {
    collect(image, each(image).await?).await
}

async fn collect(
    image: &Image,
    mut attached: BoxStream<'_, Result<WithManifest, SourceError>>,
) -> Result<Vec<Attachment>, SourceError> {
    let (mut listed, mut bytes) = (Vec::new(), 0);
    while let Some((attachment, _)) = attached.try_next().await? {
        bytes += attachment.describes.len() + size_of_val(attachment.layers.as_slice());
        if bytes > limits::ATTACHED_BYTES {
            let (what, limit) = ("list of all layers attached, in bytes,", limits::ATTACHED_BYTES as u64);
            return Err(SourceError::Limit { place: image.name(), what, limit });
        }
        listed.push(attachment);
    }
    Ok(listed)
}

/// What is attached to an image, one after another: a few manifests are held at once, never all of them.
pub(crate) async fn each(
    image: &Image,
) -> Result<BoxStream<'_, Result<WithManifest, SourceError>>, SourceError> {
    every(image, false).await
}

/// With `missing_too`, what the store lists and does not have is left out as well.
async fn every(
    image: &Image,
    missing_too: bool,
) -> Result<BoxStream<'_, Result<WithManifest, SourceError>>, SourceError> {
    let (tagged, mut listed) = tokio::try_join!(tagged(image), listed(image))?;
    listed.iter_mut().for_each(|entry| entry.reliable &= !missing_too);
    let referring: Vec<_> = listed.into_iter().map(|entry| listed_referrer(image, entry)).collect();
    let referring = stream::iter(referring).buffered(CONCURRENT);
    let referring = referring.try_filter_map(|found| future::ready(Ok(found)));
    Ok(stream::iter(tagged.into_iter().map(Ok)).chain(referring).boxed())
}

async fn tagged(image: &Image) -> Result<Vec<WithManifest>, SourceError> {
    let steps = Kind::TAGGED.map(|(kind, suffix)| behind_tag(image, kind, suffix));
    Ok(future::try_join_all(steps).await?.into_iter().flatten().collect())
}

async fn behind_tag(image: &Image, kind: Kind, suffix: &str) -> Result<Option<WithManifest>, SourceError> {
    let tag = Tag::attached(&image.digest, suffix);
    let manifest = image.attachments.manifest(&Selector::Tag(tag.clone())).await?;
    Ok(manifest.map(|raw| {
        // What cannot be read is moved and removed all the same, as the bytes that it is.
        let document = raw.parse().ok();
        (Attachment::new(kind, Some(tag), &raw, document.as_ref(), &raw.media_type), raw)
    }))
}

async fn listed(image: &Image) -> Result<Vec<Listed>, SourceError> {
    let listed = gather::referrers(image, true).await?;
    if listed.len() > limits::ENTRIES_PER_IMAGE {
        let limit = limits::ENTRIES_PER_IMAGE as u64;
        return Err(SourceError::Limit { place: image.name(), what: "number of referrers", limit });
    }
    Ok(listed)
}

async fn listed_referrer(image: &Image, listed: Listed) -> Result<Option<WithManifest>, SourceError> {
    let source = image.attachments.as_ref();
    match source.manifest(&listed.entry.digest.into()).await? {
        Some(manifest) => referrer(image, manifest),
        None => listed.missing(source).map(|_| None),
    }
}

/// A referrer that really refers to this image (threat model, row 21).
/// One that cannot be read is an error: it must not be taken for nothing.
fn referrer(image: &Image, manifest: RawManifest) -> Result<Option<WithManifest>, SourceError> {
    let place = format!("{}@{}", image.attachments.name(), manifest.digest);
    let document = manifest.parse().map_err(|source| SourceError::Manifest { place, source })?;
    if document.subject() != Some(image.digest) {
        return Ok(None);
    }
    let (kind, describes) = match &document {
        Document::Manifest(parsed) => classify(parsed),
        Document::Index(_) => (Kind::Other, manifest.media_type.as_str()),
    };
    Ok(Some((Attachment::new(kind, None, &manifest, Some(&document), describes), manifest)))
}

fn classify(manifest: &ImageManifest) -> (Kind, &str) {
    let artifact_type = manifest.effective_artifact_type();
    if artifact_type.starts_with(media_type::BUNDLE_PREFIX) {
        return match manifest.annotation(media_type::ANNOTATION_BUNDLE_PREDICATE_TYPE) {
            Some(COSIGN_SIGN) => (Kind::Signature, COSIGN_SIGN),
            Some(predicate) => (Kind::Attestation, predicate),
            None => (Kind::Signature, artifact_type),
        };
    }
    let sbom = ["cyclonedx", "spdx", "syft", "swid"].iter().any(|name| artifact_type.contains(name));
    (if sbom { Kind::Sbom } else { Kind::Other }, artifact_type)
}

/// Deletes what is attached to an image, of the given kinds, and gives what was deleted. The image itself stays.
///
/// # Errors
/// When something cannot be listed, or the store refuses to delete.
pub async fn clean(image: &Image, kinds: &[Kind]) -> Result<Vec<Attachment>, SourceError> {
    // What is not there need not be deleted.
    let mut attached = collect(image, every(image, true).await?).await?;
    attached.retain(|attachment| kinds.contains(&attachment.kind));
    for attachment in &attached {
        match &attachment.tag {
            Some(tag) => image.attachments.clear_tag(tag).await?,
            None => image.attachments.delete_referrer(&image.digest, &attachment.manifest.digest).await?,
        };
    }
    Ok(attached)
}
