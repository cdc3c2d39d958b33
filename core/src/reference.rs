//! References to images: what a user types, parsed once.
//!
//! `[docker://]HOST[:PORT]/PATH[:TAG][@DIGEST]` follows Docker's reference grammar with its defaults (registry
//! `index.docker.io`, repository prefix `library/`, tag `latest`); `oci:`, `oci-archive:` and `docker-archive:` follow
//! containers-transports(5). Host names are kept in lower case.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::str::FromStr;

use crate::digest::{Digest, DigestError};

/// The registry that a reference without a host means.
pub const DEFAULT_REGISTRY: &str = "index.docker.io";

/// The tag that a reference without tag and digest means.
pub const DEFAULT_TAG: &str = "latest";

const PATH_LENGTH: usize = 255;
const TAG_LENGTH: usize = 128;

/// Why a text is no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// There is nothing.
    #[error("an image reference is empty: expected such as ghcr.io/acme/app:v1")]
    Empty,
    /// The host or port is malformed.
    #[error("'{text}': '{host}' is no registry host: expected HOST, HOST:PORT or [IPV6]:PORT")]
    Host {
        /// The whole reference.
        text: String,
        /// The part that was taken for the host.
        host: String,
    },
    /// The repository path is malformed.
    #[error(
        "'{text}': '{path}' is no repository: expected lower-case letters, digits and '.', '_', '-' between '/'"
    )]
    Repository {
        /// The whole reference.
        text: String,
        /// The part that was taken for the repository.
        path: String,
    },
    /// The tag is malformed.
    #[error(
        "'{0}' is no tag: expected up to 128 letters, digits, '_', '.', '-', not beginning with '.' or '-'"
    )]
    Tag(String),
    /// The digest is malformed.
    #[error("'{text}': {source}")]
    Digest {
        /// The whole reference.
        text: String,
        /// Why.
        source: DigestError,
    },
    /// A URL was given.
    #[error("'{0}' is a URL: an image reference has no scheme, such as ghcr.io/acme/app:v1")]
    Url(String),
    /// A path is missing after a transport.
    #[error("'{0}': a path is missing after the colon")]
    NoPath(String),
}

impl ReferenceError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        "REFERENCE_MALFORMED"
    }
}

/// A tag (OCI distribution specification 1.1, "Pulling manifests").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// cosign's tag for what is attached to `digest`: `sha256-HEX` and then, say, `.sig`.
    pub fn attached(digest: &Digest, suffix: &str) -> Self {
        Self(format!("{}{suffix}", digest.tag_stem()))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let good = text.len() <= TAG_LENGTH
            && text.starts_with(word)
            && text.chars().all(|c| word(c) || matches!(c, '.' | '-'));
        if good { Ok(Self(text.into())) } else { Err(ReferenceError::Tag(text.into())) }
    }
}

/// One manifest of a repository: by name, or by content.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    /// Whatever the tag names now.
    Tag(Tag),
    /// Exactly this.
    Digest(Digest),
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

impl From<Digest> for Selector {
    fn from(digest: Digest) -> Self {
        Self::Digest(digest)
    }
}

impl From<Tag> for Selector {
    fn from(tag: Tag) -> Self {
        Self::Tag(tag)
    }
}

/// A repository of a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    host: String,
    path: String,
}

impl Repository {
    /// Host, with the port where one was given; IPv6 addresses in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path below the registry's `/v2/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the registry is on this machine: `localhost`, 127.0.0.0/8 or `[::1]`.
    pub fn is_loopback(&self) -> bool {
        let (name, _) = split_port(&self.host);
        name == "localhost"
            || name.ends_with(".localhost")
            || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || bracketed(name).is_some_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    /// Parses a repository without tag and digest.
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        parse_repository(text, text)
    }
}

/// An image in a registry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageReference {
    /// The repository.
    pub repository: Repository,
    /// The tag, where one was given.
    pub tag: Option<Tag>,
    /// The digest, where one was given.
    pub digest: Option<Digest>,
}

impl ImageReference {
    /// What to ask the registry for: the digest where there is one, else the tag, else `latest`.
    pub fn selector(&self) -> Selector {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => Selector::Digest(*digest),
            (None, Some(tag)) => Selector::Tag(tag.clone()),
            (None, None) => Selector::Tag(Tag(DEFAULT_TAG.into())),
        }
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.repository.fmt(f)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for ImageReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if text.contains("://") {
            return Err(ReferenceError::Url(text.into()));
        }
        let (named, digest) = match text.split_once('@') {
            None => (text, None),
            Some((named, digest)) => {
                let source = |source| ReferenceError::Digest { text: text.into(), source };
                (named, Some(digest.parse().map_err(source)?))
            }
        };
        let after_path = named.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match named[after_path..].find(':') {
            // `host:port` alone has no path: what stands before the colon is then a repository, as Docker reads it.
            Some(colon) => (&named[..after_path + colon], Some(named[after_path + colon + 1..].parse()?)),
            None => (named, None),
        };
        Ok(Self { repository: parse_repository(text, name)?, tag, digest })
    }
}

fn parse_repository(text: &str, name: &str) -> Result<Repository, ReferenceError> {
    let (host, path) = match name.split_once('/') {
        Some((first, rest)) if names_a_host(first) => (canonical_host(text, first)?, rest.to_owned()),
        _ => (DEFAULT_REGISTRY.to_owned(), name.to_owned()),
    };
    let path = if host == DEFAULT_REGISTRY && !path.contains('/') { format!("library/{path}") } else { path };
    if path.len() + host.len() >= PATH_LENGTH || !path.split('/').all(is_path_component) {
        return Err(ReferenceError::Repository { text: text.into(), path });
    }
    Ok(Repository { host, path })
}

/// Docker's rule: the first component is a host when it could be no repository, or is `localhost`.
fn names_a_host(component: &str) -> bool {
    component.contains(['.', ':', '['])
        || component == "localhost"
        || component.chars().any(|c| c.is_ascii_uppercase())
}

fn canonical_host(text: &str, host: &str) -> Result<String, ReferenceError> {
    let lower = host.to_ascii_lowercase();
    let (name, port) = split_port(&lower);
    let name_is_good = bracketed(name).is_some() || is_domain(name);
    let port_is_good =
        port.is_none_or(|port| port.len() <= 5 && port.parse::<u16>().is_ok_and(|port| port > 0));
    // What is a host only by its capitals would name a repository of the default registry once they are gone.
    if !name_is_good || !port_is_good || !names_a_host(&lower) {
        return Err(ReferenceError::Host { text: text.into(), host: host.into() });
    }
    Ok(if matches!(lower.as_str(), "docker.io" | "registry-1.docker.io") {
        DEFAULT_REGISTRY.into()
    } else {
        lower
    })
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    let after_address = host.rfind(']').map_or(0, |bracket| bracket + 1);
    match host[after_address..].find(':') {
        Some(colon) => (&host[..after_address + colon], Some(&host[after_address + colon + 1..])),
        None => (host, None),
    }
}

fn bracketed(name: &str) -> Option<Ipv6Addr> {
    name.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

fn is_domain(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    name.split('.').all(label)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` (OCI distribution specification 1.1, "Pulling manifests").
fn is_path_component(component: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    component.starts_with(alphanumeric)
        && component.ends_with(alphanumeric)
        && component.split(alphanumeric).all(|separator| {
            matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-')
        })
}

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In a registry: `docker://REFERENCE`, or without a transport.
    Registry(ImageReference),
    /// In an OCI image layout directory: `oci:DIR[:TAG|@DIGEST]`.
    Layout(LocalReference),
    /// In a tar of an OCI image layout: `oci-archive:FILE[:TAG|@DIGEST]`.
    OciArchive(LocalReference),
    /// In a tar that `docker save` wrote: `docker-archive:FILE[:REFERENCE|@DIGEST]`.
    DockerArchive(LocalReference),
}

/// An image in a file or a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalReference {
    /// The file or directory.
    pub path: PathBuf,
    /// Which image; a store with only one needs none.
    pub selector: Option<LocalSelector>,
}

/// Which image of a file or a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalSelector {
    /// By its name there: a tag, or for `docker-archive:` a whole reference.
    Name(String),
    /// By its digest.
    Digest(Digest),
}

/// What a reference to a registry may begin with, and must where it would be taken for another.
const REGISTRY: &str = "docker://";

/// What a local reference becomes.
type Make = fn(LocalReference) -> Location;

/// What other references begin with (containers-transports(5)).
const LOCAL: [(&str, Make); 3] = [
    ("oci:", Location::Layout),
    ("oci-archive:", Location::OciArchive),
    ("docker-archive:", Location::DockerArchive),
];

impl FromStr for Location {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if let Some(rest) = text.strip_prefix(REGISTRY) {
            return rest.parse().map(Self::Registry);
        }
        for (prefix, make) in LOCAL {
            if let Some(rest) = text.strip_prefix(prefix) {
                return parse_local(text, rest).map(make);
            }
        }
        text.parse().map(Self::Registry)
    }
}

fn parse_local(text: &str, rest: &str) -> Result<LocalReference, ReferenceError> {
    let (path, selector) = match rest.rsplit_once('@') {
        Some((path, digest)) if digest.contains(':') && !digest.contains('/') => {
            let source = |source| ReferenceError::Digest { text: text.into(), source };
            (path, Some(LocalSelector::Digest(digest.parse().map_err(source)?)))
        }
        _ => match rest.split_once(':') {
            Some((path, name)) => (path, Some(LocalSelector::Name(name.into()))),
            None => (rest, None),
        },
    };
    if path.is_empty() || selector == Some(LocalSelector::Name(String::new())) {
        return Err(ReferenceError::NoPath(text.into()));
    }
    Ok(LocalReference { path: path.into(), selector })
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (transport, local) = match self {
            Self::Registry(reference) => {
                // A host that is called as a transport is, with a port.
                let text = reference.to_string();
                let is_other = LOCAL.iter().any(|(prefix, _)| text.starts_with(prefix));
                return write!(f, "{}{text}", if is_other { REGISTRY } else { "" });
            }
            Self::Layout(local) => ("oci", local),
            Self::OciArchive(local) => ("oci-archive", local),
            Self::DockerArchive(local) => ("docker-archive", local),
        };
        write!(f, "{transport}:{}", local.path.display())?;
        match &local.selector {
            None => Ok(()),
            Some(LocalSelector::Name(name)) => write!(f, ":{name}"),
            Some(LocalSelector::Digest(digest)) => write!(f, "@{digest}"),
        }
    }
}

#[cfg(test)]
mod tests;
