//! What is attached to an image, fetched and parsed, trusted in nothing.
//!
//! Two places are always looked at, at the same time: the referrers of the digest (Sigstore bundles) and cosign's tag
//! `sha256-HEX.sig` or `.att` (legacy signatures and attestations). A place that cannot be asked makes the whole answer undecided: neither may
//! stand in for the other (a throttled listing is no reason to fall back). Entries that say of themselves that they
//! are something else, an SBOM's attestation say, are not downloaded but listed as ignored.

mod budget;
mod found;
mod referrers;

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
use crate::oci::{Descriptor, Document, RawManifest};
use crate::reference::Tag;
use crate::source::{Source, SourceError};
use crate::verify::{Refusal, RefusalCode};
pub(crate) use budget::Budget;
pub use found::{Artifact, Content, Found, Ignored, Origin, Unread, Via};
use found::{Step, failed};
use referrers::{Failed, referrer_manifest};
pub(crate) use referrers::{Listed, referrers};

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
