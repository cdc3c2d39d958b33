//! What the parts of a document are called.
//!
//! The document has a UUID of version 8 (RFC 9562, section 5.8), of the SHA-256 of all that goes into it: the subject
//! with its digest, the inventory, the format, the making. Two documents have the same one only if they are the same, as
//! CycloneDX and SPDX both ask. Each component has a reference: its package URL, else its name and version, which is made
//! unique by where the component lies. References are of ASCII only, so that no format changes them.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::digest::Digest;

use super::read::Origin;
use super::{Format, Making, text};
use crate::fact::Distribution;
use crate::inventory::{Component, Inventory, Location, Subject};
use crate::purl;

/// The names of a document and of what is in it.
pub(super) struct Identity {
    /// The document's UUID, `xxxxxxxx-xxxx-8xxx-xxxx-xxxxxxxxxxxx`.
    pub(super) uuid: String,
    /// The subject's package URL: of an image that has a digest, or the one that a document told.
    pub(super) purl: Option<String>,
    /// The reference of the subject.
    pub(super) subject: String,
    /// The reference of the distribution, where there is one.
    pub(super) distribution: Option<String>,
    /// The references of the components, by index.
    pub(super) components: Vec<String>,
}

impl Identity {
    pub(super) fn of(
        inventory: &Inventory,
        origin: Option<&Origin>,
        format: Format,
        making: &Making,
    ) -> Self {
        let uuid = uuid(inventory, origin, format, making);
        let purl =
            subject_purl(&inventory.subject).or_else(|| inventory.subject.purl.as_deref().map(text::uri));
        let mut taken = Taken::default();
        let subject = taken.take(purl.clone().unwrap_or_else(|| format!("urn:uuid:{uuid}")));
        let distribution = inventory.distribution.as_ref().map(|distribution| {
            let version = distribution.version_id.as_deref().unwrap_or_default();
            taken.take(format!("os:{}@{}", purl::encoded(&distribution.id), purl::encoded(version)))
        });
        let components = components(&inventory.components, &mut taken);
        Self { uuid, purl, subject, distribution, components }
    }
}

/// References that are given out.
#[derive(Default)]
struct Taken {
    all: BTreeSet<String>,
    /// How often each was wanted: so many twins do not take as many times as many tries.
    wanted: BTreeMap<String, usize>,
}

impl Taken {
    /// The reference, with a number if it is taken.
    fn take(&mut self, wanted: String) -> String {
        let count = self.wanted.entry(wanted.clone()).or_insert(0);
        let mut name = wanted.clone();
        loop {
            *count += 1;
            if *count > 1 {
                name = with_qualifier(&wanted, "number", &count.to_string());
            }
            if self.all.insert(name.clone()) {
                return name;
            }
        }
    }
}

fn components(components: &[Component], taken: &mut Taken) -> Vec<String> {
    let names: Vec<_> = components.iter().map(name).collect();
    let mut seen = BTreeMap::<&str, usize>::new();
    for name in &names {
        *seen.entry(name).or_default() += 1;
    }
    let reference = |(component, name): (&Component, &String)| match component.locations.first() {
        Some(location) if seen.get(name.as_str()).is_some_and(|count| *count > 1) => {
            with_qualifier(name, "location", &purl::encoded(&location.path))
        }
        _ => name.clone(),
    };
    components.iter().zip(&names).map(|both| taken.take(reference(both))).collect()
}

/// What a component is called before it is made unique.
fn name(component: &Component) -> String {
    let Component { purl, namespace, name, version, .. } = component;
    purl.as_deref().map(text::uri).unwrap_or_else(|| {
        let parts = [namespace.as_deref().unwrap_or_default(), name, version].map(purl::encoded);
        let [namespace, name, version] = parts;
        format!("component:{namespace}/{name}@{version}")
    })
}

/// A package URL with one more qualifier, before its subpath.
fn with_qualifier(purl: &str, name: &str, value: &str) -> String {
    let (before, subpath) =
        purl.split_once('#').map_or((purl, None), |(before, after)| (before, Some(after)));
    let joint = if before.contains('?') { '&' } else { '?' };
    let subpath = subpath.map(|subpath| format!("#{subpath}")).unwrap_or_default();
    format!("{before}{joint}{name}={value}{subpath}")
}

/// The package URL of an image (purl-spec, type `oci`): the last part of its name, its digest, where it lies.
fn subject_purl(subject: &Subject) -> Option<String> {
    let digest = subject.digest.as_ref()?;
    let last = subject.name.rsplit('/').find(|part| !part.is_empty()).unwrap_or("image");
    let mut purl = format!("pkg:oci/{}@{}", purl::encoded(&last.to_lowercase()), purl::encoded(digest));
    let architecture = subject.platform.as_deref().and_then(|platform| platform.split('/').nth(1));
    let repository = subject.name.contains('/').then_some(subject.name.as_str());
    let qualifiers =
        [("arch", architecture), ("repository_url", repository), ("tag", subject.version.as_deref())];
    for (name, value) in qualifiers {
        if let Some(value) = value {
            purl = with_qualifier(&purl, name, &purl::encoded(value));
        }
    }
    Some(purl)
}

fn uuid(inventory: &Inventory, origin: Option<&Origin>, format: Format, making: &Making) -> String {
    let mut all = Fields::default();
    all.text("countersign sbom 1");
    all.text(&format.to_string());
    all.text(&making.timestamp());
    all.text(&making.tool_version);
    all.inventory(inventory);
    origin.into_iter().for_each(|origin| all.origin(origin));
    let digest = Digest::sha256(&all.0);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.bytes()[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Fields one after the other, each after its length, so that no two different lists are the same bytes.
#[derive(Default)]
struct Fields(Vec<u8>);

impl Fields {
    fn number(&mut self, number: usize) {
        self.0.extend((number as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.extend(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&String>) {
        self.number(usize::from(text.is_some()));
        text.into_iter().for_each(|text| self.text(text));
    }

    fn list(&mut self, texts: &[String]) {
        self.number(texts.len());
        texts.iter().for_each(|text| self.text(text));
    }

    // Every structure is taken apart whole: a field that is new does not compile until it is here.
    fn inventory(&mut self, inventory: &Inventory) {
        let Inventory { subject, distribution, components, dependencies, incomplete } = inventory;
        let Subject { name, version, supplier, digest, purl, platform, layers } = subject;
        self.text(name);
        [version, supplier, digest, purl, platform]
            .into_iter()
            .for_each(|field| self.optional(field.as_ref()));
        self.list(layers);
        self.number(usize::from(distribution.is_some()));
        if let Some(Distribution { id, version_id, pretty_name, supplier, id_like, cpe }) = distribution {
            self.text(id);
            [version_id, pretty_name, supplier, cpe]
                .into_iter()
                .for_each(|field| self.optional(field.as_ref()));
            self.list(id_like);
        }
        self.number(components.len());
        components.iter().for_each(|component| self.component(component));
        self.number(dependencies.len());
        dependencies
            .iter()
            .for_each(|(from, to)| [from, to].into_iter().for_each(|index| self.number(*index)));
        self.number(incomplete.len());
        incomplete
            .iter()
            .for_each(|entry| [&entry.path, &entry.why].into_iter().for_each(|field| self.text(field)));
    }

    fn origin(&mut self, origin: &Origin) {
        let Origin { format, identifier, created, authors, organizations, tools, phases } = origin;
        self.text(format);
        self.optional(identifier.as_ref());
        self.optional(created.map(|created| created.to_string()).as_ref());
        [authors, tools, phases].into_iter().for_each(|list| self.list(list));
        self.list(&organizations.iter().cloned().collect::<Vec<_>>());
    }

    fn component(&mut self, component: &Component) {
        let Component { kind, ecosystem, namespace, name, version, purl, cpes, .. } = component;
        let Component {
            licenses, supplier, description, homepage, hashes, locations, owner, origins, ..
        } = component;
        self.number(*kind as usize);
        self.number(ecosystem.map_or(0, |ecosystem| ecosystem as usize + 1));
        [name, version].into_iter().for_each(|field| self.text(field));
        let fields = [purl, namespace, supplier, description, homepage];
        fields.into_iter().for_each(|field| self.optional(field.as_ref()));
        [cpes, licenses, origins].into_iter().for_each(|list| self.list(list));
        self.number(hashes.len());
        hashes
            .iter()
            .for_each(|(name, digits)| [name, digits].into_iter().for_each(|field| self.text(field)));
        self.number(locations.len());
        for Location { path, layer } in locations {
            self.text(path);
            self.optional(layer.as_ref());
        }
        self.number(owner.map_or(0, |owner| owner + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::samples;

    fn identity(inventory: &Inventory) -> Identity {
        Identity::of(inventory, None, Format::default(), &samples::making())
    }

    #[test]
    fn the_uuid_has_its_form_and_changes_with_all_that_goes_into_it() {
        let inventory = samples::inventory();
        let first = identity(&inventory).uuid;
        assert_eq!(first.len(), 36);
        assert_eq!(&first[14..15], "8");
        assert!(matches!(&first[19..20], "8" | "9" | "a" | "b"), "{first}");
        assert_eq!(identity(&inventory).uuid, first);
        let mut other = inventory.clone();
        other.components[0].locations[0].path.push('x');
        let later =
            Making { now: samples::making().now + jiff::SignedDuration::from_secs(1), ..samples::making() };
        let others = [
            identity(&other).uuid,
            Identity::of(
                &inventory,
                None,
                Format::CycloneDxXml(crate::format::CycloneDxVersion::V1_6),
                &samples::making(),
            )
            .uuid,
            Identity::of(&inventory, None, Format::default(), &later).uuid,
        ];
        assert_eq!(others.iter().chain([&first]).collect::<BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn fields_that_are_cut_elsewhere_are_other_fields() {
        let of = |texts: [&str; 2]| {
            let mut fields = Fields::default();
            texts.into_iter().for_each(|text| fields.text(text));
            fields.0
        };
        assert_ne!(of(["ab", "c"]), of(["a", "bc"]));
    }

    #[test]
    fn an_image_has_a_package_url_and_a_directory_none() {
        let mut inventory = samples::inventory();
        let digest = inventory.subject.digest.clone().unwrap();
        let expected =
            format!("pkg:oci/shop@{digest}?arch=amd64&repository_url=registry.example%2Fteam%2FShop&tag=v1");
        assert_eq!(identity(&inventory).purl, Some(expected));
        inventory.subject.digest = None;
        let directory = identity(&inventory);
        assert_eq!(directory.purl, None);
        assert_eq!(directory.subject, format!("urn:uuid:{}", directory.uuid));
    }

    #[test]
    fn every_reference_is_another_and_of_ascii() {
        let mut inventory = samples::inventory();
        let twin = inventory.components[0].clone();
        inventory.components.extend([twin.clone(), twin]);
        let identity = identity(&inventory);
        let mut all: BTreeSet<_> = identity.components.iter().collect();
        all.extend([&identity.subject, identity.distribution.as_ref().unwrap()]);
        assert_eq!(all.len(), inventory.components.len() + 2);
        assert!(all.iter().all(|reference| reference.bytes().all(|b| b.is_ascii_graphic())), "{all:?}");
    }

    #[test]
    fn a_hundred_thousand_twins_are_told_apart_in_time() {
        let mut taken = Taken::default();
        taken.take("a?number=3".to_owned());
        let twins: BTreeSet<_> = (0..100_000).map(|_| taken.take("a".to_owned())).collect();
        assert_eq!(twins.len(), 100_000);
        assert!(!twins.contains("a?number=3") && twins.contains("a?number=100001"));
    }

    #[test]
    fn what_is_there_twice_is_told_apart_by_where_it_lies() {
        let identity = identity(&samples::inventory());
        let twice: Vec<_> =
            identity.components.iter().filter(|reference| reference.contains("ms@2.1.3")).collect();
        let expected = [
            "pkg:npm/ms@2.1.3?location=%2Fapp%2Fnode_modules%2Fdebug%2Fnode_modules%2Fms%2Fpackage.json",
            "pkg:npm/ms@2.1.3?location=%2Fapp%2Fnode_modules%2Fms%2Fpackage.json",
        ];
        assert_eq!(twice, expected);
        assert_eq!(with_qualifier("pkg:a/b?c=d#e", "f", "g"), "pkg:a/b?c=d&f=g#e");
    }
}
