//! What is in an image or a directory, assembled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fact::{Distribution, Ecosystem};

/// What is in one thing. Everything in it is sorted, so that the same content gives the same document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// What was looked at.
    pub subject: Subject,
    /// Its distribution, if it has one.
    pub distribution: Option<Distribution>,
    /// What is in it, sorted by package URL and then by location.
    pub components: Vec<Component>,
    /// How components depend on one another: indexes into `components`, from what needs to what is needed; sorted.
    pub dependencies: Vec<(usize, usize)>,
    /// What could not be read, and why: the inventory lacks it.
    pub incomplete: Vec<Incomplete>,
}

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Its name: a repository, or the last part of a directory's path.
    pub name: String,
    /// A tag, if it was named by one.
    pub version: Option<String>,
    /// Who supplies it, if that is known.
    pub supplier: Option<String>,
    /// The digest of the image's manifest, `sha256:HEX`; `None` for a directory.
    pub digest: Option<String>,
    /// Its package URL, where a document tells one that is not an image's: that of an image follows from the rest.
    pub purl: Option<String>,
    /// `OS/ARCHITECTURE[/VARIANT]` of the image.
    pub platform: Option<String>,
    /// Digests of the image's layers, the lowest first.
    pub layers: Vec<String>,
}

/// A package that is there, or another thing that a document calls a component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Component {
    /// What kind of thing it is.
    pub kind: Kind,
    /// Where it comes from; `None` where a document does not tell, or tells of an ecosystem that is not known.
    pub ecosystem: Option<Ecosystem>,
    /// The part before the name: a group, a scope, a vendor.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The version; empty where a document does not tell.
    pub version: String,
    /// The package URL, with the distribution (purl-spec 1.0); `None` where a document does not tell.
    pub purl: Option<String>,
    /// Names in the NVD's dictionary (CPE 2.2 or 2.3), as a document has them: none is ever guessed.
    pub cpes: Vec<String>,
    /// SPDX expressions where they are ones, else as they were found.
    pub licenses: Vec<String>,
    /// Who supplies it.
    pub supplier: Option<String>,
    /// One line about it.
    pub description: Option<String>,
    /// Its home page.
    pub homepage: Option<String>,
    /// Digests by algorithm (`MD5`, `SHA-1`, `SHA-256`, `SHA-512`), in hexadecimal.
    pub hashes: BTreeMap<String, String>,
    /// The files that show it, sorted.
    pub locations: Vec<Location>,
    /// The component of a distribution that this one came with: an index into [`Inventory::components`].
    pub owner: Option<usize>,
    /// The documents that tell of it, where several were merged or one came with it: their identifiers, or names of files;
    /// sorted.
    pub origins: Vec<String>,
}

impl Component {
    /// All texts that it has but for its locations.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let Self { namespace, name, version, purl, cpes, licenses, supplier, description, .. } = self;
        let optional = [namespace, purl, supplier, description, &self.homepage].into_iter().flatten();
        let hashes = self.hashes.iter().flat_map(|(name, digits)| [name, digits]);
        let lists = cpes.iter().chain(licenses);
        [name, version].into_iter().chain(optional).chain(lists).chain(hashes).map(String::as_str)
    }

    /// Whether documents that came with it tell of it, and no other file shows it.
    pub fn is_only_told(&self) -> bool {
        let is_document = |location: &Location| self.origins.contains(&location.path);
        !self.origins.is_empty() && self.locations.iter().all(is_document)
    }
}

/// What kind of thing a component is (CycloneDX `type`, SPDX `primaryPackagePurpose`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A library, and a package of which nothing else is known.
    #[default]
    Library,
    /// A program.
    Application,
    /// A framework.
    Framework,
    /// An image.
    Container,
    /// A distribution.
    OperatingSystem,
    /// A device.
    Device,
    /// A firmware.
    Firmware,
    /// A single file.
    File,
    /// Something that is built from, and not installed.
    Source,
    /// Something else.
    Other,
}

/// A file that shows a component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// Its absolute path.
    pub path: String,
    /// The digest of the layer that brought it.
    pub layer: Option<String>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Incomplete {
    /// The file.
    pub path: String,
    /// Why.
    pub why: String,
}
