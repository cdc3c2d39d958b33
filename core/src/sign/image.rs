//! Signing an image.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{SignError, attach_bundle, attach_legacy};
use crate::digest::Digest;
use crate::format::bundle::Bundle;
use crate::format::dsse::{Envelope, Unsigned};
use crate::format::simple_signing::Payload;
use crate::format::statement::{COSIGN_SIGN, Statement};
use crate::gather::{self, Formats, GatherOptions};
use crate::image::Image;
use crate::key::Signer;
use crate::media_type;
use crate::oci::Annotations;
use crate::verify::{self, Accepted, Format, ImagePolicy};

/// What to sign, and how.
#[derive(Clone, Debug)]
pub struct SignRequest {
    /// The name that a legacy payload says the image was signed under.
    pub docker_reference: String,
    /// `-a` pairs.
    pub annotations: BTreeMap<String, String>,
    /// What to write.
    pub formats: Formats,
    /// The media type of a new legacy manifest: OCI's or Docker's.
    pub manifest_type: &'static str,
    /// Sign again what is signed already.
    pub force: bool,
    /// The time that the stored manifest says it was made at.
    pub now: Timestamp,
}

/// What became of one signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// How it is stored.
    pub format: Format,
    /// The digest of the bundle's manifest, or of the legacy layer.
    pub stored: Digest,
    /// Whether it had been there before.
    pub already: bool,
}

/// Signs an image and stores the signature, in each of the requested formats.
///
/// # Errors
/// When the key cannot sign, or the store fails.
pub async fn sign_image(
    image: &Image,
    signer: &dyn Signer,
    request: &SignRequest,
) -> Result<Vec<Signed>, SignError> {
    let subject = image.descriptor().await?;
    let existing = if request.force { Vec::new() } else { existing(image, signer, request).await? };
    let there = |format: Format| existing.iter().find(|accepted| accepted.format == format);
    let already = |accepted: &Accepted, format| Signed { format, stored: stored(accepted), already: true };
    let mut done = Vec::new();
    if request.formats.bundle {
        done.push(match there(Format::Bundle) {
            Some(accepted) => already(accepted, Format::Bundle),
            None => {
                let bundle = bundle_for(&image.digest, &request.annotations, signer).await?.pieces()?;
                let stored = attach_bundle(image, subject, bundle, COSIGN_SIGN, request.now).await?;
                Signed { format: Format::Bundle, stored, already: false }
            }
        });
    }
    if request.formats.legacy {
        done.push(match there(Format::Legacy) {
            Some(accepted) => already(accepted, Format::Legacy),
            None => {
                let payload =
                    Payload::new(&request.docker_reference, image.digest, &request.annotations).to_json()?;
                let signature = legacy_for(&payload, signer).await?;
                let stored =
                    attach_legacy(image, payload, &signature, Annotations::new(), request.manifest_type)
                        .await?;
                Signed { format: Format::Legacy, stored, already: false }
            }
        });
    }
    Ok(done)
}

/// A bundle of the image signature statement, as cosign 3 writes it.
///
/// # Errors
/// When the key cannot sign.
pub async fn bundle_for(
    digest: &Digest,
    annotations: &BTreeMap<String, String>,
    signer: &dyn Signer,
) -> Result<Bundle, SignError> {
    let payload = Statement::image_signature(digest, annotations).to_json()?;
    let envelope = envelope_for(Unsigned::new(media_type::IN_TOTO, b"", payload, b""), signer).await?;
    Ok(Bundle::of_envelope(signer.public_key().hint(), envelope))
}

/// The envelope of a payload.
pub(super) async fn envelope_for(unsigned: Unsigned, signer: &dyn Signer) -> Result<Envelope, SignError> {
    let signature = signer.sign(unsigned.message()).await?;
    Ok(unsigned.signed(signature))
}

/// The signature over a legacy payload.
///
/// # Errors
/// When the key cannot sign.
pub async fn legacy_for(payload: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
    Ok(signer.sign(payload).await?)
}

/// Valid signatures by this key over this digest with just these annotations.
async fn existing(
    image: &Image,
    signer: &dyn Signer,
    request: &SignRequest,
) -> Result<Vec<Accepted>, SignError> {
    let options = GatherOptions { formats: request.formats, ..GatherOptions::default() };
    let found = gather::artifacts(image, &options).await?;
    let Ok(policy) = ImagePolicy::new([signer.public_key().clone()], 1) else { return Ok(Vec::new()) };
    let mut accepted = verify::verify_image(&image.digest, found, &policy).accepted;
    accepted.retain(|accepted| same_annotations(accepted.claims.annotations(), &request.annotations));
    Ok(accepted)
}

fn same_annotations(signed: &BTreeMap<String, Value>, wanted: &BTreeMap<String, String>) -> bool {
    signed.len() == wanted.len()
        && wanted.iter().all(|(name, value)| signed.get(name).and_then(Value::as_str) == Some(value))
}

fn stored(accepted: &Accepted) -> Digest {
    match accepted.format {
        Format::Bundle | Format::BuildKit => accepted.origin.manifest,
        Format::Legacy => accepted.origin.blob.unwrap_or(accepted.origin.manifest),
    }
}
