//! The model as XML. The order of elements is that of the schema: it has one, unlike JSON.

use super::model::{Bom, Component, Dependency, LicenseChoice, LicenseName, Metadata, Property, Tools};
use crate::format::xml::Xml;

pub(super) fn write(bom: &Bom<'_>) -> Vec<u8> {
    let namespace = format!("http://cyclonedx.org/schema/bom/{}", bom.spec_version);
    let version = bom.version.to_string();
    let attributes =
        [("xmlns", namespace.as_str()), ("serialNumber", &bom.serial_number), ("version", &version)];
    let mut xml = Xml::new();
    xml.element("bom", &attributes, |xml| {
        xml.element("metadata", &[], |xml| metadata(xml, &bom.metadata));
        xml.element("components", &[], |xml| bom.components.iter().for_each(|it| component(xml, it)));
        xml.element("dependencies", &[], |xml| bom.dependencies.iter().for_each(|it| dependency(xml, it)));
        if !bom.compositions.is_empty() {
            xml.element("compositions", &[], |xml| compositions(xml, bom));
        }
    });
    xml.finish()
}

fn metadata(xml: &mut Xml, metadata: &Metadata<'_>) {
    xml.text("timestamp", &[], &metadata.timestamp);
    if !metadata.lifecycles.is_empty() {
        xml.element("lifecycles", &[], |xml| {
            for lifecycle in &metadata.lifecycles {
                xml.element("lifecycle", &[], |xml| xml.text("phase", &[], lifecycle.phase));
            }
        });
    }
    xml.element("tools", &[], |xml| match &metadata.tools {
        Tools::Tools(tools) => {
            for tool in tools {
                xml.element("tool", &[], |xml| {
                    xml.text("name", &[], tool.name);
                    xml.optional("version", tool.version);
                });
            }
        }
        Tools::Components { components } => {
            xml.element("components", &[], |xml| components.iter().for_each(|it| component(xml, it)));
        }
    });
    if !metadata.authors.is_empty() {
        xml.element("authors", &[], |xml| {
            for author in &metadata.authors {
                xml.element("author", &[], |xml| {
                    xml.optional("name", author.name.as_deref());
                    xml.optional("email", author.email.as_deref());
                });
            }
        });
    }
    component(xml, &metadata.component);
    properties(xml, &metadata.properties);
}

fn component(xml: &mut Xml, component: &Component<'_>) {
    let mut attributes = vec![("type", component.kind)];
    attributes.extend(component.bom_ref.map(|reference| ("bom-ref", reference)));
    xml.element("component", &attributes, |xml| {
        if let Some(supplier) = &component.supplier {
            xml.element("supplier", &[], |xml| xml.text("name", &[], &supplier.name));
        }
        xml.optional("group", component.group);
        xml.text("name", &[], &component.name);
        xml.optional("version", component.version);
        xml.optional("description", component.description.as_deref());
        if !component.hashes.is_empty() {
            xml.element("hashes", &[], |xml| {
                component
                    .hashes
                    .iter()
                    .for_each(|hash| xml.text("hash", &[("alg", hash.alg)], &hash.content));
            });
        }
        if !component.licenses.is_empty() {
            xml.element("licenses", &[], |xml| component.licenses.iter().for_each(|it| license(xml, it)));
        }
        xml.optional("cpe", component.cpe);
        xml.optional("purl", component.purl.as_deref());
        found(xml, component);
    });
}

fn found(xml: &mut Xml, component: &Component<'_>) {
    if !component.external_references.is_empty() {
        xml.element("externalReferences", &[], |xml| {
            for reference in &component.external_references {
                let kind = [("type", reference.kind)];
                xml.element("reference", &kind, |xml| xml.text("url", &[], reference.url));
            }
        });
    }
    properties(xml, &component.properties);
    if let Some(evidence) = &component.evidence {
        xml.element("evidence", &[], |xml| {
            xml.element("occurrences", &[], |xml| {
                for occurrence in &evidence.occurrences {
                    xml.element("occurrence", &[], |xml| xml.text("location", &[], occurrence.location));
                }
            });
        });
    }
}

fn license(xml: &mut Xml, license: &LicenseChoice<'_>) {
    let acknowledged = |text: Option<&'static str>| text.map(|text| ("acknowledgement", text));
    match license {
        LicenseChoice::License(entry) => {
            let attributes: Vec<_> = acknowledged(entry.acknowledgement).into_iter().collect();
            xml.element("license", &attributes, |xml| match &entry.called {
                LicenseName::Id(id) => xml.text("id", &[], id),
                LicenseName::Name(name) => xml.text("name", &[], name),
            });
        }
        LicenseChoice::Expression(it) => {
            let attributes: Vec<_> = acknowledged(it.acknowledgement).into_iter().collect();
            xml.text("expression", &attributes, &it.expression);
        }
    }
}

fn properties(xml: &mut Xml, properties: &[Property<'_>]) {
    if !properties.is_empty() {
        xml.element("properties", &[], |xml| {
            properties.iter().for_each(|it| xml.text("property", &[("name", &it.name)], it.value));
        });
    }
}

fn dependency(xml: &mut Xml, dependency: &Dependency<'_>) {
    xml.element("dependency", &[("ref", dependency.reference)], |xml| {
        dependency.depends_on.iter().for_each(|needed| xml.empty("dependency", &[("ref", needed)]));
    });
}

fn compositions(xml: &mut Xml, bom: &Bom<'_>) {
    for composition in &bom.compositions {
        xml.element("composition", &[], |xml| {
            xml.text("aggregate", &[], composition.aggregate);
            xml.element("assemblies", &[], |xml| {
                composition.assemblies.iter().for_each(|it| xml.empty("assembly", &[("ref", it)]));
            });
        });
    }
}
