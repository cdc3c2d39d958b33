//! SPDX 3.0.1 as JSON-LD: one flat graph of elements, which refer to one another by their identifiers.
//!
//! Keys are read in the compact form that the specification's JSON schema asks for; a graph with a context of its own is
//! not expanded.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::licenses::Texts;
use super::package::hash_name;
use crate::fact::Distribution;
use crate::format::read::build::Builder;
use crate::format::read::json::{Formal, list};
use crate::format::read::passed::PassedOver;
use crate::format::read::texts::{self, said};
use crate::format::read::{Origin, Read, ReadError};
use crate::inventory::{Component, Kind};

/// An element of any type: it has the keys of all.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::format::read) struct Element {
    #[serde(rename = "type")]
    kind: Option<String>,
    spdx_id: Option<String>,
    #[serde(rename = "@id")]
    blank: Option<String>,
    name: Option<String>,
    summary: Option<String>,
    description: Option<String>,
    comment: Option<String>,
    creation_info: Reference,
    #[serde(deserialize_with = "list")]
    external_identifier: Vec<ExternalIdentifier>,
    #[serde(deserialize_with = "list")]
    verified_using: Vec<Hash>,
    // CreationInfo
    spec_version: Option<String>,
    created: Option<String>,
    #[serde(deserialize_with = "list")]
    created_by: Vec<Reference>,
    #[serde(deserialize_with = "list")]
    created_using: Vec<Reference>,
    // ElementCollection
    #[serde(deserialize_with = "list")]
    root_element: Vec<Reference>,
    element: Formal,
    data_license: Formal,
    profile_conformance: Formal,
    #[serde(rename = "software_sbomType")]
    sbom_type: Formal,
    // Relationship
    from: Reference,
    #[serde(deserialize_with = "list")]
    to: Vec<Reference>,
    relationship_type: Option<String>,
    completeness: Option<String>,
    // software_Package
    supplied_by: Reference,
    #[serde(rename = "software_primaryPurpose")]
    purpose: Option<String>,
    #[serde(rename = "software_packageVersion")]
    version: Option<String>,
    #[serde(rename = "software_packageUrl")]
    purl: Option<String>,
    #[serde(rename = "software_homePage")]
    homepage: Option<String>,
    #[serde(rename = "software_sourceInfo")]
    source_info: Option<String>,
    // simplelicensing_*
    #[serde(rename = "simplelicensing_licenseExpression")]
    expression: Option<String>,
    #[serde(rename = "simplelicensing_licenseListVersion")]
    list_version: Formal,
    #[serde(rename = "simplelicensing_customIdToUri", deserialize_with = "list")]
    custom: Vec<DictionaryEntry>,
    #[serde(rename = "simplelicensing_licenseText")]
    license_text: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExternalIdentifier {
    #[serde(rename = "type")]
    kind: Formal,
    external_identifier_type: Option<String>,
    identifier: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Hash {
    #[serde(rename = "type")]
    kind: Formal,
    algorithm: Option<String>,
    hash_value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DictionaryEntry {
    #[serde(rename = "type")]
    kind: Formal,
    key: Option<String>,
    value: Option<String>,
}

/// The identifier of another element. Where the element itself stands there, it is the identifier of that.
#[derive(Default)]
struct Reference(Option<String>);

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Referring;

        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Whole {
            #[serde(rename = "spdxId")]
            spdx_id: Option<String>,
            #[serde(rename = "@id")]
            blank: Option<String>,
        }

        impl<'de> Visitor<'de> for Referring {
            type Value = Reference;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an identifier, or an element")
            }

            fn visit_unit<E>(self) -> Result<Reference, E> {
                Ok(Reference(None))
            }

            fn visit_str<E>(self, text: &str) -> Result<Reference, E> {
                Ok(Reference(Some(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Reference, A::Error> {
                let whole = Whole::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Reference(whole.spdx_id.or(whole.blank)))
            }
        }

        deserializer.deserialize_any(Referring)
    }
}

impl Element {
    fn is(&self, kind: &str) -> bool {
        self.kind.as_deref() == Some(kind)
    }

    fn id(&self) -> Option<&str> {
        self.spdx_id.as_deref().or(self.blank.as_deref())
    }
}

/// Reads a graph.
pub(in crate::format::read) fn read(graph: Vec<Element>, passed: PassedOver) -> Result<Read, ReadError> {
    let origin = origin(&graph)?;
    let mut builder = Builder::new(passed);
    let subject = subject(&graph);
    let system = system(&graph, subject.as_deref());
    let (names, licenses) = (names(&graph), Licenses::of(&graph));
    let (mut relations, mut document_name) = (Vec::new(), None);
    for element in graph {
        let id = element.id().map(str::to_owned);
        match element.kind.as_deref().unwrap_or_default() {
            "software_Package" if subject.is_some() && id == subject => {
                builder.root(id);
                describe(element, &mut builder);
            }
            "software_Package" if system.is_some() && id == system => {
                builder.root(id);
                distribution(element, &mut builder);
            }
            "software_Package" => {
                let component = package(element, &names, &mut builder.passed);
                builder.component(id, component)?;
            }
            "Relationship" => relations.push(element),
            "SpdxDocument" => {
                super::comment(&mut builder, element.comment.as_deref(), "@graph[].comment");
                document_name = element.name;
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
    }
    super::named(&mut builder, document_name, "@graph[].name");
    // What is declared comes before what someone concluded of it.
    relations.sort_by_key(|relation| relation.relationship_type.as_deref() != Some("hasDeclaredLicense"));
    relations.into_iter().for_each(|relation| relate(&mut builder, relation, &licenses));
    builder.passed.add_times("@graph[] (simplelicensing_SimpleLicensingText)", licenses.texts.unused());
    Ok(builder.finish(origin))
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

fn distribution(element: Element, builder: &mut Builder) {
    let is_cpe = |it: &ExternalIdentifier| {
        it.external_identifier_type.as_deref().is_some_and(|it| it.starts_with("cpe"))
    };
    let cpe = element.external_identifier.into_iter().find(is_cpe);
    builder.inventory.distribution = Some(Distribution {
        id: element.name.unwrap_or_default(),
        version_id: said(element.version),
        pretty_name: said(element.description),
        id_like: Vec::new(),
        cpe: cpe.and_then(|cpe| cpe.identifier),
    });
}

fn describe(element: Element, builder: &mut Builder) {
    let may_be_image = element.purpose.as_deref().is_none_or(|purpose| purpose == "container");
    let is_sha256 = |hash: &&Hash| may_be_image && hash.algorithm.as_deref() == Some("sha256");
    let sha256 = element.verified_using.iter().find(is_sha256).and_then(|hash| hash.hash_value.clone());
    let described = texts::Described {
        name: element.name.unwrap_or_default(),
        version: element.version,
        purl: texts::purl(element.purl),
        sha256,
    };
    let mut subject = described.subject();
    let known = element.source_info.as_deref().is_none_or(|text| texts::made_of(&mut subject, text));
    let passed = &mut builder.passed;
    let purpose =
        if subject.digest.is_some() || !subject.layers.is_empty() { "container" } else { "application" };
    for (there, key) in [
        (element.purpose.is_some_and(|it| it != purpose), "software_primaryPurpose"),
        (!known, "software_sourceInfo"),
        (element.homepage.is_some(), "software_homePage"),
        (element.description.is_some(), "description"),
        (element.summary.is_some(), "summary"),
        (element.comment.is_some(), "comment"),
        (element.supplied_by.0.is_some(), "suppliedBy"),
    ] {
        passed.add_if(there, &format!("@graph[].{key}"));
    }
    let hashes = element.verified_using.len().saturating_sub(usize::from(subject.digest.is_some()));
    passed.add_times("@graph[].verifiedUsing[]", hashes);
    builder.inventory.subject = subject;
}

fn package(element: Element, names: &HashMap<String, String>, passed: &mut PassedOver) -> Component {
    let kind = element.purpose.as_deref().and_then(kind);
    passed.add_if(kind.is_none() && element.purpose.is_some(), "@graph[].software_primaryPurpose");
    let (mut purl, mut cpes) = (texts::purl(element.purl), Vec::new());
    for identifier in element.external_identifier {
        match (identifier.external_identifier_type.as_deref(), identifier.identifier) {
            (Some("packageUrl"), Some(text))
                if text.starts_with("pkg:") && purl.as_ref().is_none_or(|purl| *purl == text) =>
            {
                purl = Some(text);
            }
            (Some("cpe22" | "cpe23"), Some(text)) => cpes.push(text),
            (other, _) => {
                passed.add(&format!("@graph[].externalIdentifier[] ({})", other.unwrap_or_default()));
            }
        }
    }
    let supplier = element.supplied_by.0.as_ref();
    let mut component = Component {
        cpes,
        supplier: supplier.and_then(|id| names.get(id).cloned()),
        description: said(element.description),
        homepage: said(element.homepage),
        ..texts::component(
            kind.unwrap_or_default(),
            element.name.unwrap_or_default(),
            said(element.version),
            purl,
        )
    };
    passed.add_if(supplier.is_some() && component.supplier.is_none(), "@graph[].suppliedBy");
    for hash in element.verified_using {
        let (Some(algorithm), Some(value)) = (hash.algorithm, hash.hash_value) else { continue };
        let twice = component.hashes.insert(hash_name(&algorithm), value).is_some();
        passed.add_if(twice, "@graph[].verifiedUsing[]");
    }
    match element.source_info.as_deref().map(texts::found_in) {
        Some(Some(locations)) => component.locations = locations,
        Some(None) => passed.add("@graph[].software_sourceInfo"),
        None => (),
    }
    match element.comment.as_deref().map(texts::told_in) {
        Some(Some(origins)) => component.origins = origins,
        Some(None) => passed.add("@graph[].comment"),
        None => (),
    }
    match said(element.summary) {
        Some(summary) if component.description.is_none() => component.description = Some(summary),
        summary => passed.add_if(summary.is_some(), "@graph[].summary"),
    }
    component
}

/// Expressions by identifier, and the texts that they refer to.
struct Licenses {
    expressions: HashMap<String, String>,
    texts: Texts,
}

impl Licenses {
    fn of(graph: &[Element]) -> Self {
        let text = |element: &Element| Some((element.id()?.to_owned(), element.license_text.clone()?));
        let by_id: HashMap<_, _> = graph.iter().filter_map(text).collect();
        let (mut expressions, mut texts) = (HashMap::new(), Texts::default());
        let mut referred = HashSet::new();
        for element in graph {
            if let (Some(id), Some(expression)) = (element.id(), &element.expression) {
                expressions.insert(id.to_owned(), expression.clone());
            }
            for entry in &element.custom {
                if let (Some(key), Some(text)) =
                    (&entry.key, entry.value.as_ref().and_then(|value| by_id.get(value)))
                {
                    texts.insert(key.clone(), text.clone());
                    referred.extend(entry.value.clone());
                }
            }
        }
        // A text may also be declared itself.
        for (id, text) in by_id.into_iter().filter(|(id, _)| !referred.contains(id)) {
            expressions.insert(id.clone(), id.clone());
            texts.insert(id, text);
        }
        Self { expressions, texts }
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
