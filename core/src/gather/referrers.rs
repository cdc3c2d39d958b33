//! What refers to an image: the listing of a store, and the manifests in it.

use crate::digest::Digest;
use crate::image::Image;
use crate::oci::{Descriptor, Document, ImageManifest};
use crate::source::{ReferrersFrom, Source, SourceError};

/// An entry of a listing of referrers.
pub(crate) struct Listed {
    pub(crate) entry: Descriptor,
    /// Whether the store itself lists it, and says what it is: see [`Referrers`](crate::source::Referrers).
    pub(crate) reliable: bool,
}

impl Listed {
    /// What it means that the store does not have the manifest. A store that lists what it lacks contradicts itself. The
    /// fallback index was written by some client, and nobody takes out of it what is deleted: there, what is not there
    /// is simply gone, as a tag is that names nothing any more.
    pub(crate) fn missing(&self, source: &dyn Source) -> Result<String, SourceError> {
        let why = "listed as a referrer, but not there";
        match self.reliable {
            true => {
                let place = format!("{}@{}", source.name(), self.entry.digest);
                Err(SourceError::Protocol { place, why: why.into() })
            }
            false => Ok(why.into()),
        }
    }
}

/// What refers to the image; with `older`, also what stands behind the fallback tag.
pub(crate) async fn referrers(image: &Image, older: bool) -> Result<Vec<Listed>, SourceError> {
    let source = image.attachments.as_ref();
    let mut found: Vec<Listed> = Vec::new();
    for from in [ReferrersFrom::Store, ReferrersFrom::FallbackTag].into_iter().take(1 + usize::from(older)) {
        let listed = source.referrers(&image.digest, from).await?;
        for entry in listed.descriptors {
            if found.iter().all(|known| known.entry.digest != entry.digest) {
                found.push(Listed { entry, reliable: listed.reliable });
            }
        }
    }
    Ok(found)
}

/// Why there is no manifest.
pub(super) enum Failed {
    /// It is something else.
    Ignored(String),
    /// It could not be fetched.
    Fetch(SourceError),
}

/// The manifest of a referrer, which must be one of this subject (threat model, rows 20 and 21).
pub(super) async fn referrer_manifest(
    source: &dyn Source,
    subject: &Digest,
    listed: &Listed,
) -> Result<ImageManifest, Failed> {
    let digest = listed.entry.digest;
    let Some(raw) = source.manifest(&digest.into()).await.map_err(Failed::Fetch)? else {
        return Err(listed.missing(source).map_or_else(Failed::Fetch, Failed::Ignored));
    };
    let place = || format!("{}@{digest}", source.name());
    let document =
        raw.parse().map_err(|source| Failed::Fetch(SourceError::Manifest { place: place(), source }))?;
    match document.subject() {
        Some(named) if named == *subject => {}
        Some(named) => return Err(Failed::Ignored(format!("refers to another image, {named}"))),
        None => return Err(Failed::Ignored("listed as a referrer, but refers to nothing".into())),
    }
    match document {
        Document::Manifest(manifest) => Ok(*manifest),
        Document::Index(_) => Err(Failed::Ignored("an index, not a bundle".into())),
    }
}
