//! CycloneDX 1.2 to 1.7.

use countersign_core::digest::Digest;
use serde::Deserialize;

use super::{Document, Origin, Read, ReadError, digest_of_purl, list, said};
use crate::inventory::{self, Inventory, Subject};
use crate::limits;

const VERSIONS: [&str; 6] = ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"];

#[derive(Default, Deserialize)]
pub(super) struct Metadata {
    component: Option<Component>,
    #[serde(default, deserialize_with = "list")]
    lifecycles: Vec<Lifecycle>,
}

#[derive(Deserialize)]
struct Lifecycle {
    phase: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Component {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    name: String,
    version: Option<String>,
    purl: Option<String>,
    #[serde(default)]
    licenses: Vec<LicenseChoice>,
    /// Components may hold components.
    #[serde(default, deserialize_with = "list")]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct LicenseChoice {
    license: Option<License>,
    expression: Option<String>,
}

#[derive(Deserialize)]
struct License {
    id: Option<String>,
    name: Option<String>,
}

pub(super) fn read(document: Document) -> Result<Read, ReadError> {
    let got = document.spec_version.unwrap_or_default();
    if !VERSIONS.contains(&got.as_str()) {
        return Err(ReadError::Version { format: "CycloneDX", expected: "1.2 to 1.7", got });
    }
    let mut inventory = Inventory::default();
    let Metadata { component, lifecycles } = document.metadata.unwrap_or_default();
    let phases = lifecycles.into_iter().filter_map(|it| said(it.phase).or_else(|| said(it.name))).collect();
    if let Some(subject) = component {
        let digest = digest(&subject).map(|digest| digest.to_string());
        let version = subject.version.filter(|version| Some(version) != digest.as_ref());
        inventory.subject = Subject { name: subject.name, version, digest, ..Subject::default() };
        // Some keep what is in the subject inside of it.
        flatten(subject.components, &mut inventory.components);
    }
    flatten(document.components, &mut inventory.components);
    let origin = Origin { format: format!("CycloneDX {got}"), phases, ..Origin::default() };
    Ok(Read { inventory, origin, ..Read::default() })
}

fn digest(subject: &Component) -> Option<Digest> {
    let of_purl = subject.purl.as_deref().and_then(digest_of_purl);
    of_purl.or_else(|| subject.version.as_deref()?.parse().ok())
}

/// Nesting is bounded by the parser, the number here.
fn flatten(components: Vec<Component>, entries: &mut Vec<inventory::Component>) {
    for component in components {
        if entries.len() > limits::DOCUMENT_COMPONENTS {
            return;
        }
        let licenses = component.licenses.into_iter().filter_map(|choice| {
            said(choice.expression.or_else(|| choice.license.and_then(|license| license.id.or(license.name))))
        });
        if !matches!(component.kind.as_deref(), Some("file" | "operating-system")) {
            let licenses = licenses.collect();
            entries.push(super::component(component.purl, component.name, component.version, licenses));
        }
        flatten(component.components, entries);
    }
}
