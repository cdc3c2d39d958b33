//! Adding to a tag that others add to as well, on registries that know no conditional requests.
//!
//! A read, a merge and a write lose what somebody else wrote between the read and the write, and reading back does not
//! help: the other may still be about to write from an older read. So each writer announces itself first:
//!
//! 1. **Announce**: store the addition under a marker, a tag of its own beside the shared one.
//! 2. **Read** the shared tag.
//! 3. **Write** it back with the addition and all announced additions that it lacks.
//! 4. **List** the markers; fetch the additions of those that the shared tag does not show, and go to 2 if there are any.
//! 5. **Read back**; go to 3 if anything known is missing. Where the registry has answered the write with the digest of
//!    what it now holds, and the listing showed nobody else at work, that answer is taken for it.
//! 6. **Withdraw** the marker if the listing showed no other; else leave it.
//!
//! Why nothing is lost: suppose that writer B withdrew, so that its listing L, taken when the shared tag had already
//! shown B's addition (at t < L, when B's write was answered at the latest), showed B's marker alone. Could a later write lack B's addition? Take the first write
//! after t that does. Everything that could be read between t and that write has the addition, so its writer A had
//! read before t, and announced itself before that. A's marker is not in L, so A had withdrawn by then, after its last
//! write, and after a listing that followed that write and showed no marker but A's own. But B's marker was there from
//! before t until after L: a contradiction. Suppose instead that B left its marker. Then whoever overwrites B's
//! addition lists the markers after its write, finds B's, and merges it. A crash at any point leaves a marker, which
//! the next writer merges.
//!
//! What is presumed: a write that got no answer may still take effect later, so its writer does not withdraw; a marker
//! older than [`limits::MARKER_STALE`] belongs to no writer at work, since a writer gives up after
//! [`limits::MERGE_TOTAL`], and may be removed by anybody once the shared tag shows its addition.
//!
//! Taking something out of the index follows the same steps, so that no writer withdraws unseen meanwhile: its marker
//! has the fingerprint [`REMOVAL`] and announces nothing. A writer that read before may put the entry back; it then
//! names a manifest that is gone, which every reader passes over.
//!
//! A marker is called `TAG.SSSSSSSSFFFFFFFFFFFFFFFFRRRRRRRR`: the second it was made, a fingerprint of the addition
//! by which others see that the shared tag has it without fetching it, and a random number, all hexadecimal. Where tags
//! cannot be deleted markers stay, and the fingerprint keeps them from costing anything.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::RegistrySource;
use super::marker::{Marker, fingerprint, short, shown};
use super::problem::protocol;
use super::retry::chance;
use crate::digest::Digest;
use crate::limits;
use crate::oci::{Document, OciError, RawManifest};
use crate::reference::{Selector, Tag};
use crate::source::shared_tag::Merged;
use crate::source::{BlobContent, Result, SharedTag, SourceError};

/// The fingerprint of a marker that announces no addition.
const REMOVAL: &str = "0000000000000000";

/// What the protocol needs of a store.
pub(super) trait Store {
    /// The name of the tag in errors.
    fn place(&self, tag: &Tag) -> String;
    /// Seconds since 1970.
    fn now(&self) -> i64;
    /// Whether a writer that began then must give up.
    fn is_late(&self, begin: Instant) -> bool;
    /// Waits a while, longer in later rounds.
    async fn pause(&self, round: u32);
    /// What the tag names.
    async fn read(&self, tag: &Tag) -> Result<Option<RawManifest>>;
    /// Whether the manifest is there.
    async fn has(&self, digest: &Digest) -> Result<bool>;
    /// Stores a manifest, trying again where that helps.
    async fn store(&self, selector: &Selector, manifest: &RawManifest) -> Result<()>;
    /// Makes the tag name this, in one try; whether the store has said that the tag names it now.
    async fn replace(&self, tag: &Tag, merged: &Merged) -> Result<bool>;
    /// The tags that begin with `prefix`, which stands behind `after`.
    async fn list(&self, after: &Tag, prefix: &str) -> Result<Vec<Tag>>;
    /// Removes a tag.
    async fn remove(&self, tag: &Tag) -> Result<bool>;
}

/// Adds `addition` to what `tag` names.
pub(super) async fn add(
    store: &impl Store,
    tag: &Tag,
    kind: SharedTag,
    addition: &RawManifest,
) -> Result<()> {
    let mark = fingerprint(kind, addition);
    announced(store, tag, kind, &mark, addition).await?.added(addition).work().await
}

/// Takes the entry of a manifest that is being deleted out of the index that `tag` names, and the markers that
/// announced it.
pub(super) async fn remove(store: &impl Store, tag: &Tag, removed: Digest) -> Result<()> {
    let kind = SharedTag::ReferrersIndex;
    let Some(current) = store.read(tag).await? else { return Ok(()) };
    let removed = HashSet::from([removed]);
    let rest = without(&current, &removed)
        .map_err(|source| SourceError::Manifest { place: store.place(tag), source })?;
    let Some(rest) = rest else { return Ok(()) };
    let writer = announced(store, tag, kind, REMOVAL, &rest).await?;
    Writer { removed, ..writer }.work().await
}

/// A writer that has announced itself by tagging `manifest`.
async fn announced<'a, S: Store>(
    store: &'a S,
    tag: &'a Tag,
    kind: SharedTag,
    fingerprint: &str,
    manifest: &RawManifest,
) -> Result<Writer<'a, S>> {
    let marker = Marker::new(tag, store.now(), fingerprint)
        .ok_or_else(|| protocol(store.place(tag), "this tag is too long to be shared"))?;
    let begin = Instant::now();
    store.store(&marker.tag.clone().into(), manifest).await?;
    Ok(Writer {
        store,
        tag,
        kind,
        prefix: format!("{tag}."),
        marker,
        begin,
        additions: Vec::new(),
        removed: HashSet::new(),
        fetched: HashSet::new(),
        uncertain: 0,
    })
}

/// An index without these entries; `None` when it has none of them.
fn without(
    index: &RawManifest,
    removed: &HashSet<Digest>,
) -> std::result::Result<Option<RawManifest>, OciError> {
    let Document::Index(mut parsed) = index.parse()? else { return Ok(None) };
    let before = parsed.manifests.len();
    parsed.manifests.retain(|entry| !removed.contains(&entry.digest));
    match parsed.manifests.len() < before {
        true => RawManifest::write(&index.media_type, &parsed).map(Some),
        false => Ok(None),
    }
}

struct Writer<'a, S> {
    store: &'a S,
    tag: &'a Tag,
    kind: SharedTag,
    prefix: String,
    marker: Marker,
    begin: Instant,
    /// Our own addition, and all announced ones that were fetched.
    additions: Vec<RawManifest>,
    /// What is taken out: what was asked for, and what the index names though it is gone.
    removed: HashSet<Digest>,
    fetched: HashSet<Tag>,
    /// Writes that got no answer.
    uncertain: u32,
}

impl<S: Store> Writer<'_, S> {
    fn added(mut self, addition: &RawManifest) -> Self {
        self.additions.push(addition.clone());
        self
    }

    /// Steps 2 to 6.
    async fn work(mut self) -> Result<()> {
        let mut listed: Option<Vec<Marker>> = None;
        for round in 0..limits::MERGE_ROUNDS {
            let current = self.store.read(self.tag).await?;
            let merged = self.merge(current.as_ref()).map_err(|source| self.refused(source))?;
            match listed.take() {
                Some(markers) if !merged.changed => return self.withdraw(&markers, &merged.manifest).await,
                _ => {}
            }
            if self.store.is_late(self.begin) {
                break;
            }
            let wrote = if merged.changed { self.write(&merged).await? } else { Wrote::Unsaid };
            if wrote == Wrote::Unknown {
                self.store.pause(round).await;
                continue;
            }
            let markers = self.markers().await?;
            if self.fetch(&markers, &merged.manifest).await? {
                self.store.pause(round).await;
            } else if wrote == Wrote::Confirmed && self.is_alone(&markers) {
                return self.withdraw(&markers, &merged.manifest).await;
            } else {
                listed = Some(markers);
            }
        }
        let why =
            "others kept writing to this tag: what was added is stored, and the next writer will merge it";
        Err(protocol(self.store.place(self.tag), why))
    }

    /// What the tag should name, given what it names.
    fn merge(&self, current: Option<&RawManifest>) -> std::result::Result<Merged, OciError> {
        let merged = self.kind.merge(current, &self.additions)?;
        let Some(manifest) = without(&merged.manifest, &self.removed)? else { return Ok(merged) };
        let changed = current.is_none_or(|current| current.digest != manifest.digest);
        Ok(Merged { manifest, changed, ..merged })
    }

    /// Writes the shared tag.
    async fn write(&mut self, merged: &Merged) -> Result<Wrote> {
        match self.store.replace(self.tag, merged).await {
            Ok(true) => Ok(Wrote::Confirmed),
            Ok(false) => Ok(Wrote::Unsaid),
            Err(error) if self.uncertain < limits::REQUEST_TRIES && may_have_happened(&error) => {
                self.uncertain += 1;
                Ok(Wrote::Unknown)
            }
            Err(error) if self.has_gone(&error, &merged.manifest).await? => Ok(Wrote::Unknown),
            Err(error) => Err(error),
        }
    }

    /// Whether nobody else is at work.
    fn is_alone(&self, markers: &[Marker]) -> bool {
        self.uncertain == 0 && markers.iter().all(|marker| self.is_stale(marker))
    }

    /// Whether a marker is too old to belong to a writer at work.
    fn is_stale(&self, marker: &Marker) -> bool {
        let stale = i64::try_from(limits::MARKER_STALE.as_secs()).unwrap_or(i64::MAX);
        self.store.now() - marker.second > stale
    }

    /// Whether a write was refused, as some registries do, for entries whose manifests somebody has deleted. They are
    /// left out then.
    async fn has_gone(&mut self, error: &SourceError, index: &RawManifest) -> Result<bool> {
        let SourceError::Status { status: 400 | 404, .. } = error else { return Ok(false) };
        let Ok(Document::Index(index)) = index.parse() else { return Ok(false) };
        let before = self.removed.len();
        for entry in &index.manifests {
            if !self.store.has(&entry.digest).await? {
                self.removed.insert(entry.digest);
            }
        }
        Ok(self.removed.len() > before)
    }

    async fn markers(&self) -> Result<Vec<Marker>> {
        let tags = self.store.list(self.tag, &self.prefix).await?;
        let others = tags.into_iter().filter(|tag| *tag != self.marker.tag);
        Ok(others.filter_map(|tag| Marker::parse(tag, &self.prefix)).collect())
    }

    /// Fetches the additions of markers that `shared` does not show; whether there was any new one.
    async fn fetch(&mut self, markers: &[Marker], shared: &RawManifest) -> Result<bool> {
        let shown = shown(self.kind, shared).map_err(|source| self.refused(source))?;
        let mut any = false;
        for marker in markers {
            let removes = marker.fingerprint == REMOVAL || self.is_removed(marker);
            if removes || shown.contains(&marker.fingerprint) || !self.fetched.insert(marker.tag.clone()) {
                continue;
            }
            // A marker that is gone by now was withdrawn: the shared tag has what it announced.
            let Some(addition) = self.store.read(&marker.tag).await? else { continue };
            // What cannot be merged is no announcement.
            if self
                .kind
                .merge(Some(shared), std::slice::from_ref(&addition))
                .is_ok_and(|merged| merged.changed)
            {
                self.additions.push(addition);
                any = true;
            }
        }
        Ok(any)
    }

    /// Whether a marker announces what is being taken out.
    fn is_removed(&self, marker: &Marker) -> bool {
        self.removed.iter().any(|removed| short(removed) == marker.fingerprint)
    }

    /// Removes markers that nobody needs: stale ones, those of what was taken out, and our own if there is no other.
    async fn withdraw(&self, markers: &[Marker], shared: &RawManifest) -> Result<()> {
        let shown = shown(self.kind, shared).map_err(|source| self.refused(source))?;
        let (removed, others): (Vec<_>, Vec<_>) = markers.iter().partition(|marker| self.is_removed(marker));
        for marker in removed {
            // Where tags cannot be deleted, deleting the manifest took them along.
            let _ = self.store.remove(&marker.tag).await;
        }
        let done = |marker: &Marker| marker.fingerprint == REMOVAL || shown.contains(&marker.fingerprint);
        let is_over = |marker: &&Marker| self.is_stale(marker) && done(marker);
        let (old, live): (Vec<_>, Vec<_>) = others.into_iter().partition(is_over);
        for marker in old.into_iter().take(limits::MARKERS_RETIRED) {
            if let Ok(Some(addition)) = self.store.read(&marker.tag).await
                && !self.retire(marker, &addition).await?
            {
                break;
            }
        }
        if live.is_empty() && self.uncertain == 0 {
            let announced = self.additions.first().unwrap_or(shared);
            self.retire(&self.marker, announced).await?;
        }
        Ok(())
    }

    /// Removes a marker; `false` when the registry does not remove tags. Some registries remove the manifest with its
    /// last tag: what the index names is put back then.
    async fn retire(&self, marker: &Marker, addition: &RawManifest) -> Result<bool> {
        match self.store.remove(&marker.tag).await {
            Ok(true) => {}
            Ok(false) => return Ok(true),
            // Everything that was promised is done, and a marker that stays does no harm.
            Err(_) => return Ok(false),
        }
        let is_entry = self.kind == SharedTag::ReferrersIndex && marker.fingerprint != REMOVAL;
        if is_entry && !self.store.has(&addition.digest).await? {
            self.store.store(&addition.digest.into(), addition).await?;
        }
        Ok(true)
    }

    fn refused(&self, source: OciError) -> SourceError {
        SourceError::Manifest { place: self.store.place(self.tag), source }
    }
}

/// What is known of a write of the shared tag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrote {
    /// The store has said that the tag names it.
    Confirmed,
    /// It happened, but the store has not said what the tag names now.
    Unsaid,
    /// It is not known whether it happened.
    Unknown,
}

/// Whether a write that failed so may still take effect.
fn may_have_happened(error: &SourceError) -> bool {
    match error {
        SourceError::Unreachable { .. } | SourceError::Timeout { .. } => true,
        SourceError::Status { status, .. } => *status >= 500,
        _ => false,
    }
}

impl Store for RegistrySource {
    fn place(&self, tag: &Tag) -> String {
        format!("{}:{tag}", self.state.repository)
    }

    fn now(&self) -> i64 {
        self.inner.now().as_second()
    }

    fn is_late(&self, begin: Instant) -> bool {
        begin.elapsed() > limits::MERGE_TOTAL
    }

    async fn pause(&self, round: u32) {
        let longest = Duration::from_millis(20) * (round + 1).min(20);
        tokio::time::sleep(longest.mul_f64(chance())).await;
    }

    async fn read(&self, tag: &Tag) -> Result<Option<RawManifest>> {
        self.read_manifest(&tag.clone().into()).await
    }

    async fn has(&self, digest: &Digest) -> Result<bool> {
        Ok(self.describe_manifest(&(*digest).into()).await?.is_some())
    }

    async fn store(&self, selector: &Selector, manifest: &RawManifest) -> Result<()> {
        self.write_manifest(selector, manifest, false).await.map(|_| ())
    }

    async fn replace(&self, tag: &Tag, merged: &Merged) -> Result<bool> {
        if let Some((descriptor, bytes)) = &merged.config {
            self.upload(descriptor, BlobContent::Bytes(bytes.clone()), None).await?;
        }
        let written = self.write_manifest(&tag.clone().into(), &merged.manifest, true).await?;
        Ok(written.digest == Some(merged.manifest.digest))
    }

    async fn list(&self, after: &Tag, prefix: &str) -> Result<Vec<Tag>> {
        self.list_tags_after(after, prefix).await
    }

    async fn remove(&self, tag: &Tag) -> Result<bool> {
        self.delete_manifest(&tag.clone().into()).await
    }
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
