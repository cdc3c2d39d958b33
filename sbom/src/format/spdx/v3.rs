//! The model of SPDX 3.0.1, as far as it is written: its core, software and simple licensing profiles. Its serialisation
//! is the JSON-LD form, in which everything is an element of one flat graph.

use serde::Serialize;

/// The one node that is no element: who made all the others, and when.
pub(super) const CREATION: &str = "_:creationinfo";

#[derive(Serialize)]
pub(super) struct Graph {
    #[serde(rename = "@context")]
    pub(super) context: &'static str,
    #[serde(rename = "@graph")]
    pub(super) graph: Vec<Node>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Node {
    Creation(CreationInfo),
    Element(Box<Element>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "CreationInfo", rename_all = "camelCase")]
pub(super) struct CreationInfo {
    #[serde(rename = "@id")]
    pub(super) id: &'static str,
    pub(super) spec_version: &'static str,
    pub(super) created: String,
    pub(super) created_by: Vec<String>,
    pub(super) created_using: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Element {
    pub(super) spdx_id: String,
    pub(super) creation_info: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) external_identifier: Vec<ExternalIdentifier>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) verified_using: Vec<Hash>,
    #[serde(flatten)]
    pub(super) kind: Kind,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub(super) enum Kind {
    Tool,
    SoftwareAgent,
    Organization,
    Person,
    SpdxDocument {
        data_license: String,
        profile_conformance: [&'static str; 3],
        root_element: [String; 1],
    },
    #[serde(rename = "software_Sbom")]
    Sbom {
        #[serde(rename = "software_sbomType")]
        sbom_type: [&'static str; 1],
        root_element: [String; 1],
        element: Vec<String>,
    },
    #[serde(rename = "software_Package")]
    Package {
        #[serde(skip_serializing_if = "Option::is_none")]
        supplied_by: Option<String>,
        #[serde(rename = "software_primaryPurpose")]
        primary_purpose: &'static str,
        #[serde(rename = "software_packageVersion", skip_serializing_if = "Option::is_none")]
        package_version: Option<String>,
        #[serde(rename = "software_packageUrl", skip_serializing_if = "Option::is_none")]
        package_url: Option<String>,
        #[serde(rename = "software_homePage", skip_serializing_if = "Option::is_none")]
        home_page: Option<String>,
        #[serde(rename = "software_sourceInfo", skip_serializing_if = "Option::is_none")]
        source_info: Option<String>,
    },
    #[serde(rename = "simplelicensing_LicenseExpression")]
    LicenseExpression {
        #[serde(rename = "simplelicensing_licenseExpression")]
        expression: String,
        #[serde(rename = "simplelicensing_licenseListVersion")]
        list_version: &'static str,
        #[serde(rename = "simplelicensing_customIdToUri", skip_serializing_if = "Vec::is_empty")]
        custom: Vec<DictionaryEntry>,
    },
    #[serde(rename = "simplelicensing_SimpleLicensingText")]
    SimpleLicensingText {
        #[serde(rename = "simplelicensing_licenseText")]
        text: String,
    },
    Relationship {
        from: String,
        relationship_type: &'static str,
        to: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        completeness: Option<&'static str>,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) struct ExternalIdentifier {
    pub(super) external_identifier_type: &'static str,
    pub(super) identifier: String,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) struct Hash {
    pub(super) algorithm: String,
    pub(super) hash_value: String,
}

#[derive(Serialize)]
#[serde(tag = "type")]
pub(super) struct DictionaryEntry {
    pub(super) key: String,
    pub(super) value: String,
}

impl Element {
    /// An element of which only this is known.
    pub(super) fn new(spdx_id: String, name: Option<String>, kind: Kind) -> Self {
        Self {
            spdx_id,
            creation_info: CREATION,
            name,
            description: None,
            comment: None,
            external_identifier: Vec::new(),
            verified_using: Vec::new(),
            kind,
        }
    }

    /// With this as its package URL.
    pub(super) fn with_purl(mut self, purl: Option<String>) -> Self {
        let identifier =
            |identifier| ExternalIdentifier { external_identifier_type: "packageUrl", identifier };
        self.external_identifier = purl.into_iter().map(identifier).collect();
        self
    }
}
