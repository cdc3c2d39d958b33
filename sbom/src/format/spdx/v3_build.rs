//! From the inventory to the model of SPDX 3.0.1.

use std::collections::{BTreeMap, BTreeSet};

use super::licensing::Texts;
use super::v3::{
    CREATION, CreationInfo, DictionaryEntry, Element, ExternalIdentifier, Graph, Hash, Kind, Node,
};
use super::{Supplier, component_id, found, full_name, made_of, namespace, sha256};
use crate::fact::Distribution;
use crate::format::{Document, TOOL, license, text};
use crate::inventory::Component;

pub(super) fn build(document: Document<'_>) -> Graph {
    let mut builder = Builder::new(document);
    builder.packages();
    builder.relations();
    builder.licenses();
    Graph { context: "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", graph: builder.finish() }
}

struct Builder<'a> {
    document: Document<'a>,
    namespace: String,
    /// Identifiers of the components.
    ids: Vec<String>,
    elements: Vec<Element>,
    relations: usize,
    /// Who supplies something: the identifier by the name and the address.
    suppliers: BTreeMap<(String, Option<String>), String>,
    texts: Texts,
    /// By expression: what it refers to, and whose it is.
    declared: BTreeMap<String, (Vec<String>, Vec<String>)>,
}

impl<'a> Builder<'a> {
    fn new(document: Document<'a>) -> Self {
        let namespace = namespace(document);
        let components = document.inventory.components.iter().zip(&document.identity.components);
        let id = |(component, reference): (_, &String)| {
            format!("{namespace}#{}", component_id(component, reference))
        };
        let ids = components.map(id).collect();
        Self {
            document,
            namespace,
            ids,
            elements: Vec::new(),
            relations: 0,
            suppliers: BTreeMap::new(),
            texts: Texts::default(),
            declared: BTreeMap::new(),
        }
    }

    fn id(&self, name: &str) -> String {
        format!("{}#{name}", self.namespace)
    }

    fn packages(&mut self) {
        let inventory = self.document.inventory;
        let subject = self.subject();
        let distribution = inventory.distribution.as_ref().map(|distribution| self.system(distribution));
        self.elements.push(subject);
        self.elements.extend(distribution);
        for (index, component) in inventory.components.iter().enumerate() {
            if let Some(id) = self.ids.get(index).cloned() {
                self.package(component, id);
            }
        }
    }

    fn subject(&mut self) -> Element {
        let subject = &self.document.inventory.subject;
        let purl = self.document.identity.purl.clone();
        let image = subject.digest.is_some() || !subject.layers.is_empty();
        let kind = Kind::Package {
            supplied_by: self.supplier(subject.supplier.as_deref()),
            primary_purpose: if image { "container" } else { "application" },
            package_version: subject
                .version
                .as_ref()
                .or(subject.digest.as_ref())
                .map(|version| text::line(version)),
            package_url: purl.clone(),
            home_page: None,
            source_info: made_of(subject),
        };
        let mut element =
            Element::new(self.id("SPDXRef-Subject"), Some(text::line(&subject.name)), kind).with_purl(purl);
        let hash = |hash_value| Hash { algorithm: "sha256".to_owned(), hash_value };
        element.verified_using = sha256(subject).map(hash).into_iter().collect();
        element
    }

    fn system(&mut self, distribution: &Distribution) -> Element {
        let kind = Kind::Package {
            supplied_by: self.supplier(distribution.supplier.as_deref()),
            primary_purpose: "operatingSystem",
            package_version: distribution.version_id.as_deref().map(text::line),
            package_url: None,
            home_page: None,
            source_info: None,
        };
        let description = distribution.pretty_name.as_deref().map(text::line);
        let named = Element::new(self.id("SPDXRef-Distribution"), Some(text::line(&distribution.id)), kind);
        Element { description, external_identifier: cpes(&distribution.cpe).collect(), ..named }
    }

    fn package(&mut self, component: &Component, id: String) {
        if let Some(declared) = self.texts.declared(&component.licenses) {
            let whose = self.declared.entry(declared.expression).or_insert((declared.references, Vec::new()));
            whose.1.push(id.clone());
        }
        let purl = component.purl.as_deref().map(text::uri);
        let kind = Kind::Package {
            supplied_by: self.supplier(component.supplier.as_deref()),
            primary_purpose: purpose(component.kind),
            package_version: Some(text::line(&component.version)).filter(|version| !version.is_empty()),
            package_url: purl.clone(),
            home_page: text::web_address(component.homepage.as_deref()).map(str::to_owned),
            source_info: found(component),
        };
        let hashes = text::hashes(component)
            .map(|(hash, hash_value)| Hash { algorithm: hash.spdx3.to_owned(), hash_value });
        let mut element = Element::new(id, Some(full_name(component)), kind).with_purl(purl);
        element.external_identifier.extend(cpes(&component.cpes));
        element.comment = text::told_in(component);
        element.verified_using = hashes.collect();
        element.description = component.description.as_deref().map(text::line);
        self.elements.push(element);
    }

    /// The identifier of an organisation, which becomes an element when it is met first.
    fn supplier(&mut self, supplier: Option<&str>) -> Option<String> {
        let supplier = supplier.and_then(Supplier::of)?;
        let next = self.id(&format!("SPDXRef-Supplier-{}", self.suppliers.len() + 1));
        let key = (supplier.name, supplier.email);
        if let Some(known) = self.suppliers.get(&key) {
            return Some(known.clone());
        }
        let mut element = Element::new(next.clone(), Some(key.0.clone()), Kind::Organization);
        element.external_identifier = key.1.iter().map(|address| email(address)).collect();
        self.elements.push(element);
        self.suppliers.insert(key, next.clone());
        Some(next)
    }

    fn relations(&mut self) {
        let inventory = self.document.inventory;
        let mut contained = BTreeMap::<String, BTreeSet<String>>::new();
        let subject = self.id("SPDXRef-Subject");
        let distribution = inventory.distribution.as_ref().map(|_| self.id("SPDXRef-Distribution"));
        contained.entry(subject.clone()).or_default().extend(distribution);
        for (component, id) in inventory.components.iter().zip(&self.ids) {
            let owner = component.owner.and_then(|owner| self.ids.get(owner)).unwrap_or(&subject);
            contained.entry(owner.clone()).or_default().insert(id.clone());
        }
        let mut needed = BTreeMap::<String, BTreeSet<String>>::new();
        for (from, to) in &inventory.dependencies {
            if let (Some(from), Some(to)) = (self.ids.get(*from), self.ids.get(*to)) {
                needed.entry(from.clone()).or_default().insert(to.clone());
            }
        }
        for (from, to) in contained {
            let whole = from != subject || inventory.incomplete.is_empty();
            self.relation(from, "contains", to, (!whole).then_some("incomplete"));
        }
        for (from, to) in needed {
            self.relation(from, "dependsOn", to, None);
        }
    }

    fn relation(
        &mut self,
        from: String,
        relationship_type: &'static str,
        to: impl IntoIterator<Item = String>,
        completeness: Option<&'static str>,
    ) {
        let to: Vec<_> = to.into_iter().collect();
        if to.is_empty() {
            return;
        }
        self.relations += 1;
        let id = self.id(&format!("SPDXRef-Relationship-{}", self.relations));
        self.elements.push(Element::new(
            id,
            None,
            Kind::Relationship { from, relationship_type, to, completeness },
        ));
    }

    fn licenses(&mut self) {
        for (name, license) in std::mem::take(&mut self.texts.0) {
            let kind = Kind::SimpleLicensingText { text: license.text };
            self.elements.push(Element::new(self.id(&name), Some(license.name), kind));
        }
        for (number, (expression, (references, whose))) in
            std::mem::take(&mut self.declared).into_iter().enumerate()
        {
            let id = self.id(&format!("SPDXRef-License-{}", number + 1));
            let custom = references.into_iter().map(|key| DictionaryEntry { value: self.id(&key), key });
            let custom = custom.collect();
            let kind = Kind::LicenseExpression { expression, list_version: license::list_version(), custom };
            self.elements.push(Element::new(id.clone(), None, kind));
            for package in whose {
                self.relation(package, "hasDeclaredLicense", [id.clone()], None);
            }
        }
    }

    /// Whoever made the document that this one was made of: authors, and tools.
    fn makers(&self) -> [Vec<Element>; 2] {
        let Some(origin) = self.document.origin else { return [Vec::new(), Vec::new()] };
        let author = |(number, author): (usize, &String)| {
            let supplier = Supplier::of(author)?;
            let kind = if origin.organizations.contains(author) { Kind::Organization } else { Kind::Person };
            let id = self.id(&format!("SPDXRef-Author-{}", number + 1));
            let mut element = Element::new(id, Some(supplier.name), kind);
            element.external_identifier = supplier.email.iter().map(|address| email(address)).collect();
            Some(element)
        };
        let tool = |(number, tool): (usize, &String)| {
            let id = self.id(&format!("SPDXRef-Tool-{}", number + 1));
            Element::new(id, Some(text::line(tool)), Kind::Tool)
        };
        [
            origin.authors.iter().enumerate().filter_map(author).collect(),
            origin.tools.iter().enumerate().map(tool).collect(),
        ]
    }

    fn finish(mut self) -> Vec<Node> {
        let making = self.document.making;
        let (tool, agent) = (self.id("SPDXRef-Tool"), self.id("SPDXRef-Agent"));
        let [authors, tools] = self.makers();
        let with = |own: &String, others: &[Element]| {
            std::iter::once(own).chain(others.iter().map(|element| &element.spdx_id)).cloned().collect()
        };
        let creation = CreationInfo {
            id: CREATION,
            spec_version: "3.0.1",
            created: making.timestamp(),
            created_by: with(&agent, &authors),
            created_using: with(&tool, &tools),
        };
        self.elements.extend(authors.into_iter().chain(tools));
        let all = self.elements.iter().map(|element| element.spdx_id.clone()).collect();
        let (subject, sbom) = (self.id("SPDXRef-Subject"), self.id("SPDXRef-Sbom"));
        let name = Some(text::line(&self.document.inventory.subject.name));
        let free = Element::new(self.id("SPDXRef-DataLicense"), None, data_license());
        let document = document_of(sbom.clone(), free.spdx_id.clone());
        let head = [
            Element::new(agent, Some(TOOL.to_owned()), Kind::SoftwareAgent),
            Element::new(tool, Some(text::line(&format!("{TOOL}-{}", making.tool_version))), Kind::Tool),
            Element {
                comment: text::lacks(self.document.inventory),
                ..Element::new(self.id("SPDXRef-DOCUMENT"), name.clone(), document)
            },
            free,
            Element::new(
                sbom,
                name,
                Kind::Sbom { sbom_type: ["analyzed"], root_element: [subject], element: all },
            ),
        ];
        let elements = head.into_iter().chain(self.elements).map(|element| Node::Element(Box::new(element)));
        std::iter::once(Node::Creation(creation)).chain(elements).collect()
    }
}

fn email(address: &str) -> ExternalIdentifier {
    ExternalIdentifier { external_identifier_type: "email", identifier: address.to_owned() }
}

fn cpes<'a>(texts: impl IntoIterator<Item = &'a String>) -> impl Iterator<Item = ExternalIdentifier> {
    texts.into_iter().filter_map(|text| {
        let external_identifier_type = match text::Cpe::of(text)? {
            text::Cpe::V2_2 => "cpe22",
            text::Cpe::V2_3 => "cpe23",
        };
        Some(ExternalIdentifier { external_identifier_type, identifier: text.clone() })
    })
}

fn data_license() -> Kind {
    Kind::LicenseExpression {
        expression: "CC0-1.0".to_owned(),
        list_version: license::list_version(),
        custom: Vec::new(),
    }
}

fn document_of(sbom: String, data_license: String) -> Kind {
    Kind::SpdxDocument {
        data_license,
        profile_conformance: ["core", "software", "simpleLicensing"],
        root_element: [sbom],
    }
}

/// What a kind is called (specification 3.0.1, `Software/SoftwarePurpose`).
const fn purpose(kind: crate::inventory::Kind) -> &'static str {
    use crate::inventory::Kind;
    match kind {
        Kind::Library => "library",
        Kind::Application => "application",
        Kind::Framework => "framework",
        Kind::Container => "container",
        Kind::OperatingSystem => "operatingSystem",
        Kind::Device => "device",
        Kind::Firmware => "firmware",
        Kind::File => "file",
        Kind::Source => "source",
        Kind::Other => "other",
    }
}
