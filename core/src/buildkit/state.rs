//! Whose word a statement of BuildKit's is.

use super::Listed;
use crate::key::PublicKey;
use crate::verify::{CoverProven, SignatureProven};

/// Whose word a statement is. The first two cannot be had without the proof of a signature over just the manifest, or
/// just the index, that the statement stands in.
#[derive(Clone, Debug)]
pub enum Authenticity {
    /// A trusted key signed the attestation manifest.
    Signed(Cover),
    /// A trusted key signed the index that lists the attestation manifest.
    Pinned(Cover),
    /// Nobody who is trusted: the statement is its writer's own.
    Unsigned,
}

/// A signature that covers a statement: only [`Authenticity::of`] finds one.
#[derive(Clone, Debug)]
pub struct Cover {
    by: SignatureProven,
}

impl Authenticity {
    /// How the statements in an attestation manifest are covered by what was proven: one for each distinct key, the
    /// strongest that this key gives; [`Unsigned`](Self::Unsigned) alone where there is none.
    pub fn of(listed: &Listed, proven: &[CoverProven]) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        let kinds: [(_, fn(Cover) -> Self); 2] =
            [(&listed.manifest().digest, Self::Signed), (listed.index(), Self::Pinned)];
        for (digest, kind) in kinds {
            for proof in proven.iter().filter(|proof| proof.digest() == digest) {
                let by = proof.signature().clone();
                if found.iter().all(|known| known.key() != Some(by.key())) {
                    found.push(kind(Cover { by }));
                }
            }
        }
        if found.is_empty() { vec![Self::Unsigned] } else { found }
    }

    /// The word for it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Signed(_) => "signed",
            Self::Pinned(_) => "pinned",
            Self::Unsigned => "unsigned",
        }
    }

    /// The signature that covers the statement.
    pub const fn signature(&self) -> Option<&SignatureProven> {
        match self {
            Self::Signed(cover) | Self::Pinned(cover) => Some(&cover.by),
            Self::Unsigned => None,
        }
    }

    fn key(&self) -> Option<&PublicKey> {
        self.signature().map(SignatureProven::key)
    }
}
