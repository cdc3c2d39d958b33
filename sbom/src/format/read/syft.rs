//! syft's own format, which knows of no versions to tell apart: its keys have stayed what they are.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Document, Origin, Read, said};
use crate::inventory::{Inventory, Subject};

#[derive(Deserialize)]
pub(super) struct Schema {
    pub(super) url: Option<String>,
}

/// What was looked at: `target` up to schema 7, `metadata` since.
#[derive(Deserialize)]
pub(super) struct Source {
    target: Option<Target>,
    metadata: Option<Target>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Target {
    Image {
        #[serde(rename = "manifestDigest")]
        manifest_digest: String,
    },
    Other(IgnoredAny),
}

#[derive(Deserialize)]
pub(super) struct Artifact {
    #[serde(default)]
    name: String,
    version: Option<String>,
    purl: Option<String>,
    licenses: Option<Vec<License>>,
}

/// A text up to schema 7, since then with what it means.
#[derive(Deserialize)]
#[serde(untagged)]
enum License {
    Text(String),
    Value {
        #[serde(default)]
        value: String,
        #[serde(default, rename = "spdxExpression")]
        expression: String,
    },
}

impl License {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => said(Some(text)),
            Self::Value { value, expression } => said(Some(expression)).or_else(|| said(Some(value))),
        }
    }
}

pub(super) fn read(document: Document) -> Read {
    let target = document.source.and_then(|source| source.metadata.or(source.target));
    let digest = match target {
        Some(Target::Image { manifest_digest }) => Some(manifest_digest),
        Some(Target::Other(_)) | None => None,
    };
    let components = document.artifacts.into_iter().map(|artifact| {
        let purl = artifact.purl.filter(|purl| !purl.is_empty());
        let licenses = artifact.licenses.unwrap_or_default().into_iter().filter_map(License::text).collect();
        super::component(purl, artifact.name, artifact.version, licenses)
    });
    let components = components.collect();
    let inventory =
        Inventory { subject: Subject { digest, ..Subject::default() }, components, ..Inventory::default() };
    let origin = Origin { format: "syft".to_owned(), ..Origin::default() };
    Read { inventory, origin, ..Read::default() }
}
