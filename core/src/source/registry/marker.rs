//! Markers: the tags by which writers of a shared tag announce themselves (see `merge`).

use std::collections::HashSet;

use super::retry::random;
use crate::digest::Digest;
use crate::media_type;
use crate::oci::{Descriptor, Document, ImageIndex, OciError, RawManifest};
use crate::reference::Tag;
use crate::source::SharedTag;

/// The fingerprint of a marker that announces no addition.
pub(super) const REMOVAL: &str = "0000000000000000";
/// Names the marker in what a [`notice`] is.
const ANNOTATION_REMOVAL: &str = "dev.countersign.removal";

/// An announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    /// The tag that it is.
    pub(super) tag: Tag,
    /// When it was made, in seconds since 1970.
    pub(super) second: i64,
    /// By what its addition is recognised.
    pub(super) fingerprint: String,
}

impl Marker {
    /// A marker beside `shared`; `None` when there is no room for it in a tag.
    pub(super) fn new(shared: &Tag, now: i64, fingerprint: &str) -> Option<Self> {
        let second = u32::try_from(now).unwrap_or(0);
        let random = hex::encode(random::<4>());
        let tag = format!("{shared}.{second:08x}{fingerprint}{random}").parse().ok()?;
        Some(Self { tag, second: second.into(), fingerprint: fingerprint.into() })
    }

    /// The markers among some tags.
    pub(super) fn among(tags: Vec<Tag>, prefix: &str) -> Vec<Self> {
        tags.into_iter().filter_map(|tag| Self::parse(tag, prefix)).collect()
    }

    /// Reads a tag; `None` when it is no marker.
    pub(super) fn parse(tag: Tag, prefix: &str) -> Option<Self> {
        let rest = tag.as_str().strip_prefix(prefix)?;
        let is_marker = rest.len() == 32 && rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let second = i64::from_str_radix(rest.get(..8)?, 16).ok()?;
        let fingerprint = rest.get(8..24)?.to_owned();
        is_marker.then_some(Self { tag, second, fingerprint })
    }
}

/// What a marker names that announces no addition: an index of nothing, and of its own, so that no other tag goes with
/// it where tags are removed by removing what they name.
pub(super) fn notice(marker: &Marker) -> Result<RawManifest, OciError> {
    let mut index = ImageIndex::new(Vec::new());
    index.annotations = Some([(ANNOTATION_REMOVAL.to_owned(), marker.tag.to_string())].into());
    RawManifest::write(media_type::OCI_INDEX, &index)
}

/// By what an addition is recognised in the shared document: the digest of a manifest, or what makes a layer the same
/// as another.
pub(super) fn fingerprint(kind: SharedTag, addition: &RawManifest) -> String {
    if kind == SharedTag::LegacyLayers
        && let Ok(Document::Manifest(manifest)) = addition.parse()
        && let [layer] = manifest.layers.as_slice()
    {
        return of_layer(layer);
    }
    short(&addition.digest)
}

/// The fingerprints of all that the shared document has.
pub(super) fn shown(kind: SharedTag, shared: &RawManifest) -> Result<HashSet<String>, OciError> {
    Ok(match (kind, shared.parse()?) {
        (SharedTag::ReferrersIndex, Document::Index(index)) => {
            index.manifests.iter().map(|entry| short(&entry.digest)).collect()
        }
        (SharedTag::LegacyLayers, Document::Manifest(manifest)) => {
            manifest.layers.iter().map(of_layer).collect()
        }
        _ => HashSet::new(),
    })
}

fn of_layer(layer: &Descriptor) -> String {
    let annotations = layer.annotations.clone().unwrap_or_default();
    short(&Digest::sha256(format!("{} {annotations:?}", layer.digest).as_bytes()))
}

/// The first 64 bits of a digest, in hexadecimal.
pub(super) fn short(digest: &Digest) -> String {
    let mut hex = digest.hex();
    hex.truncate(16);
    hex
}
