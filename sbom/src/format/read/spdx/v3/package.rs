//! Packages of SPDX 3: the subject, the distribution, and the components.

use std::collections::HashMap;

use super::model::{Element, ExternalIdentifier, Hash, Reference};
use crate::fact::Distribution;
use crate::format::read::build::Builder;
use crate::format::read::passed::PassedOver;
use crate::format::read::spdx::package::{Notes, hash_name};
use crate::format::read::texts::{self, said};
use crate::inventory::{Component, Kind};

/// Puts the distribution in its place.
pub(super) fn distribution(element: Element, names: &HashMap<String, String>, builder: &mut Builder) {
    let is_cpe = |it: &ExternalIdentifier| {
        it.external_identifier_type.as_deref().is_some_and(|it| it.starts_with("cpe"))
    };
    let cpe = element.external_identifier.into_iter().find(is_cpe);
    builder.inventory.distribution = Some(Distribution {
        id: element.name.unwrap_or_default(),
        version_id: said(element.version),
        pretty_name: said(element.description),
        supplier: supplier(&element.supplied_by, names, &mut builder.passed),
        id_like: Vec::new(),
        cpe: cpe.and_then(|cpe| cpe.identifier),
    });
}

/// Puts the subject in its place.
pub(super) fn subject(element: Element, names: &HashMap<String, String>, builder: &mut Builder) {
    let may_be_image = element.purpose.as_deref().is_none_or(|purpose| purpose == "container");
    let is_sha256 = |hash: &&Hash| may_be_image && hash.algorithm.as_deref() == Some("sha256");
    let sha256 = element.verified_using.iter().find(is_sha256).and_then(|hash| hash.hash_value.clone());
    let (purl, cpes) = identifiers(element.purl, element.external_identifier, &mut builder.passed);
    let described = texts::Described {
        name: element.name.unwrap_or_default(),
        version: element.version,
        purl,
        sha256,
        supplier: supplier(&element.supplied_by, names, &mut builder.passed),
    };
    let mut subject = described.subject();
    let known = element.source_info.as_deref().is_none_or(|text| texts::made_of(&mut subject, text));
    let passed = &mut builder.passed;
    let purpose =
        if subject.digest.is_some() || !subject.layers.is_empty() { "container" } else { "application" };
    for (there, key) in [
        (element.purpose.is_some_and(|it| it != purpose), "software_primaryPurpose"),
        (!cpes.is_empty(), "externalIdentifier[]"),
        (!known, "software_sourceInfo"),
        (element.homepage.is_some(), "software_homePage"),
        (element.description.is_some(), "description"),
        (element.summary.is_some(), "summary"),
        (element.comment.is_some(), "comment"),
    ] {
        passed.add_if(there, &format!("@graph[].{key}"));
    }
    let hashes = element.verified_using.len().saturating_sub(usize::from(subject.digest.is_some()));
    passed.add_times("@graph[].verifiedUsing[]", hashes);
    builder.inventory.subject = subject;
}

/// The name of an agent that supplies an element.
fn supplier(by: &Reference, names: &HashMap<String, String>, passed: &mut PassedOver) -> Option<String> {
    let name = names.get(by.0.as_ref()?).cloned();
    passed.add_if(name.is_none(), "@graph[].suppliedBy");
    name
}

/// A package as a component.
pub(super) fn component(
    element: Element,
    names: &HashMap<String, String>,
    passed: &mut PassedOver,
) -> Component {
    let kind = element.purpose.as_deref().and_then(kind);
    passed.add_if(kind.is_none() && element.purpose.is_some(), "@graph[].software_primaryPurpose");
    let (purl, cpes) = identifiers(element.purl, element.external_identifier, passed);
    let mut component = Component {
        cpes,
        supplier: supplier(&element.supplied_by, names, passed),
        description: said(element.description),
        homepage: said(element.homepage),
        ..texts::component(
            kind.unwrap_or_default(),
            element.name.unwrap_or_default(),
            said(element.version),
            purl,
        )
    };
    for hash in element.verified_using {
        let (Some(algorithm), Some(value)) = (hash.algorithm, hash.hash_value) else { continue };
        let twice = component.hashes.insert(hash_name(&algorithm), value).is_some();
        passed.add_if(twice, "@graph[].verifiedUsing[]");
    }
    let notes =
        Notes { source_info: element.source_info, comment: element.comment, summary: element.summary };
    notes.add_to(
        &mut component,
        ["@graph[].software_sourceInfo", "@graph[].comment", "@graph[].summary"],
        passed,
    );
    component
}

/// The package URL and the names in the NVD's dictionary.
fn identifiers(
    purl: Option<String>,
    others: Vec<ExternalIdentifier>,
    passed: &mut PassedOver,
) -> (Option<String>, Vec<String>) {
    let (mut purl, mut cpes) = (texts::purl(purl), Vec::new());
    for ExternalIdentifier { external_identifier_type: kind, identifier, .. } in others {
        match (kind.as_deref(), identifier) {
            (Some("packageUrl"), Some(text)) if purl.as_ref() == Some(&text) => (),
            (Some("packageUrl"), Some(text)) if purl.is_none() && text.starts_with("pkg:") => {
                purl = Some(text);
            }
            (Some("cpe22" | "cpe23"), Some(text)) => cpes.push(text),
            (other, _) => {
                passed.add(&format!("@graph[].externalIdentifier[] ({})", other.unwrap_or_default()));
            }
        }
    }
    (purl, cpes)
}

/// What a purpose is called here (specification 3.0.1, `Software/SoftwarePurpose`).
fn kind(purpose: &str) -> Option<Kind> {
    Some(match purpose {
        "library" => Kind::Library,
        "application" => Kind::Application,
        "framework" => Kind::Framework,
        "container" => Kind::Container,
        "operatingSystem" => Kind::OperatingSystem,
        "device" => Kind::Device,
        "firmware" => Kind::Firmware,
        "file" => Kind::File,
        "source" => Kind::Source,
        "other" => Kind::Other,
        _ => return None,
    })
}
