//! From an image and a policy to a verdict: asks the stores, then lets [`verify`](crate::verify) decide.

use crate::gather::{self, GatherOptions};
use crate::image::Image;
use crate::outcome::Outcome;
use crate::source::{ReferrersFrom, SourceError};
use crate::verify::{ImagePolicy, Refusal, Verdict, verify_image};

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

/// Whether anything stands behind the fallback tag (threat model, row 19).
async fn has_older(image: &Image) -> Result<bool, SourceError> {
    let older = image.attachments.referrers(&image.digest, ReferrersFrom::FallbackTag).await?;
    Ok(!older.descriptors.is_empty())
}
