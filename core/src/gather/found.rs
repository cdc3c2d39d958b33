//! What was found on an image, where, and what could not be had.

use crate::digest::Digest;
use crate::format::bundle::Bundle;
use crate::format::dsse::Envelope;
use crate::format::legacy::LegacySignature;
use crate::outcome::Outcome;
use crate::reference::Tag;
use crate::source::SourceError;
use crate::verify::{Refusal, RefusalCode};

/// Where something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The manifest that holds it.
    pub manifest: Digest,
    /// The layer or blob, once the manifest is known.
    pub blob: Option<Digest>,
    /// How it was found.
    pub via: Via,
}

/// How something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// Listed as a referrer.
    Referrer,
    /// Behind a tag.
    Tag(Tag),
    /// Listed in this index, which lists the image as well.
    Index(Digest),
}

/// Something that claims to be what is looked for.
#[derive(Debug)]
pub struct Artifact {
    /// Where it was found.
    pub origin: Origin,
    /// What it says, or why it cannot be read.
    pub content: Result<Content, Refusal>,
}

/// What an artifact says.
#[derive(Debug)]
pub enum Content {
    /// A legacy signature.
    Legacy(LegacySignature),
    /// A bundle.
    Bundle(Box<Bundle>),
    /// A legacy attestation.
    Envelope(Envelope),
}

/// Something on the image that is not what is looked for.
#[derive(Clone, Debug)]
pub struct Ignored {
    /// Where it was found.
    pub origin: Origin,
    /// Why it was not looked at.
    pub reason: String,
    /// The code of that, for what was looked into before it was known to be something else.
    pub code: Option<RefusalCode>,
}

/// Something that could not be fetched, so that nothing is known of it.
#[derive(Debug)]
pub struct Unread {
    /// Where it was found.
    pub origin: Origin,
    /// Why it could not be fetched.
    pub error: SourceError,
}

/// Everything found.
#[derive(Debug, Default)]
pub struct Found {
    /// Claims to be what is looked for.
    pub artifacts: Vec<Artifact>,
    /// Is something else.
    pub ignored: Vec<Ignored>,
    /// Could not be fetched.
    pub unread: Vec<Unread>,
}

impl Found {
    /// Whether there was nothing at all.
    pub fn is_empty(&self) -> bool {
        self.artifacts.is_empty() && self.ignored.is_empty() && self.unread.is_empty()
    }

    pub(super) fn add(&mut self, step: Step) {
        match step {
            Step::Artifact(artifact) => self.artifacts.push(artifact),
            Step::Ignored(ignored) => self.ignored.push(ignored),
            Step::Unread(unread) => self.unread.push(unread),
        }
    }
}

/// What one entry turned out to be.
pub(super) enum Step {
    Artifact(Artifact),
    Ignored(Ignored),
    Unread(Unread),
}

/// What is known of an entry that could not be fetched: bytes that contradict themselves are refused; bytes that did not come leave the question open.
pub(super) fn failed(origin: Origin, error: SourceError) -> Step {
    match error.outcome() {
        Outcome::Refused => Step::Artifact(Artifact { origin, content: Err(Refusal::Content(error)) }),
        _ => Step::Unread(Unread { origin, error }),
    }
}
