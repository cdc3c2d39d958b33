//! The model of SPDX 3, as far as it is read.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::format::read::json::{Formal, list};

/// An element of any type: it has the keys of all.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::format::read) struct Element {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) spdx_id: Option<String>,
    #[serde(rename = "@id")]
    pub(super) blank: Option<String>,
    pub(super) name: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) description: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) creation_info: Reference,
    #[serde(deserialize_with = "list")]
    pub(super) external_identifier: Vec<ExternalIdentifier>,
    #[serde(deserialize_with = "list")]
    pub(super) verified_using: Vec<Hash>,
    // CreationInfo
    pub(super) spec_version: Option<String>,
    pub(super) created: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) created_by: Vec<Reference>,
    #[serde(deserialize_with = "list")]
    pub(super) created_using: Vec<Reference>,
    // ElementCollection
    #[serde(deserialize_with = "list")]
    pub(super) root_element: Vec<Reference>,
    pub(super) element: Formal,
    pub(super) data_license: Formal,
    pub(super) profile_conformance: Formal,
    #[serde(rename = "software_sbomType", deserialize_with = "list")]
    pub(super) sbom_type: Vec<String>,
    // Relationship
    pub(super) from: Reference,
    #[serde(deserialize_with = "list")]
    pub(super) to: Vec<Reference>,
    pub(super) relationship_type: Option<String>,
    pub(super) completeness: Option<String>,
    // software_Package
    pub(super) supplied_by: Reference,
    #[serde(rename = "software_primaryPurpose")]
    pub(super) purpose: Option<String>,
    #[serde(rename = "software_packageVersion")]
    pub(super) version: Option<String>,
    #[serde(rename = "software_packageUrl")]
    pub(super) purl: Option<String>,
    #[serde(rename = "software_homePage")]
    pub(super) homepage: Option<String>,
    #[serde(rename = "software_sourceInfo")]
    pub(super) source_info: Option<String>,
    // simplelicensing_*
    #[serde(rename = "simplelicensing_licenseExpression")]
    pub(super) expression: Option<String>,
    #[serde(rename = "simplelicensing_licenseListVersion")]
    pub(super) list_version: Formal,
    #[serde(rename = "simplelicensing_customIdToUri", deserialize_with = "list")]
    pub(super) custom: Vec<DictionaryEntry>,
    #[serde(rename = "simplelicensing_licenseText")]
    pub(super) license_text: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ExternalIdentifier {
    #[serde(rename = "type")]
    pub(super) kind: Formal,
    pub(super) external_identifier_type: Option<String>,
    pub(super) identifier: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Hash {
    #[serde(rename = "type")]
    pub(super) kind: Formal,
    pub(super) algorithm: Option<String>,
    pub(super) hash_value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DictionaryEntry {
    #[serde(rename = "type")]
    pub(super) kind: Formal,
    pub(super) key: Option<String>,
    pub(super) value: Option<String>,
}

/// The identifier of another element. Where the element itself stands there, it is the identifier of that.
#[derive(Default)]
pub(super) struct Reference(pub(super) Option<String>);

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Referring;

        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Whole {
            #[serde(rename = "spdxId")]
            spdx_id: Option<String>,
            #[serde(rename = "@id")]
            blank: Option<String>,
        }

        impl<'de> Visitor<'de> for Referring {
            type Value = Reference;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an identifier, or an element")
            }

            fn visit_unit<E>(self) -> Result<Reference, E> {
                Ok(Reference(None))
            }

            fn visit_str<E>(self, text: &str) -> Result<Reference, E> {
                Ok(Reference(Some(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Reference, A::Error> {
                let whole = Whole::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Reference(whole.spdx_id.or(whole.blank)))
            }
        }

        deserializer.deserialize_any(Referring)
    }
}

impl Element {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind.as_deref() == Some(kind)
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.spdx_id.as_deref().or(self.blank.as_deref())
    }
}
