//! The attestation manifest and the statements in it, checked against the index that lists it. Nothing is fetched here.

use super::{BuildkitError, Listed};
use crate::digest::Digest;
use crate::format::statement::Statement;
use crate::limits;
use crate::media_type;
use crate::oci::{Descriptor, Document, ImageManifest, RawManifest};
use crate::source::SourceError;

/// The layers that hold statements. Layers of other types are passed over, as BuildKit's specification asks.
pub(super) fn layers(listed: &Listed, raw: &RawManifest) -> Result<Vec<Descriptor>, BuildkitError> {
    listed.check_platform()?;
    let entry = |field, expected, got| BuildkitError::Entry { field, expected, got };
    compare(listed.manifest(), &raw.descriptor(), entry)?;
    let malformed = |source| SourceError::Manifest { place: raw.digest.to_string(), source };
    let document = raw.parse().map_err(malformed).map_err(BuildkitError::Content)?;
    let Document::Manifest(manifest) = document else {
        let got = media_type::brief(&raw.media_type);
        return Err(BuildkitError::Shape { field: "media type", expected: "that of a manifest", got });
    };
    check_shape(&manifest)?;
    if let Some(subject) = &manifest.subject {
        let other = |field, expected, got| BuildkitError::Subject { field, expected, got };
        compare(listed.image(), subject, other)?;
    }
    let (got, limit) = (manifest.layers.len(), limits::BUILDKIT_LAYERS);
    if got > limit {
        return Err(BuildkitError::Layers { got, limit });
    }
    let mut layers = manifest.layers;
    layers.retain(|layer| layer.media_type == media_type::IN_TOTO);
    Ok(layers)
}

/// One of the two shapes: an OCI artifact with an empty configuration and a subject, or, older, what passes for an
/// image. The configuration of the latter says nothing, and is not read.
fn check_shape(manifest: &ImageManifest) -> Result<(), BuildkitError> {
    let shape = |field, expected, got: &str| {
        let got = media_type::brief(got);
        Err(BuildkitError::Shape { field, expected, got })
    };
    let config = &manifest.config;
    match manifest.artifact_type.as_deref().filter(|kind| !kind.is_empty()) {
        None => match config.media_type.as_str() {
            media_type::OCI_CONFIG | media_type::DOCKER_CONFIG => Ok(()),
            other => shape("configuration", "that of an image where there is no artifact type", other),
        },
        Some(media_type::BUILDKIT_ATTESTATION) => {
            let empty = Descriptor::of(media_type::OCI_EMPTY, b"{}");
            if config.media_type != empty.media_type {
                return shape("configuration", media_type::OCI_EMPTY, &config.media_type);
            }
            if (config.digest, config.size) != (empty.digest, empty.size) {
                return shape("configuration", "the two bytes {}", &config.digest.to_string());
            }
            match manifest.subject {
                Some(_) => Ok(()),
                None => shape("subject", "the image", "nothing"),
            }
        }
        Some(other) => shape("artifact type", media_type::BUILDKIT_ATTESTATION, other),
    }
}

/// Compares what identifies the content of two descriptors.
fn compare(
    expected: &Descriptor,
    got: &Descriptor,
    error: impl FnOnce(&'static str, String, String) -> BuildkitError,
) -> Result<(), BuildkitError> {
    let differ = if expected.digest != got.digest {
        ("digest", expected.digest.to_string(), got.digest.to_string())
    } else if expected.size != got.size {
        ("size", expected.size.to_string(), got.size.to_string())
    } else if expected.media_type != got.media_type {
        ("media type", media_type::brief(&expected.media_type), media_type::brief(&got.media_type))
    } else {
        return Ok(());
    };
    Err(error(differ.0, differ.1, differ.2))
}

/// Reads a bare statement: of the type that its layer is annotated with, where it is, and with the image among its
/// subjects. BuildKit names the image once for each name that it is pushed under.
pub(super) fn statement<'a>(
    layer: &Descriptor,
    body: &'a [u8],
    image: &Digest,
) -> Result<Statement<'a>, BuildkitError> {
    let statement = Statement::parse(body)?;
    let annotated = layer.annotation(media_type::ANNOTATION_IN_TOTO_PREDICATE_TYPE);
    if let Some(annotated) = annotated.filter(|annotated| *annotated != statement.predicate_type) {
        let (expected, got) = (media_type::brief(annotated), media_type::brief(&statement.predicate_type));
        return Err(BuildkitError::PredicateType { expected, got });
    }
    if !statement.names(image) {
        return Err(BuildkitError::Names { expected: *image, got: statement.describe_subjects() });
    }
    Ok(statement)
}
