//! What the tests of layouts and archives share: images, referrers and legacy signatures that are made up.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::json;

use super::stream::PIECE;
use super::*;
use crate::media_type;
use crate::oci::{Descriptor, ImageManifest, RawManifest};
use crate::reference::Tag;
use crate::source::shared_tag::layered;
use crate::source::{BlobContent, ReferrersFrom, SharedTag, Source};

mod cosign;
mod crash;
mod hostile;
mod many_writers;
mod select;
mod verbs;

/// Waits for a future.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// An empty layout, and the directory that it is in.
pub(crate) fn empty() -> (tempfile::TempDir, Layout) {
    let directory = tempfile::tempdir().unwrap();
    let layout = Layout::create(&directory.path().join("layout")).unwrap();
    (directory, layout)
}

/// Stores a blob and returns its descriptor.
pub(crate) fn put_blob(layout: &Layout, media_type: &str, bytes: &[u8]) -> Descriptor {
    let descriptor = Descriptor::of(media_type, bytes);
    wait(layout.put_blob(&descriptor, BlobContent::from(bytes.to_vec()), None)).unwrap();
    descriptor
}

/// A manifest whose blobs are stored.
pub(crate) fn manifest(layout: &Layout, note: &str, subject: Option<&RawManifest>) -> RawManifest {
    let config = put_blob(layout, media_type::OCI_CONFIG, format!(r#"{{"note":"{note}"}}"#).as_bytes());
    let layer = put_blob(layout, media_type::OCI_LAYER, note.as_bytes());
    let manifest = ImageManifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.into()),
        artifact_type: subject.map(|_| "application/x".into()),
        config,
        layers: vec![layer],
        subject: subject.map(RawManifest::descriptor),
        annotations: Some([("note".into(), note.into())].into()),
    };
    RawManifest::write(media_type::OCI_MANIFEST, &manifest).unwrap()
}

/// An image that is stored under a tag.
pub(crate) fn image(layout: &Layout, name: &str) -> RawManifest {
    let image = manifest(layout, name, None);
    wait(layout.put_manifest(&tag(name), &image)).unwrap();
    image
}

/// A manifest of one legacy signature, its blobs stored.
pub(crate) fn legacy(layout: &Layout, payload: &str, signature: &str) -> RawManifest {
    let mut layer = put_blob(layout, media_type::SIMPLE_SIGNING, payload.as_bytes());
    layer.annotations = Some([(media_type::ANNOTATION_SIGNATURE.into(), signature.into())].into());
    let (manifest, (config, bytes)) = layered(vec![layer], None, media_type::OCI_MANIFEST).unwrap();
    wait(layout.put_blob(&config, BlobContent::from(bytes), None)).unwrap();
    manifest
}

/// A tag as a selector.
pub(crate) fn tag(name: &str) -> Selector {
    Selector::Tag(name.parse().unwrap())
}

/// The notes of the referrers of an image, sorted.
pub(crate) fn notes(source: &dyn Source, image: &RawManifest) -> Vec<String> {
    let referrers = wait(source.referrers(&image.digest, ReferrersFrom::Store)).unwrap();
    assert!(referrers.reliable);
    let note = |entry: &Descriptor| entry.annotation("note").unwrap_or_default().to_owned();
    let mut notes: Vec<_> = referrers.descriptors.iter().map(note).collect();
    notes.sort();
    notes
}

/// Files that a writer which was interrupted left, and nothing else may be in the directory.
pub(crate) fn leftovers(layout: &Layout) -> Vec<PathBuf> {
    let known = ["blobs", "index.json", "oci-layout", ".countersign.lock", ".countersign.tmp"];
    let list =
        |path: &Path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut left = list(layout.path());
    left.retain(|path| !known.contains(&path.file_name().unwrap().to_str().unwrap()));
    let temporary = layout.path().join(".countersign.tmp");
    left.extend(list(&temporary).into_iter().filter(|path| !path.ends_with("lock")));
    left
}

/// Writes a layout by hand.
pub(crate) fn write_index(root: &Path, entries: serde_json::Value) {
    fs::create_dir_all(root.join("blobs/sha256")).unwrap();
    fs::write(root.join("oci-layout"), content::MARKER).unwrap();
    fs::write(root.join("index.json"), json!({"schemaVersion": 2, "manifests": entries}).to_string())
        .unwrap();
}

/// Writes a blob by hand.
pub(crate) fn write_blob(root: &Path, bytes: &[u8]) -> Digest {
    let digest = Digest::sha256(bytes);
    fs::write(root.join("blobs/sha256").join(digest.hex()), bytes).unwrap();
    digest
}
