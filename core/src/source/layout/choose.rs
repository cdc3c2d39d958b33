//! Which image of a layout is meant, when the user names one as people do, or none.

use std::collections::HashSet;

use super::content::{Content, read_manifest};
use super::lookup::{find_tag, is_cosign_attachment, only};
use super::referrers::is_referrer;
use crate::digest::Digest;
use crate::limits;
use crate::media_type::{self, ANNOTATION_REF_NAME};
use crate::oci::{Descriptor, Document, ImageIndex};
use crate::reference::{ImageReference, LocalSelector, Selector, Tag};
use crate::source::{Result, SourceError};

/// The annotation in which containerd, BuildKit and Docker write the whole reference.
const ANNOTATION_CONTAINERD_NAME: &str = "io.containerd.image.name";

/// How many names a message lists.
const NAMES_SHOWN: usize = 20;

/// Turns what stands after the path of a local reference into a selector.
pub(crate) fn choose(content: &dyn Content, selector: Option<&LocalSelector>) -> Result<Selector> {
    match selector {
        None => single(content),
        Some(LocalSelector::Digest(digest)) => Ok(Selector::Digest(*digest)),
        Some(LocalSelector::Name(name)) => named(content, name),
    }
}

fn named(content: &dyn Content, name: &str) -> Result<Selector> {
    let (place, index) = (content.place(), content.index()?);
    if let Ok(tag) = name.parse::<Tag>()
        && find_tag(&place, &index, name)?.is_some()
    {
        return Ok(Selector::Tag(tag));
    }
    let annotations = [ANNOTATION_REF_NAME, ANNOTATION_CONTAINERD_NAME];
    let exact = |entry: &Descriptor| annotations.iter().any(|key| entry.annotation(key) == Some(name));
    if let Some(position) = only(&place, &index, name, &exact)? {
        return Ok(Selector::Digest(index.manifests[position].digest));
    }
    let canonical = |name: &str| name.parse::<ImageReference>().ok().map(|reference| reference.to_string());
    let (wanted, tagged) = (canonical(name), canonical(&format!("{name}:latest")));
    let same = |entry: &Descriptor| {
        annotations.iter().filter_map(|key| canonical(entry.annotation(key)?)).any(|found| {
            wanted.as_ref() == Some(&found) || (!names_a_tag(name) && tagged.as_ref() == Some(&found))
        })
    };
    match only(&place, &index, name, &same)? {
        Some(position) => Ok(Selector::Digest(index.manifests[position].digest)),
        None => Err(SourceError::NotFound {
            place,
            what: format!("image '{name}' (there are: {})", shown(&images(content, &index)?)),
        }),
    }
}

fn names_a_tag(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|last| last.contains(':')) || name.contains('@')
}

fn single(content: &dyn Content) -> Result<Selector> {
    let index = content.index()?;
    let images = images(content, &index)?;
    let digests: HashSet<_> = images.iter().map(|entry| entry.digest).collect();
    match images.first() {
        None => Err(SourceError::NotFound { place: content.place(), what: "an image".into() }),
        Some(only) if digests.len() == 1 => Ok(Selector::Digest(only.digest)),
        Some(_) => Err(SourceError::SeveralImages { place: content.place(), names: shown(&images) }),
    }
}

fn shown(images: &[&Descriptor]) -> String {
    let name = |entry: &&Descriptor| match entry.annotation(ANNOTATION_REF_NAME) {
        Some(name) => name.to_owned(),
        None => entry.digest.to_string(),
    };
    let names: Vec<_> = images.iter().take(NAMES_SHOWN).map(name).collect();
    let rest = images.len().saturating_sub(NAMES_SHOWN);
    match (names.is_empty(), rest) {
        (true, _) => "none".into(),
        (_, 0) => names.join(", "),
        (_, rest) => format!("{} and {rest} more", names.join(", ")),
    }
}

/// The entries that are images: no signatures and the like, and no platform of an index that is listed too.
fn images<'a>(content: &dyn Content, index: &'a ImageIndex) -> Result<Vec<&'a Descriptor>> {
    let mut images = Vec::new();
    for entry in &index.manifests {
        let kind = entry.media_type.as_str();
        let manifest = media_type::is_manifest(kind) || media_type::is_index(kind);
        if manifest && !is_attachment(entry) && !is_referrer(content, entry)? {
            images.push(entry);
        }
    }
    let mut inside = HashSet::new();
    for entry in &images {
        children(content, entry, limits::INDEX_DEPTH, &mut inside)?;
    }
    images.retain(|entry| entry.annotation(ANNOTATION_REF_NAME).is_some() || !inside.contains(&entry.digest));
    Ok(images)
}

/// Whether an entry is named as cosign names what it attaches, or as a fallback index of referrers is named.
fn is_attachment(entry: &Descriptor) -> bool {
    let stem = |name: &str| {
        let name = name.rsplit(':').next().unwrap_or(name);
        let suffix = [".sig", ".att", ".sbom"].into_iter().find_map(|suffix| name.strip_suffix(suffix));
        let digest = suffix.unwrap_or(name).replacen('-', ":", 1);
        digest.len() == "sha256:".len() + 64 && digest.parse::<Digest>().is_ok()
            || digest.strip_prefix("sha512:").is_some_and(is_cut_hex)
    };
    is_cosign_attachment(entry) || entry.annotation(ANNOTATION_REF_NAME).is_some_and(stem)
}

/// The tag of a SHA-512 digest has the first 64 of its digits.
fn is_cut_hex(digits: &str) -> bool {
    digits.len() == 64 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Adds every manifest inside the index of `entry`. An index may name what this layout does not have.
pub(crate) fn children(
    content: &dyn Content,
    entry: &Descriptor,
    depth: usize,
    found: &mut HashSet<Digest>,
) -> Result<()> {
    if !media_type::is_index(&entry.media_type) || content.open(&entry.digest)?.is_none() {
        return Ok(());
    }
    let Some(depth) = depth.checked_sub(1) else {
        let (what, limit) = ("the nesting of indexes", limits::INDEX_DEPTH as u64);
        return Err(SourceError::Limit { place: content.place(), what, limit });
    };
    let raw = read_manifest(content, entry)?;
    let refused = |source| SourceError::Manifest { place: content.place(), source };
    if let Document::Index(index) = raw.parse().map_err(refused)? {
        for child in &index.manifests {
            if found.insert(child.digest) {
                children(content, child, depth, found)?;
            }
        }
    }
    Ok(())
}
