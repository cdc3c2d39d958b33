//! The model of SPDX 2, as far as it is read: what JSON gives by itself, and `tag_value` fills.

use serde::Deserialize;

use crate::format::read::json::{Formal, list, text};

/// The document.
#[derive(Default)]
pub(in crate::format::read) struct SpdxDocument {
    pub(in crate::format::read) spdx_version: String,
    pub(in crate::format::read) name: Option<String>,
    pub(in crate::format::read) namespace: Option<String>,
    pub(in crate::format::read) comment: Option<String>,
    pub(in crate::format::read) creation: CreationInfo,
    pub(in crate::format::read) packages: Vec<Package>,
    pub(in crate::format::read) licenses: Vec<ExtractedLicensingInfo>,
    pub(in crate::format::read) relationships: Vec<Relationship>,
    pub(in crate::format::read) describes: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::format::read) struct CreationInfo {
    pub(super) created: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) creators: Vec<String>,
    pub(super) license_list_version: Formal,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::format::read) struct Package {
    #[serde(rename = "SPDXID")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) name: String,
    pub(super) version_info: Option<String>,
    pub(super) supplier: Option<String>,
    pub(super) download_location: Option<String>,
    pub(super) files_analyzed: Formal,
    #[serde(deserialize_with = "list")]
    pub(super) checksums: Vec<Checksum>,
    pub(super) homepage: Option<String>,
    pub(super) source_info: Option<String>,
    pub(super) license_concluded: Option<String>,
    pub(super) license_declared: Option<String>,
    pub(super) copyright_text: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) description: Option<String>,
    pub(super) comment: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) external_refs: Vec<ExternalRef>,
    pub(super) primary_package_purpose: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Checksum {
    #[serde(deserialize_with = "text")]
    pub(super) algorithm: String,
    #[serde(deserialize_with = "text")]
    pub(super) checksum_value: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ExternalRef {
    pub(super) reference_category: Formal,
    #[serde(deserialize_with = "text")]
    pub(super) reference_type: String,
    #[serde(deserialize_with = "text")]
    pub(super) reference_locator: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::format::read) struct ExtractedLicensingInfo {
    #[serde(deserialize_with = "text")]
    pub(super) license_id: String,
    pub(super) name: Formal,
    pub(super) extracted_text: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::format::read) struct Relationship {
    #[serde(rename = "spdxElementId", deserialize_with = "text")]
    pub(super) from: String,
    #[serde(rename = "relationshipType", deserialize_with = "text")]
    pub(super) kind: String,
    #[serde(rename = "relatedSpdxElement", deserialize_with = "text")]
    pub(super) to: String,
}
