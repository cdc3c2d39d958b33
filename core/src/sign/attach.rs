//! Storing signatures beside their image.

use bytes::Bytes;
use jiff::Timestamp;

use super::SignError;
use crate::digest::Digest;
use crate::format::legacy::LegacySignature;
use crate::image::Image;
use crate::media_type;
use crate::oci::{Annotations, Descriptor, ImageManifest, RawManifest};
use crate::pieces::Pieces;
use crate::reference::Tag;
use crate::source::SharedTag;
use crate::source::shared_tag::layered;

/// The content of an empty configuration (OCI image specification 1.1, "Guidance for an empty descriptor").
const EMPTY: &[u8] = b"{}";

/// Stores a bundle as a referrer of the image, as cosign 3 does: one layer, an empty configuration, the content kind
/// and the predicate type as annotations. Gives the digest of the manifest that holds it.
///
/// `subject` is the descriptor of the image's manifest.
///
/// # Errors
/// When the store fails.
pub async fn attach_bundle(
    image: &Image,
    subject: Descriptor,
    bundle: impl Into<Pieces>,
    predicate_type: &str,
    now: Timestamp,
) -> Result<Digest, SignError> {
    let annotations = annotations(predicate_type, now);
    attach_referrer(image, subject, bundle.into(), media_type::BUNDLE_V03, annotations).await
}

/// Stores any document as a referrer of the image, by its media type. Gives the digest of the manifest that holds it.
///
/// # Errors
/// When the store fails.
pub async fn attach_artifact(
    image: &Image,
    subject: Descriptor,
    content: impl Into<Pieces>,
    media_type: &str,
    now: Timestamp,
) -> Result<Digest, SignError> {
    let annotations = Annotations::from([(media_type::ANNOTATION_CREATED.to_owned(), created(now))]);
    attach_referrer(image, subject, content.into(), media_type, annotations).await
}

async fn attach_referrer(
    image: &Image,
    subject: Descriptor,
    content: Pieces,
    media_type: &str,
    annotations: Annotations,
) -> Result<Digest, SignError> {
    let store = image.attachments.as_ref();
    let config = Descriptor::of(media_type::OCI_EMPTY, EMPTY);
    let layer = content.descriptor(media_type);
    tokio::try_join!(
        store.put_blob(&config, Bytes::from_static(EMPTY).into(), None),
        store.put_blob(&layer, content.into(), None),
    )?;
    let manifest = ImageManifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.into()),
        artifact_type: Some(media_type.into()),
        config,
        layers: vec![layer],
        subject: Some(subject),
        annotations: Some(annotations),
    };
    let manifest = RawManifest::write(media_type::OCI_MANIFEST, &manifest)?;
    store.put_referrer(&image.digest, &manifest).await?;
    Ok(manifest.digest)
}

/// Makes the image's `.sbom` tag name this document, as cosign does: there is one, which replaces what was there.
///
/// # Errors
/// When the store fails.
pub async fn attach_sbom_tag(
    image: &Image,
    content: impl Into<Pieces>,
    media_type: &str,
) -> Result<Digest, SignError> {
    let (store, content) = (image.attachments.as_ref(), content.into());
    let layer = content.descriptor(media_type);
    let digest = layer.digest;
    let (manifest, (config, config_bytes)) = layered(vec![layer.clone()], None, media_type::OCI_MANIFEST)?;
    tokio::try_join!(
        store.put_blob(&layer, content.into(), None),
        store.put_blob(&config, config_bytes.into(), None)
    )?;
    store.put_manifest(&Tag::attached(&image.digest, ".sbom").into(), &manifest).await?;
    Ok(digest)
}

fn created(now: Timestamp) -> String {
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}

fn annotations(predicate_type: &str, now: Timestamp) -> Annotations {
    [
        (media_type::ANNOTATION_BUNDLE_CONTENT.to_owned(), "dsse-envelope".to_owned()),
        (media_type::ANNOTATION_BUNDLE_PREDICATE_TYPE.to_owned(), predicate_type.to_owned()),
        (media_type::ANNOTATION_CREATED.to_owned(), created(now)),
    ]
    .into()
}

/// Adds a legacy signature to the image's `.sig` tag. `extra` are further annotations of its layer (certificate,
/// chain, log entry, timestamp); `manifest_type` is that of a new `.sig` manifest, OCI's or Docker's. Gives the digest of
/// the layer.
///
/// # Errors
/// When the store fails.
pub async fn attach_legacy(
    image: &Image,
    payload: Vec<u8>,
    signature: &[u8],
    extra: Annotations,
    manifest_type: &str,
) -> Result<Digest, SignError> {
    let mut layer = LegacySignature::layer(&payload, signature);
    layer.annotations.get_or_insert_default().extend(extra);
    attach_layer(image, ".sig", layer, payload.into(), manifest_type).await
}

/// Adds a legacy attestation, a DSSE envelope, to the image's `.att` tag. Gives the digest of the layer.
///
/// # Errors
/// When the store fails.
pub async fn attach_envelope(
    image: &Image,
    envelope: impl Into<Pieces>,
    predicate_type: &str,
    manifest_type: &str,
) -> Result<Digest, SignError> {
    let envelope = envelope.into();
    let mut layer = envelope.descriptor(media_type::DSSE_ENVELOPE);
    // cosign writes the first one empty, and wants it there.
    let annotations =
        [(media_type::ANNOTATION_SIGNATURE, ""), (media_type::ANNOTATION_PREDICATE_TYPE, predicate_type)];
    layer.annotations = Some(annotations.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    attach_layer(image, ".att", layer, envelope, manifest_type).await
}

/// Adds a layer to what stands behind cosign's tag with this suffix.
async fn attach_layer(
    image: &Image,
    suffix: &str,
    layer: Descriptor,
    content: Pieces,
    manifest_type: &str,
) -> Result<Digest, SignError> {
    let store = image.attachments.as_ref();
    let digest = layer.digest;
    let (manifest, (config, config_bytes)) = layered(vec![layer.clone()], None, manifest_type)?;
    tokio::try_join!(
        store.put_blob(&layer, content.into(), None),
        store.put_blob(&config, config_bytes.into(), None)
    )?;
    let tag = Tag::attached(&image.digest, suffix);
    store.add_to_tag(&tag, SharedTag::LegacyLayers, &manifest).await?;
    Ok(digest)
}
