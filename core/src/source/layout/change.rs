//! Changes of a layout's `index.json`, each made under its lock.
//!
//! An entry that goes never takes a signature with it: where the manifest of an entry refers to another, losing its tag
//! costs it only the name. Blobs stay, but for the manifest that is deleted by its digest: its blob goes too (cosign's
//! layouts and ours are looked through for manifests that no entry names), unless a listed index still names it.

use std::collections::HashSet;

use super::choose::children;
use super::content::{Content, protocol, read_manifest};
use super::directory::Directory;
use super::lookup::{ANNOTATION_KIND, cosign_kind, find_tag};
use super::referrers::is_referrer;
use super::store::check_blobs;
use crate::digest::Digest;
use crate::limits;
use crate::media_type::ANNOTATION_REF_NAME;
use crate::oci::{Annotations, Descriptor, Document, ImageIndex, RawManifest};
use crate::reference::{Selector, Tag};
use crate::source::shared_tag::referrer_descriptor;
use crate::source::{Result, SharedTag, SourceError};

/// Annotations of an entry that say what the layout calls it. They are the layout's, never a manifest's.
const NAMING: [&str; 3] = [ANNOTATION_REF_NAME, ANNOTATION_KIND, "io.containerd.image.name"];

/// Stores a manifest and lists it, under `tag` where there is one.
pub(super) fn put_manifest(directory: &Directory, selector: &Selector, manifest: &RawManifest) -> Result<()> {
    if let Selector::Digest(expected) = selector {
        super::content::same_digest(&directory.place(), *expected, manifest.digest)?;
    }
    let document = check(directory, manifest)?;
    directory.edit(|index| {
        directory.store(&manifest.descriptor(), &manifest.bytes)?;
        let position = list(directory, index, manifest, &document)?;
        if let Selector::Tag(tag) = selector {
            name(directory, index, position, tag)?;
        }
        if document.index().is_some() {
            unlist_children(directory, index, manifest)?;
        }
        Ok(())
    })
}

/// Stores a manifest that refers to `subject`, and lists it.
pub(super) fn put_referrer(directory: &Directory, subject: &Digest, manifest: &RawManifest) -> Result<()> {
    let document = check(directory, manifest)?;
    if document.subject() != Some(*subject) {
        return Err(protocol(
            directory.place(),
            format!("manifest {} does not refer to {subject}", manifest.digest),
        ));
    }
    directory.edit(|index| {
        directory.store(&manifest.descriptor(), &manifest.bytes)?;
        list(directory, index, manifest, &document).map(drop)
    })
}

/// Merges a manifest into what stands under `tag`.
pub(super) fn add_to_tag(
    directory: &Directory,
    tag: &Tag,
    kind: SharedTag,
    addition: &RawManifest,
) -> Result<()> {
    check(directory, addition)?;
    directory.edit(|index| {
        let position = find_tag(&directory.place(), index, tag.as_str())?;
        let current = position.map(|at| read_manifest(directory, &index.manifests[at])).transpose()?;
        let merged = kind.merge(current.as_ref(), std::slice::from_ref(addition)).map_err(|source| {
            SourceError::Manifest { place: format!("{}:{tag}", directory.place()), source }
        })?;
        if !merged.changed {
            return Ok(());
        }
        if kind == SharedTag::ReferrersIndex {
            directory.store(&addition.descriptor(), &addition.bytes)?;
        }
        if let Some((descriptor, bytes)) = &merged.config {
            directory.store(descriptor, bytes)?;
        }
        directory.store(&merged.manifest.descriptor(), &merged.manifest.bytes)?;
        let mut entry = merged.manifest.descriptor();
        // The same document, grown: what else the layout says of it stays, cosign's `kind` above all.
        entry.annotations = position.and_then(|at| index.manifests[at].annotations.clone());
        entry.annotations.get_or_insert_default().insert(ANNOTATION_REF_NAME.into(), tag.to_string());
        match position {
            Some(at) => index.manifests[at] = entry,
            None => index.manifests.push(entry),
        }
        let named = |entry: &Descriptor| entry.annotation(ANNOTATION_REF_NAME) == Some(tag.as_str());
        index.manifests.retain(|entry| !named(entry) || entry.digest == merged.manifest.digest);
        Ok(())
    })
}

/// Gives an image and what is attached to it by tag the annotation without which cosign sees nothing in a layout.
pub(super) fn mark_for_cosign(directory: &Directory, image: &Digest) -> Result<()> {
    directory.edit(|index| {
        for entry in &mut index.manifests {
            if let Some(kind) = cosign_kind(entry, image) {
                entry.annotations.get_or_insert_default().insert(ANNOTATION_KIND.into(), kind.into());
            }
        }
        Ok(())
    })
}

/// Deletes a tag, or a manifest by its digest.
pub(super) fn delete(directory: &Directory, selector: &Selector) -> Result<bool> {
    match selector {
        Selector::Tag(tag) => directory.edit(|index| {
            let Some(position) = find_tag(&directory.place(), index, tag.as_str())? else { return Ok(false) };
            unname(directory, index, position)?;
            Ok(true)
        }),
        Selector::Digest(digest) => delete_digest(directory, digest),
    }
}

fn delete_digest(directory: &Directory, digest: &Digest) -> Result<bool> {
    let listed = directory.edit(|index| {
        let before = index.manifests.len();
        index.manifests.retain(|entry| entry.digest != *digest);
        Ok(index.manifests.len() < before)
    })?;
    if !listed && super::lookup::resolve(directory, &Selector::Digest(*digest))?.is_none() {
        return Ok(false);
    }
    // Once more under the lock: whoever listed it again meanwhile keeps the blob.
    let removed = directory.edit(|index| {
        let mut inside = HashSet::new();
        for entry in &index.manifests {
            inside.insert(entry.digest);
            children(directory, entry, limits::INDEX_DEPTH, &mut inside)?;
        }
        if inside.contains(digest) { Ok(false) } else { directory.remove_blob(digest) }
    })?;
    Ok(listed || removed)
}

fn check(directory: &Directory, manifest: &RawManifest) -> Result<Document> {
    let place = || format!("{}@{}", directory.place(), manifest.digest);
    if manifest.bytes.len() as u64 > limits::MANIFEST_BYTES {
        let (what, limit) = ("a manifest in bytes", limits::MANIFEST_BYTES);
        return Err(SourceError::Limit { place: place(), what, limit });
    }
    let document = manifest.parse().map_err(|source| SourceError::Manifest { place: place(), source })?;
    if let Some(manifest) = document.manifest() {
        check_blobs(directory, manifest)?;
    }
    Ok(document)
}

/// Lists a manifest, unless it is listed; returns the position of its entry.
fn list(
    directory: &Directory,
    index: &mut ImageIndex,
    manifest: &RawManifest,
    document: &Document,
) -> Result<usize> {
    if let Some(position) = index.manifests.iter().position(|entry| entry.digest == manifest.digest) {
        return Ok(position);
    }
    let mut entry = manifest.descriptor();
    if document.subject().is_some() {
        entry = referrer_descriptor(manifest)
            .map_err(|source| SourceError::Manifest { place: directory.place(), source })?;
        if let Some(annotations) = &mut entry.annotations {
            annotations.retain(|key, _| !NAMING.contains(&key.as_str()));
        }
    }
    index.manifests.push(entry);
    Ok(index.manifests.len() - 1)
}

/// Gives the entry at `position`, or a copy of it when it has a name, the name `tag`, and takes it from all others.
fn name(directory: &Directory, index: &mut ImageIndex, position: usize, tag: &Tag) -> Result<()> {
    let digest = index.manifests[position].digest;
    let named = |entry: &Descriptor| entry.annotation(ANNOTATION_REF_NAME) == Some(tag.as_str());
    if index.manifests.iter().any(|entry| entry.digest == digest && named(entry)) {
        return remove_others(directory, index, digest, &named);
    }
    let free = |entry: &Descriptor| entry.digest == digest && entry.annotation(ANNOTATION_REF_NAME).is_none();
    let position = index.manifests.iter().position(free).unwrap_or_else(|| {
        index.manifests.push(index.manifests[position].clone());
        index.manifests.len() - 1
    });
    let annotations = index.manifests[position].annotations.get_or_insert_default();
    annotations.insert(ANNOTATION_REF_NAME.into(), tag.to_string());
    remove_others(directory, index, digest, &named)
}

fn remove_others(
    directory: &Directory,
    index: &mut ImageIndex,
    digest: Digest,
    named: &dyn Fn(&Descriptor) -> bool,
) -> Result<()> {
    let other = |entry: &Descriptor| entry.digest != digest && named(entry);
    while let Some(position) = index.manifests.iter().position(other) {
        unname(directory, index, position)?;
    }
    Ok(())
}

/// Takes the name from an entry: a referrer stays listed, any other entry goes.
fn unname(directory: &Directory, index: &mut ImageIndex, position: usize) -> Result<()> {
    // A manifest that is missing or broken refers to nothing any more.
    if !is_referrer(directory, &index.manifests[position]).unwrap_or(false) {
        index.manifests.remove(position);
    } else if let Some(annotations) = &mut index.manifests[position].annotations {
        annotations.retain(|key, _| !NAMING.contains(&key.as_str()));
    }
    Ok(())
}

/// The platforms of an index that is listed need no entries of their own; copying stores them first, by digest.
fn unlist_children(directory: &Directory, index: &mut ImageIndex, manifest: &RawManifest) -> Result<()> {
    let mut inside = HashSet::new();
    children(directory, &manifest.descriptor(), limits::INDEX_DEPTH, &mut inside)?;
    index.manifests.retain(|entry| {
        let bare =
            entry.annotations.as_ref().is_none_or(Annotations::is_empty) && entry.artifact_type.is_none();
        !(bare && inside.contains(&entry.digest))
    });
    Ok(())
}

/// Adds the entries of another layout's index. An entry with a name takes it from the one that has it; a layout that was
/// empty also gets the index's own fields.
pub(crate) fn merge_index(
    directory: &Directory,
    existing: &mut ImageIndex,
    added: &ImageIndex,
) -> Result<()> {
    if existing.manifests.is_empty() {
        *existing = added.clone();
        return Ok(());
    }
    for entry in &added.manifests {
        if let Some(name) = entry.annotation(ANNOTATION_REF_NAME) {
            let named = |known: &Descriptor| known.annotation(ANNOTATION_REF_NAME) == Some(name);
            remove_others(directory, existing, entry.digest, &named)?;
        }
        if !existing.manifests.contains(entry) {
            existing.manifests.push(entry.clone());
        }
    }
    Ok(())
}
