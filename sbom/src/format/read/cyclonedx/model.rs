//! The model of CycloneDX, as far as it is read: what JSON gives by itself, and `xml` fills.

use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::format::read::json::{Formal, at_most, list, text};
use crate::limits;

/// Everything but what tells that it is CycloneDX.
#[derive(Default)]
pub(in crate::format::read) struct Bom {
    pub(super) spec_version: String,
    pub(super) serial_number: Option<String>,
    pub(super) metadata: Metadata,
    pub(super) components: Vec<Component>,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) compositions: Vec<Composition>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::format::read) struct Metadata {
    pub(super) timestamp: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) lifecycles: Vec<Lifecycle>,
    #[serde(deserialize_with = "tools")]
    pub(super) tools: Vec<Tool>,
    #[serde(deserialize_with = "list")]
    pub(super) authors: Vec<Contact>,
    /// Who made the document, since 1.6.
    pub(super) manufacturer: Option<Organization>,
    pub(super) component: Option<Component>,
    #[serde(deserialize_with = "list")]
    pub(super) properties: Vec<Property>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Lifecycle {
    pub(super) phase: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Tool {
    pub(super) vendor: Option<String>,
    pub(super) group: Option<String>,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Formal,
    #[serde(rename = "bom-ref")]
    pub(super) bom_ref: Formal,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Contact {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::format::read) struct Organization {
    pub(super) name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::format::read) struct Component {
    #[serde(rename = "type", deserialize_with = "text")]
    pub(super) kind: String,
    #[serde(rename = "bom-ref")]
    pub(super) bom_ref: Option<String>,
    pub(super) supplier: Option<Organization>,
    pub(super) publisher: Option<String>,
    pub(super) group: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) description: Option<String>,
    pub(super) scope: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) hashes: Vec<Hash>,
    #[serde(deserialize_with = "list")]
    pub(super) licenses: Vec<LicenseChoice>,
    pub(super) cpe: Option<String>,
    pub(super) purl: Option<String>,
    #[serde(rename = "externalReferences", deserialize_with = "list")]
    pub(super) references: Vec<ExternalReference>,
    /// Components may hold components.
    #[serde(deserialize_with = "list")]
    pub(super) components: Vec<Component>,
    #[serde(deserialize_with = "list")]
    pub(super) properties: Vec<Property>,
    pub(super) evidence: Option<Evidence>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Hash {
    #[serde(deserialize_with = "text")]
    pub(super) alg: String,
    #[serde(deserialize_with = "text")]
    pub(super) content: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LicenseChoice {
    pub(super) license: Option<License>,
    pub(super) expression: Option<String>,
    pub(super) acknowledgement: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct License {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) acknowledgement: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ExternalReference {
    #[serde(rename = "type", deserialize_with = "text")]
    pub(super) kind: String,
    #[serde(deserialize_with = "text")]
    pub(super) url: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::format::read) struct Property {
    #[serde(deserialize_with = "text")]
    pub(super) name: String,
    #[serde(deserialize_with = "text")]
    pub(super) value: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Evidence {
    #[serde(deserialize_with = "list")]
    pub(super) occurrences: Vec<Occurrence>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Occurrence {
    #[serde(deserialize_with = "text")]
    pub(super) location: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::format::read) struct Dependency {
    #[serde(rename = "ref", deserialize_with = "text")]
    pub(super) reference: String,
    #[serde(rename = "dependsOn", deserialize_with = "list")]
    pub(super) depends_on: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::format::read) struct Composition {
    pub(super) aggregate: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) assemblies: Vec<String>,
}

/// Tools: a list of them up to 1.4, and since then also components.
fn tools<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Tool>, D::Error> {
    struct Tools;

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Components {
        #[serde(deserialize_with = "list")]
        components: Vec<Tool>,
    }

    impl<'de> Visitor<'de> for Tools {
        type Value = Vec<Tool>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of tools, or an object with their components")
        }

        fn visit_unit<E>(self) -> Result<Vec<Tool>, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<Vec<Tool>, A::Error> {
            at_most::<{ limits::DOCUMENT_COMPONENTS }, _, _>(SeqAccessDeserializer::new(sequence))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<Tool>, A::Error> {
            Components::deserialize(MapAccessDeserializer::new(map)).map(|tools| tools.components)
        }
    }

    deserializer.deserialize_any(Tools)
}
