//! Whether a document tells the truth about an image or a directory.
//!
//! The document is one inventory, what was looked at is the other. [`verify`] asks first whether the document is about
//! this image (`subject`), and then compares package by package (`packages`).
//!
//! What cannot be compared is counted by its reason, and never passed in silence. Licences are not compared: they are
//! readings of texts, and two honest readers differ. A document that lists a package twice says nothing wrong.

mod packages;
mod subject;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::outcome::Outcome;
use globset::GlobSet;
use serde::Serialize;

use crate::inventory::{Incomplete, Inventory};

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Package URLs that are left out on either side, and paths of files that may be unreadable.
    pub ignore: GlobSet,
    /// Types of package URLs to which the comparison is confined; all where there is none.
    pub only: BTreeSet<String>,
    /// Other digests of the image that was looked at: of the index that it was taken from, of its configuration.
    pub also_called: Vec<String>,
    /// Whether what the document says it is about is passed over.
    pub any_subject: bool,
    /// Whether nothing is allowed to be on one side only, and nothing may be left that was not compared.
    pub strict: bool,
}

/// Something that the document says wrongly, or does not say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub code: Code,
    /// What the document says.
    pub document: Option<String>,
    /// What was found.
    pub source: Option<String>,
    /// The same, as a sentence.
    pub message: String,
}

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "&'static str")]
pub enum Code {
    /// The document is about something else.
    Subject,
    /// A package is there, and not in the document.
    MissingPackage,
    /// A package is in the document, and not there.
    ExtraPackage,
    /// A package is there in another version.
    Version,
    /// What the document lists as installed is the source that installed packages were built from.
    SourcePackage,
    /// A package has another digest.
    Hash,
}

impl Code {
    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "SBOM_SUBJECT",
            Self::MissingPackage => "SBOM_MISSING_PACKAGE",
            Self::ExtraPackage => "SBOM_EXTRA_PACKAGE",
            Self::Version => "SBOM_VERSION",
            Self::SourcePackage => "SBOM_SOURCE_PACKAGE",
            Self::Hash => "SBOM_HASH",
        }
    }
}

impl From<Code> for &'static str {
    fn from(code: Code) -> Self {
        code.as_str()
    }
}

/// Why something was not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It was asked to be left out.
    Ignored,
    /// It is of an ecosystem that was not asked for.
    NotAsked,
    /// The document does not tell what it is about, or what was looked at has nothing to compare it with.
    Subject,
    /// It has no package URL.
    NoPackageUrl,
    /// What it has is no package URL.
    MalformedPackageUrl,
    /// An ecosystem that is not catalogued.
    UnknownEcosystem,
    /// A distribution, an image, a file, a device: no package.
    NoPackage,
    /// Something that the document itself calls a source.
    DeclaredSource,
    /// A package of which what was looked at tells no version: it is there, but which one is not known.
    NoVersion,
    /// A package of which the document tells no version, though there is one: nothing is proven.
    UntoldVersion,
    /// A program that is known by its bytes, on one side only: every generator knows others.
    KnownProgram,
    /// A module without a version that only one side tells: the program's own.
    OwnModule,
    /// A language's package that came with a distribution's package which the document has.
    CameWithPackage,
    /// A package of which only an SBOM in the image tells.
    OnlyTold,
    /// The name beside a package URL is that of something else.
    OtherName,
    /// A digest of which what was looked at has none of the same algorithm.
    UnknownHash,
}

impl Reason {
    /// Whether it is something of a package, or one of the document's, that may be wrong without anybody seeing it; the
    /// others were asked to be left out, or are no packages that are installed.
    const fn is_doubt(self) -> bool {
        !matches!(
            self,
            Self::Ignored | Self::NotAsked | Self::Subject | Self::NoPackage | Self::DeclaredSource
        )
    }

    /// The reason in words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Ignored => "left out by --ignore",
            Self::NotAsked => "not of the ecosystems of --only",
            Self::Subject => "whether the document is about this",
            Self::NoPackageUrl => "without a package URL",
            Self::MalformedPackageUrl => "with a malformed package URL",
            Self::UnknownEcosystem => "of ecosystems that are not catalogued",
            Self::NoPackage => "that are no packages (files, distributions, images)",
            Self::DeclaredSource => "that the document declares as sources, not as installed",
            Self::NoVersion => "of which one side tells no version",
            Self::UntoldVersion => "of which the document tells no version",
            Self::KnownProgram => "programs known by their bytes, on one side only",
            Self::OwnModule => "Go modules without a version, on one side only",
            Self::CameWithPackage => "that came with a distribution's package which the document has",
            Self::OnlyTold => "that only an SBOM in it tells of",
            Self::OtherName => "named otherwise than in their package URL, which is what was compared",
            Self::UnknownHash => "digests that there is nothing to compare with",
        }
    }
}

/// What was not compared, for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NotChecked {
    /// How many.
    pub count: usize,
    /// The first of them.
    pub examples: Vec<String>,
}

/// How many examples are kept of what was not compared.
const EXAMPLES: usize = 5;

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// What is wrong, sorted.
    pub findings: Vec<Finding>,
    /// How many packages were compared, and found in the document and there, by the type of their package URLs.
    pub compared: BTreeMap<String, usize>,
    /// What was not compared, and why.
    pub not_checked: BTreeMap<Reason, NotChecked>,
    /// What could not be read of what was looked at.
    pub unread: Vec<Incomplete>,
    /// Whether the document names the digest of what was looked at.
    pub subject_proven: bool,
    /// Whether everything had to be compared.
    pub strict: bool,
    /// Whether what was looked at was understood: a distribution or a component was found, or it has no layers.
    pub understood: bool,
}

impl Verification {
    /// What it comes to. What could not be read may hold what the document lists beyond what was found, and what it does
    /// not list: neither is decided then. Nothing to compare is no proof, nor is a package without its version.
    pub fn outcome(&self) -> Outcome {
        let doubtful = |finding: &Finding| finding.code == Code::ExtraPackage && !self.unread.is_empty();
        if self.findings.iter().any(|finding| !doubtful(finding)) {
            return Outcome::Refused;
        }
        let no_package = |reason: &Reason| matches!(reason, Reason::Subject | Reason::NoPackage);
        let none_there = self.subject_proven && self.understood && self.not_checked.keys().all(no_package);
        let something = none_there || self.compared.values().any(|count| *count > 0);
        let doubt = |reason: &Reason| *reason == Reason::UntoldVersion || self.strict && reason.is_doubt();
        let whole = self.unread.is_empty() && !self.not_checked.keys().any(doubt);
        match self.findings.is_empty() && whole && something {
            true => Outcome::Proven,
            false => Outcome::Undecided,
        }
    }

    fn find(&mut self, code: Code, document: Option<String>, source: Option<String>, message: String) {
        self.findings.push(Finding { code, document, source, message });
    }

    fn pass_over(&mut self, reason: Reason, what: String) {
        let passed = self.not_checked.entry(reason).or_default();
        passed.count += 1;
        if passed.examples.len() < EXAMPLES {
            passed.examples.push(what);
        }
    }
}

/// Compares what a document says with what was found.
pub fn verify(document: &Inventory, source: &Inventory, question: &Question) -> Verification {
    let understood =
        source.distribution.is_some() || !source.components.is_empty() || source.subject.layers.is_empty();
    let mut verification = Verification { understood, strict: question.strict, ..Verification::default() };
    if !question.any_subject {
        subject::verify(&document.subject, &source.subject, question, &mut verification);
    }
    packages::verify(document, source, question, &mut verification);
    let unread = source.incomplete.iter().filter(|lacks| !question.ignore.is_match(&lacks.path));
    verification.unread = unread.cloned().collect();
    verification.findings.sort();
    verification.findings.dedup();
    verification
}
