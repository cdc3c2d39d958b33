//! A bound on everything that is fetched for one image.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::GatherOptions;
use crate::limits;
use crate::oci::Descriptor;
use crate::source::{Source, SourceError};

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
