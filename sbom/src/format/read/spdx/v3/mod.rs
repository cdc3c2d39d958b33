//! SPDX 3.0.1 as JSON-LD: one flat graph of elements, which refer to one another by their identifiers.
//!
//! Keys are read in the compact form that the specification's JSON schema asks for; a graph with a context of its own is
//! not expanded.

mod licenses;
mod model;
mod package;

use std::collections::HashMap;

use crate::format::read::build::Builder;
use crate::format::read::passed::PassedOver;
use crate::format::read::texts::{self, said};
use crate::format::read::{Origin, Read, ReadError};
use licenses::Licenses;
pub(in crate::format::read) use model::Element;
use model::{ExternalIdentifier, Reference};

/// Reads a graph.
pub(in crate::format::read) fn read(graph: Vec<Element>, passed: PassedOver) -> Result<Read, ReadError> {
    let origin = origin(&graph)?;
    let mut reading = Reading {
        builder: Builder::new(passed),
        subject: subject(&graph),
        system: None,
        names: names(&graph),
        relations: Vec::new(),
        document_name: None,
    };
    reading.system = system(&graph, reading.subject.as_deref());
    let licenses = Licenses::of(&graph);
    graph.into_iter().try_for_each(|element| reading.element(element))?;
    let Reading { mut builder, mut relations, document_name, .. } = reading;
    super::named(&mut builder, document_name, "@graph[].name");
    // What is declared comes before what someone concluded of it.
    relations.sort_by_key(|relation| relation.relationship_type.as_deref() != Some("hasDeclaredLicense"));
    relations.into_iter().for_each(|relation| relate(&mut builder, relation, &licenses));
    builder.passed.add_times("@graph[] (simplelicensing_SimpleLicensingText)", licenses.texts.unused());
    Ok(builder.finish(origin))
}

/// A graph that is being read.
struct Reading {
    builder: Builder,
    subject: Option<String>,
    system: Option<String>,
    /// Names of persons and organisations, by identifier.
    names: HashMap<String, String>,
    relations: Vec<Element>,
    document_name: Option<String>,
}

impl Reading {
    fn element(&mut self, element: Element) -> Result<(), ReadError> {
        let Self { builder, subject, system, names, .. } = self;
        let id = element.id().map(str::to_owned);
        match element.kind.as_deref().unwrap_or_default() {
            "software_Package" if subject.is_some() && id == *subject => {
                builder.root(id);
                package::subject(element, names, builder);
            }
            "software_Package" if system.is_some() && id == *system => {
                builder.root(id);
                package::distribution(element, names, builder);
            }
            "software_Package" => {
                let component = package::component(element, names, &mut builder.passed);
                builder.component(id, component)?;
            }
            "Relationship" => self.relations.push(element),
            "SpdxDocument" => {
                super::comment(builder, element.comment.as_deref(), "@graph[].comment");
                self.document_name = element.name;
            }
            "CreationInfo"
            | "software_Sbom"
            | "Organization"
            | "Person"
            | "SoftwareAgent"
            | "Tool"
            | "simplelicensing_LicenseExpression"
            | "simplelicensing_SimpleLicensingText" => {
                builder.passed.add_if(element.comment.is_some(), "@graph[].comment");
            }
            other => builder.passed.add(&format!("@graph[] ({other})")),
        }
        Ok(())
    }
}

/// What the document says of itself.
fn origin(graph: &[Element]) -> Result<Origin, ReadError> {
    let document = graph.iter().find(|element| element.is("SpdxDocument"));
    let wanted = document.and_then(|document| document.creation_info.0.as_deref());
    let mut infos = graph.iter().filter(|element| element.is("CreationInfo"));
    let info = infos.clone().find(|info| info.id() == wanted).or_else(|| infos.next());
    let got = info.and_then(|info| info.spec_version.clone()).unwrap_or_default();
    if !(got == "3.0" || got.starts_with("3.0.")) {
        return Err(ReadError::Version { format: "SPDX", expected: "SPDX-2.2, SPDX-2.3 or 3.0", got });
    }
    let Some(info) = info else { return Err(ReadError::Unknown) };
    let called = |references: &[Reference], kinds: &[&str]| -> Vec<String> {
        let wanted = references.iter().filter_map(|reference| reference.0.as_deref());
        let found = wanted.filter_map(|id| graph.iter().find(|element| element.id() == Some(id)));
        found.filter(|it| kinds.iter().any(|kind| it.is(kind))).filter_map(party).collect()
    };
    Ok(Origin {
        format: format!("SPDX {got}"),
        identifier: document.and_then(Element::id).map(str::to_owned),
        created: texts::time(info.created.as_deref()),
        authors: called(&info.created_by, &["Person", "Organization"]),
        organizations: called(&info.created_by, &["Organization"]).into_iter().collect(),
        tools: called(&info.created_using, &["Tool"]),
        phases: graph.iter().flat_map(|element| element.sbom_type.clone()).collect(),
    })
}

/// Somebody with an address.
fn party(element: &Element) -> Option<String> {
    let email = |it: &&ExternalIdentifier| it.external_identifier_type.as_deref() == Some("email");
    let email = element.external_identifier.iter().find(email).and_then(|it| it.identifier.clone());
    let name = said(element.name.clone());
    match (name, email) {
        (Some(name), Some(email)) if name != email => Some(format!("{name} <{email}>")),
        (name, email) => name.or(email),
    }
}

/// Names of everybody, by identifier.
fn names(graph: &[Element]) -> HashMap<String, String> {
    let named = |element: &Element| Some((element.id()?.to_owned(), party(element)?));
    let people =
        graph.iter().filter(|it| ["Organization", "Person", "SoftwareAgent"].iter().any(|kind| it.is(kind)));
    people.filter_map(named).collect()
}

/// The only package at the root of what the document is about.
fn subject(graph: &[Element]) -> Option<String> {
    let by_id: HashMap<_, _> = graph.iter().filter_map(|element| Some((element.id()?, element))).collect();
    let mut at = graph.iter().find(|element| element.is("SpdxDocument"))?;
    // From the document to an SBOM to a package, and no further.
    for _ in 0..3 {
        let [Reference(Some(root))] = at.root_element.as_slice() else { return None };
        at = by_id.get(root.as_str())?;
        if at.is("software_Package") {
            return Some(root.clone());
        }
    }
    None
}

/// The only operating system that is no package, and not written as one.
fn system(graph: &[Element], subject: Option<&str>) -> Option<String> {
    let is_system = |element: &&Element| {
        element.purpose.as_deref() == Some("operatingSystem")
            && element.purl.is_none()
            && element.id() != subject
            && !element.id().is_some_and(|id| id.contains(super::WRITTEN))
    };
    let mut systems = graph.iter().filter(|element| element.is("software_Package")).filter(is_system);
    match (systems.next(), systems.next()) {
        (Some(system), None) => system.id().map(str::to_owned),
        _ => None,
    }
}

fn relate(builder: &mut Builder, relation: Element, licenses: &Licenses) {
    let kind = relation.relationship_type.unwrap_or_default();
    let Some(from) = relation.from.0 else { return builder.passed.add("@graph[] (Relationship)") };
    let incomplete = relation.completeness.as_deref() == Some("incomplete");
    let known = incomplete && !builder.inventory.incomplete.is_empty();
    builder.passed.add_if(relation.completeness.is_some() && !known, "@graph[].completeness");
    for to in relation.to.into_iter().filter_map(|to| to.0) {
        match kind.as_str() {
            "contains" => builder.contains("@graph[] (contains)", &from, &to),
            "dependsOn" => builder.depends("@graph[] (dependsOn)", &from, &to),
            // Of the document, and of what is its root, that was seen before.
            "describes" => (),
            _ if to.ends_with("/NoAssertion") || to.ends_with("/NoAssertionLicense") => (),
            "hasDeclaredLicense" | "hasConcludedLicense" => {
                let expression = licenses.expressions.get(&to);
                let declared = expression.map(|it| licenses.texts.licenses(it)).unwrap_or_default();
                let component =
                    builder.index(&from).and_then(|index| builder.inventory.components.get_mut(index));
                match component {
                    Some(component) if component.licenses.is_empty() && !declared.is_empty() => {
                        component.licenses = declared;
                    }
                    Some(component) if component.licenses == declared => (),
                    _ => builder.passed.add(&format!("@graph[] ({kind})")),
                }
            }
            other => builder.passed.add(&format!("@graph[] ({other})")),
        }
    }
}
