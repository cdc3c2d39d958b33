//! Finding what refers to an image in a layout.
//!
//! A layout has no referrers API: what refers to an image is found by reading the manifests that `index.json` lists
//! and looking at their `subject`. Two more places are looked at: the fallback tag `sha256-HEX`, when somebody copied
//! a repository with its tags, and, in a layout that `cosign save` wrote, every small blob, because cosign 3 stores
//! the manifests of its bundles without listing them.
//!
//! Manifests are content-addressed, so each is read once per source and its subject remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::content::{Content, read_blob, read_manifest};
use super::lookup::{find_tag, is_cosign_image, media_type_of};
use crate::digest::Digest;
use crate::limits;
use crate::media_type;
use crate::oci::{Descriptor, Document, ImageIndex, RawManifest};
use crate::source::shared_tag::referrer_descriptor;
use crate::source::{Referrers, ReferrersFrom, Result, SourceError};

/// A manifest that refers to another.
#[derive(Debug)]
struct Referrer {
    subject: Digest,
    descriptor: Descriptor,
}

/// What is known of the manifests that were read: to what each refers, if to anything.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<HashMap<Digest, Option<Arc<Referrer>>>>);

impl Seen {
    fn known(&self, digest: &Digest) -> Option<Option<Arc<Referrer>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    fn remember(&self, digest: Digest, referrer: Option<Arc<Referrer>>) -> Option<Arc<Referrer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, referrer.clone());
        referrer
    }
}

/// What refers to `subject`.
pub(crate) fn referrers(content: &dyn Content, subject: &Digest, from: ReferrersFrom) -> Result<Referrers> {
    let index = content.index()?;
    let fallback = fallback_entries(content, &index, subject)?;
    if from == ReferrersFrom::FallbackTag {
        return Ok(Referrers { descriptors: fallback, reliable: false });
    }
    let mut found = Found { place: content.place(), descriptors: Vec::new() };
    for entry in &index.manifests {
        if let Some(referrer) = listed(content, entry)?.filter(|referrer| referrer.subject == *subject) {
            found.add(referrer.descriptor.clone())?;
        }
    }
    for entry in &fallback {
        // Whatever it refers to: an entry with another subject is for the caller to refuse and report.
        let descriptor = match listed(content, entry)? {
            Some(referrer) => referrer.descriptor.clone(),
            None => described(content, &read_manifest(content, entry)?)?,
        };
        found.add(descriptor)?;
    }
    if index.manifests.iter().any(is_cosign_image) {
        for (digest, size) in content.blobs()? {
            if let Some(referrer) = hidden(content, digest, size)?.filter(|r| r.subject == *subject) {
                found.add(referrer.descriptor.clone())?;
            }
        }
    }
    Ok(Referrers { descriptors: found.descriptors, reliable: true })
}

/// Whether the manifest of this entry refers to another.
pub(crate) fn is_referrer(content: &dyn Content, entry: &Descriptor) -> Result<bool> {
    Ok(listed(content, entry)?.is_some())
}

struct Found {
    place: String,
    descriptors: Vec<Descriptor>,
}

impl Found {
    fn add(&mut self, descriptor: Descriptor) -> Result<()> {
        if self.descriptors.iter().any(|known| known.digest == descriptor.digest) {
            return Ok(());
        }
        let limit = limits::ENTRIES_PER_IMAGE;
        if self.descriptors.len() == limit {
            let what = "the number of referrers";
            return Err(SourceError::Limit { place: self.place.clone(), what, limit: limit as u64 });
        }
        self.descriptors.push(descriptor);
        Ok(())
    }
}

fn fallback_entries(content: &dyn Content, index: &ImageIndex, subject: &Digest) -> Result<Vec<Descriptor>> {
    let Some(position) = find_tag(&content.place(), index, &subject.tag_stem())? else {
        return Ok(Vec::new());
    };
    let raw = read_manifest(content, &index.manifests[position])?;
    match parse(content, &raw)? {
        Document::Index(index) => Ok(index.manifests.into_iter().map(Referrers::entry).collect()),
        Document::Manifest(_) => Err(SourceError::Protocol {
            place: content.place(),
            why: format!("tag {} names a manifest, expected the index of referrers", subject.tag_stem()),
        }),
    }
}

fn parse(content: &dyn Content, raw: &RawManifest) -> Result<Document> {
    let refused =
        |source| SourceError::Manifest { place: format!("{}@{}", content.place(), raw.digest), source };
    raw.parse().map_err(refused)
}

fn described(content: &dyn Content, raw: &RawManifest) -> Result<Descriptor> {
    let refused =
        |source| SourceError::Manifest { place: format!("{}@{}", content.place(), raw.digest), source };
    referrer_descriptor(raw).map(Referrers::entry).map_err(refused)
}

/// The referrer behind a descriptor, when it is one. An entry of another media type than a manifest's is none ("MUST be
/// ignored": OCI image specification 1.1, "index.json file"); one that is missing or malformed is an error.
fn listed(content: &dyn Content, entry: &Descriptor) -> Result<Option<Arc<Referrer>>> {
    let kind = entry.media_type.as_str();
    if !media_type::is_manifest(kind) && !media_type::is_index(kind) {
        return Ok(None);
    }
    match content.seen().known(&entry.digest) {
        Some(known) => Ok(known),
        None => examine(content, &read_manifest(content, entry)?),
    }
}

/// The referrer that a blob is, when it is one. Anything may be among the blobs: what is no manifest is passed over.
fn hidden(content: &dyn Content, digest: Digest, size: u64) -> Result<Option<Arc<Referrer>>> {
    if let Some(known) = content.seen().known(&digest) {
        return Ok(known);
    }
    if size > limits::MANIFEST_BYTES {
        return Ok(None);
    }
    let bytes = read_blob(content, &Descriptor::new("", digest, size), limits::MANIFEST_BYTES)?;
    let candidate = bytes.first() == Some(&b'{') && bytes.windows(9).any(|window| window == br#""subject""#);
    let media_type = if candidate { media_type_of(&bytes).unwrap_or_default() } else { None };
    let raw = media_type.map(|media_type| RawManifest { media_type, digest, bytes });
    match raw {
        Some(raw) if raw.parse().is_ok() => examine(content, &raw),
        _ => Ok(content.seen().remember(digest, None)),
    }
}

fn examine(content: &dyn Content, raw: &RawManifest) -> Result<Option<Arc<Referrer>>> {
    let referrer = match parse(content, raw)?.subject() {
        None => None,
        Some(subject) => Some(Arc::new(Referrer { subject, descriptor: described(content, raw)? })),
    };
    Ok(content.seen().remember(raw.digest, referrer))
}
