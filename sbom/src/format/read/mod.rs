//! Reading what others wrote, and what this program did: CycloneDX 1.2 to 1.7 as JSON and XML, SPDX 2.2 and 2.3 as JSON
//! and as tags and values, SPDX 3.0 as JSON-LD, syft's own, and SWID; all into one inventory.
//!
//! What a document is shows in its content. It is read in one pass and not kept: in JSON the families share no key, so
//! one `Document` has the keys of all, and which family it was is decided at the end. What an inventory has no place for
//! is counted by where it stands: keys of JSON, elements and attributes of XML, tags.

mod build;
mod cyclonedx;
mod error;
mod json;
mod passed;
mod source;
mod spdx;
mod swid;
mod syft;
#[cfg(test)]
mod tests;
mod texts;
mod xml;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use jiff::Timestamp;
use serde::Deserialize;

use crate::inventory::Inventory;
use crate::limits;
pub use error::{ReadError, TagValueProblem, XmlProblem};
use json::{Formal, list, relations};
use passed::PassedOver;
use source::Source;
use xml::Xml;

/// A document that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// What it says is in its subject: components in the document's order, without the subject itself.
    pub inventory: Inventory,
    /// What it says of itself.
    pub origin: Origin,
    /// What it says that an inventory has no place for: the place in the document (`components[].pedigree`), and how often
    /// it stands there.
    pub passed_over: BTreeMap<String, usize>,
}

/// What a document says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Its format with the version: `CycloneDX 1.6`, `SPDX 2.3`, `syft 16.0.0`, `SWID 2015`.
    pub format: String,
    /// What it is called: a serial number, a namespace.
    pub identifier: Option<String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Who made it: persons and organisations.
    pub authors: Vec<String>,
    /// Which of the authors are organisations, where the document tells.
    pub organizations: BTreeSet<String>,
    /// The programs that made it, `NAME-VERSION`.
    pub tools: Vec<String>,
    /// When in the life of its subject it was made, as the format names it: `build`, `post-build`, `analyzed`.
    pub phases: Vec<String>,
}

/// The keys of all families.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default, rename = "$schema")]
    _schema: Formal,
    #[serde(default, rename = "version")]
    _version: Formal,
    bom_format: Option<String>,
    spec_version: Option<String>,
    serial_number: Option<String>,
    metadata: Option<cyclonedx::Metadata>,
    #[serde(default, deserialize_with = "list")]
    components: Vec<cyclonedx::Component>,
    #[serde(default, deserialize_with = "list")]
    dependencies: Vec<cyclonedx::Dependency>,
    #[serde(default, deserialize_with = "list")]
    compositions: Vec<cyclonedx::Composition>,

    spdx_version: Option<String>,
    #[serde(default, rename = "SPDXID")]
    _id: Formal,
    #[serde(default, rename = "dataLicense")]
    _data_license: Formal,
    name: Option<String>,
    document_namespace: Option<String>,
    comment: Option<String>,
    creation_info: Option<spdx::CreationInfo>,
    #[serde(default, deserialize_with = "list")]
    packages: Vec<spdx::Package>,
    #[serde(default, deserialize_with = "list")]
    has_extracted_licensing_infos: Vec<spdx::ExtractedLicensingInfo>,
    #[serde(default, deserialize_with = "relations")]
    relationships: Vec<spdx::Relationship>,
    #[serde(default, deserialize_with = "list")]
    document_describes: Vec<String>,

    #[serde(default, rename = "@context")]
    _context: Formal,
    #[serde(rename = "@graph", default, deserialize_with = "relations")]
    graph: Vec<spdx::Element>,

    schema: Option<syft::Schema>,
    source: Option<syft::Source>,
    #[serde(default, deserialize_with = "list")]
    artifacts: Vec<syft::Artifact>,
    #[serde(default, deserialize_with = "relations")]
    artifact_relationships: Vec<syft::Relationship>,
    distro: Option<syft::Distro>,
    descriptor: Option<syft::Descriptor>,

    /// Files of SPDX and of syft: each is counted.
    #[serde(default, rename = "files", deserialize_with = "json::counted")]
    _files: (),
}

/// Reads a document to its end.
///
/// # Errors
/// [`ReadError`]: what it is not, or which bound of [`limits`] it passes.
pub fn read(document: impl io::Read) -> Result<Read, ReadError> {
    read_at_most(document, limits::DOCUMENT_BYTES)
}

fn read_at_most(document: impl io::Read, most: u64) -> Result<Read, ReadError> {
    let mut source = Source::new(document, most);
    match source.first()? {
        b'{' | b'[' => read_json(source),
        b'<' => read_xml(source),
        _ => spdx::read_tag_value(source),
    }
}

fn read_json(mut source: Source<impl io::Read>) -> Result<Read, ReadError> {
    let mut passed = PassedOver::default();
    let parsed = json::parse(&mut source, &mut passed);
    source.bounded()?;
    let document: Document = parsed?;
    match document {
        Document { bom_format: Some(ref format), .. } if format == "CycloneDX" => {
            cyclonedx::read_parts(document.into(), passed)
        }
        Document { spdx_version: Some(_), .. } => spdx::read(document.into(), passed),
        Document { graph, .. } if graph.len() > limits::DOCUMENT_RELATIONS => {
            Err(ReadError::Relations { most: limits::DOCUMENT_RELATIONS })
        }
        Document { graph, .. } if !graph.is_empty() => spdx::read_v3(graph, passed),
        Document { schema: Some(ref schema), .. } if schema.is_known() => syft::read(document.into(), passed),
        _ => Err(ReadError::Unknown),
    }
}

fn read_xml(source: Source<impl io::Read>) -> Result<Read, ReadError> {
    let mut xml = Xml::new(source);
    let root = xml.root()?;
    match (root.namespace.as_str(), root.name.as_str()) {
        (namespace, "bom") if namespace.starts_with(cyclonedx::NAMESPACE) => cyclonedx::read_xml(xml, root),
        (swid::NAMESPACE, _) | ("", swid::SEVERAL) => swid::read(xml, root),
        _ => Err(ReadError::Unknown),
    }
}

impl From<Document> for cyclonedx::Parts {
    fn from(document: Document) -> Self {
        let Document {
            spec_version, serial_number, metadata, components, dependencies, compositions, ..
        } = document;
        Self { spec_version, serial_number, metadata, components, dependencies, compositions }
    }
}

impl From<Document> for spdx::SpdxDocument {
    fn from(document: Document) -> Self {
        Self {
            spdx_version: document.spdx_version.unwrap_or_default(),
            name: document.name,
            namespace: document.document_namespace,
            comment: document.comment,
            creation: document.creation_info.unwrap_or_default(),
            packages: document.packages,
            licenses: document.has_extracted_licensing_infos,
            relationships: document.relationships,
            describes: document.document_describes,
        }
    }
}

impl From<Document> for syft::Parts {
    fn from(document: Document) -> Self {
        Self {
            schema: document.schema.unwrap_or_default(),
            source: document.source,
            artifacts: document.artifacts,
            relationships: document.artifact_relationships,
            distro: document.distro,
            descriptor: document.descriptor,
        }
    }
}
