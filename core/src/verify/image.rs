//! Verifying the signatures of one image.

use super::policy::ImagePolicy;
use super::refusal::Refusal;
use super::token::{About, ClaimsProven, SignatureProven};
use super::verdict::{Accepted, Check, CheckStatus, Format, Refused, Verdict};
use crate::digest::Digest;
use crate::format::bundle::{Bundle, Content as BundleContent};
use crate::format::dsse::Envelope;
use crate::format::legacy::LegacySignature;
use crate::gather::{Artifact, Content, Found, Ignored, Origin, Wanted};
use crate::key::{HashPolicy, PublicKey};

/// Verifies everything found on `digest`.
pub fn verify_image(digest: &Digest, found: Found, policy: &ImagePolicy) -> Verdict {
    let mut verdict = Verdict {
        digest: *digest,
        accepted: Vec::new(),
        refused: Vec::new(),
        ignored: found.ignored,
        unread: found.unread,
        refusal: None,
    };
    for artifact in found.artifacts {
        add(&mut verdict, artifact, policy);
    }
    verdict.refusal = missing(&verdict, policy);
    verdict
}

fn add(verdict: &mut Verdict, artifact: Artifact, policy: &ImagePolicy) {
    let Artifact { origin, content } = artifact;
    let steps = match content {
        Ok(Content::Legacy(signature)) => legacy(&signature, &verdict.digest, policy),
        Ok(Content::Bundle(bundle)) => bundle_envelope(*bundle, &verdict.digest, policy),
        Ok(Content::Envelope(envelope)) => {
            let about = About::digest(verdict.digest, policy.check_claims);
            let proven = statement(&envelope, &about, policy, HashPolicy::AlsoLegacy);
            proven.map(|(claims, signature)| Steps::of(Format::Legacy, claims, signature, Some(envelope)))
        }
        Err(refusal) => Err(Failure { refusal, passed: &[], failed: "content" }),
    };
    match steps {
        Ok(steps) => {
            let annotations_asked = !policy.annotations.is_empty();
            let Steps { format, claims, signature, envelope } = steps;
            let mut accepted = Accepted::new(origin, format, claims, signature, annotations_asked);
            accepted.attestation = envelope.filter(|_| policy.wanted != Wanted::Signatures);
            verdict.accepted.push(accepted);
        }
        // An attestation is no failed signature: it is something else (cosign 3.1.1 takes it for one).
        Err(Failure { refusal: refusal @ Refusal::PredicateType { .. }, .. }) => {
            let code = Some(refusal.code());
            verdict.ignored.push(Ignored { origin, reason: refusal.to_string(), code });
        }
        Err(failure) => verdict.refused.push(failure.into_refused(origin)),
    }
}

/// What was proven.
struct Steps {
    format: Format,
    claims: ClaimsProven,
    signature: SignatureProven,
    envelope: Option<Envelope>,
}

impl Steps {
    const fn of(
        format: Format,
        claims: ClaimsProven,
        signature: SignatureProven,
        envelope: Option<Envelope>,
    ) -> Self {
        Self { format, claims, signature, envelope }
    }
}

struct Failure {
    refusal: Refusal,
    passed: &'static [&'static str],
    failed: &'static str,
}

impl Failure {
    fn at(failed: &'static str, passed: &'static [&'static str]) -> impl FnOnce(Refusal) -> Self {
        move |refusal| Self { refusal, passed, failed }
    }

    fn into_refused(self, origin: Origin) -> Refused {
        let check = |status| move |name| Check { name, status };
        let mut checks: Vec<_> = self.passed.iter().copied().map(check(CheckStatus::Passed)).collect();
        checks.push(Check { name: self.failed, status: CheckStatus::Failed });
        Refused { origin, refusal: self.refusal, checks }
    }
}

/// Steps 3 and 4 for a simple-signing layer. The payload is looked into only after its signature holds.
fn legacy(signature: &LegacySignature, digest: &Digest, policy: &ImagePolicy) -> Result<Steps, Failure> {
    let hashes = HashPolicy::AlsoLegacy;
    let proven = SignatureProven::check(policy.keys(), &[&signature.payload], &signature.signature, hashes)
        .map_err(Failure::at("signature", &[]))?;
    let claims = ClaimsProven::legacy(signature, digest, policy.check_claims)
        .map_err(Failure::at("claims", &["signature"]))?;
    claims.require(&policy.annotations).map_err(Failure::at("annotations", &["signature", "claims"]))?;
    Ok(Steps::of(Format::Legacy, claims, proven, None))
}

/// Steps 3 and 4 for a bundle.
fn bundle_envelope(bundle: Bundle, digest: &Digest, policy: &ImagePolicy) -> Result<Steps, Failure> {
    let about = About::digest(*digest, policy.check_claims);
    let unfit = |refusal| Failure { refusal, passed: &[], failed: "content" };
    match bundle.content() {
        Ok(BundleContent::Envelope(envelope)) => {
            let (claims, proven) = statement(envelope, &about, policy, HashPolicy::Current)?;
            Ok(Steps::of(Format::Bundle, claims, proven, bundle.dsse_envelope))
        }
        Ok(BundleContent::Message(_)) => {
            Err(unfit(Refusal::BundleContent { expected: "DSSE envelope", got: "message signature" }))
        }
        Err(error) => Err(unfit(Refusal::Malformed(error))),
    }
}

/// Verifies one envelope that is there by itself: steps 3 and 4. What is no Sigstore bundle may be signed over an older
/// hash.
///
/// # Errors
/// When it is of another type, about something else, or not signed with a trusted key.
pub fn verify_envelope(
    envelope: &Envelope,
    about: &About,
    policy: &ImagePolicy,
    hashes: HashPolicy,
) -> Result<(ClaimsProven, SignatureProven), Refusal> {
    statement(envelope, about, policy, hashes).map_err(|failure| failure.refusal)
}

/// Steps 3 and 4 for an envelope. Its predicate type is looked at first: what is not asked for is not counted as a
/// signature that failed.
fn statement(
    envelope: &Envelope,
    about: &About,
    policy: &ImagePolicy,
    hashes: HashPolicy,
) -> Result<(ClaimsProven, SignatureProven), Failure> {
    let claims =
        ClaimsProven::envelope(envelope, about, &policy.wanted).map_err(Failure::at("claims", &[]))?;
    let signature = envelope
        .only_signature()
        .map_err(Refusal::Malformed)
        .map_err(Failure::at("signature", &["claims"]))?;
    let (head, payload) = envelope.pae();
    let proven = SignatureProven::check(policy.keys(), &[&head, payload], signature, hashes)
        .map_err(Failure::at("signature", &["claims"]))?;
    claims.require(&policy.annotations).map_err(Failure::at("annotations", &["claims", "signature"]))?;
    Ok((claims, proven))
}

/// Step 9: distinct keys, by the bytes of their SubjectPublicKeyInfo. The one threshold counter.
pub(super) fn missing(verdict: &Verdict, policy: &ImagePolicy) -> Option<Refusal> {
    let mut signers: Vec<&PublicKey> = Vec::new();
    for accepted in &verdict.accepted {
        let key = accepted.signature.key();
        if !signers.contains(&key) {
            signers.push(key);
        }
    }
    let needed = policy.threshold();
    match signers.len() {
        got if got >= needed => None,
        0 if verdict.refused.is_empty() => Some(match &policy.wanted {
            Wanted::Signatures => Refusal::NoSignatures,
            Wanted::Attestations(wanted) => Refusal::NoAttestations { predicate_type: wanted.clone() },
        }),
        0 => only_unsigned(verdict).or(Some(Refusal::NoneAccepted { found: verdict.refused.len() })),
        got => Some(Refusal::Threshold { needed, got }),
    }
}

/// The refusal of BuildKit's statements, where they are all that there is, and nobody signed what they stand in.
fn only_unsigned(verdict: &Verdict) -> Option<Refusal> {
    let mut unsigned = verdict.refused.iter().map(|refused| match refused.refusal {
        Refusal::BuildkitUnsigned { index, manifest } => Some(Refusal::BuildkitUnsigned { index, manifest }),
        _ => None,
    });
    let first = unsigned.next().flatten()?;
    unsigned.all(|other| other.is_some()).then_some(first)
}
