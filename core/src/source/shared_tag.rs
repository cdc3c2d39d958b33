//! Documents behind one tag that several writers add to, and how additions are merged.
//!
//! Merging is pure: how a store makes it safe against other writers is its own affair.

use bytes::Bytes;

use crate::media_type;
use crate::oci::{Annotations, Descriptor, Document, ImageIndex, ImageManifest, OciError, RawManifest};
use crate::reference::Tag;

/// What kind of document a shared tag names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedTag {
    /// The index at the referrers fallback tag: an addition is a manifest, and becomes an entry (OCI distribution
    /// specification 1.1, "Referrers Tag Schema").
    ReferrersIndex,
    /// cosign's `.sig`, `.att`: an addition is a manifest of the same kind, and its layers are appended.
    LegacyLayers,
}

/// A document after a merge.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The document that should stand behind the tag.
    pub manifest: RawManifest,
    /// The configuration that the document names, to be stored before it.
    pub config: Option<(Descriptor, Bytes)>,
    /// Whether it differs from what stands there.
    pub changed: bool,
}

impl SharedTag {
    /// Merges `additions` into `current`. Merging is idempotent, and its result has everything of both.
    ///
    /// # Errors
    /// When a document is not of the kind that this tag holds.
    pub fn merge(self, current: Option<&RawManifest>, additions: &[RawManifest]) -> Result<Merged, OciError> {
        match self {
            Self::ReferrersIndex => merge_index(current, additions),
            Self::LegacyLayers => merge_layers(current, additions),
        }
    }
}

/// Whether `tag` is one by which a writer announced an addition to `shared` (see `registry::merge`).
pub fn is_marker(tag: &Tag, shared: &Tag) -> bool {
    let announced = tag.as_str().strip_prefix(shared.as_str()).and_then(|rest| rest.strip_prefix('.'));
    announced
        .is_some_and(|name| name.len() == 32 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

fn merge_index(current: Option<&RawManifest>, additions: &[RawManifest]) -> Result<Merged, OciError> {
    let mut index = match current.map(RawManifest::parse).transpose()? {
        None => ImageIndex::new(Vec::new()),
        Some(Document::Index(index)) => *index,
        Some(Document::Manifest(_)) => return Err(OciError::Unknown(media_type::OCI_MANIFEST.into())),
    };
    let before = index.manifests.len();
    for addition in additions {
        if index.manifests.iter().all(|entry| entry.digest != addition.digest) {
            index.manifests.push(referrer_descriptor(addition)?);
        }
    }
    let changed = current.is_none() || index.manifests.len() > before;
    let manifest = match current {
        Some(current) if !changed => current.clone(),
        _ => RawManifest::write(media_type::OCI_INDEX, &index)?,
    };
    Ok(Merged { manifest, config: None, changed })
}

/// The entry of a manifest in a listing of referrers: with its artifact type and annotations (OCI distribution
/// specification 1.1, "Pushing Manifests with Subject").
///
/// # Errors
/// When the manifest cannot be read.
pub fn referrer_descriptor(manifest: &RawManifest) -> Result<Descriptor, OciError> {
    let mut descriptor = manifest.descriptor();
    match manifest.parse()? {
        Document::Manifest(manifest) => {
            descriptor.artifact_type = Some(manifest.effective_artifact_type().into());
            descriptor.annotations = manifest.annotations;
        }
        Document::Index(index) => {
            descriptor.artifact_type =
                index.other.get("artifactType").and_then(|kind| kind.as_str()).map(Into::into);
            descriptor.annotations = index.annotations;
        }
    }
    Ok(descriptor)
}

fn merge_layers(current: Option<&RawManifest>, additions: &[RawManifest]) -> Result<Merged, OciError> {
    // The first writer's manifest stands as it came; only a merge makes a new one.
    let Some((base, rest)) = current.map(|current| (current, additions)).or_else(|| additions.split_first())
    else {
        return Err(OciError::Unknown("nothing to merge".into()));
    };
    let manifest = legacy_manifest(base)?;
    let mut layers = manifest.layers;
    let before = layers.len();
    for addition in rest {
        for layer in legacy_manifest(addition)?.layers {
            if !layers.iter().any(|known| same_layer(known, &layer)) {
                layers.push(layer);
            }
        }
    }
    if layers.len() == before {
        return Ok(Merged { manifest: base.clone(), config: None, changed: current.is_none() });
    }
    let (manifest, config) = layered(layers, manifest.annotations, &base.media_type)?;
    Ok(Merged { manifest, config: Some(config), changed: true })
}

/// A manifest of these layers with the configuration that cosign gives such manifests, of OCI's or of Docker's media
/// types.
///
/// # Errors
/// None in practice: these types always serialise.
pub fn layered(
    layers: Vec<Descriptor>,
    annotations: Option<Annotations>,
    manifest_type: &str,
) -> Result<(RawManifest, (Descriptor, Bytes)), OciError> {
    let diff_ids: Vec<_> = layers.iter().map(|layer| layer.digest).collect();
    let config = Bytes::from(
        serde_json::json!({
            "architecture": "",
            "created": "0001-01-01T00:00:00Z",
            "os": "",
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "config": {},
        })
        .to_string(),
    );
    let descriptor = Descriptor::of(media_type::config_of(manifest_type), &config);
    let manifest = ImageManifest {
        schema_version: 2,
        media_type: Some(manifest_type.into()),
        artifact_type: None,
        config: descriptor.clone(),
        layers,
        subject: None,
        annotations,
    };
    Ok((RawManifest::write(manifest_type, &manifest)?, (descriptor, config)))
}

fn legacy_manifest(raw: &RawManifest) -> Result<ImageManifest, OciError> {
    match raw.parse()? {
        Document::Manifest(manifest) => Ok(*manifest),
        Document::Index(_) => Err(OciError::Unknown(raw.media_type.clone())),
    }
}

/// Two signatures over one payload share the layer's digest, not its annotations.
fn same_layer(a: &Descriptor, b: &Descriptor) -> bool {
    let none = Annotations::new();
    a.digest == b.digest && a.annotations.as_ref().unwrap_or(&none) == b.annotations.as_ref().unwrap_or(&none)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn legacy(payload: &str, signature: &str) -> RawManifest {
        let mut layer = Descriptor::of(media_type::SIMPLE_SIGNING, payload.as_bytes());
        layer.annotations = Some([(media_type::ANNOTATION_SIGNATURE.into(), signature.into())].into());
        layered(vec![layer], None, media_type::OCI_MANIFEST).unwrap().0
    }

    #[test]
    fn layers_of_all_writers_are_kept_once() {
        let (a, b) = (legacy("p", "a"), legacy("p", "b"));
        let both = SharedTag::LegacyLayers.merge(Some(&a), &[b.clone(), a.clone()]).unwrap();
        assert!(both.changed);
        let manifest = legacy_manifest(&both.manifest).unwrap();
        assert_eq!(manifest.layers.len(), 2);
        assert_eq!(manifest.config, both.config.unwrap().0);
        let again = SharedTag::LegacyLayers.merge(Some(&both.manifest), &[a, b]).unwrap();
        assert!(!again.changed);
        assert_eq!(again.manifest, both.manifest);
    }

    /// threat model, row 20: an entry has the artifact type and the annotations of its manifest.
    #[test]
    fn an_entry_of_the_index_says_what_its_manifest_says() {
        let mut manifest = legacy_manifest(&legacy("p", "a")).unwrap();
        manifest.artifact_type = Some("application/x".into());
        manifest.annotations = Some([("k".into(), "v".into())].into());
        let raw = RawManifest::write(media_type::OCI_MANIFEST, &manifest).unwrap();
        let merged = SharedTag::ReferrersIndex.merge(None, std::slice::from_ref(&raw)).unwrap();
        let index = merged.manifest.parse().unwrap();
        let entry = &index.index().unwrap().manifests[0];
        assert_eq!(entry.artifact_type.as_deref(), Some("application/x"));
        assert_eq!(entry.annotation("k"), Some("v"));
        assert!(!SharedTag::ReferrersIndex.merge(Some(&merged.manifest), &[raw]).unwrap().changed);
    }

    #[test]
    fn a_tag_that_holds_something_else_is_not_overwritten() {
        let manifest = legacy("p", "a");
        assert!(SharedTag::ReferrersIndex.merge(Some(&manifest), std::slice::from_ref(&manifest)).is_err());
    }
}
