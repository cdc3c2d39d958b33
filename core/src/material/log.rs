//! Transparency logs that are believed.

use super::window::Window;
use crate::key::PublicKey;

/// A log of signatures or of certificates.
#[derive(Clone, Debug)]
pub struct Log {
    /// The key that it signs with.
    pub key: PublicKey,
    /// Its identifier: of logs of certificates, and of Rekor's first version, the SHA-256 of the key.
    pub key_id: Vec<u8>,
    /// Where it is.
    pub base_url: String,
    /// When it may be believed.
    pub valid_for: Window,
    /// Who runs it, where the document tells.
    pub operator: Option<String>,
}
