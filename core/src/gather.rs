//! What is attached to an image, fetched and parsed, trusted in nothing.
//!
//! Two places are always looked at, at the same time: the referrers of the digest (Sigstore bundles) and cosign's tag
//! `sha256-HEX.sig` or `.att` (legacy signatures and attestations). A place that cannot be asked makes the whole answer undecided: neither may
//! stand in for the other (a throttled listing is no reason to fall back). Entries that say of themselves that they
//! are something else, an SBOM's attestation say, are not downloaded but listed as ignored.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};

use crate::digest::Digest;
use crate::format::bundle::Bundle;
use crate::format::dsse::Envelope;
use crate::format::legacy::LegacySignature;
use crate::format::statement::COSIGN_SIGN;
use crate::image::Image;
use crate::limits;
use crate::media_type;
use crate::oci::{Descriptor, Document, ImageManifest, RawManifest};
use crate::outcome::Outcome;
use crate::reference::Tag;
use crate::source::{ReferrersFrom, Source, SourceError};
use crate::verify::{Refusal, RefusalCode};

/// Requests that one image has under way at once; a [`Source`] may bound them further.
const CONCURRENT: usize = 16;

/// What is looked for on an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Signatures of the image.
    #[default]
    Signatures,
    /// Statements of this predicate type; without one, of every type but that of signatures.
    Attestations(Option<String>),
}

impl Wanted {
    /// What cosign appends to the digest for the tag that it keeps the older form behind.
    pub const fn suffix(&self) -> &'static str {
        match self {
            Self::Signatures => ".sig",
            Self::Attestations(_) => ".att",
        }
    }

    /// The media type of a layer behind that tag.
    const fn layer_type(&self) -> &'static str {
        match self {
            Self::Signatures => media_type::SIMPLE_SIGNING,
            Self::Attestations(_) => media_type::DSSE_ENVELOPE,
        }
    }

    /// Whether statements of this predicate type are wanted.
    pub fn includes(&self, predicate_type: &str) -> bool {
        match self {
            Self::Signatures => predicate_type == COSIGN_SIGN,
            Self::Attestations(None) => predicate_type != COSIGN_SIGN,
            Self::Attestations(Some(wanted)) => predicate_type == wanted,
        }
    }

    /// Why statements of this predicate type are not wanted; `None` where they are.
    pub(crate) fn leaves_out(&self, predicate_type: &str) -> Option<String> {
        match predicate_type {
            wanted if self.includes(wanted) => None,
            COSIGN_SIGN => Some("signature of the image".into()),
            other => Some(format!("attestation of type {}", media_type::brief(other))),
        }
    }
}

/// What to look for, and how much of it to accept.
#[derive(Clone, Debug)]
pub struct GatherOptions {
    /// What to look for.
    pub wanted: Wanted,
    /// Bytes of one signature or bundle.
    pub attachment_bytes: u64,
    /// Whether to look behind the fallback tag as well where the store has the referrers API: what was written before
    /// it got the API stands only there.
    pub older_referrers: bool,
    /// Which places to look at.
    pub formats: Formats,
}

impl GatherOptions {
    /// Bytes of one blob that is fetched: a signature of an image is small.
    pub(crate) fn blob_bytes(&self) -> u64 {
        match self.wanted {
            Wanted::Signatures => self.attachment_bytes.min(limits::SIGNATURE_BYTES),
            Wanted::Attestations(_) => self.attachment_bytes,
        }
    }
}

/// The storage formats of signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formats {
    /// Sigstore bundles that refer to the image.
    pub bundle: bool,
    /// cosign's layers behind a tag.
    pub legacy: bool,
}

impl Formats {
    /// Both: what verifying always looks at.
    pub const BOTH: Self = Self { bundle: true, legacy: true };
    /// Bundles alone: what signing writes unless it is told otherwise.
    pub const BUNDLE: Self = Self { bundle: true, legacy: false };
    /// cosign's older form alone.
    pub const LEGACY: Self = Self { bundle: false, legacy: true };
}

impl Default for GatherOptions {
    fn default() -> Self {
        Self {
            wanted: Wanted::Signatures,
            attachment_bytes: limits::ATTACHMENT_BYTES,
            older_referrers: false,
            formats: Formats::BOTH,
        }
    }
}

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

    fn add(&mut self, step: Step) {
        match step {
            Step::Artifact(artifact) => self.artifacts.push(artifact),
            Step::Ignored(ignored) => self.ignored.push(ignored),
            Step::Unread(unread) => self.unread.push(unread),
        }
    }
}

enum Step {
    Artifact(Artifact),
    Ignored(Ignored),
    Unread(Unread),
}

/// Fetches what claims to be wanted of `image`.
///
/// # Errors
/// When one of the two places cannot be listed, or lists more than [`limits::ENTRIES_PER_IMAGE`].
pub async fn artifacts(image: &Image, options: &GatherOptions) -> Result<Found, SourceError> {
    let tag = Tag::attached(&image.digest, options.wanted.suffix());
    let (referrers, legacy) = tokio::join!(
        async {
            match options.formats.bundle {
                true => referrers(image, options.older_referrers).await,
                false => Ok(Vec::new()),
            }
        },
        async {
            match options.formats.legacy {
                true => image.attachments.manifest(&tag.clone().into()).await,
                false => Ok(None),
            }
        },
    );
    let gathering = Gathering {
        source: image.attachments.as_ref(),
        subject: &image.digest,
        options,
        budget: Budget::new(options),
    };
    let mut found = Found::default();
    gathering.bundles(referrers?, &mut found).await?;
    if let Some(manifest) = legacy? {
        gathering.layers(&tag, &manifest, &mut found).await?;
    }
    Ok(found)
}

/// An entry of a listing of referrers.
pub(crate) struct Listed {
    pub(crate) entry: Descriptor,
    /// Whether the store itself lists it, and says what it is: see [`Referrers`](crate::source::Referrers).
    pub(crate) reliable: bool,
}

impl Listed {
    /// What it means that the store does not have the manifest. A store that lists what it lacks contradicts itself. The
    /// fallback index was written by some client, and nobody takes out of it what is deleted: there, what is not there
    /// is simply gone, as a tag is that names nothing any more.
    pub(crate) fn missing(&self, source: &dyn Source) -> Result<String, SourceError> {
        let why = "listed as a referrer, but not there";
        match self.reliable {
            true => {
                let place = format!("{}@{}", source.name(), self.entry.digest);
                Err(SourceError::Protocol { place, why: why.into() })
            }
            false => Ok(why.into()),
        }
    }
}

/// What refers to the image; with `older`, also what stands behind the fallback tag.
pub(crate) async fn referrers(image: &Image, older: bool) -> Result<Vec<Listed>, SourceError> {
    let source = image.attachments.as_ref();
    let mut found: Vec<Listed> = Vec::new();
    for from in [ReferrersFrom::Store, ReferrersFrom::FallbackTag].into_iter().take(1 + usize::from(older)) {
        let listed = source.referrers(&image.digest, from).await?;
        for entry in listed.descriptors {
            if found.iter().all(|known| known.entry.digest != entry.digest) {
                found.push(Listed { entry, reliable: listed.reliable });
            }
        }
    }
    Ok(found)
}

/// How many bytes may still be fetched for one image.
pub(crate) struct Budget {
    limit: u64,
    left: AtomicU64,
}

impl Budget {
    pub(crate) fn new(options: &GatherOptions) -> Self {
        let limit = limits::GATHERED_BYTES.max(options.attachment_bytes);
        Self { limit, left: AtomicU64::new(limit) }
    }

    /// Whether so many bytes could still be taken; they are.
    fn take(&self, bytes: u64) -> bool {
        let take = |left: u64| left.checked_sub(bytes);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Fetches a blob of at most `limit` bytes, if it fits with all the others.
    pub(crate) async fn fetch(
        &self,
        source: &dyn Source,
        blob: &Descriptor,
        limit: u64,
    ) -> Result<Bytes, SourceError> {
        // What is too large alone is not fetched, and takes nothing from the others.
        if blob.size <= limit && !self.take(blob.size) {
            let what = "size of all signatures together, in bytes,";
            return Err(SourceError::Limit { place: source.name(), what, limit: self.limit });
        }
        source.blob(blob, limit).await
    }
}

/// One image that is being looked at.
struct Gathering<'a> {
    source: &'a dyn Source,
    subject: &'a Digest,
    options: &'a GatherOptions,
    budget: Budget,
}

impl Gathering<'_> {
    /// Fetches a blob that fits, alone and with all the others.
    async fn fetch(&self, blob: &Descriptor) -> Result<Bytes, SourceError> {
        self.budget.fetch(self.source, blob, self.options.blob_bytes()).await
    }

    async fn bundles(&self, referrers: Vec<Listed>, found: &mut Found) -> Result<(), SourceError> {
        within(self.source, referrers.len())?;
        let mut steps = stream::iter(referrers).map(|listed| self.bundle(listed)).buffered(CONCURRENT);
        while let Some(step) = steps.next().await {
            found.add(step);
        }
        Ok(())
    }

    /// One referrer: looked at no further than is needed to know that it is not wanted.
    async fn bundle(&self, listed: Listed) -> Step {
        let entry = &listed.entry;
        let mut origin = Origin { manifest: entry.digest, blob: None, via: Via::Referrer };
        if listed.reliable
            && let Some(reason) = self.unwanted(entry.artifact_type.as_deref(), entry)
        {
            return Step::Ignored(Ignored { origin, reason, code: None });
        }
        let manifest = match referrer_manifest(self.source, self.subject, &listed).await {
            Ok(manifest) => manifest,
            Err(Failed::Ignored(reason)) => return Step::Ignored(Ignored { origin, reason, code: None }),
            Err(Failed::Fetch(error)) => return failed(origin, error),
        };
        let annotated = Descriptor { annotations: manifest.annotations.clone(), ..listed.entry };
        if let Some(reason) = self.unwanted(Some(manifest.effective_artifact_type()), &annotated) {
            return Step::Ignored(Ignored { origin, reason, code: None });
        }
        let says_what = annotated.annotation(media_type::ANNOTATION_BUNDLE_PREDICATE_TYPE).is_some();
        let [layer] = manifest.layers.as_slice() else {
            let got = manifest.layers.len();
            let refusal = Refusal::BundleLayers { got };
            return Step::Artifact(Artifact { origin, content: Err(refusal) });
        };
        origin.blob = Some(layer.digest);
        if self.options.wanted == Wanted::Signatures && !says_what && layer.size > limits::SIGNATURE_BYTES {
            let reason = format!("bundle of {} bytes, which no signature has", layer.size);
            return Step::Ignored(Ignored { origin, reason, code: Some(RefusalCode::ContentTooLarge) });
        }
        // Nothing large is held while the bundle comes.
        let layer = Descriptor::new(&layer.media_type, layer.digest, layer.size);
        drop((annotated, manifest));
        match self.fetch(&layer).await {
            Ok(bytes) => {
                let content = Bundle::parse(bytes).map(|bundle| Content::Bundle(Box::new(bundle)));
                Step::Artifact(Artifact { origin, content: content.map_err(Refusal::Malformed) })
            }
            Err(error) => failed(origin, error),
        }
    }

    /// Why an entry that describes itself so is not wanted; `None` when it may be.
    fn unwanted(&self, artifact_type: Option<&str>, descriptor: &Descriptor) -> Option<String> {
        // Some registries list the configuration's type although the manifest has one of its own: "empty" says nothing.
        let artifact_type = artifact_type.filter(|kind| *kind != media_type::OCI_EMPTY);
        if let Some(kind) = artifact_type.filter(|kind| !kind.starts_with(media_type::BUNDLE_PREFIX)) {
            return Some(format!("artifact of type {}", media_type::brief(kind)));
        }
        let predicate = descriptor.annotation(media_type::ANNOTATION_BUNDLE_PREDICATE_TYPE)?;
        self.options.wanted.leaves_out(predicate)
    }

    async fn layers(&self, tag: &Tag, raw: &RawManifest, found: &mut Found) -> Result<(), SourceError> {
        let place = || format!("{}:{tag}", self.source.name());
        let document = raw.parse().map_err(|source| SourceError::Manifest { place: place(), source })?;
        let origin = |blob| Origin { manifest: raw.digest, blob, via: Via::Tag(tag.clone()) };
        let Document::Manifest(manifest) = document else {
            let reason = "an index, not a manifest with signatures".into();
            found.ignored.push(Ignored { origin: origin(None), reason, code: None });
            return Ok(());
        };
        within(self.source, manifest.layers.len())?;
        let mut steps = stream::iter(manifest.layers)
            .map(|layer| {
                let origin = origin(Some(layer.digest));
                self.layer(layer, origin)
            })
            .buffered(CONCURRENT);
        while let Some(step) = steps.next().await {
            found.add(step);
        }
        Ok(())
    }

    /// A layer behind cosign's tag. What it says of its predicate type saves fetching it, and proves nothing.
    async fn layer(&self, layer: Descriptor, origin: Origin) -> Step {
        let unwanted = match &self.options.wanted {
            wanted if layer.media_type != wanted.layer_type() => {
                Some(format!("layer of type {}", media_type::brief(&layer.media_type)))
            }
            Wanted::Signatures => None,
            Wanted::Attestations(_) => layer
                .annotation(media_type::ANNOTATION_PREDICATE_TYPE)
                .and_then(|predicate| self.options.wanted.leaves_out(predicate)),
        };
        if let Some(reason) = unwanted {
            return Step::Ignored(Ignored { origin, reason, code: None });
        }
        let content = match self.fetch(&layer).await {
            Ok(payload) if self.options.wanted == Wanted::Signatures => {
                LegacySignature::parse(&layer, payload).map(Content::Legacy)
            }
            Ok(document) => Envelope::parse(document).map(Content::Envelope),
            Err(error) => return failed(origin, error),
        };
        Step::Artifact(Artifact { origin, content: content.map_err(Refusal::Malformed) })
    }
}

enum Failed {
    Ignored(String),
    Fetch(SourceError),
}

/// The manifest of a referrer, which must be one of this subject (threat model, rows 20 and 21).
async fn referrer_manifest(
    source: &dyn Source,
    subject: &Digest,
    listed: &Listed,
) -> Result<ImageManifest, Failed> {
    let digest = listed.entry.digest;
    let Some(raw) = source.manifest(&digest.into()).await.map_err(Failed::Fetch)? else {
        return Err(listed.missing(source).map_or_else(Failed::Fetch, Failed::Ignored));
    };
    let place = || format!("{}@{digest}", source.name());
    let document =
        raw.parse().map_err(|source| Failed::Fetch(SourceError::Manifest { place: place(), source }))?;
    match document.subject() {
        Some(named) if named == *subject => {}
        Some(named) => return Err(Failed::Ignored(format!("refers to another image, {named}"))),
        None => return Err(Failed::Ignored("listed as a referrer, but refers to nothing".into())),
    }
    match document {
        Document::Manifest(manifest) => Ok(*manifest),
        Document::Index(_) => Err(Failed::Ignored("an index, not a bundle".into())),
    }
}

/// Bytes that contradict themselves are refused; bytes that did not come leave the question open.
fn failed(origin: Origin, error: SourceError) -> Step {
    match error.outcome() {
        Outcome::Refused => Step::Artifact(Artifact { origin, content: Err(Refusal::Content(error)) }),
        _ => Step::Unread(Unread { origin, error }),
    }
}

fn within(source: &dyn Source, got: usize) -> Result<(), SourceError> {
    let limit = limits::ENTRIES_PER_IMAGE;
    if got <= limit {
        return Ok(());
    }
    Err(SourceError::Limit {
        place: source.name(),
        what: "number of signatures and referrers",
        limit: limit as u64,
    })
}
