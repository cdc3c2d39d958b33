//! When something may be believed.

use jiff::Timestamp;

/// From one moment to another, both included (sigstore/protobuf-specs, `TimeRange`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub start: Timestamp,
    /// The last moment; `None` for a window that is still open.
    pub end: Option<Timestamp>,
}

impl Window {
    /// Whether a moment lies in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && self.end.is_none_or(|end| at <= end)
    }
}
