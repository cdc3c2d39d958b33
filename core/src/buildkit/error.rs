//! Why something of BuildKit's is refused, closed: what was expected, what was there, and a stable code.

use crate::digest::Digest;
use crate::format::FormatError;
use crate::source::SourceError;
use crate::verify::RefusalCode;

/// Why an attestation manifest of BuildKit, or a statement in one, is refused.
#[derive(Debug, thiserror::Error)]
pub enum BuildkitError {
    /// An index lists more attestation manifests of one image than are read.
    #[error("{got} attestation manifests of one image, at most {limit} are read")]
    Manifests {
        /// How many there are.
        got: usize,
        /// The limit.
        limit: usize,
    },
    /// An attestation manifest has more layers than are read.
    #[error("an attestation manifest with {got} layers, at most {limit} are read")]
    Layers {
        /// How many there are.
        got: usize,
        /// The limit.
        limit: usize,
    },
    /// The entry of an attestation manifest does not say that nothing runs it.
    #[error("an attestation manifest listed for platform '{got}', expected unknown/unknown")]
    Platform {
        /// The platform, `OS/ARCHITECTURE`; `nothing` where it names none.
        got: String,
    },
    /// An attestation manifest is not what its entry in the index says.
    #[error("the index lists the attestation manifest with {field} '{expected}', it has '{got}'")]
    Entry {
        /// The field of the descriptor.
        field: &'static str,
        /// What the index says.
        expected: String,
        /// What the manifest has.
        got: String,
    },
    /// An attestation manifest of neither of the two shapes.
    #[error("an attestation manifest with {field} '{got}', expected {expected}")]
    Shape {
        /// What makes the shape.
        field: &'static str,
        /// What is accepted.
        expected: &'static str,
        /// What is there.
        got: String,
    },
    /// The subject of an attestation manifest is not the image, as the index lists it.
    #[error("the attestation manifest has a subject with {field} '{got}', expected '{expected}'")]
    Subject {
        /// The field of the descriptor.
        field: &'static str,
        /// That of the image in the index.
        expected: String,
        /// That of the subject.
        got: String,
    },
    /// A layer says that its statement is of another type than it is.
    #[error("a layer annotated with predicate type '{expected}', the statement in it has '{got}'")]
    PredicateType {
        /// What the annotation says.
        expected: String,
        /// What the statement says.
        got: String,
    },
    /// A statement that does not name the image.
    #[error("a statement of BuildKit's about {got}, expected {expected}")]
    Names {
        /// The image.
        expected: Digest,
        /// What the statement is about.
        got: String,
    },
    /// A statement that cannot be read.
    #[error(transparent)]
    Statement(#[from] FormatError),
    /// The stored bytes contradict their descriptor, or pass a bound.
    #[error(transparent)]
    Content(SourceError),
}

impl BuildkitError {
    /// The stable code.
    pub const fn code(&self) -> RefusalCode {
        match self {
            Self::Manifests { .. } => RefusalCode::BuildkitManifests,
            Self::Layers { .. } => RefusalCode::BuildkitLayers,
            Self::Platform { .. } => RefusalCode::BuildkitPlatform,
            Self::Entry { .. } => RefusalCode::BuildkitEntryMismatch,
            Self::Shape { .. } => RefusalCode::BuildkitShape,
            Self::Subject { .. } => RefusalCode::BuildkitSubjectMismatch,
            Self::PredicateType { .. } => RefusalCode::BuildkitPredicateType,
            Self::Names { .. } => RefusalCode::SubjectMismatch,
            Self::Statement(error) => RefusalCode::of_format(error),
            Self::Content(error) => RefusalCode::of_content(error),
        }
    }
}
