//! From the inventory to the model of SPDX 2.3.

use std::collections::BTreeSet;

use super::licensing::Texts;
use super::v2::{
    Checksum, CreationInfo, ExternalRef, ExtractedLicensingInfo, NO_ASSERTION, Package, Relationship,
    SpdxDocument,
};
use super::{Supplier, component_id, found, full_name, made_of, namespace, sha256};
use crate::fact::Distribution;
use crate::format::{Document, TOOL, license, text};
use crate::inventory::{Component, Kind};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const SUBJECT: &str = "SPDXRef-Subject";
const DISTRIBUTION: &str = "SPDXRef-Distribution";

pub(super) fn build(document: Document<'_>) -> SpdxDocument {
    let Document { inventory, identity, making, .. } = document;
    let mut texts = Texts::default();
    let components = inventory.components.iter().zip(&identity.components);
    let ids: Vec<_> = components.map(|(component, reference)| component_id(component, reference)).collect();
    let mut packages = vec![subject(document)];
    packages.extend(inventory.distribution.as_ref().map(system));
    packages.extend(
        inventory.components.iter().zip(&ids).map(|(component, id)| package(component, id, &mut texts)),
    );
    let extracted = texts.0.into_iter().map(|(license_id, license)| ExtractedLicensingInfo {
        license_id,
        name: license.name,
        extracted_text: license.text,
    });
    SpdxDocument {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        name: text::line(&inventory.subject.name),
        document_namespace: namespace(document),
        creation_info: CreationInfo {
            created: making.timestamp(),
            creators: creators(document),
            license_list_version: short(license::list_version()),
        },
        comment: text::lacks(inventory),
        packages,
        has_extracted_licensing_infos: extracted.collect(),
        relationships: relationships(document, &ids),
    }
}

/// The first two numbers of a version: section 6.7 allows no more.
fn short(version: &str) -> String {
    version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".")
}

fn subject(document: Document<'_>) -> Package {
    let Document { inventory, identity, .. } = document;
    let subject = &inventory.subject;
    let image = subject.digest.is_some() || !subject.layers.is_empty();
    let checksum = |checksum_value| Checksum { algorithm: "SHA256".to_owned(), checksum_value };
    Package {
        version_info: subject.version.as_ref().or(subject.digest.as_ref()).map(|version| text::line(version)),
        supplier: supplied_by(subject.supplier.as_deref()),
        checksums: sha256(subject).map(checksum).into_iter().collect(),
        source_info: made_of(subject),
        external_refs: identity.purl.as_deref().map(purl).into_iter().collect(),
        ..Package::named(SUBJECT, &subject.name, if image { "CONTAINER" } else { "APPLICATION" })
    }
}

fn system(distribution: &Distribution) -> Package {
    Package {
        version_info: distribution.version_id.as_deref().map(text::line),
        supplier: supplied_by(distribution.supplier.as_deref()),
        description: distribution.pretty_name.as_deref().map(text::line),
        external_refs: cpes(&distribution.cpe).collect(),
        ..Package::named(DISTRIBUTION, &distribution.id, "OPERATING_SYSTEM")
    }
}

fn package(component: &Component, id: &str, texts: &mut Texts) -> Package {
    let checksums = text::hashes(component)
        .map(|(hash, checksum_value)| Checksum { algorithm: hash.spdx.to_owned(), checksum_value });
    let declared = texts.declared(&component.licenses).map(|declared| declared.expression);
    Package {
        version_info: Some(text::line(&component.version)).filter(|version| !version.is_empty()),
        supplier: supplied_by(component.supplier.as_deref()),
        checksums: checksums.collect(),
        homepage: text::web_address(component.homepage.as_deref()).map(str::to_owned),
        source_info: found(component),
        license_declared: declared.unwrap_or_else(|| NO_ASSERTION.to_owned()),
        description: component.description.as_deref().map(text::line),
        comment: text::told_in(component),
        external_refs: component.purl.as_deref().map(purl).into_iter().chain(cpes(&component.cpes)).collect(),
        ..Package::named(id, &full_name(component), purpose(component.kind))
    }
}

/// The supplier as section 7.5 has it. Whether it is a person is not known of most: an organisation may be one.
fn supplied_by(supplier: Option<&str>) -> String {
    let Some(supplier) = supplier.and_then(Supplier::of) else { return NO_ASSERTION.to_owned() };
    format!("Organization: {}", supplier.with_address())
}

/// What a kind is called (specification 2.3, section 7.24).
const fn purpose(kind: Kind) -> &'static str {
    match kind {
        Kind::Library => "LIBRARY",
        Kind::Application => "APPLICATION",
        Kind::Framework => "FRAMEWORK",
        Kind::Container => "CONTAINER",
        Kind::OperatingSystem => "OPERATING_SYSTEM",
        Kind::Device => "DEVICE",
        Kind::Firmware => "FIRMWARE",
        Kind::File => "FILE",
        Kind::Source => "SOURCE",
        Kind::Other => "OTHER",
    }
}

fn purl(purl: &str) -> ExternalRef {
    ExternalRef {
        reference_category: "PACKAGE-MANAGER",
        reference_type: "purl",
        reference_locator: text::uri(purl),
    }
}

fn cpes<'a>(texts: impl IntoIterator<Item = &'a String>) -> impl Iterator<Item = ExternalRef> {
    texts.into_iter().filter_map(|text| {
        let reference_type = match text::Cpe::of(text)? {
            text::Cpe::V2_2 => "cpe22Type",
            text::Cpe::V2_3 => "cpe23Type",
        };
        Some(ExternalRef { reference_category: "SECURITY", reference_type, reference_locator: text.clone() })
    })
}

/// Who made the document, and whoever made the one that it was made of.
fn creators(document: Document<'_>) -> Vec<String> {
    let own = format!("Tool: {TOOL}-{}", document.making.tool_version);
    let origin = document.origin;
    let tools = origin.iter().flat_map(|origin| &origin.tools).map(|tool| format!("Tool: {tool}"));
    let authors = origin.iter().flat_map(|origin| origin.authors.iter().map(|author| (*origin, author)));
    let authors = authors.filter_map(|(origin, author)| {
        let kind = if origin.organizations.contains(author) { "Organization" } else { "Person" };
        Some(format!("{kind}: {}", Supplier::of(author)?.with_address()))
    });
    let mut seen = BTreeSet::new();
    let all = std::iter::once(own).chain(tools).chain(authors).map(|creator| text::line(&creator));
    all.filter(|creator| seen.insert(creator.clone())).collect()
}

fn relationships(document: Document<'_>, ids: &[String]) -> Vec<Relationship> {
    let inventory = document.inventory;
    let related = |from: &str, relationship_type, to: &str| Relationship {
        spdx_element_id: from.to_owned(),
        relationship_type,
        related_spdx_element: to.to_owned(),
    };
    let mut all = vec![related(DOCUMENT, "DESCRIBES", SUBJECT)];
    all.extend(inventory.distribution.iter().map(|_| related(SUBJECT, "CONTAINS", DISTRIBUTION)));
    for (component, id) in inventory.components.iter().zip(ids) {
        let owner = component.owner.and_then(|owner| ids.get(owner)).map_or(SUBJECT, String::as_str);
        all.push(related(owner, "CONTAINS", id));
    }
    if !inventory.incomplete.is_empty() {
        all.push(related(SUBJECT, "CONTAINS", NO_ASSERTION));
    }
    for (from, to) in &inventory.dependencies {
        if let (Some(from), Some(to)) = (ids.get(*from), ids.get(*to)) {
            all.push(related(from, "DEPENDS_ON", to));
        }
    }
    all
}
