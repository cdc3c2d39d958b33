//! Counting BuildKit's statements: bare ones, which only a signature over what they stand in makes somebody's word.

use super::image::missing;
use super::policy::ImagePolicy;
use super::refusal::Refusal;
use super::token::{ClaimsProven, CoverProven};
use super::verdict::{Accepted, Check, CheckStatus, Format, Refused, Verdict};
use crate::buildkit::{Authenticity, Found, Said};
use crate::format::dsse::Envelope;
use crate::gather::Origin;
use crate::media_type;

/// Adds what BuildKit says of the image to the verdict on it. A statement counts for each distinct key that signed the
/// attestation manifest or the index (`covers`), and for none where nobody did.
pub fn verify_buildkit(verdict: &mut Verdict, found: Found, covers: &[CoverProven], policy: &ImagePolicy) {
    verdict.ignored.extend(found.ignored);
    verdict.unread.extend(found.unread);
    for refused in found.refused {
        verdict.refused.push(failed(refused.origin, Refusal::Buildkit(refused.error), "content"));
    }
    for said in found.said {
        add(verdict, &said, covers, policy);
    }
    verdict.refusal = missing(verdict, policy);
}

fn add(verdict: &mut Verdict, said: &Said, covers: &[CoverProven], policy: &ImagePolicy) {
    let claims = match ClaimsProven::buildkit(said.body(), &verdict.digest, &policy.wanted) {
        Ok(claims) => claims,
        Err(refusal) => return verdict.refused.push(failed(said.origin.clone(), refusal, "claims")),
    };
    for authenticity in Authenticity::of(said.listed(), covers) {
        let origin = said.origin.clone();
        let Some(signature) = authenticity.signature().cloned() else {
            let (index, manifest) = (*said.listed().index(), said.listed().manifest().digest);
            let mut refused = failed(origin, Refusal::BuildkitUnsigned { index, manifest }, "signature");
            refused.checks.insert(0, Check { name: "claims", status: CheckStatus::Passed });
            verdict.refused.push(refused);
            continue;
        };
        let mut accepted = Accepted::new(origin, Format::BuildKit, claims.clone(), signature, false);
        accepted.attestation = Some(Envelope::bare(media_type::IN_TOTO, said.body().clone()));
        accepted.buildkit = Some(authenticity);
        verdict.accepted.push(accepted);
    }
}

fn failed(origin: Origin, refusal: Refusal, name: &'static str) -> Refused {
    Refused { origin, refusal, checks: vec![Check { name, status: CheckStatus::Failed }] }
}
