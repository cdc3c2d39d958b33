//! What is asked of an image's signatures.

use std::collections::BTreeMap;

use crate::gather::Wanted;
use crate::key::PublicKey;

/// Trusted keys, how many of them must have signed, and what must have been signed.
#[derive(Clone, Debug)]
pub struct ImagePolicy {
    keys: Vec<PublicKey>,
    threshold: usize,
    /// What must have been signed: the image, or a statement about it.
    pub wanted: Wanted,
    /// `-a` pairs that must stand among the signed annotations.
    pub annotations: BTreeMap<String, String>,
    /// Whether the signature must name the digest. Turning this off accepts a trusted key's signature of any image.
    pub check_claims: bool,
}

/// Why keys and threshold make no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No key: everything would pass.
    #[error("no trusted key is given")]
    NoKeys,
    /// A threshold that no set of signatures can fail, or none can reach.
    #[error("a threshold of {threshold} makes no sense with {keys} distinct keys")]
    Threshold {
        /// The threshold.
        threshold: usize,
        /// Distinct keys.
        keys: usize,
    },
}

impl ImagePolicy {
    /// `threshold` of `keys` must have signed. A key that is given twice counts once.
    ///
    /// # Errors
    /// When there is no key, or the threshold is zero or more than there are keys.
    pub fn new(keys: impl IntoIterator<Item = PublicKey>, threshold: usize) -> Result<Self, PolicyError> {
        let mut distinct: Vec<PublicKey> = Vec::new();
        for key in keys {
            if !distinct.contains(&key) {
                distinct.push(key);
            }
        }
        if distinct.is_empty() {
            return Err(PolicyError::NoKeys);
        }
        if threshold == 0 || threshold > distinct.len() {
            return Err(PolicyError::Threshold { threshold, keys: distinct.len() });
        }
        Ok(Self {
            keys: distinct,
            threshold,
            wanted: Wanted::Signatures,
            annotations: BTreeMap::new(),
            check_claims: true,
        })
    }

    /// What is asked of a manifest whose signature is to cover what stands in it: an image signature by any of the same
    /// keys. How many keys are needed is counted where all that they cover comes together.
    pub(crate) fn of_cover(&self) -> Self {
        Self {
            keys: self.keys.clone(),
            threshold: 1,
            wanted: Wanted::Signatures,
            annotations: BTreeMap::new(),
            check_claims: true,
        }
    }

    /// The distinct trusted keys; at least one.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// How many distinct keys must have signed; at least one.
    pub const fn threshold(&self) -> usize {
        self.threshold
    }
}
