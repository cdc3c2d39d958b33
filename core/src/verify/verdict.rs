//! What a verification found out.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::refusal::Refusal;
use super::token::{ClaimsProven, SignatureProven};
use crate::buildkit::Authenticity;
use crate::digest::Digest;
use crate::format::dsse::Envelope;
use crate::gather::{Ignored, Origin, Unread};
use crate::outcome::Outcome;

/// How a check ended. One that was not asked for is never said to have passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckStatus {
    /// It was made, and it holds.
    Passed,
    /// It was made, and it does not hold.
    Failed,
    /// It was not made, since nobody asked for it.
    NotAskedFor,
}

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked: `claims`, `signature`, `annotations`, `transparency-log`, `timestamp`.
    pub name: &'static str,
    /// How it ended.
    pub status: CheckStatus,
}

/// The storage format of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A Sigstore bundle.
    Bundle,
    /// cosign's simple-signing layer, or a detached signature.
    Legacy,
    /// A bare statement of BuildKit's, under a signature of its attestation manifest or of the index.
    BuildKit,
}

/// What an accepted signature says, proven to be about the digest.
#[derive(Clone, Debug)]
pub struct Claims {
    proof: ClaimsProven,
}

impl Claims {
    /// The proof itself.
    pub(super) const fn proof(&self) -> &ClaimsProven {
        &self.proof
    }

    /// The signed annotations.
    pub const fn annotations(&self) -> &BTreeMap<String, Value> {
        self.proof.annotations()
    }

    /// The predicate type of a statement; `None` for a simple-signing payload.
    pub fn predicate_type(&self) -> Option<&str> {
        self.proof.predicate_type()
    }

    /// What was signed: the image's digest where the claims were checked, else whatever the signature names.
    pub fn signed(&self) -> &str {
        self.proof.signed()
    }

    /// The name that a legacy signature was made under; empty in a bundle.
    pub fn identity(&self) -> &str {
        self.proof.identity()
    }
}

/// A signature that passed every check that was asked for.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Where it was found.
    pub origin: Origin,
    /// How it is stored.
    pub format: Format,
    /// What it says.
    pub claims: Claims,
    /// Who made it.
    pub signature: SignatureProven,
    /// The envelope that was proven, where statements were asked for.
    pub attestation: Option<Envelope>,
    /// How a statement of BuildKit's is covered by the signature; `None` for what is signed itself.
    pub buildkit: Option<Authenticity>,
    /// Every check.
    pub checks: Vec<Check>,
}

impl Accepted {
    /// Cannot be had without both proofs.
    pub(super) fn new(
        origin: Origin,
        format: Format,
        claims: ClaimsProven,
        signature: SignatureProven,
        annotations_asked: bool,
    ) -> Self {
        let asked = |asked| if asked { CheckStatus::Passed } else { CheckStatus::NotAskedFor };
        let checks = vec![
            Check { name: "claims", status: asked(claims.is_bound()) },
            Check { name: "signature", status: CheckStatus::Passed },
            Check { name: "annotations", status: asked(annotations_asked) },
            Check { name: "transparency-log", status: CheckStatus::NotAskedFor },
            Check { name: "timestamp", status: CheckStatus::NotAskedFor },
        ];
        let claims = Claims { proof: claims };
        Self { origin, format, claims, signature, attestation: None, buildkit: None, checks }
    }
}

/// A signature that was refused.
#[derive(Debug)]
pub struct Refused {
    /// Where it was found.
    pub origin: Origin,
    /// Why.
    pub refusal: Refusal,
    /// The checks up to the one that failed.
    pub checks: Vec<Check>,
}

/// The answer for one image.
#[derive(Debug)]
pub struct Verdict {
    /// The digest that was verified.
    pub digest: Digest,
    /// Signatures that were accepted.
    pub accepted: Vec<Accepted>,
    /// Signatures that were refused.
    pub refused: Vec<Refused>,
    /// What else is on the image.
    pub ignored: Vec<Ignored>,
    /// What could not be fetched.
    pub unread: Vec<Unread>,
    /// Why the answer is no, or would be if what could not be fetched is left out; `None` when it is yes.
    pub refusal: Option<Refusal>,
}

impl Verdict {
    /// Yes, no, or not decided: no is only said when everything could be read.
    pub const fn outcome(&self) -> Outcome {
        match (&self.refusal, self.unread.is_empty()) {
            (None, _) => Outcome::Proven,
            (Some(_), true) => Outcome::Refused,
            (Some(_), false) => Outcome::Undecided,
        }
    }
}
