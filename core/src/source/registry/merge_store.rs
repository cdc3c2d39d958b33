//! What merging a shared tag needs of a store, and how a registry gives it.

use std::time::{Duration, Instant};

use super::RegistrySource;
use super::retry::chance;
use crate::digest::Digest;
use crate::oci::RawManifest;
use crate::reference::{Selector, Tag};
use crate::source::shared_tag::{Merged, is_marker};
use crate::source::{Result, SourceError};

/// What the protocol needs of a store.
pub(super) trait Store {
    /// The name of the tag in errors.
    fn place(&self, tag: &Tag) -> String;
    /// Seconds since 1970, by the clock that all writers share.
    fn now(&self) -> i64;
    /// Waits a while, longer in later rounds.
    async fn pause(&self, round: u32);
    /// What the tag names.
    async fn read(&self, tag: &Tag) -> Result<Option<RawManifest>>;
    /// Whether the manifest is there.
    async fn has(&self, digest: &Digest) -> Result<bool>;
    /// Stores a manifest, trying again where that helps.
    async fn store(&self, selector: &Selector, manifest: &RawManifest) -> Result<()>;
    /// Makes the tag name this, in one try that takes no longer than `left`; whether the store has said that the tag
    /// names it now.
    async fn replace(&self, tag: &Tag, merged: &Merged, left: Duration) -> Result<bool>;
    /// The tags that begin with `prefix`, which stands behind `after`.
    async fn list(&self, after: &Tag, prefix: &str) -> Result<Vec<Tag>>;
    /// Removes a tag; `false` when it was not there.
    async fn remove(&self, tag: &Tag) -> Result<bool>;
    /// Removes the tag `shared` or a marker beside it; where the store cannot remove tags, the manifest that it names, if
    /// no other tag names it too.
    async fn erase(&self, tag: &Tag, shared: &Tag) -> Result<bool>;
}

impl Store for RegistrySource {
    fn place(&self, tag: &Tag) -> String {
        format!("{}:{tag}", self.state.repository)
    }

    fn now(&self) -> i64 {
        self.state.host.clock.now().unwrap_or_else(|| self.inner.now()).as_second()
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

    async fn replace(&self, tag: &Tag, merged: &Merged, left: Duration) -> Result<bool> {
        let begin = Instant::now();
        if let Some((descriptor, bytes)) = &merged.config {
            self.upload(descriptor, bytes.clone().into(), None).await?;
        }
        let left = left.saturating_sub(begin.elapsed());
        let selector = tag.clone().into();
        match tokio::time::timeout(left, self.write_manifest(&selector, &merged.manifest, true)).await {
            Ok(written) => Ok(written?.digest == Some(merged.manifest.digest)),
            Err(_) => Err(SourceError::Timeout { place: self.place(tag), after: left }),
        }
    }

    async fn list(&self, after: &Tag, prefix: &str) -> Result<Vec<Tag>> {
        self.list_tags_after(after, prefix).await
    }

    async fn remove(&self, tag: &Tag) -> Result<bool> {
        self.delete_manifest(&tag.clone().into()).await
    }

    async fn erase(&self, tag: &Tag, shared: &Tag) -> Result<bool> {
        match self.remove(tag).await {
            Err(SourceError::Unsupported { .. }) => {}
            other => return other,
        }
        let Some(named) = self.describe_manifest(&tag.clone().into()).await? else { return Ok(false) };
        let tags = self.list_tags().await?;
        for other in tags.iter().filter(|other| *other != shared && !is_marker(other, shared)) {
            let theirs = self.describe_manifest(&other.clone().into()).await?;
            if theirs.is_some_and(|theirs| theirs.digest == named.digest) {
                let what = format!(
                    "the registry cannot delete a tag, and the manifest of '{tag}' is that of '{other}' too"
                );
                return Err(SourceError::Unsupported { place: self.state.repository.to_string(), what });
            }
        }
        self.delete_manifest(&named.digest.into()).await
    }
}
