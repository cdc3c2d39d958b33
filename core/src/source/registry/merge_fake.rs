//! A store that misbehaves in every way that the protocol is made for.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::task::Poll;
use std::time::Duration;

use crate::digest::Digest;
use crate::oci::{Descriptor, RawManifest};
use crate::reference::{Selector, Tag};
use crate::source::registry::merge_store::Store;
use crate::source::shared_tag::Merged;
use crate::source::{Result, SourceError};

/// What a tag store holds, and how it misbehaves.
#[derive(Default)]
pub(super) struct Fake {
    pub(super) tags: RefCell<BTreeMap<Tag, RawManifest>>,
    pub(super) manifests: RefCell<Vec<RawManifest>>,
    /// Whether tags can be removed.
    pub(super) removes: bool,
    /// Whether a manifest goes with its last tag.
    pub(super) removes_manifests: bool,
    /// Whether a write is answered with what the tag names.
    pub(super) confirms: bool,
    /// Whether an index is refused that names what is not there.
    pub(super) strict: bool,
    /// Every so many writes of the shared tag get no answer: a third of them never takes effect, a third has done so
    /// already, and a third does so some requests later.
    pub(super) fails: Cell<Option<u32>>,
    pub(super) delay: u32,
    pub(super) late: RefCell<Vec<(u32, Tag, RawManifest)>>,
    pub(super) writes: Cell<u32>,
    pub(super) requests: Cell<u32>,
    pub(super) now: Cell<i64>,
    /// Seconds that a write of the shared tag takes.
    pub(super) slow: i64,
    /// Listings that show nothing: a registry that does not list, or not yet.
    pub(super) blind: Cell<u32>,
}

/// Lets others run.
pub(super) async fn step() {
    let mut waited = false;
    std::future::poll_fn(
        |_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending },
    )
    .await;
}

impl Fake {
    async fn request(&self) {
        self.requests.set(self.requests.get() + 1);
        step().await;
        self.land(self.requests.get());
    }

    /// Lets late writes take effect whose time has come.
    pub(super) fn land(&self, now: u32) {
        self.late.borrow_mut().retain(|(when, tag, manifest)| {
            let landed = *when <= now;
            if landed {
                self.keep(manifest);
                self.tags.borrow_mut().insert(tag.clone(), manifest.clone());
            }
            !landed
        });
    }

    pub(super) fn keep(&self, manifest: &RawManifest) {
        if !self.manifests.borrow().contains(manifest) {
            self.manifests.borrow_mut().push(manifest.clone());
        }
    }
}

impl Store for Fake {
    fn place(&self, tag: &Tag) -> String {
        tag.to_string()
    }

    fn now(&self) -> i64 {
        self.now.get()
    }

    async fn pause(&self, _: u32) {
        step().await;
    }

    async fn read(&self, tag: &Tag) -> Result<Option<RawManifest>> {
        self.request().await;
        let found = self.tags.borrow().get(tag).cloned();
        step().await;
        Ok(found)
    }

    async fn has(&self, digest: &Digest) -> Result<bool> {
        self.request().await;
        Ok(self.manifests.borrow().iter().any(|manifest| manifest.digest == *digest))
    }

    async fn store(&self, selector: &Selector, manifest: &RawManifest) -> Result<()> {
        self.request().await;
        self.keep(manifest);
        if let Selector::Tag(tag) = selector {
            self.tags.borrow_mut().insert(tag.clone(), manifest.clone());
        }
        step().await;
        Ok(())
    }

    async fn replace(&self, tag: &Tag, merged: &Merged, _: Duration) -> Result<bool> {
        self.request().await;
        self.now.set(self.now.get() + self.slow);
        self.writes.set(self.writes.get() + 1);
        let named = merged.manifest.parse().unwrap().index().map(|index| index.manifests.clone());
        let there =
            |entry: &Descriptor| self.manifests.borrow().iter().any(|known| known.digest == entry.digest);
        if self.strict && !named.unwrap_or_default().iter().all(there) {
            let why = "MANIFEST_BLOB_UNKNOWN".into();
            return Err(SourceError::Status { place: tag.to_string(), status: 400, why });
        }
        let failing = self.fails.get().is_some_and(|every| self.writes.get() % every == 1);
        let when = match self.writes.get() / 2 % 3 {
            _ if !failing => 0,
            0 => self.requests.get() + self.delay,
            1 => self.requests.get(),
            _ => u32::MAX,
        };
        if when != u32::MAX {
            self.late.borrow_mut().push((when, tag.clone(), merged.manifest.clone()));
            self.land(self.requests.get());
        }
        step().await;
        match failing {
            true => Err(SourceError::Unreachable { place: tag.to_string(), why: "reset".into() }),
            false => Ok(self.confirms),
        }
    }

    async fn list(&self, after: &Tag, prefix: &str) -> Result<Vec<Tag>> {
        self.request().await;
        let is_marker = |tag: &&Tag| *tag > after && tag.as_str().starts_with(prefix);
        let mut found: Vec<_> = self.tags.borrow().keys().filter(is_marker).cloned().collect();
        if self.blind.get() > 0 {
            self.blind.set(self.blind.get() - 1);
            found.clear();
        }
        step().await;
        Ok(found)
    }

    async fn remove(&self, tag: &Tag) -> Result<bool> {
        self.request().await;
        if !self.removes {
            let what = "no".into();
            return Err(SourceError::Unsupported { place: tag.to_string(), what });
        }
        let removed = self.tags.borrow_mut().remove(tag);
        if let Some(removed) = removed.as_ref().filter(|_| self.removes_manifests)
            && !self.tags.borrow().values().any(|manifest| manifest == removed)
        {
            self.manifests.borrow_mut().retain(|manifest| manifest != removed);
        }
        Ok(removed.is_some())
    }

    async fn erase(&self, tag: &Tag, _: &Tag) -> Result<bool> {
        match self.remove(tag).await {
            Err(SourceError::Unsupported { .. }) => {}
            other => return other,
        }
        let Some(named) = self.tags.borrow().get(tag).cloned() else { return Ok(false) };
        self.manifests.borrow_mut().retain(|manifest| *manifest != named);
        self.tags.borrow_mut().retain(|_, manifest| *manifest != named);
        Ok(true)
    }
}

/// A small generator (xorshift), so that a seed names an interleaving.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % sides as u64).unwrap()
    }
}
