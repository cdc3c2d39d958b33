//! Transparency logs that a caller trusts (sigstore/protobuf-specs, `TransparencyLogInstance`).

use super::window::Window;
use crate::key::PublicKey;

/// A log, with one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The key that signs promises and checkpoints.
    pub key: PublicKey,
    /// The log's id, which entries name it by; the first four bytes stand in signature lines of checkpoints.
    pub key_id: Vec<u8>,
    /// Where the log is. Checkpoints of Rekor v2 name its host and path.
    pub base_url: String,
    /// When the key is trusted.
    pub valid_for: Window,
    /// Who runs it: logs of one operator count once.
    pub operator: Option<String>,
}
