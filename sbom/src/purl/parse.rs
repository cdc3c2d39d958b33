//! Package URLs taken apart, and put together again in their canonical form.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::encoded;

/// The parts of a package URL, decoded and normalised as its type asks for (purl-spec 1.0, "How to parse a purl string in
/// its components"). Two that mean the same are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageUrl {
    /// The type, in lower case: `deb`, `npm`. It is kept as text, for there are more types than are known here.
    pub kind: String,
    /// What stands before the name, its segments separated by `/`: a distribution, a scope with its `@`, a group.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The version.
    pub version: Option<String>,
    /// The qualifiers that have a value, by their keys in lower case.
    pub qualifiers: BTreeMap<String, String>,
    /// The path within the package.
    pub subpath: Option<String>,
}

/// Why a text is no package URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PurlError {
    /// It does not begin with `pkg:`.
    #[error("a package URL begins with 'pkg:'")]
    Scheme,
    /// The type is missing, or is not made of letters, digits, `.` and `-` after a letter.
    #[error("the type of a package URL is a letter, and then letters, digits, '.' and '-'")]
    Type,
    /// The name is missing.
    #[error("a package URL has a name")]
    Name,
    /// The type asks for a namespace, or allows none.
    #[error("the type of the package URL {}", if *.required { "asks for a namespace" } else { "has no namespaces" })]
    Namespace {
        /// Whether there has to be one.
        required: bool,
    },
    /// The key of a qualifier is not made of letters, digits, `.`, `-` and `_` after a letter.
    #[error("a key of a qualifier is a letter, and then letters, digits, '.', '-' and '_'")]
    Qualifier,
    /// What is encoded with `%` is no text.
    #[error("what a package URL encodes with '%' is UTF-8")]
    Encoding,
}

impl PurlError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        "PURL_MALFORMED"
    }
}

impl FromStr for PackageUrl {
    type Err = PurlError;

    fn from_str(text: &str) -> Result<Self, PurlError> {
        let (rest, subpath) = split_right(text, '#');
        let (rest, qualifiers) = split_right(rest, '?');
        let (scheme, rest) = rest.split_once(':').ok_or(PurlError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("pkg") {
            return Err(PurlError::Scheme);
        }
        let (kind, rest) = rest.trim_matches('/').split_once('/').ok_or(PurlError::Type)?;
        let (path, version) = split_version(rest);
        let mut segments = segments(path)?;
        let name = segments.pop().ok_or(PurlError::Name)?;
        let purl = Self {
            kind: kind.to_owned(),
            namespace: joined(&segments),
            name,
            version: version.map(decoded).transpose()?,
            qualifiers: qualifiers.map(parse_qualifiers).transpose()?.unwrap_or_default(),
            subpath: subpath.map(parse_subpath).transpose()?.flatten(),
        };
        purl.normalised()
    }
}

impl PackageUrl {
    /// The same, as the rules of its type ask for.
    ///
    /// # Errors
    /// [`PurlError`], where a part is missing or cannot be one.
    pub fn normalised(mut self) -> Result<Self, PurlError> {
        self.kind = self.kind.to_ascii_lowercase();
        if !is_key(&self.kind, b".-") {
            return Err(PurlError::Type);
        }
        self.qualifiers =
            self.qualifiers.into_iter().map(|(key, value)| (key.to_ascii_lowercase(), value)).collect();
        if !self.qualifiers.keys().all(|key| is_key(key, b".-_")) {
            return Err(PurlError::Qualifier);
        }
        self.qualifiers.retain(|_, value| !value.is_empty());
        self.version = self.version.filter(|version| !version.is_empty());
        self.namespace = self.namespace.filter(|namespace| !namespace.is_empty());
        if self.name.is_empty() {
            return Err(PurlError::Name);
        }
        self.fold();
        self.check().map(|()| self)
    }

    /// What a type writes in one way only (purl-spec, the definitions of the types: `case_sensitive` and
    /// `normalization_rules`).
    fn fold(&mut self) {
        let lower = |text: &mut String| *text = text.to_lowercase();
        let (namespace, name) = match self.kind.as_str() {
            "rpm" | "qpkg" | "yocto" => (true, false),
            "alpm" | "apk" | "bitbucket" | "bitnami" | "brew" | "composer" | "deb" | "github" | "hex"
            | "luarocks" | "oci" | "otp" | "pub" | "pypi" | "vscode-extension" => (true, true),
            _ => (false, false),
        };
        if namespace {
            self.namespace.iter_mut().for_each(lower);
        }
        if name {
            lower(&mut self.name);
        }
        match self.kind.as_str() {
            "pypi" => self.name = self.name.replace('_', "-"),
            "pub" => self.name = self.name.replace(|c: char| !c.is_ascii_alphanumeric(), "_"),
            _ => {}
        }
        if matches!(self.kind.as_str(), "huggingface" | "oci" | "pypi" | "vscode-extension") {
            self.version.iter_mut().for_each(lower);
        }
    }

    /// Where a name alone says nothing, or has nothing before it. Of the others the definitions ask for a namespace too,
    /// and documents of every kind leave it out.
    fn check(&self) -> Result<(), PurlError> {
        match (self.kind.as_str(), &self.namespace) {
            ("swift" | "vscode-extension", None) => Err(PurlError::Namespace { required: true }),
            _ => Ok(()),
        }
    }

    /// A qualifier.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.get(key).map(String::as_str)
    }
}

/// The canonical form (purl-spec 1.0, "How to build a purl string from its components").
impl fmt::Display for PackageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkg:{}", self.kind)?;
        let namespace = self.namespace.iter().flat_map(|namespace| namespace.split('/'));
        for segment in namespace.filter(|segment| !segment.is_empty()) {
            write!(f, "/{}", encoded(segment))?;
        }
        write!(f, "/{}", encoded(&self.name))?;
        if let Some(version) = &self.version {
            write!(f, "@{}", encoded(version))?;
        }
        for (index, (key, value)) in self.qualifiers.iter().enumerate() {
            write!(f, "{}{key}={}", if index == 0 { '?' } else { '&' }, encoded(value))?;
        }
        if let Some(subpath) = &self.subpath {
            let segments = subpath.split('/').filter(|segment| !segment.is_empty());
            write!(f, "#{}", segments.map(encoded).collect::<Vec<_>>().join("/"))?;
        }
        Ok(())
    }
}

/// Before and after the last mark; all of it is before where there is none.
fn split_right(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.rsplit_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// A version follows the last `@`, but for the one that a scope begins with and that nobody encoded.
fn split_version(text: &str) -> (&str, Option<&str>) {
    match text.rfind('@') {
        Some(at) if at > 0 && !(text[..at].ends_with('/') && text[at..].contains('/')) => {
            (&text[..at], Some(&text[at + 1..]))
        }
        Some(0) if !text.contains('/') => ("", Some(&text[1..])),
        _ => (text, None),
    }
}

fn segments(path: &str) -> Result<Vec<String>, PurlError> {
    path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect()
}

fn joined(segments: &[String]) -> Option<String> {
    (!segments.is_empty()).then(|| segments.join("/"))
}

fn parse_subpath(text: &str) -> Result<Option<String>, PurlError> {
    let segments: Vec<_> =
        segments(text)?.into_iter().filter(|segment| !matches!(segment.as_str(), "." | "..")).collect();
    Ok(joined(&segments))
}

fn parse_qualifiers(text: &str) -> Result<BTreeMap<String, String>, PurlError> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').ok_or(PurlError::Qualifier)?;
            Ok((key.to_ascii_lowercase(), decoded(value)?))
        })
        .collect()
}

/// A letter, and then letters, digits and what is allowed besides.
fn is_key(text: &str, besides: &[u8]) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || besides.contains(&byte))
}

/// A `%` that no two digits follow stands for itself.
fn decoded(text: &str) -> Result<String, PurlError> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (source, mut bytes, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(byte) = source.get(at) {
        match (byte, digit(source.get(at + 1)), digit(source.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                bytes.extend(u8::try_from(high * 16 + low));
                at += 3;
            }
            _ => {
                bytes.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| PurlError::Encoding)
}
