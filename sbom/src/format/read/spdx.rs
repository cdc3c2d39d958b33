//! SPDX 2.2 and 2.3.

use std::fmt;

use countersign_core::digest::{Algorithm, Digest};
use serde::Deserialize;
use serde::de::{SeqAccess, Visitor};

use super::{Document, Origin, Read, ReadError, digest_of_purl, said};
use crate::inventory::{Component, Inventory, Subject};
use crate::limits;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package {
    #[serde(rename = "SPDXID")]
    id: Option<String>,
    #[serde(default)]
    name: String,
    version_info: Option<String>,
    primary_package_purpose: Option<String>,
    license_declared: Option<String>,
    license_concluded: Option<String>,
    #[serde(default)]
    external_refs: Vec<ExternalRef>,
    #[serde(default)]
    checksums: Vec<Checksum>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef {
    reference_type: Option<String>,
    reference_locator: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: Option<String>,
    checksum_value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: Option<String>,
    relationship_type: Option<String>,
    related_spdx_element: Option<String>,
}

/// Of all relationships, what the document describes. The others are dropped as they are read.
pub(super) fn described<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Described;

    impl<'de> Visitor<'de> for Described {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of relationships")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<String>, A::Error> {
            let mut described = Vec::new();
            while let Some(relationship) = sequence.next_element::<Relationship>()? {
                if described.len() <= limits::DOCUMENT_COMPONENTS {
                    described.extend(relationship.describes());
                }
            }
            Ok(described)
        }
    }

    deserializer.deserialize_seq(Described)
}

impl Relationship {
    fn describes(self) -> Option<String> {
        let document = Some("SPDXRef-DOCUMENT");
        match self.relationship_type.as_deref() {
            Some("DESCRIBES") if self.spdx_element_id.as_deref() == document => self.related_spdx_element,
            Some("DESCRIBED_BY") if self.related_spdx_element.as_deref() == document => self.spdx_element_id,
            _ => None,
        }
    }
}

pub(super) fn read(document: Document) -> Result<Read, ReadError> {
    let got = document.spdx_version.unwrap_or_default();
    if !matches!(got.as_str(), "SPDX-2.2" | "SPDX-2.3") {
        return Err(ReadError::Version { format: "SPDX", expected: "SPDX-2.2 or SPDX-2.3", got });
    }
    let mut described = document.relationships;
    described.extend(document.document_describes);
    described.sort();
    described.dedup();
    // Where all packages are described, none of them is the subject.
    let subject = match described.as_slice() {
        [only] if document.packages.len() > 1 => Some(only.as_str()),
        _ => None,
    };
    let mut inventory = Inventory::default();
    for package in document.packages {
        if subject.is_some() && package.id.as_deref() == subject {
            inventory.subject = package.subject();
        } else if !package.is_distribution() {
            inventory.components.push(package.component());
        }
    }
    let origin = Origin { format: got.replace('-', " "), ..Origin::default() };
    Ok(Read { inventory, origin, ..Read::default() })
}

impl Package {
    fn is_distribution(&self) -> bool {
        let purpose = self.primary_package_purpose.as_deref();
        matches!(purpose, Some("OPERATING_SYSTEM" | "OPERATING-SYSTEM")) && self.purl().is_none()
    }

    fn purl(&self) -> Option<&str> {
        let purl = self.external_refs.iter().find(|it| it.reference_type.as_deref() == Some("purl"))?;
        purl.reference_locator.as_deref()
    }

    /// Its own, by whatever names it: a package URL, a version that is one, a checksum.
    fn digest(&self) -> Option<Digest> {
        let version = || self.version_info.as_deref()?.parse().ok();
        let checksum = || {
            let found = self.checksums.iter().find(|it| it.algorithm.as_deref() == Some("SHA256"))?;
            format!("{}:{}", Algorithm::Sha256.name(), found.checksum_value.as_deref()?).parse().ok()
        };
        self.purl().and_then(digest_of_purl).or_else(version).or_else(checksum)
    }

    fn subject(self) -> Subject {
        let digest = self.digest().map(|digest| digest.to_string());
        let version = self.version_info.filter(|version| Some(version) != digest.as_ref());
        Subject { name: self.name, version, digest, ..Subject::default() }
    }

    fn component(self) -> Component {
        let purl = self.purl().map(str::to_owned);
        let license = said(self.license_declared).or_else(|| said(self.license_concluded));
        let licenses = license.into_iter().collect();
        super::component(purl, self.name, self.version_info, licenses)
    }
}
