//! What one file shows, without any other file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::inventory::Component;

/// Something that a file shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum Fact {
    /// A package is installed, or built in.
    Package(Package),
    /// A lock file asks for a package, which may be installed or not.
    Locked(Package),
    /// An SBOM that came with software tells of a package: without a location, an owner and an origin.
    Told(Box<Component>),
    /// A package of a distribution owns these files (`info/NAME.list` of dpkg).
    Owns {
        /// The name of the package, as its database spells it.
        package: String,
        /// Absolute paths.
        files: Vec<String>,
    },
    /// A package has this licence (`usr/share/doc/NAME/copyright` of Debian).
    License {
        /// The name of the package.
        package: String,
        /// As SPDX expressions where they can be had, else as they stand.
        licenses: Vec<String>,
    },
    /// The distribution (`os-release`).
    Distribution(Distribution),
    /// A part of the file could not be read: the inventory lacks what it shows.
    Incomplete {
        /// The part: the name of an entry of an archive.
        part: String,
        /// Why.
        why: String,
    },
}

impl Fact {
    /// How much memory it takes, in bytes, roughly: enough to bound many of them.
    pub fn bytes(&self) -> usize {
        let own = match self {
            Self::Package(package) | Self::Locked(package) => package.texts().map(weight).sum(),
            Self::Told(told) => size_of::<Component>() + told.texts().map(weight).sum::<usize>(),
            Self::Owns { package, files: texts } | Self::License { package, licenses: texts } => {
                weight(package) + texts.iter().map(|text| weight(text)).sum::<usize>()
            }
            Self::Distribution(distribution) => distribution.id.len(),
            Self::Incomplete { part, why } => part.len() + why.len(),
        };
        size_of::<Self>() + own
    }
}

/// A text takes more than its bytes.
fn weight(text: &str) -> usize {
    text.len() + size_of::<String>()
}

/// Where a package comes from: what decides its package URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ecosystem {
    /// dpkg: `pkg:deb/DISTRIBUTION/NAME@VERSION`.
    Deb,
    /// apk: `pkg:apk/DISTRIBUTION/NAME@VERSION`.
    Apk,
    /// rpm: `pkg:rpm/DISTRIBUTION/NAME@VERSION-RELEASE`.
    Rpm,
    /// `pkg:npm/NAME@VERSION`.
    Npm,
    /// `pkg:pypi/NAME@VERSION`.
    Pypi,
    /// `pkg:gem/NAME@VERSION`.
    Gem,
    /// `pkg:composer/VENDOR/NAME@VERSION`.
    Composer,
    /// `pkg:maven/GROUP/ARTIFACT@VERSION`.
    Maven,
    /// `pkg:golang/MODULE@VERSION`.
    Golang,
    /// `pkg:cargo/NAME@VERSION`.
    Cargo,
    /// `pkg:nuget/NAME@VERSION`.
    Nuget,
    /// A program that is known by its own bytes: `pkg:generic/NAME@VERSION`.
    Generic,
}

/// A package, as one file tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Where it comes from.
    pub ecosystem: Ecosystem,
    /// The part of the package URL before the name (a Maven group, an npm scope with its `@`, a Composer vendor); never
    /// the distribution, which no single file tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The version as the ecosystem writes it, whole: with epoch and revision.
    pub version: String,
    /// Qualifiers of the package URL (`arch`, `epoch`, `upstream`...), not encoded.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub qualifiers: BTreeMap<String, String>,
    /// Declared licences: SPDX expressions where they are ones, else as they stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<String>,
    /// Who supplies it: a maintainer, a vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// One line about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Digests of its content, by the name of the algorithm (`MD5`, `SHA-1`, `SHA-256`, `SHA-512`), in hexadecimal, where
    /// the file tells them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hashes: BTreeMap<String, String>,
    /// Names of packages of the same ecosystem that it needs, alternatives and versions left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends: Vec<String>,
    /// Names that it answers to besides its own (`Provides` of dpkg, rpm and apk).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provides: Vec<String>,
    /// Absolute paths of the files that it owns, where the same file tells them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

impl Package {
    /// A package with a name and a version, and nothing else known of it.
    pub fn new(ecosystem: Ecosystem, name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            ecosystem,
            namespace: None,
            name: name.into(),
            version: version.into(),
            qualifiers: BTreeMap::new(),
            licenses: Vec::new(),
            supplier: None,
            description: None,
            homepage: None,
            hashes: BTreeMap::new(),
            depends: Vec::new(),
            provides: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Every text in it.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let one = [&self.namespace, &self.supplier, &self.description, &self.homepage];
        let lists = [&self.licenses, &self.depends, &self.provides, &self.files];
        let maps = [&self.qualifiers, &self.hashes];
        let texts = one.into_iter().flatten().chain(lists.into_iter().flatten());
        let texts = texts.chain(maps.into_iter().flatten().flat_map(|(name, value)| [name, value]));
        [&self.name, &self.version].into_iter().chain(texts).map(String::as_str)
    }
}

/// A distribution (os-release(5)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// `ID`: `debian`, `alpine`, `fedora`; `linux` where it is missing.
    pub id: String,
    /// `VERSION_ID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// `PRETTY_NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretty_name: Option<String>,
    /// `VENDOR_NAME`; `NAME` where it is missing, since most distributions are made by a project of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// `ID_LIKE`, split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id_like: Vec<String>,
    /// `CPE_NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpe: Option<String>,
}
