//! What texts in documents mean, in every format: names, licences, digests, and sentences that this program itself writes.

use countersign_core::digest::Digest;
use jiff::Timestamp;

use crate::fact::Ecosystem;
use crate::format::license;
use crate::format::text;
use crate::inventory::{Component, Incomplete, Kind, Location, Subject};
use crate::purl::PackageUrl;

/// Without what says that nothing is said.
pub(super) fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty() && text != "NOASSERTION" && text != "NONE")
}

/// A package URL; another text is none, whatever a document calls it.
pub(super) fn purl(text: Option<String>) -> Option<String> {
    text.filter(|text| text.starts_with("pkg:"))
}

/// A time as RFC 3339 has it.
pub(super) fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.trim().parse().ok()
}

/// The digest that is the version of an image's package URL, `pkg:oci/NAME@sha256%3AHEX?...`.
pub(super) fn digest_of_purl(purl: &str) -> Option<Digest> {
    let purl: PackageUrl = purl.parse().ok()?;
    matches!(purl.kind.as_str(), "oci" | "docker").then_some(purl.version)??.parse().ok()
}

/// What a document says of its subject.
#[derive(Default)]
pub(super) struct Described {
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) purl: Option<String>,
    /// The SHA-256 of its content, in hexadecimal.
    pub(super) sha256: Option<String>,
    pub(super) supplier: Option<String>,
}

impl Described {
    /// The subject. Its digest is the one that a package URL, a version or a checksum names.
    pub(super) fn subject(self) -> Subject {
        let Self { name, version, purl, sha256, supplier } = self;
        let digest = purl.as_deref().and_then(digest_of_purl);
        let digest = digest.or_else(|| version.as_deref()?.parse().ok());
        // The content of what is a package of another kind is no image.
        let sha256 = sha256.filter(|_| purl.is_none());
        let digest = digest.or_else(|| format!("sha256:{}", sha256?.to_ascii_lowercase()).parse().ok());
        let digest = digest.map(|digest: Digest| digest.to_string());
        let version = version.filter(|version| !version.is_empty() && Some(version) != digest.as_ref());
        let purl = purl.filter(|purl| digest_of_purl(purl).is_none());
        Subject { name, version, supplier, digest, purl, ..Subject::default() }
    }
}

/// A component, its namespace told from its name by its package URL, where a format has no place for namespaces.
pub(super) fn component(
    kind: Kind,
    name: String,
    version: Option<String>,
    purl: Option<String>,
) -> Component {
    let ecosystem = purl.as_deref().and_then(Ecosystem::of_purl);
    let parsed = purl.as_deref().and_then(|purl| purl.parse::<PackageUrl>().ok());
    let (namespace, name) = match parsed.and_then(|purl| purl.namespace) {
        Some(namespace) => split_name(&namespace, name),
        None => (None, name),
    };
    Component {
        kind,
        ecosystem,
        namespace,
        name,
        version: version.unwrap_or_default(),
        purl,
        ..Component::default()
    }
}

/// `NAMESPACE/NAME`, or as Maven writes it `NAMESPACE:NAME`.
fn split_name(namespace: &str, name: String) -> (Option<String>, String) {
    let split = name.split_at_checked(namespace.len()).and_then(|(before, after)| {
        let rest = after.strip_prefix(['/', ':']).filter(|rest| !rest.is_empty())?;
        before.eq_ignore_ascii_case(namespace).then(|| (before.to_owned(), rest.to_owned()))
    });
    split.map_or((None, name), |(namespace, name)| (Some(namespace), name))
}

/// Declared licences of an expression: each of those that all apply, a reference as the text that it stands for.
pub(super) fn licenses<'a>(expression: &str, text_of: impl Fn(&str) -> Option<&'a str>) -> Vec<String> {
    let terms = license::conjuncts(expression).into_iter();
    let terms = terms.map(|term| text_of(term).unwrap_or(term).trim().to_owned());
    terms.filter(|term| said(Some(term.clone())).is_some()).collect()
}

/// The files of `Found in: PATH (layer DIGEST); PATH`; `None` where the text is another one.
pub(super) fn found_in(text: &str) -> Option<Vec<Location>> {
    let places = text.strip_prefix(text::FOUND)?;
    let place = |place: &str| match place.strip_suffix(')').and_then(|place| place.rsplit_once(" (layer ")) {
        Some((path, layer)) => Location { path: path.to_owned(), layer: Some(layer.to_owned()) },
        None => Location { path: place.to_owned(), layer: None },
    };
    Some(places.split("; ").map(place).collect())
}

/// The platform and the layers of `Platform: X. Layers, the lowest first: A, B.`; `false` where the text is another one.
pub(super) fn made_of(subject: &mut Subject, text: &str) -> bool {
    let mut rest = text;
    let mut known = false;
    if let Some((platform, after)) = rest.strip_prefix(text::PLATFORM).and_then(|rest| rest.split_once('.')) {
        subject.platform = Some(platform.to_owned());
        rest = after.trim_start();
        known = true;
    }
    if let Some(layers) = rest.strip_prefix(text::LAYERS) {
        subject.layers = layers.trim_end_matches('.').split(", ").map(str::to_owned).collect();
        known = true;
    }
    known
}

/// What could not be read, of a text that says so; `None` where the text is another one.
pub(super) fn lacks(text: &str) -> Option<Vec<Incomplete>> {
    let lines = text.strip_prefix(text::LACKS)?.lines().filter(|line| !line.is_empty());
    let entry = |line: &str| {
        let (path, why) = line.split_once(": ").unwrap_or((line, ""));
        Incomplete { path: path.to_owned(), why: why.to_owned() }
    };
    Some(lines.map(entry).collect())
}

/// The documents of `Told of in: A; B`; `None` where the text is another one.
pub(super) fn told_in(text: &str) -> Option<Vec<String>> {
    Some(text.strip_prefix(text::TOLD)?.split("; ").map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_what_the_package_url_has_before_the_name() {
        for (name, purl, namespace, rest) in [
            ("@babel/core", "pkg:npm/%40babel/core@7", Some("@babel"), "core"),
            ("org.apache:ant", "pkg:maven/org.apache/ant@1", Some("org.apache"), "ant"),
            ("golang.org/x/text", "pkg:golang/golang.org/x/text@v0", Some("golang.org/x"), "text"),
            ("bash", "pkg:deb/debian/bash@5", None, "bash"),
            ("debian/", "pkg:deb/debian/bash@5", None, "debian/"),
            ("ant", "pkg:maven/ant@1", None, "ant"),
        ] {
            let read = component(Kind::Library, name.to_owned(), None, Some(purl.to_owned()));
            assert_eq!((read.namespace.as_deref(), read.name.as_str()), (namespace, rest), "{name}");
        }
    }

    #[test]
    fn sentences_of_others_are_not_taken_apart() {
        assert_eq!(found_in("acquired package info from DPKG DB: /var/lib/dpkg/status"), None);
        assert_eq!(lacks("a comment"), None);
        assert!(!made_of(&mut Subject::default(), "built from source"));
    }
}
