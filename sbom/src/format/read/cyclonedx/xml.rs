//! CycloneDX as XML, into the same model as JSON.

use std::io::Read;

use super::model::{
    Bom, Component, Composition, Contact, Dependency, Evidence, ExternalReference, Hash, License,
    LicenseChoice, Lifecycle, Metadata, Occurrence, Organization, Property, Tool,
};
use crate::format::read::xml::{Element, Xml};
use crate::format::read::{self as reading, ReadError, XmlProblem};

/// What namespaces begin with; the version follows.
pub(in crate::format::read) const NAMESPACE: &str = "http://cyclonedx.org/schema/bom/";

type Done = Result<(), ReadError>;

/// Reads the document whose root was opened.
pub(in crate::format::read) fn read<R: Read>(
    mut xml: Xml<R>,
    mut root: Element,
) -> Result<reading::Read, ReadError> {
    let version = root.namespace.strip_prefix(NAMESPACE).unwrap_or_default().to_owned();
    super::check_version(&version)?;
    let mut bom = Bom { spec_version: version, serial_number: root.take("serialNumber"), ..Bom::default() };
    root.take("version");
    xml.rest(&root);
    xml.keep_to(root.namespace);
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "metadata" => metadata(&mut xml, &mut bom.metadata)?,
            "components" => components(&mut xml, &mut bom.components)?,
            "dependencies" => dependencies(&mut xml, &mut bom.dependencies)?,
            "compositions" => compositions(&mut xml, &mut bom.compositions)?,
            _ => xml.pass(element)?,
        }
    }
    let passed = xml.finish()?;
    super::read(bom, passed)
}

/// The elements of a list: those of the name are read, others are passed over.
fn list<R: Read, T>(
    xml: &mut Xml<R>,
    name: &str,
    into: &mut Vec<T>,
    mut read: impl FnMut(&mut Xml<R>, Element) -> Result<T, ReadError>,
) -> Done {
    while let Some(element) = xml.child()? {
        match element.name == name {
            true => into.push(read(xml, element)?),
            false => xml.pass(element)?,
        }
        if into.len() > crate::limits::DOCUMENT_COMPONENTS {
            return Err(ReadError::Components { most: crate::limits::DOCUMENT_COMPONENTS });
        }
    }
    Ok(())
}

fn metadata<R: Read>(xml: &mut Xml<R>, metadata: &mut Metadata) -> Done {
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "timestamp" => xml.once(&mut metadata.timestamp)?,
            "lifecycles" => list(xml, "lifecycle", &mut metadata.lifecycles, |xml, _| lifecycle(xml))?,
            "tools" => tools(xml, &mut metadata.tools)?,
            "authors" => list(xml, "author", &mut metadata.authors, |xml, _| contact(xml))?,
            "manufacturer" => metadata.manufacturer = Some(organization(xml)?),
            "component" if metadata.component.is_some() => {
                return Err(xml.problem(XmlProblem::Twice(element.name)));
            }
            "component" => metadata.component = Some(component(xml, element)?),
            "properties" => list(xml, "property", &mut metadata.properties, property)?,
            _ => xml.pass(element)?,
        }
    }
    Ok(())
}

fn lifecycle<R: Read>(xml: &mut Xml<R>) -> Result<Lifecycle, ReadError> {
    let mut lifecycle = Lifecycle::default();
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "phase" => xml.once(&mut lifecycle.phase)?,
            _ => xml.pass(element)?,
        }
    }
    Ok(lifecycle)
}

fn contact<R: Read>(xml: &mut Xml<R>) -> Result<Contact, ReadError> {
    let mut contact = Contact::default();
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "name" => xml.once(&mut contact.name)?,
            "email" => xml.once(&mut contact.email)?,
            _ => xml.pass(element)?,
        }
    }
    Ok(contact)
}

fn organization<R: Read>(xml: &mut Xml<R>) -> Result<Organization, ReadError> {
    let mut organization = Organization::default();
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "name" => xml.once(&mut organization.name)?,
            _ => xml.pass(element)?,
        }
    }
    Ok(organization)
}

fn tools<R: Read>(xml: &mut Xml<R>, tools: &mut Vec<Tool>) -> Done {
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "tool" => tools.push(tool(xml)?),
            "components" => list(xml, "component", tools, |xml, mut element| {
                element.take("type");
                element.take("bom-ref");
                xml.rest(&element);
                tool(xml)
            })?,
            _ => xml.pass(element)?,
        }
    }
    Ok(())
}

fn tool<R: Read>(xml: &mut Xml<R>) -> Result<Tool, ReadError> {
    let mut tool = Tool::default();
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "vendor" => xml.once(&mut tool.vendor)?,
            "group" => xml.once(&mut tool.group)?,
            "name" => xml.once(&mut tool.name)?,
            "version" => xml.once(&mut tool.version)?,
            _ => xml.pass(element)?,
        }
    }
    Ok(tool)
}

fn components<R: Read>(xml: &mut Xml<R>, into: &mut Vec<Component>) -> Done {
    list(xml, "component", into, component)
}

fn component<R: Read>(xml: &mut Xml<R>, mut element: Element) -> Result<Component, ReadError> {
    let mut component = Component {
        kind: element.take("type").unwrap_or_default(),
        bom_ref: element.take("bom-ref"),
        ..Component::default()
    };
    xml.rest(&element);
    let mut name = None;
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "name" => xml.once(&mut name)?,
            "publisher" => xml.once(&mut component.publisher)?,
            "group" => xml.once(&mut component.group)?,
            "version" => xml.once(&mut component.version)?,
            "description" => xml.once(&mut component.description)?,
            "scope" => xml.once(&mut component.scope)?,
            "cpe" => xml.once(&mut component.cpe)?,
            "purl" => xml.once(&mut component.purl)?,
            _ => part(xml, element, &mut component)?,
        }
    }
    component.name = name.unwrap_or_default();
    Ok(component)
}

/// A part of a component that is more than a text.
fn part<R: Read>(xml: &mut Xml<R>, element: Element, component: &mut Component) -> Done {
    match element.name.as_str() {
        "supplier" => component.supplier = Some(organization(xml)?),
        "hashes" => list(xml, "hash", &mut component.hashes, |xml, mut element| {
            let alg = element.take("alg").unwrap_or_default();
            xml.rest(&element);
            Ok(Hash { alg, content: xml.text()? })
        })?,
        "licenses" => licenses(xml, &mut component.licenses)?,
        "externalReferences" => list(xml, "reference", &mut component.references, |xml, mut element| {
            let kind = element.take("type").unwrap_or_default();
            xml.rest(&element);
            Ok(ExternalReference { kind, url: only_text(xml, "url")? })
        })?,
        "components" => components(xml, &mut component.components)?,
        "properties" => list(xml, "property", &mut component.properties, property)?,
        "evidence" => {
            let evidence = component.evidence.get_or_insert_default();
            evidence_of(xml, evidence)?;
        }
        _ => xml.pass(element)?,
    }
    Ok(())
}

fn evidence_of<R: Read>(xml: &mut Xml<R>, evidence: &mut Evidence) -> Done {
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "occurrences" => list(xml, "occurrence", &mut evidence.occurrences, |xml, element| {
                xml.rest(&element);
                Ok(Occurrence { location: only_text(xml, "location")? })
            })?,
            _ => xml.pass(element)?,
        }
    }
    Ok(())
}

/// The text of the only element that counts.
fn only_text<R: Read>(xml: &mut Xml<R>, name: &str) -> Result<String, ReadError> {
    let mut text = None;
    while let Some(element) = xml.child()? {
        match element.name == name {
            true => xml.once(&mut text)?,
            false => xml.pass(element)?,
        }
    }
    Ok(text.unwrap_or_default())
}

fn property<R: Read>(xml: &mut Xml<R>, mut element: Element) -> Result<Property, ReadError> {
    let name = element.take("name").unwrap_or_default();
    xml.rest(&element);
    Ok(Property { name, value: xml.text()? })
}

fn licenses<R: Read>(xml: &mut Xml<R>, into: &mut Vec<LicenseChoice>) -> Done {
    while let Some(mut element) = xml.child()? {
        let acknowledgement = element.take("acknowledgement");
        match element.name.as_str() {
            "expression" => {
                xml.rest(&element);
                into.push(LicenseChoice { expression: Some(xml.text()?), license: None, acknowledgement });
            }
            "license" => {
                xml.rest(&element);
                let license = License { acknowledgement, ..license(xml)? };
                into.push(LicenseChoice { license: Some(license), ..LicenseChoice::default() });
            }
            _ => xml.pass(element)?,
        }
    }
    Ok(())
}

fn license<R: Read>(xml: &mut Xml<R>) -> Result<License, ReadError> {
    let mut license = License::default();
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "id" => xml.once(&mut license.id)?,
            "name" => xml.once(&mut license.name)?,
            _ => xml.pass(element)?,
        }
    }
    Ok(license)
}

fn dependencies<R: Read>(xml: &mut Xml<R>, into: &mut Vec<Dependency>) -> Done {
    list(xml, "dependency", into, |xml, mut element| {
        let mut dependency =
            Dependency { reference: element.take("ref").unwrap_or_default(), depends_on: Vec::new() };
        xml.rest(&element);
        list(xml, "dependency", &mut dependency.depends_on, reference)?;
        Ok(dependency)
    })
}

/// An element that only refers to something.
fn reference<R: Read>(xml: &mut Xml<R>, mut element: Element) -> Result<String, ReadError> {
    let reference = element.take("ref").unwrap_or_default();
    xml.rest(&element);
    while let Some(element) = xml.child()? {
        xml.pass(element)?;
    }
    Ok(reference)
}

fn compositions<R: Read>(xml: &mut Xml<R>, into: &mut Vec<Composition>) -> Done {
    list(xml, "composition", into, |xml, element| {
        xml.rest(&element);
        let mut composition = Composition::default();
        while let Some(element) = xml.child()? {
            match element.name.as_str() {
                "aggregate" => xml.once(&mut composition.aggregate)?,
                "assemblies" => list(xml, "assembly", &mut composition.assemblies, reference)?,
                _ => xml.pass(element)?,
            }
        }
        Ok(composition)
    })
}
