//! Whose word a statement of BuildKit's is.

use super::Listed;
use crate::digest::Digest;
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
///
/// ```compile_fail,E0451
/// use countersign_core::buildkit::{Authenticity, Cover};
/// use countersign_core::verify::SignatureProven;
///
/// fn forge(by: SignatureProven) -> Authenticity {
///     Authenticity::Signed(Cover { by })
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Cover {
    by: SignatureProven,
}

impl Authenticity {
    /// How the statements in an attestation manifest are covered by what was proven: one for each distinct key, the
    /// strongest that this key gives; [`Unsigned`](Self::Unsigned) alone where there is none.
    pub fn of(listed: &Listed, proven: &[CoverProven]) -> Vec<Self> {
        let by_keys_of = |digest: Digest| {
            let of_it = proven.iter().filter(move |proof| *proof.digest() == digest);
            of_it.map(|proof| Cover { by: proof.signature().clone() })
        };
        let signed = by_keys_of(listed.manifest().digest).map(Self::Signed);
        let pinned = by_keys_of(*listed.index()).map(Self::Pinned);
        let mut found: Vec<Self> = Vec::new();
        for state in signed.chain(pinned) {
            if found.iter().all(|known| known.key() != state.key()) {
                found.push(state);
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
