//! One inventory of several documents.
//!
//! A component is known by its package URL, else by its kind, its name and its version. What several documents tell of
//! one is joined; where they contradict one another, that is a [`Conflict`]. But for the subject, the order of the
//! documents does not matter: components are sorted, and of two values the smaller one is kept.

use std::collections::{BTreeMap, BTreeSet};

use crate::fact::Distribution;
use crate::format::read::{Origin, Read};
use crate::inventory::{Component, Inventory, Kind, Subject};

/// Two documents that tell different things of one component, or of the distribution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The component: its package URL, else its name and version; `distribution`.
    pub what: String,
    /// What they contradict one another about: `kind`, `name`, `namespace`, `licenses`, `hashes`, `supplier`,
    /// `description`, `homepage`; `digest` and `name` of the subject; `distribution`.
    pub about: &'static str,
    /// What they say, sorted.
    pub values: Vec<String>,
}

/// What several documents were merged into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// The inventory, with all who made the documents.
    pub read: Read,
    /// Where documents contradict one another, sorted.
    pub conflicts: Vec<Conflict>,
}

/// Merges documents, each under the name that its components get as their origin. The subject is the one that is given;
/// else the one that all agree on, by its digest, with all that is known of it; else the name and version of the first.
pub fn merge(documents: Vec<(String, Read)>, subject: Option<Subject>) -> Merged {
    let mut merging = Merging::default();
    let mut conflicts = match subject {
        Some(_) => Vec::new(),
        None => disagreed(&documents),
    };
    let subject = subject.unwrap_or_else(|| agreed(&documents));
    for (name, read) in documents {
        merging.document(&name, read);
    }
    merging.finish(subject, &mut conflicts)
}

/// What the documents say differently of what they are about.
fn disagreed(documents: &[(String, Read)]) -> Vec<Conflict> {
    let values = |of: fn(&Subject) -> Option<String>| -> BTreeSet<String> {
        documents.iter().filter_map(|(_, read)| of(&read.inventory.subject)).collect()
    };
    let digests = values(|subject| subject.digest.clone());
    let names = values(|subject| Some(subject.name.clone()).filter(|name| !name.is_empty()));
    [("digest", digests), ("name", names)]
        .into_iter()
        .filter(|(_, values)| values.len() > 1)
        .map(|(about, values)| Conflict {
            what: "subject".to_owned(),
            about,
            values: values.into_iter().collect(),
        })
        .collect()
}

/// What all documents are about.
fn agreed(documents: &[(String, Read)]) -> Subject {
    let Some((_, first)) = documents.first() else { return Subject::default() };
    let subject = &first.inventory.subject;
    let all_agree = documents.iter().all(|(_, read)| read.inventory.subject.digest == subject.digest);
    match &subject.digest {
        Some(_) if all_agree => subject.clone(),
        _ if documents.len() == 1 => subject.clone(),
        _ => Subject { name: subject.name.clone(), version: subject.version.clone(), ..Subject::default() },
    }
}

/// What a component is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Purl(String),
    Named(Kind, Option<String>, String, String),
}

impl Key {
    fn of(component: &Component) -> Self {
        match &component.purl {
            Some(purl) => Self::Purl(purl.clone()),
            None => {
                let Component { kind, namespace, name, version, .. } = component;
                Self::Named(*kind, namespace.clone(), name.clone(), version.clone())
            }
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Purl(purl) => purl.clone(),
            Self::Named(_, namespace, name, version) => {
                let namespace = namespace.iter().map(|namespace| format!("{namespace}/")).collect::<String>();
                format!("{namespace}{name} {version}").trim_end().to_owned()
            }
        }
    }
}

/// All that documents say of one component.
#[derive(Default)]
struct Joined {
    kinds: BTreeSet<Kind>,
    namespaces: BTreeSet<String>,
    names: BTreeSet<(String, String)>,
    cpes: BTreeSet<String>,
    /// Each list that a document has.
    licenses: BTreeSet<Vec<String>>,
    suppliers: BTreeSet<String>,
    descriptions: BTreeSet<String>,
    homepages: BTreeSet<String>,
    hashes: BTreeMap<String, BTreeSet<String>>,
    locations: BTreeSet<crate::inventory::Location>,
    owners: BTreeSet<Key>,
    origins: BTreeSet<String>,
}

#[derive(Default)]
struct Merging {
    components: BTreeMap<Key, Joined>,
    dependencies: BTreeSet<(Key, Key)>,
    incomplete: BTreeSet<crate::inventory::Incomplete>,
    distributions: Vec<Distribution>,
    origin: Origin,
    passed_over: BTreeMap<String, usize>,
}

impl Merging {
    fn document(&mut self, name: &str, read: Read) {
        let Inventory { subject: _, distribution, components, dependencies, incomplete } = read.inventory;
        let keys: Vec<_> = components.iter().map(Key::of).collect();
        for (component, key) in components.into_iter().zip(&keys) {
            let owner =
                component.owner.and_then(|owner| keys.get(owner)).filter(|owner| *owner != key).cloned();
            let joined = self.components.entry(key.clone()).or_default();
            joined.owners.extend(owner);
            joined.add(name, component);
        }
        for (from, to) in dependencies {
            if let (Some(from), Some(to)) = (keys.get(from), keys.get(to)) {
                self.dependencies.insert((from.clone(), to.clone()));
            }
        }
        self.incomplete.extend(incomplete);
        self.distributions.extend(distribution);
        for (place, count) in read.passed_over {
            *self.passed_over.entry(place).or_default() += count;
        }
        let Origin { format: _, identifier: _, created, authors, organizations, tools, phases } = read.origin;
        self.origin.created = self.origin.created.max(created);
        self.origin.authors.extend(authors);
        self.origin.organizations.extend(organizations);
        self.origin.tools.extend(tools);
        self.origin.phases.extend(phases);
    }

    fn finish(mut self, subject: Subject, conflicts: &mut Vec<Conflict>) -> Merged {
        let distribution = self.distribution(conflicts);
        let indexes: BTreeMap<_, _> = self.components.keys().cloned().zip(0..).collect();
        let dependencies = self.dependencies.iter();
        let mut dependencies: Vec<_> =
            dependencies.filter_map(|(from, to)| Some((*indexes.get(from)?, *indexes.get(to)?))).collect();
        dependencies.sort_unstable();
        let component = |(key, joined): (Key, Joined)| joined.finish(key, &indexes, conflicts);
        let components = self.components.into_iter().map(component).collect();
        let mut conflicts = std::mem::take(conflicts);
        conflicts.sort();
        for list in [&mut self.origin.authors, &mut self.origin.tools, &mut self.origin.phases] {
            list.sort();
            list.dedup();
        }
        let incomplete = self.incomplete.into_iter().collect();
        let inventory = Inventory { subject, distribution, components, dependencies, incomplete };
        let origin = Origin { format: "merged".to_owned(), ..self.origin };
        Merged { read: Read { inventory, origin, passed_over: self.passed_over }, conflicts }
    }

    /// The distribution that all agree on, of those that name one. Where they do not agree, each is a component.
    fn distribution(&mut self, conflicts: &mut Vec<Conflict>) -> Option<Distribution> {
        let versions: BTreeMap<_, _> = std::mem::take(&mut self.distributions)
            .into_iter()
            .map(|distribution| ((distribution.id.clone(), distribution.version_id.clone()), distribution))
            .collect();
        if versions.len() < 2 {
            return versions.into_values().next();
        }
        let values =
            versions.keys().map(|(id, version)| format!("{id} {}", version.as_deref().unwrap_or_default()));
        let values = values.collect();
        conflicts.push(Conflict { what: "distribution".to_owned(), about: "distribution", values });
        for distribution in versions.into_values() {
            let component = Component {
                kind: Kind::OperatingSystem,
                name: distribution.id,
                version: distribution.version_id.unwrap_or_default(),
                description: distribution.pretty_name,
                cpes: distribution.cpe.into_iter().collect(),
                ..Component::default()
            };
            self.components.entry(Key::of(&component)).or_default().take(component);
        }
        None
    }
}

impl Joined {
    fn add(&mut self, document: &str, component: Component) {
        match component.origins.is_empty() {
            true => drop(self.origins.insert(document.to_owned())),
            false => self.origins.extend(component.origins.iter().cloned()),
        }
        self.take(component);
    }

    fn take(&mut self, component: Component) {
        let Component { kind, ecosystem: _, namespace, name, version, purl: _, cpes, .. } = component;
        let Component { licenses, supplier, description, homepage, hashes, locations, owner: _, .. } =
            component;
        self.kinds.insert(kind);
        self.namespaces.extend(namespace);
        self.names.insert((name, version));
        self.cpes.extend(cpes);
        let mut licenses = licenses;
        licenses.sort();
        licenses.dedup();
        self.licenses.extend(Some(licenses).filter(|licenses| !licenses.is_empty()));
        self.suppliers.extend(supplier);
        self.descriptions.extend(description);
        self.homepages.extend(homepage);
        for (algorithm, digits) in hashes {
            self.hashes.entry(algorithm).or_default().insert(digits.to_ascii_lowercase());
        }
        self.locations.extend(locations);
    }

    /// Where documents contradict one another.
    fn conflicts(&self, what: &str, conflicts: &mut Vec<Conflict>) {
        let mut conflict = |about, values: Vec<String>| {
            if values.len() > 1 {
                conflicts.push(Conflict { what: what.to_owned(), about, values });
            }
        };
        conflict("kind", self.kinds.iter().map(|kind| format!("{kind:?}").to_lowercase()).collect());
        conflict("namespace", self.namespaces.iter().cloned().collect());
        conflict("name", self.names.iter().map(|(name, version)| format!("{name} {version}")).collect());
        conflict("description", self.descriptions.iter().cloned().collect());
        conflict("homepage", self.homepages.iter().cloned().collect());
        conflict("licenses", self.licenses.iter().map(|licenses| licenses.join(", ")).collect());
        conflict("supplier", self.suppliers.iter().cloned().collect());
        for (algorithm, values) in &self.hashes {
            conflict("hashes", values.iter().map(|digits| format!("{algorithm} {digits}")).collect());
        }
    }

    fn finish(self, key: Key, indexes: &BTreeMap<Key, usize>, conflicts: &mut Vec<Conflict>) -> Component {
        self.conflicts(&key.shown(), conflicts);
        let (name, version) = self.names.into_iter().next().unwrap_or_default();
        let purl = match key {
            Key::Purl(purl) => Some(purl),
            Key::Named(..) => None,
        };
        let licenses: BTreeSet<_> = self.licenses.into_iter().flatten().collect();
        Component {
            kind: self.kinds.into_iter().next().unwrap_or_default(),
            ecosystem: purl.as_deref().and_then(crate::fact::Ecosystem::of_purl),
            namespace: self.namespaces.into_iter().next(),
            name,
            version,
            purl,
            cpes: self.cpes.into_iter().collect(),
            licenses: licenses.into_iter().collect(),
            supplier: self.suppliers.into_iter().next(),
            description: self.descriptions.into_iter().next(),
            homepage: self.homepages.into_iter().next(),
            hashes: self
                .hashes
                .into_iter()
                .filter_map(|(name, values)| Some((name, values.into_iter().next()?)))
                .collect(),
            locations: self.locations.into_iter().collect(),
            owner: self.owners.iter().find_map(|owner| indexes.get(owner).copied()),
            origins: self.origins.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Location;

    fn component(purl: Option<&str>, name: &str, supplier: &str, path: &str) -> Component {
        Component {
            name: name.to_owned(),
            version: "1".to_owned(),
            purl: purl.map(str::to_owned),
            supplier: Some(supplier.to_owned()),
            locations: vec![Location { path: path.to_owned(), layer: None }],
            ..Component::default()
        }
    }

    fn document(digest: &str, distribution: &str, components: Vec<Component>) -> Read {
        let subject = Subject {
            name: "image".to_owned(),
            digest: Some(digest.to_owned()),
            platform: Some("linux/amd64".to_owned()),
            ..Subject::default()
        };
        let distribution = Some(Distribution { id: distribution.to_owned(), ..Distribution::default() });
        let dependencies = vec![(0, 1)];
        let inventory = Inventory { subject, distribution, components, dependencies, ..Inventory::default() };
        Read { inventory, ..Read::default() }
    }

    fn two(digest: &str, distribution: &str) -> [(String, Read); 2] {
        let one = [component(Some("pkg:npm/a@1"), "a", "X", "/one"), component(None, "b", "Z", "/b")];
        let mut other = [component(None, "c", "Z", "/c"), component(Some("pkg:npm/a@1"), "a", "Y", "/two")];
        other[0].owner = Some(1);
        [
            ("one".to_owned(), document("sha256:1", "debian", one.to_vec())),
            ("two".to_owned(), document(digest, distribution, other.to_vec())),
        ]
    }

    #[test]
    fn what_is_told_of_one_component_is_joined_and_indexes_follow() {
        let [one, other] = two("sha256:1", "debian");
        let merged = merge(vec![one.clone(), other.clone()], None);
        assert_eq!(merge(vec![other, one], None), merged);
        let inventory = &merged.read.inventory;
        let names: Vec<_> = inventory.components.iter().map(|component| component.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(inventory.dependencies, [(0, 1), (2, 0)]);
        let [a, _, c] = inventory.components.as_slice() else { panic!("{names:?}") };
        assert_eq!((a.supplier.as_deref(), a.locations.len()), (Some("X"), 2));
        assert_eq!(
            (a.origins.as_slice(), c.origins.as_slice()),
            (&["one".to_owned(), "two".to_owned()][..], &["two".to_owned()][..])
        );
        assert_eq!(c.owner, Some(0));
        let values = vec!["X".to_owned(), "Y".to_owned()];
        assert_eq!(
            merged.conflicts,
            [Conflict { what: "pkg:npm/a@1".to_owned(), about: "supplier", values }]
        );
        assert_eq!(inventory.subject.digest.as_deref(), Some("sha256:1"));
        assert_eq!(inventory.distribution.as_ref().map(|it| it.id.as_str()), Some("debian"));
    }

    #[test]
    fn what_documents_do_not_agree_on_is_not_said_of_all() {
        let merged = merge(two("sha256:2", "alpine").to_vec(), None);
        let Inventory { subject, distribution, components, .. } = merged.read.inventory;
        assert_eq!(subject, Subject { name: "image".to_owned(), ..Subject::default() });
        assert_eq!(distribution, None);
        let systems = components.iter().filter(|component| component.kind == Kind::OperatingSystem);
        assert_eq!(systems.map(|it| it.name.as_str()).collect::<Vec<_>>(), ["alpine", "debian"]);
        assert!(merged.conflicts.iter().any(|conflict| conflict.what == "distribution"));
    }
}
