//! SPDX: 2.2 and 2.3 as JSON and as tags and values, which are one model, and 3.0.1 as JSON-LD.

mod licenses;
mod model;
mod package;
mod tag_value;
mod v3;

use std::collections::BTreeSet;

use super::build::Builder;
use super::passed::PassedOver;
use super::texts::{self, said};
use super::{Origin, Read, ReadError};
use crate::fact::Distribution;
use crate::inventory::Kind;
use licenses::Texts;
pub(super) use model::{CreationInfo, ExtractedLicensingInfo, Package, Relationship, SpdxDocument};
pub(super) use tag_value::read as read_tag_value;
pub(super) use v3::{Element, read as read_v3};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";

/// What this program calls its subject.
const SUBJECT: &str = "SPDXRef-Subject";

pub(super) fn read(document: SpdxDocument, passed: PassedOver) -> Result<Read, ReadError> {
    let got = document.spdx_version;
    if !matches!(got.as_str(), "SPDX-2.2" | "SPDX-2.3") {
        return Err(ReadError::Version { format: "SPDX", expected: "SPDX-2.2, SPDX-2.3 or 3.0", got });
    }
    let mut builder = Builder::new(passed);
    if document.relationships.len() > crate::limits::DOCUMENT_RELATIONS {
        return Err(ReadError::Relations { most: crate::limits::DOCUMENT_RELATIONS });
    }
    builder.root(Some(DOCUMENT.to_owned()));
    let subject = described(&document.relationships, document.describes, &document.packages);
    let mut texts = Texts::default();
    for license in document.licenses {
        if let Some(text) = said(license.extracted_text) {
            texts.insert(license.license_id, text);
        }
    }
    let system = system(&document.packages, subject.as_deref());
    for (index, package) in document.packages.into_iter().enumerate() {
        if subject.is_some() && package.id == subject {
            builder.root(package.id.clone());
            package::subject(package, &mut builder);
        } else if Some(index) == system {
            builder.root(package.id.clone());
            distribution(package, &mut builder);
        } else {
            let id = package.id.clone();
            let component = package.component(&texts, &mut builder.passed);
            builder.component(id, component)?;
        }
    }
    builder.passed.add_times("hasExtractedLicensingInfos[]", texts.unused());
    named(&mut builder, document.name, "name");
    comment(&mut builder, document.comment.as_deref(), "comment");
    document.relationships.into_iter().for_each(|relationship| relate(&mut builder, &relationship));
    let origin = origin(got.replace('-', " "), document.namespace, document.creation, &mut builder.passed);
    Ok(builder.finish(origin))
}

/// The one package that the document describes. Where it describes several, none of them is the subject, and where there
/// is only one, it is a component unless this program wrote it.
fn described(relationships: &[Relationship], mut all: Vec<String>, packages: &[Package]) -> Option<String> {
    all.extend(relationships.iter().filter_map(|related| match related.kind.as_str() {
        "DESCRIBES" if related.from == DOCUMENT => Some(related.to.clone()),
        "DESCRIBED_BY" if related.to == DOCUMENT => Some(related.from.clone()),
        _ => None,
    }));
    all.sort();
    all.dedup();
    match all.as_slice() {
        [only] if packages.len() > 1 || only == SUBJECT => Some(only.clone()),
        _ => None,
    }
}

/// What the identifiers of components begin with that this program writes without a package URL.
const WRITTEN: &str = "SPDXRef-Package-other-";

/// The only operating system that is no package, and not written as one.
fn system(packages: &[Package], subject: Option<&str>) -> Option<usize> {
    let is_system = |package: &Package| {
        matches!(package.primary_package_purpose.as_deref(), Some("OPERATING_SYSTEM" | "OPERATING-SYSTEM"))
            && package.id.as_deref() != subject
            && !package.id.as_ref().is_some_and(|id| id.starts_with(WRITTEN))
            && package.external_refs.iter().all(|reference| reference.reference_type != "purl")
    };
    let mut systems = packages.iter().enumerate().filter(|(_, package)| is_system(package));
    match (systems.next(), systems.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    }
}

fn distribution(package: Package, builder: &mut Builder) {
    let cpe = package.external_refs.into_iter().find(|reference| reference.reference_type.starts_with("cpe"));
    builder.inventory.distribution = Some(Distribution {
        id: package.name,
        version_id: said(package.version_info),
        pretty_name: said(package.description),
        supplier: said(package.supplier).and_then(|text| package::party(&text)),
        id_like: Vec::new(),
        cpe: cpe.map(|reference| reference.reference_locator),
    });
}

/// A subject without a name has that of the document; another name of the document has no place.
fn named(builder: &mut Builder, name: Option<String>, place: &str) {
    let subject = &mut builder.inventory.subject;
    match name {
        Some(name) if subject.name.is_empty() => subject.name = name,
        name => builder.passed.add_if(name.is_some_and(|name| name != subject.name), place),
    }
}

/// The comment of a document: what could not be read, or something else.
fn comment(builder: &mut Builder, comment: Option<&str>, place: &str) {
    match comment.map(texts::lacks) {
        Some(Some(lacks)) => builder.inventory.incomplete = lacks,
        Some(None) => builder.passed.add(place),
        None => (),
    }
}

fn relate(builder: &mut Builder, relationship: &Relationship) {
    const PLACE: &str = "relationships[]";
    let Relationship { from, kind, to } = relationship;
    match kind.as_str() {
        // Who described what was seen before.
        "DESCRIBES" | "DESCRIBED_BY" => (),
        "CONTAINS" if to == "NOASSERTION" || to == "NONE" => (),
        "CONTAINS" => builder.contains("relationships[] (CONTAINS)", from, to),
        "CONTAINED_BY" => builder.contains("relationships[] (CONTAINED_BY)", to, from),
        "DEPENDS_ON" => builder.depends("relationships[] (DEPENDS_ON)", from, to),
        "DEPENDENCY_OF" => builder.depends("relationships[] (DEPENDENCY_OF)", to, from),
        other => builder.passed.add(&format!("{PLACE} ({other})")),
    }
}

fn origin(
    format: String,
    identifier: Option<String>,
    creation: CreationInfo,
    passed: &mut PassedOver,
) -> Origin {
    let (mut authors, mut tools, mut organizations) = (Vec::new(), Vec::new(), BTreeSet::new());
    for creator in creation.creators {
        match creator.split_once(':') {
            Some(("Tool", tool)) => tools.push(tool.trim().to_owned()),
            Some((kind @ ("Person" | "Organization"), author)) => {
                let author = package::party(author);
                organizations.extend(author.clone().filter(|_| kind == "Organization"));
                authors.extend(author);
            }
            _ => passed.add("creationInfo.creators[]"),
        }
    }
    let created = texts::time(creation.created.as_deref());
    Origin {
        format,
        identifier: said(identifier),
        created,
        authors,
        organizations,
        tools,
        phases: Vec::new(),
    }
}

/// What a purpose is called here (specification 2.3, section 7.24; with the hyphens of tags and values).
fn kind(purpose: &str) -> Option<Kind> {
    Some(match purpose {
        "LIBRARY" => Kind::Library,
        "APPLICATION" => Kind::Application,
        "FRAMEWORK" => Kind::Framework,
        "CONTAINER" => Kind::Container,
        "OPERATING_SYSTEM" | "OPERATING-SYSTEM" => Kind::OperatingSystem,
        "DEVICE" => Kind::Device,
        "FIRMWARE" => Kind::Firmware,
        "FILE" => Kind::File,
        "SOURCE" => Kind::Source,
        "OTHER" => Kind::Other,
        _ => return None,
    })
}
