//! Adding to a tag that others add to as well, on registries that know no conditional requests.
//!
//! A read, a merge and a write lose what somebody else wrote between the read and the write, and reading back does not
//! help: the other may still be about to write from an older read. So each writer announces itself first:
//!
//! 1. **Announce**: store the addition under a marker, a tag of its own beside the shared one.
//! 2. **Read** the shared tag.
//! 3. **Write** it back with the addition and all announced additions that it lacks.
//! 4. **List** the markers; fetch the additions of those that the shared tag does not show, and go to 2 if there are any.
//!    A listing without our own marker is none: it is older than the marker, or incomplete.
//! 5. **Read back**; go to 3 if anything known is missing. Where the registry has answered the write with the digest of
//!    what it now holds, and the listing showed nobody else at work, that answer is taken for it.
//! 6. **Withdraw** the marker if the listing showed no other; else leave it.
//!
//! Why nothing is lost: suppose that writer B withdrew, so that its listing L, taken when the shared tag had already
//! shown B's addition (at t < L, when B's write was answered at the latest), showed B's marker alone. Could a later
//! write lack B's addition? Take the first write after t that does. Everything that could be read between t and that
//! write has the addition, so its writer A had read before t, and announced itself before that. A's marker is not in L,
//! so A had withdrawn by then, after its last write, and after a listing that followed that write and showed no marker
//! but A's own. But B's marker was there from before t until after L: a contradiction. Suppose instead that B left its
//! marker. Then whoever overwrites B's addition lists the markers after its write, finds B's, and merges it. A crash at
//! any point leaves a marker, which the next writer merges.
//!
//! What is presumed:
//!
//! - A listing that shows our own marker shows all that were there before it.
//! - A write that got no answer may still take effect later, so its writer does not withdraw. Such a write can hide what
//!   others added until the next writer merges their markers.
//! - A marker older than [`limits::MARKER_STALE`] belongs to no writer at work, since a writer gives up after
//!   [`limits::MERGE_TOTAL`]; it may be removed by anybody once the shared tag shows its addition. Both times are told by
//!   the registry's clock (`Date`), where it tells the time, since clocks of writers differ.
//!
//! Taking something out of the index follows the same steps, so that no writer withdraws unseen meanwhile: its marker
//! has the fingerprint [`REMOVAL`] and announces nothing. It removes the markers that announce what it takes out, or
//! their additions would come back. The writer of one may still be at work: then the remover leaves its own marker, so
//! that nobody takes himself to be alone in that writer's place. A writer that read before may put the entry back; it
//! then names a manifest that is gone, which every reader passes over. Removing the shared tag altogether is the same.
//!
//! A marker is called `TAG.SSSSSSSSFFFFFFFFFFFFFFFFRRRRRRRR`: the second it was made, a fingerprint of the addition
//! by which others see that the shared tag has it without fetching it, and a random number, all hexadecimal. Where tags
//! cannot be deleted markers stay, and the fingerprint keeps them from costing anything.

use std::collections::HashSet;
use std::time::Duration;

use super::marker::{Marker, REMOVAL, fingerprint, notice, short, shown};
use super::merge_store::Store;
use super::problem::protocol;
use crate::digest::Digest;
use crate::limits;
use crate::oci::{Document, OciError, RawManifest};
use crate::reference::Tag;
use crate::source::shared_tag::Merged;
use crate::source::{Result, SharedTag, SourceError};

/// Adds `addition` to what `tag` names.
pub(super) async fn add(
    store: &impl Store,
    tag: &Tag,
    kind: SharedTag,
    addition: &RawManifest,
) -> Result<()> {
    Writer::announced(store, tag, kind, Some(addition)).await?.work().await
}

/// Takes the entry of a manifest that is being deleted out of the index that `tag` names, and the markers that
/// announced it.
pub(super) async fn remove(store: &impl Store, tag: &Tag, removed: Digest) -> Result<()> {
    let kind = SharedTag::ReferrersIndex;
    let Some(current) = store.read(tag).await? else { return Ok(()) };
    let removed = HashSet::from([removed]);
    let rest = without(&current, &removed)
        .map_err(|source| SourceError::Manifest { place: store.place(tag), source })?;
    if rest.is_none() {
        return Ok(());
    }
    let writer = Writer::announced(store, tag, kind, None).await?;
    Writer { removed, ..writer }.work().await
}

/// Removes what `tag` names, and the markers beside it; `false` when there was nothing.
pub(super) async fn clear(store: &impl Store, tag: &Tag) -> Result<bool> {
    let prefix = format!("{tag}.");
    let there = store.read(tag).await?.is_some();
    if !there && Marker::among(store.list(tag, &prefix).await?, &prefix).is_empty() {
        return Ok(false);
    }
    let writer = Writer::announced(store, tag, SharedTag::LegacyLayers, None).await?;
    let mut markers = writer.markers().await?;
    markers.retain(|marker| *marker != writer.marker);
    for marker in &markers {
        store.erase(&marker.tag, tag).await?;
    }
    store.erase(tag, tag).await?;
    if writer.is_alone(&markers) {
        store.erase(&writer.marker.tag, tag).await?;
    }
    Ok(true)
}

/// Stores a marker.
async fn announce(
    store: &impl Store,
    tag: &Tag,
    kind: SharedTag,
    addition: Option<&RawManifest>,
) -> Result<Marker> {
    let fingerprint = addition.map_or_else(|| REMOVAL.into(), |addition| fingerprint(kind, addition));
    let marker = Marker::new(tag, store.now(), &fingerprint)
        .ok_or_else(|| protocol(store.place(tag), "this tag is too long to be shared"))?;
    let content = match addition {
        Some(addition) => addition.clone(),
        None => notice(&marker)
            .map_err(|source| SourceError::Manifest { place: store.place(&marker.tag), source })?,
    };
    store.store(&marker.tag.clone().into(), &content).await?;
    Ok(marker)
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
    /// When it began, in seconds since 1970.
    begin: i64,
    marker: Marker,
    /// What the marker announces.
    announced: Option<RawManifest>,
    /// Our own addition, and all announced ones that were fetched.
    additions: Vec<RawManifest>,
    /// What is taken out because somebody asked for it.
    removed: HashSet<Digest>,
    /// What the index names though it is not there, in the eyes of a registry that minds.
    gone: HashSet<Digest>,
    fetched: HashSet<Tag>,
    /// Writes that got no answer.
    uncertain: u32,
    /// Writes that were refused for what the index names.
    refusals: u32,
    /// Listings without our own marker.
    unlisted: u32,
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

impl<'a, S: Store> Writer<'a, S> {
    /// A writer that has announced what it adds, or that it takes something out.
    async fn announced(
        store: &'a S,
        tag: &'a Tag,
        kind: SharedTag,
        addition: Option<&RawManifest>,
    ) -> Result<Self> {
        let marker = announce(store, tag, kind, addition).await?;
        Ok(Self {
            store,
            tag,
            kind,
            prefix: format!("{tag}."),
            begin: marker.second,
            marker,
            announced: addition.cloned(),
            additions: addition.cloned().into_iter().collect(),
            removed: HashSet::new(),
            gone: HashSet::new(),
            fetched: HashSet::new(),
            uncertain: 0,
            refusals: 0,
            unlisted: 0,
        })
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
            let Some(left) = self.time_left() else { break };
            let wrote = if merged.changed { self.write(&merged, left).await? } else { Wrote::Unsaid };
            if wrote == Wrote::Unknown {
                self.store.pause(round).await;
                continue;
            }
            let markers = self.markers().await?;
            if !markers.contains(&self.marker) {
                self.announce_again().await?;
                self.store.pause(round).await;
            } else if self.fetch(&markers, &merged.manifest).await? {
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

    /// The time in which this writer may still write, by the clock that its marker is judged by.
    fn time_left(&self) -> Option<Duration> {
        let spent = u64::try_from(self.store.now() - self.begin).unwrap_or(0);
        limits::MERGE_TOTAL.checked_sub(Duration::from_secs(spent))
    }

    /// Somebody has removed our marker, or the listing is not complete. Without it nobody knows of us.
    async fn announce_again(&mut self) -> Result<()> {
        self.unlisted += 1;
        if self.unlisted > limits::REQUEST_TRIES {
            let why = "the listing of tags does not show a tag that was just written: who else writes cannot be \
                       known; what was added is stored";
            return Err(protocol(self.store.place(self.tag), why));
        }
        if self.store.read(&self.marker.tag).await?.is_none() {
            self.marker = announce(self.store, self.tag, self.kind, self.announced.as_ref()).await?;
        }
        Ok(())
    }

    /// What the tag should name, given what it names.
    fn merge(&self, current: Option<&RawManifest>) -> std::result::Result<Merged, OciError> {
        let merged = self.kind.merge(current, &self.additions)?;
        let out = self.removed.union(&self.gone).copied().collect();
        let Some(manifest) = without(&merged.manifest, &out)? else { return Ok(merged) };
        let changed = current.is_none_or(|current| current.digest != manifest.digest);
        Ok(Merged { manifest, changed, ..merged })
    }

    /// Writes the shared tag, in the time that is left.
    async fn write(&mut self, merged: &Merged, left: Duration) -> Result<Wrote> {
        match self.store.replace(self.tag, merged, left).await {
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

    /// Whether nobody else is at work, and no write of ours is still under way.
    fn is_alone(&self, markers: &[Marker]) -> bool {
        self.uncertain == 0 && markers.iter().all(|marker| *marker == self.marker || self.is_stale(marker))
    }

    /// Whether a marker is too old to belong to a writer at work.
    fn is_stale(&self, marker: &Marker) -> bool {
        let stale = i64::try_from(limits::MARKER_STALE.as_secs()).unwrap_or(i64::MAX);
        self.store.now() - marker.second > stale
    }

    /// Whether a write was refused, as some registries do, for entries whose manifests somebody has deleted. They are
    /// left out then; where all are there, one has been stored again meanwhile.
    async fn has_gone(&mut self, error: &SourceError, index: &RawManifest) -> Result<bool> {
        let SourceError::Status { status: 400 | 404, why, .. } = error else { return Ok(false) };
        let Ok(Document::Index(index)) = index.parse() else { return Ok(false) };
        let before = self.gone.len();
        for entry in &index.manifests {
            if !self.store.has(&entry.digest).await? {
                self.gone.insert(entry.digest);
            }
        }
        self.refusals += 1;
        let again = why.contains("UNKNOWN") && self.refusals <= limits::REQUEST_TRIES;
        Ok(self.gone.len() > before || again)
    }

    /// All markers, our own among them.
    async fn markers(&self) -> Result<Vec<Marker>> {
        Ok(Marker::among(self.store.list(self.tag, &self.prefix).await?, &self.prefix))
    }

    /// Fetches the additions of markers that `shared` does not show; whether there was any new one.
    async fn fetch(&mut self, markers: &[Marker], shared: &RawManifest) -> Result<bool> {
        let shown = shown(self.kind, shared).map_err(|source| self.refused(source))?;
        let mut any = false;
        for marker in markers {
            let removes = marker.fingerprint == REMOVAL || self.is_removed(marker);
            let known = *marker == self.marker || self.fetched.contains(&marker.tag);
            if removes || known || shown.contains(&marker.fingerprint) {
                continue;
            }
            self.fetched.insert(marker.tag.clone());
            // A marker that is gone by now was withdrawn: the shared tag has what it announced.
            let Some(addition) = self.store.read(&marker.tag).await? else { continue };
            // What was gone has been stored again.
            let back = self.gone.remove(&addition.digest);
            // What cannot be merged is no announcement.
            let merged = self.kind.merge(Some(shared), std::slice::from_ref(&addition));
            if back || merged.is_ok_and(|merged| merged.changed) {
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

    /// Removes the markers of what was taken out; and, if there is nobody else, our own and those that nobody needs.
    async fn withdraw(&self, markers: &[Marker], shared: &RawManifest) -> Result<()> {
        let shown = shown(self.kind, shared).map_err(|source| self.refused(source))?;
        for marker in markers.iter().filter(|marker| self.is_removed(marker)) {
            // Where tags cannot be deleted, deleting the manifest took them along.
            let _ = self.store.remove(&marker.tag).await;
        }
        if !self.is_alone(markers) || !self.retire_own().await? {
            return Ok(());
        }
        let done = |marker: &Marker| marker.fingerprint == REMOVAL || shown.contains(&marker.fingerprint);
        let old = markers.iter().filter(|marker| **marker != self.marker && done(marker));
        for marker in old.take(limits::MARKERS_RETIRED) {
            // Everything that was promised is done, and a marker that stays does no harm.
            if self.store.remove(&marker.tag).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Removes our own marker; whether markers of others can be removed too. Some registries remove a manifest with its
    /// last tag: ours is put back then, and those of others, who could not do that any more, are left alone.
    async fn retire_own(&self) -> Result<bool> {
        match self.store.remove(&self.marker.tag).await {
            Ok(true) => {}
            Ok(false) | Err(_) => return Ok(false),
        }
        match &self.announced {
            Some(entry)
                if self.kind == SharedTag::ReferrersIndex && !self.store.has(&entry.digest).await? =>
            {
                self.store.store(&entry.digest.into(), entry).await?;
                Ok(false)
            }
            _ => Ok(true),
        }
    }

    fn refused(&self, source: OciError) -> SourceError {
        SourceError::Manifest { place: self.store.place(self.tag), source }
    }
}

/// Whether a write that failed so may still take effect.
fn may_have_happened(error: &SourceError) -> bool {
    match error {
        SourceError::Unreachable { .. } | SourceError::Timeout { .. } => true,
        SourceError::Status { status, .. } => *status >= 500,
        _ => false,
    }
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
