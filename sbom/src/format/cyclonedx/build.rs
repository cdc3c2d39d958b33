//! From the inventory to the model.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::model::{
    Author, Bom, Component, Composition, Dependency, Evidence, Expression, ExternalReference, Hash,
    LicenseChoice, LicenseEntry, LicenseName, Lifecycle, Metadata, Occurrence, Organization, Property, Tool,
    Tools,
};
use crate::fact::Distribution;
use crate::format::license::{self, License};
use crate::format::{CycloneDxVersion, Document, TOOL, text};
use crate::inventory::{self, Kind};

pub(super) fn bom(document: Document<'_>, version: CycloneDxVersion) -> Bom<'_> {
    let Document { inventory, identity, .. } = document;
    let distribution = inventory.distribution.as_ref().zip(identity.distribution.as_deref());
    let system = distribution.map(|(distribution, reference)| system(distribution, reference));
    let components = inventory.components.iter().enumerate();
    let components = components.map(|(index, component)| package(document, version, index, component));
    Bom {
        schema: format!("http://cyclonedx.org/schema/bom-{}.schema.json", version.number()),
        bom_format: "CycloneDX",
        spec_version: version.number(),
        serial_number: format!("urn:uuid:{}", identity.uuid),
        version: 1,
        metadata: metadata(document, version),
        components: system.into_iter().chain(components).collect(),
        dependencies: dependencies(document),
        compositions: compositions(document),
    }
}

fn metadata(document: Document<'_>, version: CycloneDxVersion) -> Metadata<'_> {
    let Document { inventory, making, origin, .. } = document;
    // What is in an image was built before; of a directory nobody knows.
    let built = version >= CycloneDxVersion::V1_5 && inventory.subject.digest.is_some();
    let incomplete = inventory.incomplete.iter().enumerate().flat_map(|(number, entry)| {
        let property = |what, value| Property { name: format!("{TOOL}:incomplete:{number}:{what}"), value };
        [property("path", entry.path.as_str()), property("why", entry.why.as_str())]
    });
    Metadata {
        timestamp: making.timestamp(),
        lifecycles: built.then_some(Lifecycle { phase: "post-build" }).into_iter().collect(),
        tools: tools(document, version),
        authors: origin.iter().flat_map(|origin| &origin.authors).filter_map(|text| author(text)).collect(),
        component: subject(document),
        properties: incomplete.collect(),
    }
}

/// This program, and those that made the document that this one is made of.
fn tools(document: Document<'_>, version: CycloneDxVersion) -> Tools<'_> {
    let own = (TOOL, Some(document.making.tool_version.as_str()));
    let others = document.origin.iter().flat_map(|origin| &origin.tools).map(|tool| text::tool(tool));
    let mut seen = BTreeSet::new();
    let all = std::iter::once(own).chain(others).filter(|tool| seen.insert(*tool));
    if version < CycloneDxVersion::V1_5 {
        return Tools::Tools(all.map(|(name, version)| Tool { name, version }).collect());
    }
    let tool = |(name, version)| Component { version, ..named("application", name) };
    Tools::Components { components: all.map(tool).collect() }
}

fn author(text: &str) -> Option<Author> {
    let (name, email) = text::party(text);
    let name = Some(name).filter(|name| !name.is_empty());
    (name.is_some() || email.is_some()).then_some(Author { name, email })
}

fn named<'a>(kind: &'static str, name: impl Into<Cow<'a, str>>) -> Component<'a> {
    Component {
        bom_ref: None,
        kind,
        supplier: None,
        group: None,
        name: name.into(),
        version: None,
        description: None,
        hashes: Vec::new(),
        licenses: Vec::new(),
        cpe: None,
        purl: None,
        external_references: Vec::new(),
        properties: Vec::new(),
        evidence: None,
    }
}

fn organization(name: &str) -> Organization {
    Organization { name: text::line(name) }
}

fn subject(document: Document<'_>) -> Component<'_> {
    let Document { inventory, identity, .. } = document;
    let subject = &inventory.subject;
    let image = subject.digest.is_some() || !subject.layers.is_empty();
    let platform =
        subject.platform.as_deref().map(|value| Property { name: format!("{TOOL}:platform"), value });
    let layers = subject.layers.iter().enumerate();
    let layers = layers.map(|(number, value)| Property { name: format!("{TOOL}:layer:{number}"), value });
    Component {
        bom_ref: Some(&identity.subject),
        supplier: subject.supplier.as_deref().map(organization),
        version: subject.version.as_deref().or(subject.digest.as_deref()),
        purl: identity.purl.clone(),
        properties: platform.into_iter().chain(layers).collect(),
        ..named(if image { "container" } else { "application" }, subject.name.as_str())
    }
}

fn system<'a>(distribution: &'a Distribution, reference: &'a str) -> Component<'a> {
    Component {
        bom_ref: Some(reference),
        supplier: distribution.supplier.as_deref().map(organization),
        version: distribution.version_id.as_deref(),
        description: distribution.pretty_name.as_deref().map(text::line),
        cpe: distribution.cpe.as_deref().filter(|cpe| text::Cpe::of(cpe).is_some()),
        ..named("operating-system", distribution.id.as_str())
    }
}

fn package<'a>(
    document: Document<'a>,
    version: CycloneDxVersion,
    index: usize,
    component: &'a inventory::Component,
) -> Component<'a> {
    let references = &document.identity.components;
    let homepage = text::web_address(component.homepage.as_deref());
    let occurrences: Vec<_> =
        component.locations.iter().map(|location| Occurrence { location: &location.path }).collect();
    let occurrences = (version >= CycloneDxVersion::V1_5 && !occurrences.is_empty()).then_some(occurrences);
    let owner = component.owner.and_then(|owner| references.get(owner));
    let owner = owner.map(|value| Property { name: format!("{TOOL}:owner"), value });
    let cpe = component.cpes.iter().find(|cpe| text::Cpe::of(cpe).is_some());
    let numbered = |what: &'static str| {
        move |(number, value): (usize, &'a String)| Property {
            name: format!("{TOOL}:{what}:{number}"),
            value,
        }
    };
    let cpes = component.cpes.iter().filter(|other| Some(*other) != cpe).enumerate().map(numbered("cpe"));
    let origins = component.origins.iter().enumerate().map(numbered("origin"));
    Component {
        bom_ref: references.get(index).map(String::as_str),
        supplier: component.supplier.as_deref().map(organization),
        group: component.namespace.as_deref(),
        version: Some(component.version.as_str()).filter(|version| !version.is_empty()),
        description: component.description.as_deref().map(text::line),
        hashes: text::hashes(component).map(|(hash, content)| Hash { alg: hash.name, content }).collect(),
        licenses: licenses(&component.licenses, version),
        cpe: cpe.map(String::as_str),
        purl: component.purl.as_deref().map(text::uri),
        external_references: homepage
            .map(|url| ExternalReference { kind: "website", url })
            .into_iter()
            .collect(),
        properties: locations(component, version).chain(owner).chain(cpes).chain(origins).collect(),
        evidence: occurrences.map(|occurrences| Evidence { occurrences }),
        ..named(kind(component.kind), component.name.as_str())
    }
}

/// What a kind is called, in every version. A `file` is none: that is what CycloneDX calls files that are no components.
const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Library | Kind::File | Kind::Source | Kind::Other => "library",
        Kind::Application => "application",
        Kind::Framework => "framework",
        Kind::Container => "container",
        Kind::OperatingSystem => "operating-system",
        Kind::Device => "device",
        Kind::Firmware => "firmware",
    }
}

fn locations(
    component: &inventory::Component,
    version: CycloneDxVersion,
) -> impl Iterator<Item = Property<'_>> {
    component.locations.iter().enumerate().flat_map(move |(number, location)| {
        let property = |what, value| Property { name: format!("{TOOL}:location:{number}:{what}"), value };
        let path = (version < CycloneDxVersion::V1_5).then(|| property("path", location.path.as_str()));
        path.into_iter().chain(location.layer.as_deref().map(|layer| property("layer", layer)))
    })
}

/// Either a list of identifiers and names, or one expression: no version before 1.7 allows both. Where several licences
/// are declared, and all of them are expressions, one that joins them says the same.
fn licenses(texts: &[String], version: CycloneDxVersion) -> Vec<LicenseChoice<'_>> {
    let acknowledgement = (version >= CycloneDxVersion::V1_6).then_some("declared");
    let licenses = license::of_all(texts);
    let has_expression = licenses.iter().any(|license| matches!(license, License::Expression { .. }));
    let terms: Option<Vec<_>> = licenses.iter().map(License::term).collect();
    if let (true, Some(terms)) = (has_expression, terms) {
        let expression = match licenses.as_slice() {
            [License::Expression { text, .. }] => text.clone(),
            _ => terms.join(" AND "),
        };
        return vec![LicenseChoice::Expression(Expression { expression, acknowledgement })];
    }
    let entry = |license| {
        let called = match license {
            License::Id(id) => LicenseName::Id(id),
            License::Expression { text, .. } => LicenseName::Name(Cow::Owned(text)),
            License::Text(text) => LicenseName::Name(Cow::Borrowed(text)),
        };
        LicenseChoice::License(LicenseEntry { called, acknowledgement })
    };
    licenses.into_iter().map(entry).collect()
}

/// The subject needs all that no other component brought; what is owned is needed by its owner.
fn dependencies(document: Document<'_>) -> Vec<Dependency<'_>> {
    let Document { inventory, identity, .. } = document;
    let references = &identity.components;
    let mut needed = vec![BTreeSet::new(); references.len()];
    let owned = inventory.components.iter().enumerate();
    let owned = owned.filter_map(|(index, component)| Some((component.owner?, index)));
    for (from, to) in inventory.dependencies.iter().copied().chain(owned) {
        if let (true, Some(needed), Some(reference)) = (from != to, needed.get_mut(from), references.get(to))
        {
            needed.insert(reference.as_str());
        }
    }
    let loose =
        inventory.components.iter().zip(references).filter(|(component, _)| component.owner.is_none());
    let direct = identity.distribution.iter().chain(loose.map(|(_, reference)| reference));
    let root = Dependency { reference: &identity.subject, depends_on: direct.map(String::as_str).collect() };
    let system = identity.distribution.iter();
    let system = system.map(|reference| Dependency { reference, depends_on: Vec::new() });
    let rest = references.iter().zip(needed);
    let rest =
        rest.map(|(reference, needed)| Dependency { reference, depends_on: needed.into_iter().collect() });
    std::iter::once(root).chain(system).chain(rest).collect()
}

fn compositions(document: Document<'_>) -> Vec<Composition<'_>> {
    if document.inventory.incomplete.is_empty() {
        return Vec::new();
    }
    vec![Composition { aggregate: "incomplete", assemblies: vec![&document.identity.subject] }]
}
