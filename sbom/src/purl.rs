//! Package URLs (package-url/purl-spec 1.0): `pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS`.
//!
//! [`of`] makes the one of a package that was found; [`PackageUrl`] is one that a document has, taken apart.

mod parse;
#[cfg(test)]
mod spec;

use std::fmt::Write;

pub use parse::{PackageUrl, PurlError};

use crate::fact::{Distribution, Ecosystem, Package};

impl Ecosystem {
    /// The type of its package URLs.
    pub const fn purl_type(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Apk => "apk",
            Self::Rpm => "rpm",
            Self::Npm => "npm",
            Self::Pypi => "pypi",
            Self::Gem => "gem",
            Self::Composer => "composer",
            Self::Maven => "maven",
            Self::Golang => "golang",
            Self::Cargo => "cargo",
            Self::Nuget => "nuget",
            Self::Generic => "generic",
        }
    }

    /// Every ecosystem.
    pub const ALL: [Self; 12] = [
        Self::Deb,
        Self::Apk,
        Self::Rpm,
        Self::Npm,
        Self::Pypi,
        Self::Gem,
        Self::Composer,
        Self::Maven,
        Self::Golang,
        Self::Cargo,
        Self::Nuget,
        Self::Generic,
    ];

    /// The ecosystem of a package URL, by its type; `None` for a type that is not known.
    pub fn of_purl(purl: &str) -> Option<Self> {
        let kind = purl.strip_prefix("pkg:")?.trim_start_matches('/').split('/').next()?;
        Self::ALL.into_iter().find(|ecosystem| ecosystem.purl_type().eq_ignore_ascii_case(kind))
    }

    /// Whether a distribution's package manager installs it.
    pub const fn is_of_distribution(self) -> bool {
        matches!(self, Self::Deb | Self::Apk | Self::Rpm)
    }
}

/// The package URL of a package on a distribution.
pub fn of(package: &Package, distribution: Option<&Distribution>) -> String {
    let ecosystem = package.ecosystem;
    let of_distribution = distribution.filter(|_| ecosystem.is_of_distribution());
    let namespace =
        of_distribution.map(|distribution| distribution.id.clone()).or_else(|| package.namespace.clone());
    let mut purl = format!("pkg:{}", ecosystem.purl_type());
    for part in namespace.iter().flat_map(|namespace| namespace.split('/')).filter(|part| !part.is_empty()) {
        let _ = write!(purl, "/{}", encoded(part));
    }
    for part in name(package).split('/').filter(|part| !part.is_empty()) {
        let _ = write!(purl, "/{}", encoded(part));
    }
    let version = version(package);
    if !version.is_empty() {
        let _ = write!(purl, "@{}", encoded(version));
    }
    let mut qualifiers = package.qualifiers.clone();
    if let Some(Distribution { id, version_id: Some(version), .. }) = of_distribution {
        qualifiers.insert("distro".into(), format!("{id}-{version}"));
    }
    for (index, (name, value)) in qualifiers.iter().filter(|(_, value)| !value.is_empty()).enumerate() {
        let _ = write!(purl, "{}{name}={}", if index == 0 { '?' } else { '&' }, encoded(value));
    }
    purl
}

/// Python's names have one spelling (PEP 503); those of other ecosystems that know no case are in lower case.
fn name(package: &Package) -> String {
    match package.ecosystem {
        Ecosystem::Pypi => python_name(&package.name),
        Ecosystem::Deb | Ecosystem::Apk | Ecosystem::Composer => package.name.to_lowercase(),
        _ => package.name.clone(),
    }
}

/// The one spelling of the name of a package of Python (PEP 503).
pub(crate) fn python_name(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// The epoch of an rpm is a qualifier, and no part of the version.
fn version(package: &Package) -> &str {
    match (package.ecosystem, package.version.split_once(':')) {
        (Ecosystem::Rpm, Some((_, rest))) => rest,
        _ => &package.version,
    }
}

/// Every byte but letters, digits and `.-_~:` as `%XX` ("Character encoding").
pub(crate) fn encoded(text: &str) -> String {
    percent(text, |byte| byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte))
}

/// Every byte but those that stay as they are, as `%XX`.
pub(crate) fn percent(text: &str, plain: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match plain(byte) {
            true => encoded.push(char::from(byte)),
            false => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples are those of the specification's types.
    #[test]
    fn package_urls() {
        let debian =
            Distribution { id: "debian".into(), version_id: Some("12".into()), ..Distribution::default() };
        let with = |mut package: Package, namespace: Option<&str>, qualifiers: &[(&str, &str)]| {
            package.namespace = namespace.map(str::to_owned);
            package.qualifiers = qualifiers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            package
        };
        let package = Package::new;
        for (package, expected) in [
            (
                with(
                    package(Ecosystem::Deb, "libstdc++6", "1:2.36-9+deb12u7"),
                    None,
                    &[("arch", "amd64"), ("upstream", "gcc-12@12.2")],
                ),
                "pkg:deb/debian/libstdc%2B%2B6@1:2.36-9%2Bdeb12u7?arch=amd64&distro=debian-12&upstream=gcc-12%4012.2",
            ),
            (
                with(package(Ecosystem::Npm, "animation", "12.3.1"), Some("@angular"), &[]),
                "pkg:npm/%40angular/animation@12.3.1",
            ),
            (package(Ecosystem::Pypi, "Django_Rest.x", "1.11"), "pkg:pypi/django-rest-x@1.11"),
            (
                with(package(Ecosystem::Maven, "xercesImpl", "2.12"), Some("org.apache"), &[]),
                "pkg:maven/org.apache/xercesImpl@2.12",
            ),
            (
                package(Ecosystem::Golang, "github.com/gorilla/context", "v1.0"),
                "pkg:golang/github.com/gorilla/context@v1.0",
            ),
            (
                with(
                    package(Ecosystem::Rpm, "curl", "1:7.50.3-1.fc25"),
                    None,
                    &[("arch", "i386"), ("epoch", "1")],
                ),
                "pkg:rpm/debian/curl@7.50.3-1.fc25?arch=i386&distro=debian-12&epoch=1",
            ),
        ] {
            assert_eq!(of(&package, Some(&debian)), expected);
        }
        assert_eq!(of(&package(Ecosystem::Deb, "x", "1"), None), "pkg:deb/x@1");
        assert_eq!(encoded("a/b c:ü"), "a%2Fb%20c:%C3%BC");
    }
}
