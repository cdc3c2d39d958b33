//! Finding a manifest in a layout by its tag or its digest.
//!
//! A tag is the annotation `org.opencontainers.image.ref.name` of an entry of `index.json`. Tools write two things
//! there: skopeo (with a bare tag), oras, BuildKit and containerd the tag; podman and skopeo (with a name) a whole
//! reference. So a tag means, in this order:
//!
//! 1. the entry whose annotation is exactly the tag,
//! 2. the entry whose annotation is a reference with this tag (`docker.io/library/app:v1` for `v1`),
//! 3. in a layout that `cosign save` wrote, which names nothing: for `sha256-HEX.sig`, `.att` and `.sbom` the entry
//!    whose annotation `kind` says so, when the layout's only image has this digest.
//!
//! Several entries of one rank with different digests are an error, never the first of them.

use std::collections::BTreeSet;

use super::content::{Content, protocol, read_blob, read_manifest};
use crate::digest::Digest;
use crate::json;
use crate::limits;
use crate::media_type::{self, ANNOTATION_REF_NAME};
use crate::oci::{Descriptor, ImageIndex, OciError, RawManifest};
use crate::reference::{Selector, Tag};
use crate::source::{Result, SourceError};

/// The annotation by which cosign says what an entry of a saved layout is.
pub(crate) const ANNOTATION_KIND: &str = "kind";
/// The kinds of entries that are images.
const KIND_IMAGES: [&str; 2] = ["dev.cosignproject.cosign/image", "dev.cosignproject.cosign/imageIndex"];
/// The kinds of entries that are attached to one, with the end of the tag that they would have in a registry.
const KIND_ATTACHED: [(&str, &str); 3] = [
    ("dev.cosignproject.cosign/sigs", ".sig"),
    ("dev.cosignproject.cosign/atts", ".att"),
    ("dev.cosignproject.cosign/sboms", ".sbom"),
];

/// Whether `cosign save` wrote this entry for an image.
pub(crate) fn is_cosign_image(entry: &Descriptor) -> bool {
    entry.annotation(ANNOTATION_KIND).is_some_and(|kind| KIND_IMAGES.contains(&kind))
}

/// Whether `cosign save` wrote this entry for what is attached to an image.
pub(crate) fn is_cosign_attachment(entry: &Descriptor) -> bool {
    attached_suffix(entry).is_some()
}

/// The kind that `cosign save` would give an entry of its layout: `image` is the image that was saved, `index` whether
/// that is an index. `None` for what cosign has no kind for.
pub(crate) fn cosign_kind(entry: &Descriptor, image: &Digest) -> Option<&'static str> {
    if entry.digest == *image {
        return Some(KIND_IMAGES[usize::from(media_type::is_index(&entry.media_type))]);
    }
    let suffix = entry.annotation(ANNOTATION_REF_NAME)?.strip_prefix(&image.tag_stem())?;
    KIND_ATTACHED.iter().find(|(_, known)| *known == suffix).map(|(kind, _)| *kind)
}

fn attached_suffix(entry: &Descriptor) -> Option<&'static str> {
    let kind = entry.annotation(ANNOTATION_KIND)?;
    KIND_ATTACHED.iter().find(|(name, _)| *name == kind).map(|(_, suffix)| *suffix)
}

/// The tag of a whole reference, `v1` of `docker.io/library/app:v1`.
fn tag_of_reference(name: &str) -> Option<&str> {
    let (repository, tag) = name.rsplit_once(':')?;
    (!repository.is_empty() && !name.contains('@') && !tag.contains('/')).then_some(tag)
}

/// The tag that an entry would have in a registry beside the image that `cosign save` saved.
fn cosign_tag(index: &ImageIndex, entry: &Descriptor) -> Option<String> {
    let suffix = attached_suffix(entry)?;
    let mut images = index.manifests.iter().filter(|entry| is_cosign_image(entry));
    match (images.next(), images.next()) {
        (Some(image), None) => Some(format!("{}{suffix}", image.digest.tag_stem())),
        _ => None,
    }
}

/// The position of the entry that `tag` names.
pub(crate) fn find_tag(place: &str, index: &ImageIndex, tag: &str) -> Result<Option<usize>> {
    let ranks: [&dyn Fn(&Descriptor) -> bool; 3] = [
        &|entry| entry.annotation(ANNOTATION_REF_NAME) == Some(tag),
        &|entry| entry.annotation(ANNOTATION_REF_NAME).and_then(tag_of_reference) == Some(tag),
        &|entry| cosign_tag(index, entry).is_some_and(|known| known == tag),
    ];
    for fits in ranks {
        if let Some(position) = only(place, index, tag, fits)? {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

/// The position of the one entry that fits.
pub(crate) fn only(
    place: &str,
    index: &ImageIndex,
    name: &str,
    fits: &dyn Fn(&Descriptor) -> bool,
) -> Result<Option<usize>> {
    let mut positions = (0..index.manifests.len()).filter(|at| fits(&index.manifests[*at]));
    let Some(first) = positions.next() else { return Ok(None) };
    match positions.find(|at| index.manifests[*at].digest != index.manifests[first].digest) {
        None => Ok(Some(first)),
        Some(other) => Err(protocol(
            place,
            format!(
                "several entries of index.json are named '{name}': {} and {}",
                index.manifests[first].digest, index.manifests[other].digest
            ),
        )),
    }
}

/// Every tag, each once, in order.
pub(crate) fn tags(place: &str, index: &ImageIndex) -> Result<Vec<Tag>> {
    let mut tags = BTreeSet::new();
    for entry in &index.manifests {
        let named = entry.annotation(ANNOTATION_REF_NAME);
        let direct = named.and_then(|name| name.parse().ok());
        let tag = direct
            .or_else(|| named.and_then(tag_of_reference)?.parse().ok())
            .or_else(|| cosign_tag(index, entry)?.parse().ok());
        tags.extend(tag);
    }
    let limit = limits::TAGS_PER_REPOSITORY;
    if tags.len() > limit {
        return Err(SourceError::Limit {
            place: place.into(),
            what: "the number of tags",
            limit: limit as u64,
        });
    }
    Ok(tags.into_iter().collect())
}

/// A manifest by its selector; `None` when the layout has none of that name or digest.
pub(crate) fn manifest(content: &dyn Content, selector: &Selector) -> Result<Option<RawManifest>> {
    let index = content.index()?;
    match selector {
        Selector::Tag(tag) => match find_tag(&content.place(), &index, tag.as_str())? {
            Some(position) => read_manifest(content, &index.manifests[position]).map(Some),
            None => Ok(None),
        },
        Selector::Digest(digest) => match index.manifests.iter().find(|entry| entry.digest == *digest) {
            Some(entry) => read_manifest(content, entry).map(Some),
            None => unlisted(content, digest),
        },
    }
}

/// The descriptor of a manifest, and only what every descriptor has.
pub(crate) fn resolve(content: &dyn Content, selector: &Selector) -> Result<Option<Descriptor>> {
    let index = content.index()?;
    let entry = match selector {
        Selector::Tag(tag) => {
            let position = find_tag(&content.place(), &index, tag.as_str())?;
            position.map(|position| &index.manifests[position])
        }
        Selector::Digest(digest) => index.manifests.iter().find(|entry| entry.digest == *digest),
    };
    match (entry, selector) {
        (Some(entry), _) => {
            // It is there, and of this size; only its digest is left to be checked when it is read.
            super::content::open_blob(content, entry)?;
            Ok(Some(Descriptor::new(&entry.media_type, entry.digest, entry.size)))
        }
        (None, Selector::Digest(digest)) => Ok(unlisted(content, digest)?.map(|raw| raw.descriptor())),
        (None, Selector::Tag(_)) => Ok(None),
    }
}

/// A manifest that `index.json` does not list: one inside an index, or what `cosign save` leaves among the blobs. A
/// blob that is no manifest is none.
fn unlisted(content: &dyn Content, digest: &Digest) -> Result<Option<RawManifest>> {
    let Some(opened) = content.open(digest)? else { return Ok(None) };
    let unknown = Descriptor::new("", *digest, opened.size);
    let bytes = read_blob(content, &unknown, limits::MANIFEST_BYTES)?;
    match media_type_of(&bytes) {
        Ok(Some(media_type)) => Ok(Some(RawManifest { media_type, digest: *digest, bytes })),
        Ok(None) => Ok(None),
        Err(source) => Err(SourceError::Manifest { place: format!("{}@{digest}", content.place()), source }),
    }
}

/// The media type of a document that nothing describes: what it says itself, else what its fields say. `None` when it
/// is no manifest.
pub(crate) fn media_type_of(bytes: &[u8]) -> std::result::Result<Option<String>, OciError> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Outline {
        schema_version: Option<u32>,
        media_type: Option<String>,
        layers: Option<serde::de::IgnoredAny>,
        config: Option<serde::de::IgnoredAny>,
        manifests: Option<serde::de::IgnoredAny>,
    }
    let Ok(outline) = json::read::<Outline>(bytes) else { return Ok(None) };
    if outline.schema_version != Some(2) {
        return Ok(None);
    }
    let guessed = match (outline.manifests.is_some(), outline.config.is_some(), outline.layers.is_some()) {
        (true, false, false) => media_type::OCI_INDEX,
        (false, true, true) => media_type::OCI_MANIFEST,
        (true, ..) => return Err(OciError::Ambiguous),
        _ => return Ok(None),
    };
    Ok(Some(outline.media_type.unwrap_or_else(|| guessed.into())))
}
