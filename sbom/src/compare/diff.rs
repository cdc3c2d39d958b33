//! What changed from one inventory to another.
//!
//! Packages are paired by their identity. Several of one identity (the nested twins of npm, two processors of one package)
//! are paired as multisets: first those of one version and one processor, then those of one version, then those of one
//! processor, then the rest in the order of their versions. What is left over was added or removed.
//!
//! What only one of the two tells is no change: formats and generators tell more or less of the same package.

use std::collections::BTreeMap;

use serde::Serialize;

use super::identity::{Identity, Package};
use super::pairs;
use crate::inventory::{Component, Inventory, Kind, Subject};

/// What changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Of what the two are about.
    pub subject: Vec<Field>,
    /// Only in the second, sorted.
    pub added: Vec<Entry>,
    /// Only in the first, sorted.
    pub removed: Vec<Entry>,
    /// In both, and not the same, sorted.
    pub changed: Vec<Change>,
}

/// A component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Entry {
    /// Its package URL, else its name with the version.
    pub component: String,
}

/// A component that is in both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// It, in the first.
    pub from: String,
    /// It, in the second.
    pub to: String,
    /// What is not the same.
    pub fields: Vec<Field>,
}

/// Something that is told twice, and differently.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Field {
    /// `version`, `architecture`, `licenses`, `supplier`, `hash SHA-256`; of the subject `name`, `version`, `digest`,
    /// `platform`, `distribution`.
    pub name: String,
    /// What the first tells.
    pub from: String,
    /// What the second tells.
    pub to: String,
}

impl Diff {
    /// Whether both have the same components. What they are about may still be different: two images are, also where
    /// they have the same in them.
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Compares two inventories.
pub fn diff(from: &Inventory, to: &Inventory) -> Diff {
    let mut diff = Diff { subject: subject(from, to), ..Diff::default() };
    let mut groups: BTreeMap<Identity, (Vec<Package<'_>>, Vec<Package<'_>>)> = BTreeMap::new();
    for package in packages(from) {
        groups.entry(package.identity.clone()).or_default().0.push(package);
    }
    for package in packages(to) {
        groups.entry(package.identity.clone()).or_default().1.push(package);
    }
    for (from, to) in groups.into_values() {
        diff.group(from, to);
    }
    diff.added.sort();
    diff.removed.sort();
    diff.changed.sort();
    diff
}

/// What has no package URL, or a malformed one, is known by its name. A distribution that is no package is part of what
/// the inventory is about.
fn packages(inventory: &Inventory) -> impl Iterator<Item = Package<'_>> {
    let is_distribution =
        |component: &Component| component.kind == Kind::OperatingSystem && component.purl.is_none();
    inventory
        .components
        .iter()
        .filter(move |component| !is_distribution(component))
        .map(|component| Package::of(component).unwrap_or_else(|_| Package::by_name(component)))
}

impl Diff {
    fn group(&mut self, mut from: Vec<Package<'_>>, mut to: Vec<Package<'_>>) {
        from.sort_by(|one, other| one.version.cmp(&other.version));
        to.sort_by(|one, other| one.version.cmp(&other.version));
        let key = |package: &Package<'_>| (package.version.clone(), package.architecture.clone());
        let (exact, from, to) = pairs(from, to, key);
        let (of_version, from, to) = pairs(from, to, |package| package.version.clone());
        let (of_architecture, from, to) = pairs(from, to, |package| package.architecture.clone());
        let (any, from, to) = pairs(from, to, |_| ());
        for (from, to) in exact.iter().chain(&of_version).chain(&of_architecture).chain(&any) {
            self.pair(from, to);
        }
        self.removed.extend(from.iter().map(|package| Entry { component: package.shown() }));
        self.added.extend(to.iter().map(|package| Entry { component: package.shown() }));
    }

    fn pair(&mut self, from: &Package<'_>, to: &Package<'_>) {
        let fields = fields(from, to);
        if !fields.is_empty() {
            self.changed.push(Change { from: from.shown(), to: to.shown(), fields });
        }
    }
}

fn fields(from: &Package<'_>, to: &Package<'_>) -> Vec<Field> {
    let (one, other) = (from.component, to.component);
    let mut fields = Vec::new();
    if from.version != to.version {
        fields.push(Field { name: "version".into(), from: from.version.clone(), to: to.version.clone() });
    }
    let told = |text: &Option<String>| text.clone().unwrap_or_default();
    fields.extend(field("architecture", &told(&from.architecture), &told(&to.architecture)));
    fields.extend(field("licenses", &licenses(one), &licenses(other)));
    fields.extend(field("supplier", told(&one.supplier).trim(), told(&other.supplier).trim()));
    for (algorithm, digest) in &one.hashes {
        let other = other.hashes.get(algorithm).map(String::as_str).unwrap_or_default();
        if !digest.eq_ignore_ascii_case(other) {
            fields.extend(field(&format!("hash {algorithm}"), digest, other));
        }
    }
    fields
}

fn licenses(component: &Component) -> String {
    let mut licenses = component.licenses.clone();
    licenses.sort();
    licenses.dedup();
    licenses.join(", ")
}

fn subject(from: &Inventory, to: &Inventory) -> Vec<Field> {
    let told = |text: &Option<String>| text.clone().unwrap_or_default();
    let distribution = |inventory: &Inventory| {
        let distribution = inventory.distribution.as_ref();
        distribution.map_or(String::new(), |it| format!("{} {}", it.id, told(&it.version_id)))
    };
    let distribution = field("distribution", distribution(from).trim(), distribution(to).trim());
    let (from, to): (&Subject, &Subject) = (&from.subject, &to.subject);
    [
        field("name", &from.name, &to.name),
        field("version", &told(&from.version), &told(&to.version)),
        field("digest", &told(&from.digest), &told(&to.digest)),
        field("platform", &told(&from.platform), &told(&to.platform)),
        distribution,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A difference of something that both tell.
fn field(name: &str, from: &str, to: &str) -> Option<Field> {
    let differs = from != to && !from.is_empty() && !to.is_empty();
    differs.then(|| Field { name: name.to_owned(), from: from.to_owned(), to: to.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(purls: &[&str]) -> Inventory {
        let component = |purl: &&str| Component { purl: Some((*purl).to_owned()), ..Component::default() };
        Inventory { components: purls.iter().map(component).collect(), ..Inventory::default() }
    }

    /// As `+`, `-` and `~` lines.
    fn lines(diff: &Diff) -> Vec<String> {
        let removed = diff.removed.iter().map(|entry| format!("- {}", entry.component));
        let added = diff.added.iter().map(|entry| format!("+ {}", entry.component));
        let changed = diff.changed.iter().map(|change| {
            let names: Vec<_> = change.fields.iter().map(|field| field.name.as_str()).collect();
            format!("~ {} {} {}", change.from, change.to, names.join(","))
        });
        removed.chain(added).chain(changed).collect()
    }

    #[test]
    fn packages_are_added_removed_and_changed() {
        let npm = |list: &[&str]| list.iter().map(|it| format!("pkg:npm/{it}")).collect::<Vec<_>>();
        let cases: [(&[&str], &[&str], &[&str]); 8] = [
            (&["a@1"], &["a@1"], &[]),
            (&["a@1"], &["b@1"], &["- pkg:npm/a@1", "+ pkg:npm/b@1"]),
            (&["a@1"], &["a@2"], &["~ pkg:npm/a@1 pkg:npm/a@2 version"]),
            // Twins: the one that stays is no difference, whatever the order.
            (&["a@1", "a@3"], &["a@3", "a@2"], &["~ pkg:npm/a@1 pkg:npm/a@2 version"]),
            (&["a@1", "a@1"], &["a@1"], &["- pkg:npm/a@1"]),
            (&["a@1"], &["a@1", "a@2"], &["+ pkg:npm/a@2"]),
            (
                &["a@1?arch=x", "a@1?arch=y"],
                &["a@1?arch=y", "a@2?arch=x"],
                &["~ pkg:npm/a@1?arch=x pkg:npm/a@2?arch=x version"],
            ),
            (&["a@1?arch=x"], &["a@1"], &[]),
        ];
        for (from, to, expected) in cases {
            let (from, to) = (npm(from), npm(to));
            let of = |list: &[String]| inventory(&list.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(lines(&diff(&of(&from), &of(&to))), expected, "{from:?} {to:?}");
        }
    }

    #[test]
    fn what_both_tell_is_compared() {
        let mut from = inventory(&["pkg:npm/a@1"]);
        let mut to = from.clone();
        from.subject.digest = Some("sha256:1".into());
        to.subject.digest = Some("sha256:2".into());
        from.components[0].licenses = vec!["MIT".into(), "ISC".into()];
        to.components[0].licenses = vec!["ISC".into(), "MIT".into()];
        from.components[0].supplier = Some("One".into());
        from.components[0].hashes = [("SHA-1".to_owned(), "AB".to_owned())].into();
        to.components[0].hashes = [("SHA-1".to_owned(), "ab".to_owned())].into();
        let same = diff(&from, &to);
        assert!(same.is_empty());
        assert_eq!(
            same.subject,
            [Field { name: "digest".into(), from: "sha256:1".into(), to: "sha256:2".into() }]
        );
        to.components[0].licenses = vec!["GPL-2.0-only".into()];
        to.components[0].supplier = Some("Other".into());
        to.components[0].hashes = [("SHA-1".to_owned(), "cd".to_owned())].into();
        assert_eq!(lines(&diff(&from, &to)), ["~ pkg:npm/a@1 pkg:npm/a@1 licenses,supplier,hash SHA-1"]);
        // By name, where there is no package URL.
        from.components[0].purl = None;
        from.components[0].name = "a".into();
        assert_eq!(diff(&from, &to).added.len(), 1);
        to.components[0] = Component { version: "2".into(), ..from.components[0].clone() };
        assert_eq!(lines(&diff(&from, &to)), ["~ a a@2 version"]);
    }
}
