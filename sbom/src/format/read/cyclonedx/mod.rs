//! CycloneDX (ECMA-424) 1.2 to 1.7, as JSON and as XML: one model, whichever of the two it came in.
//!
//! Components may hold components: the one that is held came with the one that holds it. What this program writes as
//! properties (`countersign:...`) is read from them, and so is what syft does (`syft:...`).

mod component;
mod model;
mod xml;

use super::build::Builder;
use super::passed::PassedOver;
use super::texts::{self, said};
use super::{Origin, Read, ReadError};
use crate::fact::Distribution;
use crate::inventory::{Incomplete, Kind, Subject};
pub(super) use model::{Bom, Component, Composition, Dependency, Metadata};
pub(super) use xml::{NAMESPACE, read as read_xml};

const VERSIONS: [&str; 6] = ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"];

/// The parts of a document in JSON.
pub(super) struct Parts {
    pub(super) spec_version: Option<String>,
    pub(super) serial_number: Option<String>,
    pub(super) metadata: Option<Metadata>,
    pub(super) components: Vec<Component>,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) compositions: Vec<Composition>,
}

pub(super) fn read_parts(parts: Parts, passed: PassedOver) -> Result<Read, ReadError> {
    let bom = Bom {
        spec_version: parts.spec_version.unwrap_or_default(),
        serial_number: parts.serial_number,
        metadata: parts.metadata.unwrap_or_default(),
        components: parts.components,
        dependencies: parts.dependencies,
        compositions: parts.compositions,
    };
    read(bom, passed)
}

fn check_version(got: &str) -> Result<(), ReadError> {
    match VERSIONS.contains(&got) {
        true => Ok(()),
        false => Err(ReadError::Version { format: "CycloneDX", expected: "1.2 to 1.7", got: got.to_owned() }),
    }
}

fn read(bom: Bom, passed: PassedOver) -> Result<Read, ReadError> {
    check_version(&bom.spec_version)?;
    let mut reading = Reading { builder: Builder::new(passed), owners: Vec::new() };
    let Metadata { component: subject, properties, lifecycles, .. } = bom.metadata;
    let unlike = lifecycles.iter().filter(|it| it.phase.as_deref() != Some("post-build")).count();
    reading.builder.passed.add_times("metadata.lifecycles[]", unlike);
    let phases = lifecycles.into_iter().filter_map(|it| said(it.phase)).collect();
    let subject_ref = subject.as_ref().and_then(|subject| subject.bom_ref.clone());
    let held = subject.map(|subject| reading.subject(subject)).unwrap_or_default();
    reading.properties(properties);
    let mut components = bom.components;
    reading.distribution(&mut components);
    reading.components("metadata.component.components[]", held, None)?;
    reading.components("components[]", components, None)?;
    reading.owners();
    reading.dependencies(bom.dependencies);
    reading.compositions(&bom.compositions, subject_ref.as_deref());
    let maker = bom.metadata.manufacturer.and_then(|maker| said(maker.name));
    let authors = bom.metadata.authors.into_iter();
    let origin = Origin {
        format: format!("CycloneDX {}", bom.spec_version),
        identifier: said(bom.serial_number),
        created: texts::time(bom.metadata.timestamp.as_deref()),
        authors: authors.filter_map(model::Contact::name).chain(maker.clone()).collect(),
        organizations: maker.into_iter().collect(),
        tools: bom.metadata.tools.into_iter().filter_map(model::Tool::name).collect(),
        phases,
    };
    Ok(reading.builder.finish(origin))
}

/// A document that is being read.
struct Reading {
    builder: Builder,
    /// Components, and the references of those that they came with.
    owners: Vec<(usize, String)>,
}

impl Reading {
    /// The subject; gives the components that it holds.
    fn subject(&mut self, subject: Component) -> Vec<Component> {
        const PLACE: &str = "metadata.component";
        let sha256 =
            subject.hashes.iter().find(|hash| hash.alg == "SHA-256").map(|hash| hash.content.clone());
        let image = subject.kind == "container";
        let group = said(subject.group);
        let name = group.into_iter().chain([subject.name]).collect::<Vec<_>>().join("/");
        let described = texts::Described {
            name,
            version: subject.version,
            purl: texts::purl(subject.purl),
            sha256: sha256.filter(|_| image),
            supplier: subject.supplier.and_then(|supplier| said(supplier.name)),
        };
        let mut read = described.subject();
        let passed = &mut self.builder.passed;
        subject_properties(subject.properties, &mut read, passed);
        let hashes = subject.hashes.len().saturating_sub(usize::from(image && read.digest.is_some()));
        passed.add_times(&format!("{PLACE}.hashes[]"), hashes);
        passed.add_times(&format!("{PLACE}.licenses[]"), subject.licenses.len());
        passed.add_times(&format!("{PLACE}.externalReferences[]"), subject.references.len());
        let is_image = read.digest.is_some() || !read.layers.is_empty();
        for (there, key) in [
            (subject.kind != if is_image { "container" } else { "application" }, "type"),
            (subject.publisher.is_some(), "publisher"),
            (subject.description.is_some(), "description"),
            (subject.scope.is_some_and(|scope| scope != "required"), "scope"),
            (subject.cpe.is_some(), "cpe"),
            (subject.evidence.is_some(), "evidence"),
        ] {
            passed.add_if(there, &format!("{PLACE}.{key}"));
        }
        self.builder.root(subject.bom_ref);
        self.builder.inventory.subject = read;
        subject.components
    }

    /// Properties of the document: what could not be read.
    fn properties(&mut self, properties: Vec<model::Property>) {
        for property in properties {
            let name =
                property.name.strip_prefix("countersign:incomplete:").and_then(|name| name.split_once(':'));
            let incomplete = &mut self.builder.inventory.incomplete;
            match (name, incomplete.last_mut()) {
                (Some((_, "path")), _) => {
                    incomplete.push(Incomplete { path: property.value, why: String::new() });
                }
                (Some((_, "why")), Some(last)) => last.why = property.value,
                _ => self.builder.passed.add("metadata.properties[]"),
            }
        }
    }

    /// Takes the operating system out of the components, where there is one that is no package, and not written as one.
    fn distribution(&mut self, components: &mut Vec<Component>) {
        let is_written = |reference: &String| reference.starts_with("component:");
        let system = |component: &Component| {
            component.kind == "operating-system"
                && component.purl.is_none()
                && !component.bom_ref.as_ref().is_some_and(is_written)
        };
        let mut systems = components.iter().enumerate().filter(|(_, component)| system(component));
        let (Some((index, _)), None) = (systems.next(), systems.next()) else { return };
        let system = components.remove(index);
        let passed = &mut self.builder.passed;
        passed.add_times("components[].properties[]", system.properties.len());
        passed.add_times("components[].externalReferences[]", system.references.len());
        self.builder.root(system.bom_ref);
        self.builder.inventory.distribution = Some(Distribution {
            id: system.name,
            version_id: said(system.version),
            pretty_name: said(system.description),
            supplier: system.supplier.and_then(|supplier| said(supplier.name)),
            id_like: Vec::new(),
            cpe: said(system.cpe),
        });
        // What an operating system holds comes with nothing else.
        components.extend(system.components);
    }

    fn components(
        &mut self,
        place: &str,
        components: Vec<Component>,
        owner: Option<usize>,
    ) -> Result<(), ReadError> {
        for mut component in components {
            let held = std::mem::take(&mut component.components);
            let index = match component.kind.as_str() {
                "file" => {
                    self.builder.passed.add(&format!("{place} (file)"));
                    owner
                }
                _ => Some(self.component(component, owner)?),
            };
            self.components(place, held, index)?;
        }
        Ok(())
    }

    fn component(&mut self, component: Component, owner: Option<usize>) -> Result<usize, ReadError> {
        let reference = component.bom_ref.clone();
        let (mut read, owned_by) = component::read(component, &mut self.builder.passed);
        read.owner = owner;
        let index = self.builder.component(reference, read)?;
        self.owners.extend(owned_by.map(|reference| (index, reference)));
        Ok(index)
    }

    fn owners(&mut self) {
        for (index, reference) in &self.owners {
            match self.builder.index(reference) {
                Some(owner) => self.builder.owns("components[].properties[]", owner, *index),
                None => self.builder.passed.add("components[].properties[]"),
            }
        }
    }

    fn dependencies(&mut self, dependencies: Vec<Dependency>) {
        // That an owner needs what it brought is written, and says no more.
        let owned: std::collections::HashSet<_> =
            self.owners.iter().map(|(index, owner)| (self.builder.index(owner), *index)).collect();
        for Dependency { reference, depends_on } in dependencies {
            for needed in depends_on {
                let pair =
                    (self.builder.index(&reference), self.builder.index(&needed).unwrap_or(usize::MAX));
                if !owned.contains(&pair) {
                    self.builder.depends("dependencies[].dependsOn[]", &reference, &needed);
                }
            }
        }
    }

    /// That the subject is incomplete is what follows from what could not be read.
    fn compositions(&mut self, compositions: &[Composition], subject: Option<&str>) {
        let known = |composition: &&Composition| {
            composition.aggregate.as_deref() == Some("incomplete")
                && composition.assemblies.iter().map(String::as_str).eq(subject)
                && !self.builder.inventory.incomplete.is_empty()
        };
        let others = compositions.len() - compositions.iter().filter(known).count();
        self.builder.passed.add_times("compositions[]", others);
    }
}

/// The platform and the layers.
fn subject_properties(properties: Vec<model::Property>, subject: &mut Subject, passed: &mut PassedOver) {
    for property in properties {
        let name = property.name.strip_prefix("countersign:").unwrap_or_default();
        match name.split_once(':') {
            Some(("layer", _)) => subject.layers.push(property.value),
            None if name == "platform" => subject.platform = Some(property.value),
            _ => passed.add("metadata.component.properties[]"),
        }
    }
}

impl model::Contact {
    fn name(self) -> Option<String> {
        match (said(self.name), said(self.email)) {
            (Some(name), Some(email)) => Some(format!("{name} <{email}>")),
            (name, email) => name.or(email),
        }
    }
}

impl model::Tool {
    /// `NAME-VERSION`, with the vendor where it is not in the name.
    fn name(self) -> Option<String> {
        let name = said(self.name)?;
        let vendor =
            said(self.vendor).or_else(|| said(self.group)).filter(|vendor| !name.contains(vendor.as_str()));
        let named = vendor.into_iter().chain([name]).collect::<Vec<_>>().join(" ");
        Some(said(self.version).map_or_else(|| named.clone(), |version| format!("{named}-{version}")))
    }
}

/// What a type is called here; `None` for one that is not known.
fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "library" => Kind::Library,
        "application" => Kind::Application,
        "framework" => Kind::Framework,
        "container" => Kind::Container,
        "operating-system" => Kind::OperatingSystem,
        "device" => Kind::Device,
        "firmware" => Kind::Firmware,
        _ => return None,
    })
}
