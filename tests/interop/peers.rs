//! The programs, and how each is told to do without a network.

use std::path::PathBuf;

use testkit::Sandbox;
use testkit::peers::{COSIGN_BUNDLE, COSIGN_LEGACY, peer};

/// A version of cosign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cosign {
    Three,
    Two,
}

/// How signatures are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Bundle,
    Legacy,
}

impl Format {
    pub const ALL: [Self; 2] = [Self::Bundle, Self::Legacy];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Legacy => "legacy",
        }
    }
}

/// The programs that the matrix needs.
pub struct Peers {
    three: PathBuf,
    two: PathBuf,
    pub crane: PathBuf,
    pub oras: PathBuf,
    pub openssl: PathBuf,
}

impl Cosign {
    pub const ALL: [Self; 2] = [Self::Three, Self::Two];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Three => "cosign 3",
            Self::Two => "cosign 2",
        }
    }

    /// A short name for files and repositories.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Three => "cosign3",
            Self::Two => "cosign2",
        }
    }

    /// Flags of `sign` and `sign-blob`.
    pub const fn sign_flags(self, format: Format) -> &'static [&'static str] {
        match (self, format) {
            (Self::Three, Format::Bundle) => &COSIGN_BUNDLE,
            (Self::Three, Format::Legacy) => &COSIGN_LEGACY,
            (Self::Two, Format::Bundle) => &["-y", "--new-bundle-format", "--tlog-upload=false"],
            (Self::Two, Format::Legacy) => &["-y", "--tlog-upload=false"],
        }
    }

    /// Flags of `verify`.
    pub const fn verify_flags(self) -> &'static [&'static str] {
        match self {
            Self::Three => &["--insecure-ignore-tlog"],
            Self::Two => &["--insecure-ignore-tlog", "--trusted-root", "trusted-root.json"],
        }
    }
}

impl Peers {
    pub fn find() -> Option<Self> {
        Some(Self {
            three: peer("COSIGN")?,
            two: peer("COSIGN2")?,
            crane: peer("CRANE")?,
            oras: peer("ORAS")?,
            openssl: peer("OPENSSL")?,
        })
    }

    /// Writes what cosign needs to stay off the network, and a layer for images.
    pub fn prepare(&self, sandbox: &Sandbox) {
        sandbox.offline(&self.three);
        sandbox.layer("layer.tar", "content\n");
    }

    pub fn cosign(&self, version: Cosign) -> &PathBuf {
        match version {
            Cosign::Three => &self.three,
            Cosign::Two => &self.two,
        }
    }

    /// Its version. A distribution's build says "devel" of itself; the folder that `tests/peers/install` made says it.
    pub fn version(&self, version: Cosign) -> String {
        let folder = |part: std::path::Component<'_>| {
            let (name, version) = part.as_os_str().to_str()?.rsplit_once('-')?;
            (name.starts_with("cosign") && version.starts_with(|c: char| c.is_ascii_digit()))
                .then(|| version.to_owned())
        };
        self.cosign(version).components().find_map(folder).unwrap_or_else(|| version.name().to_owned())
    }

    /// Pushes the one image of the matrix to a repository, and names it by its digest.
    pub fn push(&self, sandbox: &Sandbox, repository: &str) -> String {
        sandbox.push(&self.crane, "layer.tar", &format!("{repository}:v1"))
    }
}

/// A command line of words and one list of flags.
pub fn line<'a>(words: &[&'a str], flags: &[&'a str]) -> Vec<&'a str> {
    words.iter().chain(flags).copied().collect()
}
