//! The things that a document is about, as far as authorities ask for them.

use crate::inventory::{Component, Inventory};

/// What is told of one thing.
pub(super) struct Part<'a> {
    pub(super) kind: PartKind,
    pub(super) name: &'a str,
    pub(super) version: Option<&'a str>,
    pub(super) supplier: Option<&'a str>,
    /// Whether something names it beyond this document: a package URL, a CPE, a digest.
    pub(super) is_identified: bool,
    /// The algorithms of its digests.
    pub(super) hashes: Vec<&'a str>,
    pub(super) licenses: &'a [String],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    /// What the document is about.
    Subject,
    /// A distribution: no file, and under no licence of its own.
    Distribution,
    Component,
}

impl Part<'_> {
    /// How it is shown.
    pub(super) fn shown(&self) -> String {
        let name = if self.name.is_empty() { "(no name)" } else { self.name };
        self.version.map_or_else(|| name.to_owned(), |version| format!("{name}@{version}"))
    }
}

/// The subject where it is told, its distribution, its components.
pub(super) fn parts(inventory: &Inventory) -> Vec<Part<'_>> {
    let components = inventory.components.iter().map(component);
    subject(inventory).into_iter().chain(distribution(inventory)).chain(components).collect()
}

fn subject(inventory: &Inventory) -> Option<Part<'_>> {
    let subject = &inventory.subject;
    let digest = subject.digest.as_deref();
    (!subject.name.is_empty() || digest.is_some()).then(|| Part {
        kind: PartKind::Subject,
        name: &subject.name,
        // An image without a tag has its digest for a version.
        version: told(subject.version.as_deref()).or(digest),
        supplier: told(subject.supplier.as_deref()),
        is_identified: digest.is_some() || subject.purl.is_some(),
        hashes: digest.and_then(|digest| digest.split_once(':')).map(|(name, _)| name).into_iter().collect(),
        licenses: &[],
    })
}

fn distribution(inventory: &Inventory) -> Option<Part<'_>> {
    let distribution = inventory.distribution.as_ref()?;
    Some(Part {
        kind: PartKind::Distribution,
        name: &distribution.id,
        version: told(distribution.version_id.as_deref()),
        supplier: told(distribution.supplier.as_deref()),
        is_identified: distribution.cpe.is_some(),
        hashes: Vec::new(),
        licenses: &[],
    })
}

fn component(component: &Component) -> Part<'_> {
    Part {
        kind: PartKind::Component,
        name: component.name.trim(),
        version: told(Some(&component.version)),
        supplier: told(component.supplier.as_deref()),
        is_identified: component.purl.is_some() || !component.cpes.is_empty(),
        hashes: component.hashes.keys().map(String::as_str).collect(),
        licenses: &component.licenses,
    }
}

/// Without what says that nothing is said.
fn told(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !matches!(*text, "" | "NOASSERTION" | "NONE"))
}
