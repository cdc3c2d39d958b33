//! Reading what others wrote: CycloneDX 1.2 to 1.7, SPDX 2.2 and 2.3, and syft's own, all as JSON, into one inventory.
//!
//! A document is read in one pass, whatever it is: the three families share no key, so one `Document` has the keys of
//! all, and what nobody asks for is passed over without being kept. Which family it was is decided at the end.

mod cyclonedx;
mod spdx;
mod syft;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;

use countersign_core::digest::Digest;
use countersign_core::json::at_most;
use jiff::Timestamp;
use serde::Deserialize;

use crate::fact::Ecosystem;
use crate::inventory::{Component, Inventory};
use crate::limits;

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
    /// Its format with the version: `CycloneDX 1.6`, `SPDX 2.3`, `syft 16.0.0`.
    pub format: String,
    /// What it is called: a serial number, a namespace.
    pub identifier: Option<String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Who made it: persons and organisations.
    pub authors: Vec<String>,
    /// The programs that made it, with their versions.
    pub tools: Vec<String>,
    /// When in the life of its subject it was made, as the format names it: `build`, `post-build`, `analyzed`.
    pub phases: Vec<String>,
}

/// Why a document was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not JSON, or a key holds something else than its format says; or it cannot be read at all.
    #[error("the document is malformed: {0}")]
    Json(#[from] serde_json::Error),
    /// It has none of the marks of a known format.
    #[error("the document is neither CycloneDX, SPDX 2 nor syft's, as JSON")]
    Unknown,
    /// The format has a version that is not known.
    #[error("{format} '{got}' is not known: expected {expected}")]
    Version {
        /// The format.
        format: &'static str,
        /// The versions that are known.
        expected: &'static str,
        /// What the document says.
        got: String,
    },
    /// It has more components than are read.
    #[error("the document has more than {most} components")]
    Components {
        /// How many are read.
        most: usize,
    },
    /// It has more bytes than are read.
    #[error("the document has more than {most} bytes")]
    Bytes {
        /// How many are read.
        most: u64,
    },
}

impl ReadError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "SBOM_MALFORMED",
            Self::Unknown | Self::Version { .. } => "SBOM_UNKNOWN",
            Self::Components { .. } | Self::Bytes { .. } => "SBOM_TOO_LARGE",
        }
    }
}

/// The keys of all families.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    bom_format: Option<String>,
    spec_version: Option<String>,
    metadata: Option<cyclonedx::Metadata>,
    #[serde(default, deserialize_with = "list")]
    components: Vec<cyclonedx::Component>,
    spdx_version: Option<String>,
    #[serde(default, deserialize_with = "list")]
    packages: Vec<spdx::Package>,
    #[serde(default, deserialize_with = "spdx::described")]
    relationships: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    document_describes: Vec<String>,
    schema: Option<syft::Schema>,
    source: Option<syft::Source>,
    #[serde(default, deserialize_with = "list")]
    artifacts: Vec<syft::Artifact>,
}

/// A list of which no more is kept than one element beyond what is allowed.
fn list<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    at_most::<{ limits::DOCUMENT_COMPONENTS }, T, D>(deserializer)
}

/// Reads a document to its end.
///
/// # Errors
/// [`ReadError`]: what it is not, or which bound of [`limits`] it passes.
pub fn read(document: impl io::Read) -> Result<Read, ReadError> {
    read_at_most(document, limits::DOCUMENT_BYTES)
}

fn read_at_most(document: impl io::Read, most: u64) -> Result<Read, ReadError> {
    let mut bounded = io::BufReader::new(document.take(most + 1));
    let parsed = parse(&mut bounded);
    if bounded.into_inner().limit() == 0 {
        return Err(ReadError::Bytes { most });
    }
    let document = parsed?;
    let read = match document {
        Document { bom_format: Some(ref format), .. } if format == "CycloneDX" => cyclonedx::read(document)?,
        Document { spdx_version: Some(_), .. } => spdx::read(document)?,
        Document { schema: Some(syft::Schema { url: Some(ref url), .. }), .. } if url.contains("/syft/") => {
            syft::read(document)
        }
        _ => return Err(ReadError::Unknown),
    };
    if read.inventory.components.len() > limits::DOCUMENT_COMPONENTS {
        return Err(ReadError::Components { most: limits::DOCUMENT_COMPONENTS });
    }
    Ok(read)
}

fn parse(bytes: impl io::Read) -> Result<Document, ReadError> {
    let mut deserializer = serde_json::Deserializer::from_reader(bytes);
    let document = Document::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(document)
}

/// The digest that is the version of an image's package URL, `pkg:oci/NAME@sha256%3AHEX?...`.
fn digest_of_purl(purl: &str) -> Option<Digest> {
    let image = purl.strip_prefix("pkg:oci/").or_else(|| purl.strip_prefix("pkg:docker/"))?;
    let (_, version) = image.split(['?', '#']).next()?.rsplit_once('@')?;
    version.replace("%3A", ":").replace("%3a", ":").parse().ok()
}

/// A component, as all families tell of one.
fn component(
    purl: Option<String>,
    name: String,
    version: Option<String>,
    licenses: Vec<String>,
) -> Component {
    let ecosystem = purl.as_deref().and_then(Ecosystem::of_purl);
    Component {
        ecosystem,
        purl,
        name,
        version: version.unwrap_or_default(),
        licenses,
        ..Component::default()
    }
}

/// Without what says that nothing is said.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty() && text != "NOASSERTION" && text != "NONE")
}
