//! What makes two components the same package, whoever wrote them down.
//!
//! Generators spell the same package differently, and each is right in its way: `@` encoded or not, an epoch in the version
//! or in a qualifier, `v1.2.3` or `1.2.3` of a Go module, `rhel` or `redhat` as the namespace. All of that is folded here,
//! and nowhere else.

use crate::inventory::Component;
use crate::purl::{self, PackageUrl, PurlError};

/// What a package is, whatever its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The type of its package URL; empty for a component without one.
    pub kind: String,
    /// The part before the name. Of a distribution's package it is empty: that is the distribution, which not all
    /// generators name, and of which an image has one.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// A component, by what decides whether it is the same as another.
#[derive(Clone, Debug)]
pub struct Package<'a> {
    /// The component.
    pub component: &'a Component,
    /// Its package URL; `None` where it has none.
    pub purl: Option<PackageUrl>,
    /// What it is.
    pub identity: Identity,
    /// Its version, folded; empty where nobody tells.
    pub version: String,
    /// Its processor; `None` where nobody tells, or where it does not matter.
    pub architecture: Option<String>,
    /// Its distribution, in one spelling; `None` where nobody tells, or where it is of none.
    pub distribution: Option<String>,
}

impl<'a> Package<'a> {
    /// A component, by its package URL and, where it has none, by its name.
    ///
    /// # Errors
    /// [`PurlError`], where what it has is no package URL.
    pub fn of(component: &'a Component) -> Result<Self, PurlError> {
        match &component.purl {
            Some(text) => Ok(Self::with_purl(component, text.parse()?)),
            None => Ok(Self::by_name(component)),
        }
    }

    /// A component, by its name alone.
    pub fn by_name(component: &'a Component) -> Self {
        let identity = Identity {
            kind: String::new(),
            namespace: component.namespace.clone().unwrap_or_default(),
            name: component.name.clone(),
        };
        let version = folded_version("", &component.version, None);
        Self { component, purl: None, identity, version, architecture: None, distribution: None }
    }

    fn with_purl(component: &'a Component, purl: PackageUrl) -> Self {
        let folded = |version| folded_version(&purl.kind, version, purl.qualifier("epoch"));
        let told = purl.version.as_deref().map(folded).filter(|version| !version.is_empty());
        let version = told.unwrap_or_else(|| folded(&component.version));
        let architecture = purl.qualifier("arch").map(str::to_owned);
        let (identity, distribution) = (identity(&purl), distribution(&purl));
        Self { component, identity, version, architecture, distribution, purl: Some(purl) }
    }

    /// The version beside the package URL, where it is another than the one in it.
    pub fn contradiction(&self) -> Option<&'a str> {
        let purl = self.purl.as_ref()?;
        purl.version.as_ref()?;
        let beside = folded_version(&purl.kind, &self.component.version, purl.qualifier("epoch"));
        (!beside.is_empty() && beside != self.version).then_some(self.component.version.as_str())
    }

    /// Whether it is one of a distribution's packages.
    pub fn is_of_distribution(&self) -> bool {
        matches!(self.identity.kind.as_str(), "deb" | "apk" | "rpm")
    }

    /// Whether the name beside the package URL is that of the same package, with its namespace or without.
    pub fn is_named_so(&self) -> bool {
        let Some(purl) = &self.purl else { return true };
        let fold = |name: &str| purl::python_name(name).replace(['/', ':'], "-");
        let named = fold(self.component.name.trim_start_matches('@'));
        let namespace = purl.namespace.as_deref().unwrap_or_default().trim_start_matches('@');
        named.is_empty() || named == fold(&purl.name) || named == fold(&format!("{namespace}/{}", purl.name))
    }

    /// How it is shown: its package URL, else its name with the version.
    pub fn shown(&self) -> String {
        match &self.purl {
            Some(purl) => purl.to_string(),
            None if self.version.is_empty() => self.identity.name.clone(),
            None => format!("{}@{}", self.identity.name, self.version),
        }
    }

    /// Whether both are for the same processor, as far as they tell.
    pub fn same_architecture(&self, other: &Self) -> bool {
        match (&self.architecture, &other.architecture) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    }
}

fn identity(purl: &PackageUrl) -> Identity {
    let kind = purl.kind.clone();
    let (mut namespace, mut name) = (purl.namespace.clone().unwrap_or_default(), purl.name.clone());
    match kind.as_str() {
        "deb" | "apk" | "rpm" => namespace.clear(),
        "pypi" => name = purl::python_name(&name),
        "nuget" | "generic" => name = name.to_lowercase(),
        "golang" => {
            name = match namespace.is_empty() {
                true => name,
                false => format!("{namespace}/{name}"),
            };
            namespace.clear();
            name = match name.to_lowercase().as_str() {
                "std" => "stdlib".to_owned(),
                lower => lower.to_owned(),
            };
        }
        _ => {}
    }
    Identity { kind, namespace, name }
}

/// What distributions call themselves (`ID` of os-release(5)), beside what generators call them.
const DISTRIBUTIONS: [(&str, &str); 18] = [
    ("alma", "almalinux"),
    ("amazon", "amzn"),
    ("amazonlinux", "amzn"),
    ("azure-linux", "azurelinux"),
    ("cbl-mariner", "mariner"),
    ("centos-stream", "centos"),
    ("opensuse-leap", "opensuse"),
    ("opensuse-microos", "opensuse"),
    ("opensuse-tumbleweed", "opensuse"),
    ("opensuse.leap", "opensuse"),
    ("opensuse.tumbleweed", "opensuse"),
    ("oracle", "ol"),
    ("oraclelinux", "ol"),
    ("redhat", "rhel"),
    ("rockylinux", "rocky"),
    ("sle-micro", "suse"),
    ("sled", "suse"),
    ("sles", "suse"),
];

/// The distribution of a package: its namespace, else what the qualifier `distro` has before the version.
fn distribution(purl: &PackageUrl) -> Option<String> {
    if !matches!(purl.kind.as_str(), "deb" | "apk" | "rpm") {
        return None;
    }
    let told = |name: &&str| !matches!(*name, "" | "linux" | "unknown");
    let before_version = |distro: &str| {
        let (name, version) = distro.rsplit_once('-')?;
        version.starts_with(|c: char| c.is_ascii_digit()).then(|| name.to_lowercase())
    };
    let namespace = purl.namespace.as_deref().map(str::to_lowercase);
    let distro = purl.qualifier("distro").and_then(before_version);
    let name = namespace.as_deref().filter(told).or_else(|| distro.as_deref().filter(told))?;
    let known = DISTRIBUTIONS.iter().find(|(spelling, _)| *spelling == name);
    Some(known.map_or(name, |(_, id)| id).to_owned())
}

/// A version in the one way in which it is compared.
fn folded_version(kind: &str, version: &str, epoch: Option<&str>) -> String {
    let version = version.trim();
    if matches!(version, "(devel)" | "unknown" | "UNKNOWN" | "NOASSERTION") {
        return String::new();
    }
    match kind {
        // An epoch that is not told is 0 (deb-version(7), rpm-version(7)).
        "deb" | "rpm" => {
            let (inside, rest) = match version.split_once(':') {
                Some((inside, rest)) => (Some(inside), rest),
                None => (None, version),
            };
            match inside.or(epoch).filter(|epoch| *epoch != "0" && !rest.is_empty()) {
                Some(epoch) => format!("{epoch}:{rest}"),
                None => rest.to_owned(),
            }
        }
        "golang" => version.strip_prefix("go").unwrap_or(version).trim_start_matches('v').to_owned(),
        "pypi" => version.to_lowercase(),
        _ => version.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(purl: &str, version: &str) -> Component {
        Component { purl: Some(purl.to_owned()), version: version.to_owned(), ..Component::default() }
    }

    /// Spellings of trivy, syft, cdxgen and cyclonedx-gomod beside those of this program.
    #[test]
    fn what_generators_spell_differently_is_the_same() {
        for (one, other) in [
            (
                "pkg:deb/debian/bash@1%3A5.2?arch=amd64&distro=debian-12",
                "pkg:deb/debian/bash@5.2?epoch=1&arch=amd64",
            ),
            ("pkg:deb/debian/bash@1:5.2", "pkg:deb/bash@1:5.2?upstream=x&distro=debian-12"),
            (
                "pkg:rpm/redhat/curl@7.1-2.el9?epoch=0",
                "pkg:rpm/rhel/curl@7.1-2.el9?upstream=curl-7.1-2.el9.src.rpm",
            ),
            ("pkg:npm/%40babel/core@7.1.0", "pkg:npm/@babel/core@7.1.0"),
            ("pkg:pypi/Typing.Extensions@4.0RC1", "pkg:pypi/typing-extensions@4.0rc1"),
            ("pkg:golang/github.com/BurntSushi/toml@v1.2.0", "pkg:golang/github.com/burntsushi/toml@1.2.0"),
            ("pkg:golang/stdlib@1.22.3", "pkg:golang/std@go1.22.3"),
            ("pkg:nuget/Newtonsoft.Json@13.0.1", "pkg:nuget/newtonsoft.json@13.0.1"),
            ("pkg:golang/example.com/app@(devel)", "pkg:golang/example.com/app"),
        ] {
            let (left, right) = (component(one, ""), component(other, ""));
            let (left, right) = (Package::of(&left).unwrap(), Package::of(&right).unwrap());
            assert_eq!(left.identity, right.identity, "{one} {other}");
            assert_eq!(left.version, right.version, "{one} {other}");
            assert!(left.same_architecture(&right), "{one} {other}");
            assert_eq!(left.distribution, right.distribution, "{one} {other}");
        }
    }

    #[test]
    fn distributions_have_one_name() {
        for (purl, expected) in [
            ("pkg:deb/debian/x@1", Some("debian")),
            ("pkg:deb/ubuntu/x@1?distro=debian-12", Some("ubuntu")),
            ("pkg:deb/x@1?distro=ubuntu-22.04", Some("ubuntu")),
            ("pkg:deb/linux/x@1?distro=debian-12", Some("debian")),
            ("pkg:deb/x@1?distro=bookworm", None),
            ("pkg:deb/x@1", None),
            ("pkg:apk/alpine/x@1?distro=3.19.1", Some("alpine")),
            ("pkg:apk/wolfi/x@1", Some("wolfi")),
            ("pkg:rpm/RedHat/x@1", Some("rhel")),
            ("pkg:rpm/rhel/x@1", Some("rhel")),
            ("pkg:rpm/sles/x@1", Some("suse")),
            ("pkg:rpm/x@1?distro=opensuse-leap-15.5", Some("opensuse")),
            ("pkg:npm/%40debian/x@1", None),
        ] {
            let component = component(purl, "");
            assert_eq!(Package::of(&component).unwrap().distribution.as_deref(), expected, "{purl}");
        }
    }

    #[test]
    fn what_is_different_stays_so() {
        for (one, other) in [
            ("pkg:maven/org.a/x@1", "pkg:maven/org.b/x@1"),
            ("pkg:npm/%40babel/core@1", "pkg:npm/core@1"),
            ("pkg:npm/x@1", "pkg:pypi/x@1"),
            ("pkg:deb/debian/x@1:1", "pkg:deb/debian/x@1"),
            ("pkg:deb/debian/x@1?arch=amd64", "pkg:deb/debian/x@1?arch=i386"),
        ] {
            let (left, right) = (component(one, ""), component(other, ""));
            let (left, right) = (Package::of(&left).unwrap(), Package::of(&right).unwrap());
            let same = left.identity == right.identity
                && left.version == right.version
                && left.same_architecture(&right);
            assert!(!same, "{one} {other}");
        }
    }

    #[test]
    fn a_version_is_told_by_either() {
        for (purl, version, expected) in [
            ("pkg:npm/x@1", "", "1"),
            ("pkg:npm/x", "2", "2"),
            ("pkg:npm/x@unknown", "2", "2"),
            ("pkg:npm/x@NOASSERTION", "2", "2"),
            ("pkg:golang/x.org/y@(devel)", "v1.2.0", "1.2.0"),
            ("pkg:golang/x.org/y@(devel)", "unknown", ""),
        ] {
            let component = component(purl, version);
            assert_eq!(Package::of(&component).unwrap().version, expected, "{purl} {version}");
        }
    }

    #[test]
    fn a_component_that_contradicts_itself_is_known() {
        for (purl, version, contradiction) in [
            ("pkg:npm/x@1", "1", None),
            ("pkg:npm/x@1", "", None),
            ("pkg:npm/x", "2", None),
            ("pkg:npm/x@1", "2", Some("2")),
            ("pkg:npm/x@unknown", "2", None),
            ("pkg:deb/debian/x@5-1?epoch=1", "1:5-1", None),
            ("pkg:deb/debian/x@5-1?epoch=1", "5-1", None),
            ("pkg:rpm/fedora/x@5-1", "0:5-1", None),
            ("pkg:golang/x.org/y@v1.0.0", "1.0.0", None),
        ] {
            let component = component(purl, version);
            assert_eq!(Package::of(&component).unwrap().contradiction(), contradiction, "{purl} {version}");
        }
    }
}
