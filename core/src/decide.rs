//! From an image and a policy to a verdict: asks the stores, then lets [`verify`](crate::verify) decide.

use crate::buildkit::{self, Index};
use crate::digest::Digest;
use crate::gather::{self, GatherOptions};
use crate::image::Image;
use crate::outcome::Outcome;
use crate::source::{ReferrersFrom, SourceError};
use crate::verify::{CoverProven, ImagePolicy, Refusal, Verdict, verify_buildkit, verify_image};

/// Verifies the signatures of an image, or the attestations that the policy asks for.
///
/// # Errors
/// When a place where signatures may be cannot be listed, or the image is not there: "unsigned" is only said of an
/// image that is.
pub async fn image(
    image: &Image,
    policy: &ImagePolicy,
    options: &GatherOptions,
) -> Result<Verdict, SourceError> {
    let options = GatherOptions { wanted: policy.wanted.clone(), ..options.clone() };
    let mut verdict = verify_image(&image.digest, gather::artifacts(image, &options).await?, policy);
    if verdict.outcome() != Outcome::Proven && has_older(image).await? {
        let options = GatherOptions { older_referrers: true, ..options };
        verdict = verify_image(&image.digest, gather::artifacts(image, &options).await?, policy);
    }
    if matches!(verdict.refusal, Some(Refusal::NoSignatures)) {
        image.descriptor().await?;
    }
    Ok(verdict)
}

/// The same for attestations, with what BuildKit says of the image in `index`: a statement counts for each trusted key
/// that signed its attestation manifest, or the index that lists it.
///
/// # Errors
/// As [`image`], for the image, the attestation manifests and the index.
pub async fn with_buildkit(
    image: &Image,
    index: &Index,
    policy: &ImagePolicy,
    options: &GatherOptions,
) -> Result<Verdict, SourceError> {
    let mut verdict = self::image(image, policy, options).await?;
    let options = GatherOptions { wanted: policy.wanted.clone(), ..options.clone() };
    let found = buildkit::statements(index, &image.digest, &options).await;
    let mut covering: Vec<Digest> = Vec::new();
    for said in &found.said {
        for digest in [said.listed().manifest().digest, *said.listed().index()] {
            if !covering.contains(&digest) {
                covering.push(digest);
            }
        }
    }
    let (mut covers, policy_of_cover) = (Vec::new(), policy.of_cover());
    for digest in covering {
        let signed = self::image(&index.image().with_digest(digest), &policy_of_cover, &options).await?;
        covers.extend(CoverProven::of(&signed));
        verdict.unread.extend(signed.unread);
    }
    verify_buildkit(&mut verdict, found, &covers, policy);
    Ok(verdict)
}

/// Whether anything stands behind the fallback tag (threat model, row 19).
async fn has_older(image: &Image) -> Result<bool, SourceError> {
    let older = image.attachments.referrers(&image.digest, ReferrersFrom::FallbackTag).await?;
    Ok(!older.descriptors.is_empty())
}
