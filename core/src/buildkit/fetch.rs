//! Fetching attestation manifests and their statements, within limits.

use bytes::Bytes;

use super::{BuildkitError, Index, Listed, manifest};
use crate::digest::Digest;
use crate::format::statement::Statement;
use crate::gather::{Budget, GatherOptions, Ignored, Origin, Unread, Via};
use crate::image::not_found;
use crate::media_type;
use crate::oci::Descriptor;
use crate::outcome::Outcome;
use crate::source::{Source, SourceError};

/// A statement that names the image, in an attestation manifest that the index lists for it. Who wrote it, nobody can
/// tell from the statement.
#[derive(Clone, Debug)]
pub struct Said {
    /// The attestation manifest.
    pub(crate) listed: Listed,
    /// Where the statement was found.
    pub origin: Origin,
    predicate_type: String,
    body: Bytes,
}

impl Said {
    /// The attestation manifest that it stands in.
    pub const fn listed(&self) -> &Listed {
        &self.listed
    }

    /// What kind of claim it is.
    pub fn predicate_type(&self) -> &str {
        &self.predicate_type
    }

    /// The statement, as it is stored.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The predicate, as it stands in the statement; `None` where there is none.
    pub fn predicate(&self) -> Option<&str> {
        Some(Statement::parse(&self.body).ok()?.predicate?.get())
    }
}

/// Something of BuildKit's that is refused.
#[derive(Debug)]
pub struct RefusedPart {
    /// Where it was found.
    pub origin: Origin,
    /// Why.
    pub error: BuildkitError,
}

/// What BuildKit says of one image.
#[derive(Debug, Default)]
pub struct Found {
    /// Statements of the type that is wanted.
    pub said: Vec<Said>,
    /// What is not as it must be.
    pub refused: Vec<RefusedPart>,
    /// Statements of other types.
    pub ignored: Vec<Ignored>,
    /// What could not be fetched.
    pub unread: Vec<Unread>,
}

/// An attestation manifest, and what it says that is in it.
#[derive(Debug)]
pub struct Outline {
    /// Its entry in the index.
    pub listed: Listed,
    /// The digest of each statement, and the predicate type that its layer is annotated with; or what is wrong.
    pub statements: Result<Vec<(Digest, Option<String>)>, BuildkitError>,
}

/// Fetches the statements about one image of an index that are wanted.
pub async fn statements(index: &Index, image: &Digest, options: &GatherOptions) -> Found {
    let mut fetching = Fetching {
        source: index.image().source.as_ref(),
        image,
        options,
        budget: Budget::new(options),
        found: Found::default(),
    };
    match index.listed_for(image) {
        Ok(listed) => {
            for listed in listed {
                fetching.manifest(listed).await;
            }
        }
        Err(error) => {
            let digest = index.image().digest;
            let origin = Origin { manifest: digest, blob: None, via: Via::Index(digest) };
            fetching.found.refused.push(RefusedPart { origin, error });
        }
    }
    fetching.found
}

/// What there is of BuildKit's in an index, without any statement being fetched.
///
/// # Errors
/// When an attestation manifest cannot be had.
pub async fn outline(index: &Index) -> Result<Vec<Outline>, SourceError> {
    let source = index.image().source.as_ref();
    let mut outlines = Vec::new();
    for listed in index.listed() {
        let statements = match layers(source, &listed).await {
            Err(BuildkitError::Content(error)) if error.outcome() != Outcome::Refused => return Err(error),
            layers => layers,
        };
        let annotated = |layer: Descriptor| {
            let kind = layer.annotation(media_type::ANNOTATION_IN_TOTO_PREDICATE_TYPE);
            (layer.digest, kind.map(media_type::brief))
        };
        let statements = statements.map(|layers| layers.into_iter().map(annotated).collect());
        outlines.push(Outline { listed, statements });
    }
    Ok(outlines)
}

async fn layers(source: &dyn Source, listed: &Listed) -> Result<Vec<Descriptor>, BuildkitError> {
    let digest = listed.manifest().digest;
    let raw = source.manifest(&digest.into()).await.map_err(BuildkitError::Content)?;
    let missing = || BuildkitError::Content(not_found(source, format!("attestation manifest {digest}")));
    manifest::layers(listed, &raw.ok_or_else(missing)?)
}

struct Fetching<'a> {
    source: &'a dyn Source,
    image: &'a Digest,
    options: &'a GatherOptions,
    budget: Budget,
    found: Found,
}

impl Fetching<'_> {
    async fn manifest(&mut self, listed: Listed) {
        let origin =
            |blob| Origin { manifest: listed.manifest().digest, blob, via: Via::Index(*listed.index()) };
        match layers(self.source, &listed).await {
            Ok(layers) => {
                for layer in layers {
                    let origin = origin(Some(layer.digest));
                    self.layer(&listed, &layer, origin).await;
                }
            }
            Err(error) => self.failed(origin(None), error),
        }
    }

    async fn layer(&mut self, listed: &Listed, layer: &Descriptor, origin: Origin) {
        let annotated = layer.annotation(media_type::ANNOTATION_IN_TOTO_PREDICATE_TYPE);
        if let Some(reason) = annotated.and_then(|kind| self.options.wanted.leaves_out(kind)) {
            return self.found.ignored.push(Ignored { origin, reason, code: None });
        }
        let limit = self.options.blob_bytes();
        let body = match self.budget.fetch(self.source, layer, limit).await {
            Ok(body) => body,
            Err(error) => return self.failed(origin, BuildkitError::Content(error)),
        };
        let predicate_type = match manifest::statement(layer, &body, self.image) {
            Ok(statement) => statement.predicate_type,
            Err(error) => return self.failed(origin, error),
        };
        match self.options.wanted.leaves_out(&predicate_type) {
            Some(reason) => self.found.ignored.push(Ignored { origin, reason, code: None }),
            None => self.found.said.push(Said { listed: listed.clone(), origin, predicate_type, body }),
        }
    }

    /// Bytes that contradict themselves are refused; bytes that did not come leave the question open.
    fn failed(&mut self, origin: Origin, error: BuildkitError) {
        match error {
            BuildkitError::Content(error) if error.outcome() != Outcome::Refused => {
                self.found.unread.push(Unread { origin, error });
            }
            error => self.found.refused.push(RefusedPart { origin, error }),
        }
    }
}
