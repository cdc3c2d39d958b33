//! Descriptors, manifests and indexes (OCI image specification 1.1).
//!
//! Content is moved as the bytes it came in: [`RawManifest`] keeps them beside their digest, and what is parsed from
//! them serves to look, never to be written again in their place. Where an index is rewritten (a layout's
//! `index.json`, a referrers fallback index), fields that are not known here are kept.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::digest::Digest;
use crate::json::{self, JsonError};
use crate::limits;
use crate::media_type;

/// Annotations, in the order of their keys.
pub type Annotations = BTreeMap<String, String>;

/// A descriptor: what some content is, its digest and its size in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The media type of the content.
    pub media_type: String,
    /// The digest of the content.
    pub digest: Digest,
    /// The size of the content in bytes.
    pub size: u64,
    /// The type of an artifact, where the descriptor names a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The platform, where the descriptor stands in an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// Every other field, kept as it was.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Descriptor {
    /// A descriptor of `content`.
    pub fn of(media_type: &str, content: &[u8]) -> Self {
        Self::new(media_type, Digest::sha256(content), content.len() as u64)
    }

    /// A descriptor with nothing but what every descriptor has.
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            artifact_type: None,
            platform: None,
            annotations: None,
            other: Map::new(),
        }
    }

    /// The value of an annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(name).map(String::as_str)
    }
}

/// What a manifest runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// The processor architecture, as Go names it.
    pub architecture: String,
    /// The operating system, as Go names it.
    pub os: String,
    /// Every other field (`variant`, `os.version`...), kept as it was.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Platform {
    /// Whether this is `OS/ARCHITECTURE`, or with the variant `OS/ARCHITECTURE/VARIANT`.
    pub fn is(&self, wanted: &str) -> bool {
        let base = format!("{}/{}", self.os, self.architecture);
        let variant = self.other.get("variant").and_then(Value::as_str);
        base == wanted || variant.is_some_and(|variant| format!("{base}/{variant}") == wanted)
    }
}

/// `OS/ARCHITECTURE`, and the variant where there is one.
impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match self.other.get("variant").and_then(Value::as_str) {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

/// An image manifest, or an artifact's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageManifest {
    /// Always 2.
    pub schema_version: u32,
    /// The media type of this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The type of an artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The configuration.
    pub config: Descriptor,
    /// The layers, lowest first. Programs in Go write `null` for none.
    #[serde(deserialize_with = "null_is_empty")]
    pub layers: Vec<Descriptor>,
    /// What this manifest refers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
}

impl ImageManifest {
    /// The type that a referrers listing gives this manifest (OCI distribution specification 1.1, "Listing
    /// Referrers"): its artifact type, else the media type of its configuration.
    pub fn effective_artifact_type(&self) -> &str {
        self.artifact_type.as_deref().filter(|kind| !kind.is_empty()).unwrap_or(&self.config.media_type)
    }

    /// The value of an annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(name).map(String::as_str)
    }
}

/// An image index, or a manifest list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageIndex {
    /// Always 2.
    pub schema_version: u32,
    /// The media type of this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The entries. Programs in Go write `null` for none.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub manifests: Vec<Descriptor>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// Every other field (`subject`, `artifactType`...), kept as it was.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl ImageIndex {
    /// An index of these entries.
    pub fn new(manifests: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(media_type::OCI_INDEX.into()),
            manifests,
            annotations: None,
            other: Map::new(),
        }
    }
}

/// A manifest or index as it is stored: its bytes, and what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawManifest {
    /// The media type.
    pub media_type: String,
    /// The digest of `bytes`.
    pub digest: Digest,
    /// The document.
    pub bytes: Bytes,
}

impl RawManifest {
    /// A manifest that is about to be written.
    ///
    /// # Errors
    /// None in practice: these types always serialise.
    pub fn write<T: Serialize>(media_type: &str, document: &T) -> Result<Self, OciError> {
        let bytes = serde_json::to_vec(document).map_err(JsonError::from)?;
        Ok(Self::of(media_type, bytes.into()))
    }

    /// A manifest from its bytes.
    pub fn of(media_type: &str, bytes: Bytes) -> Self {
        Self { media_type: media_type.into(), digest: Digest::sha256(&bytes), bytes }
    }

    /// The descriptor of this document.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(&self.media_type, self.digest, self.bytes.len() as u64)
    }

    /// Reads the document.
    ///
    /// # Errors
    /// See [`OciError`].
    pub fn parse(&self) -> Result<Document, OciError> {
        Document::parse(&self.media_type, &self.bytes)
    }
}

/// A document that was read: either has layers, or entries, never both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// An image manifest.
    Manifest(Box<ImageManifest>),
    /// An index.
    Index(Box<ImageIndex>),
}

/// Why a manifest or index is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum OciError {
    /// It is no JSON, or not of the shape that the media type promises.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It could be read as a manifest and as an index (GHSA-mc8v-mgrf-8f4m).
    #[error("the document has both 'layers' and 'manifests': it could be read in two ways")]
    Ambiguous,
    /// The media type inside is another than the one it was served with.
    #[error("served as '{served}', but the document says '{inside}'")]
    MediaType {
        /// What the store said.
        served: String,
        /// What the document says.
        inside: String,
    },
    /// The media type is neither that of a manifest nor that of an index.
    #[error("media type '{0}' is not one of an image manifest or index")]
    Unknown(String),
    /// There are more entries or layers than [`limits::INDEX_ENTRIES`].
    #[error("{got} entries, the limit is {limit}")]
    TooMany {
        /// Entries that were there.
        got: usize,
        /// The limit.
        limit: usize,
    },
}

impl OciError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "MANIFEST_MALFORMED",
            Self::Ambiguous => "MANIFEST_AMBIGUOUS",
            Self::MediaType { .. } => "MANIFEST_MEDIA_TYPE_MISMATCH",
            Self::Unknown(_) => "MANIFEST_MEDIA_TYPE_UNKNOWN",
            Self::TooMany { .. } => "LIMIT_INDEX_ENTRIES",
        }
    }
}

/// The fields that tell manifests and indexes apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline {
    media_type: Option<String>,
    layers: Option<serde::de::IgnoredAny>,
    config: Option<serde::de::IgnoredAny>,
    manifests: Option<serde::de::IgnoredAny>,
}

impl Document {
    /// Reads a document that was served with `media_type`.
    ///
    /// # Errors
    /// See [`OciError`].
    pub fn parse(media_type: &str, bytes: &[u8]) -> Result<Self, OciError> {
        let outline: Outline = json::read(bytes)?;
        let as_index = outline.manifests.is_some() || media_type::is_index(media_type);
        if as_index && (outline.layers.is_some() || outline.config.is_some()) {
            return Err(OciError::Ambiguous);
        }
        if let Some(inside) = outline.media_type.filter(|inside| inside != media_type) {
            return Err(OciError::MediaType { served: media_type.into(), inside });
        }
        if media_type::is_index(media_type) {
            let index: ImageIndex = serde_json::from_slice(bytes).map_err(JsonError::from)?;
            within(index.manifests.len())?;
            Ok(Self::Index(Box::new(index)))
        } else if media_type::is_manifest(media_type) {
            let manifest: ImageManifest = serde_json::from_slice(bytes).map_err(JsonError::from)?;
            within(manifest.layers.len())?;
            Ok(Self::Manifest(Box::new(manifest)))
        } else {
            Err(OciError::Unknown(media_type.into()))
        }
    }

    /// What the document refers to, where it says so.
    pub fn subject(&self) -> Option<Digest> {
        match self {
            Self::Manifest(manifest) => manifest.subject.as_ref().map(|subject| subject.digest),
            Self::Index(index) => index.other.get("subject")?.get("digest")?.as_str()?.parse().ok(),
        }
    }

    /// The manifest, when it is one.
    pub fn manifest(&self) -> Option<&ImageManifest> {
        match self {
            Self::Manifest(manifest) => Some(manifest),
            Self::Index(_) => None,
        }
    }

    /// The index, when it is one.
    pub fn index(&self) -> Option<&ImageIndex> {
        match self {
            Self::Index(index) => Some(index),
            Self::Manifest(_) => None,
        }
    }
}

fn null_is_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Descriptor>, D::Error> {
    Option::<Vec<Descriptor>>::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn within(got: usize) -> Result<(), OciError> {
    let limit = limits::INDEX_ENTRIES;
    if got > limit { Err(OciError::TooMany { got, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn manifest(extra: &str) -> String {
        let config = format!(r#"{{"mediaType":"{}","digest":"{DIGEST}","size":0}}"#, media_type::OCI_CONFIG);
        format!(r#"{{"schemaVersion":2,"config":{config},"layers":[]{extra}}}"#)
    }

    #[test]
    fn a_manifest_is_read() {
        let document = Document::parse(media_type::OCI_MANIFEST, manifest("").as_bytes()).unwrap();
        assert!(document.manifest().is_some());
        assert_eq!(document.subject(), None);
    }

    /// threat model, row 9.
    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let both = manifest(r#","manifests":[]"#);
        let other = manifest(&format!(r#","mediaType":"{}""#, media_type::OCI_INDEX));
        assert_eq!(
            Document::parse(media_type::OCI_MANIFEST, both.as_bytes()).unwrap_err().code(),
            "MANIFEST_AMBIGUOUS"
        );
        assert_eq!(
            Document::parse(media_type::OCI_MANIFEST, other.as_bytes()).unwrap_err().code(),
            "MANIFEST_MEDIA_TYPE_MISMATCH"
        );
    }

    #[test]
    fn a_descriptor_of_impossible_size_is_refused() {
        let text = format!(r#"{{"mediaType":"x","digest":"{DIGEST}","size":-1}}"#);
        assert!(json::read::<Descriptor>(text.as_bytes()).is_err());
    }

    #[test]
    fn unknown_fields_of_an_index_survive() {
        let text = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"x","digest":"{DIGEST}","size":1,"data":"eA=="}}],"x":1}}"#
        );
        let index: ImageIndex = json::read(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(&index).unwrap(), serde_json::from_str::<Value>(&text).unwrap());
    }
}
