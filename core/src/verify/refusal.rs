//! Every reason for a no, closed: what was expected, what was there, and a stable code.

use super::files::FileDifferences;
use crate::buildkit::BuildkitError;
use crate::digest::Digest;
use crate::format::FormatError;
use crate::source::SourceError;

/// Why a signature, or all of an image's signatures together, were refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no signature at all.
    #[error("no signatures found")]
    NoSignatures,
    /// There is no attestation of the type that was asked for.
    #[error("no attestations {}found", of_type(predicate_type.as_deref()))]
    NoAttestations {
        /// The type; `None` for any.
        predicate_type: Option<String>,
    },
    /// There are signatures, and every one was refused.
    #[error("none of {found} signatures is accepted")]
    NoneAccepted {
        /// Signatures that were looked at.
        found: usize,
    },
    /// Too few distinct signers.
    #[error("{got} of the trusted keys signed, {needed} are needed")]
    Threshold {
        /// Distinct signers that are needed.
        needed: usize,
        /// Distinct signers that were found.
        got: usize,
    },
    /// The document cannot be read.
    #[error(transparent)]
    Malformed(FormatError),
    /// The stored bytes contradict their descriptor, or pass a bound.
    #[error(transparent)]
    Content(SourceError),
    /// A bundle's manifest has another number of layers than one.
    #[error("the bundle's manifest has {got} layers, expected exactly 1")]
    BundleLayers {
        /// Layers that were there.
        got: usize,
    },
    /// No trusted key made this signature.
    #[error("not signed by {}", given_keys(*keys))]
    SignatureInvalid {
        /// Keys that were tried.
        keys: usize,
    },
    /// A signature about something else.
    #[error("signed for {got}, expected {expected}")]
    SubjectMismatch {
        /// The digest that is verified.
        expected: Digest,
        /// What the signature is about.
        got: String,
    },
    /// A statement about a directory that is not this one.
    #[error("the directory is not what was signed: {0}")]
    Files(FileDifferences),
    /// An envelope of another payload type.
    #[error("payload of type '{got}', expected '{expected}'")]
    PayloadType {
        /// The type that is needed.
        expected: &'static str,
        /// The type that was there.
        got: String,
    },
    /// A statement of another predicate type.
    #[error("statement with predicate type '{got}', expected '{expected}'")]
    PredicateType {
        /// The type that is needed.
        expected: String,
        /// The type that was there.
        got: String,
    },
    /// A bundle whose content is of the wrong kind for what is verified.
    #[error("the bundle holds a {got}, expected a {expected}")]
    BundleContent {
        /// The kind that is needed.
        expected: &'static str,
        /// The kind that was there.
        got: &'static str,
    },
    /// An annotation that was asked for is missing or has another value.
    #[error("annotation '{name}' is {got}, expected \"{expected}\"")]
    AnnotationMismatch {
        /// The annotation's name.
        name: String,
        /// The value that was asked for.
        expected: String,
        /// The value that was signed, as JSON.
        got: String,
    },
    /// The digest in a bundle is not that of the blob.
    #[error("the bundle is about a blob with {algorithm} {expected}, this one has {got}")]
    MessageDigest {
        /// The algorithm's name.
        algorithm: String,
        /// The digest in the bundle, in hexadecimal.
        expected: String,
        /// The blob's digest, in hexadecimal.
        got: String,
    },
    /// Something of BuildKit's that is not as it must be.
    #[error(transparent)]
    Buildkit(BuildkitError),
    /// A statement of BuildKit's that no trusted key covers.
    #[error(
        "BuildKit's statement is unsigned, self-asserted: neither the index {index} nor the attestation manifest {manifest} is signed by a given key"
    )]
    BuildkitUnsigned {
        /// The index that lists the attestation manifest.
        index: Digest,
        /// The attestation manifest.
        manifest: Digest,
    },
}

/// The stable code of a [`Refusal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalCode {
    /// See [`Refusal::NoSignatures`].
    NoSignatures,
    /// See [`Refusal::NoAttestations`].
    NoAttestations,
    /// See [`Refusal::NoneAccepted`].
    NoneAccepted,
    /// See [`Refusal::Threshold`].
    ThresholdNotReached,
    /// See [`Refusal::Malformed`].
    ArtifactMalformed,
    /// See [`Refusal::Content`]: the bytes are not those of their digest or size.
    ContentMismatch,
    /// See [`Refusal::Content`] and [`Refusal::Malformed`]: larger than a limit.
    ContentTooLarge,
    /// See [`Refusal::Content`]: a manifest that is not accepted.
    ManifestMalformed,
    /// See [`Refusal::BundleLayers`].
    BundleLayers,
    /// See [`Refusal::SignatureInvalid`].
    SignatureInvalid,
    /// See [`Refusal::SubjectMismatch`].
    SubjectMismatch,
    /// See [`Refusal::Files`].
    FilesDiffer,
    /// See [`Refusal::PayloadType`].
    PayloadTypeMismatch,
    /// See [`Refusal::PredicateType`].
    PredicateTypeMismatch,
    /// See [`Refusal::BundleContent`].
    BundleContent,
    /// See [`Refusal::AnnotationMismatch`].
    AnnotationMismatch,
    /// See [`Refusal::MessageDigest`].
    MessageDigestMismatch,
    /// See [`BuildkitError::Manifests`].
    BuildkitManifests,
    /// See [`BuildkitError::Layers`].
    BuildkitLayers,
    /// See [`BuildkitError::Platform`].
    BuildkitPlatform,
    /// See [`BuildkitError::Entry`].
    BuildkitEntryMismatch,
    /// See [`BuildkitError::Shape`].
    BuildkitShape,
    /// See [`BuildkitError::Subject`].
    BuildkitSubjectMismatch,
    /// See [`BuildkitError::PredicateType`].
    BuildkitPredicateType,
    /// See [`Refusal::BuildkitUnsigned`].
    BuildkitUnsigned,
}

impl RefusalCode {
    /// Every code.
    pub const ALL: [Self; 25] = [
        Self::NoSignatures,
        Self::NoAttestations,
        Self::NoneAccepted,
        Self::ThresholdNotReached,
        Self::ArtifactMalformed,
        Self::ContentMismatch,
        Self::ContentTooLarge,
        Self::ManifestMalformed,
        Self::BundleLayers,
        Self::SignatureInvalid,
        Self::SubjectMismatch,
        Self::FilesDiffer,
        Self::PayloadTypeMismatch,
        Self::PredicateTypeMismatch,
        Self::BundleContent,
        Self::AnnotationMismatch,
        Self::MessageDigestMismatch,
        Self::BuildkitManifests,
        Self::BuildkitLayers,
        Self::BuildkitPlatform,
        Self::BuildkitEntryMismatch,
        Self::BuildkitShape,
        Self::BuildkitSubjectMismatch,
        Self::BuildkitPredicateType,
        Self::BuildkitUnsigned,
    ];

    /// The code as it is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSignatures => "NO_SIGNATURES",
            Self::NoAttestations => "NO_ATTESTATIONS",
            Self::NoneAccepted => "NO_SIGNATURE_ACCEPTED",
            Self::ThresholdNotReached => "THRESHOLD_NOT_REACHED",
            Self::ArtifactMalformed => "ARTIFACT_MALFORMED",
            Self::ContentMismatch => "CONTENT_MISMATCH",
            Self::ContentTooLarge => "CONTENT_TOO_LARGE",
            Self::ManifestMalformed => "MANIFEST_MALFORMED",
            Self::BundleLayers => "BUNDLE_LAYERS",
            Self::SignatureInvalid => "SIGNATURE_INVALID",
            Self::SubjectMismatch => "SUBJECT_MISMATCH",
            Self::FilesDiffer => "FILES_DIFFER",
            Self::PayloadTypeMismatch => "PAYLOAD_TYPE_MISMATCH",
            Self::PredicateTypeMismatch => "PREDICATE_TYPE_MISMATCH",
            Self::BundleContent => "BUNDLE_CONTENT",
            Self::AnnotationMismatch => "ANNOTATION_MISMATCH",
            Self::MessageDigestMismatch => "MESSAGE_DIGEST_MISMATCH",
            Self::BuildkitManifests => "BUILDKIT_MANIFESTS",
            Self::BuildkitLayers => "BUILDKIT_LAYERS",
            Self::BuildkitPlatform => "BUILDKIT_PLATFORM",
            Self::BuildkitEntryMismatch => "BUILDKIT_ENTRY_MISMATCH",
            Self::BuildkitShape => "BUILDKIT_SHAPE",
            Self::BuildkitSubjectMismatch => "BUILDKIT_SUBJECT_MISMATCH",
            Self::BuildkitPredicateType => "BUILDKIT_PREDICATE_TYPE_MISMATCH",
            Self::BuildkitUnsigned => "BUILDKIT_UNSIGNED",
        }
    }

    /// That of a document which cannot be read.
    pub(crate) const fn of_format(error: &FormatError) -> Self {
        match error {
            FormatError::TooLarge { .. } => Self::ContentTooLarge,
            _ => Self::ArtifactMalformed,
        }
    }

    /// That of bytes which contradict what they are said to be.
    pub(crate) const fn of_content(error: &SourceError) -> Self {
        match error {
            SourceError::Limit { .. } => Self::ContentTooLarge,
            SourceError::Manifest { .. } => Self::ManifestMalformed,
            _ => Self::ContentMismatch,
        }
    }
}

impl Refusal {
    /// The stable code.
    pub const fn code(&self) -> RefusalCode {
        match self {
            Self::NoSignatures => RefusalCode::NoSignatures,
            Self::NoAttestations { .. } => RefusalCode::NoAttestations,
            Self::NoneAccepted { .. } => RefusalCode::NoneAccepted,
            Self::Threshold { .. } => RefusalCode::ThresholdNotReached,
            Self::Malformed(error) => RefusalCode::of_format(error),
            Self::Content(error) => RefusalCode::of_content(error),
            Self::BundleLayers { .. } => RefusalCode::BundleLayers,
            Self::SignatureInvalid { .. } => RefusalCode::SignatureInvalid,
            Self::SubjectMismatch { .. } => RefusalCode::SubjectMismatch,
            Self::Files(_) => RefusalCode::FilesDiffer,
            Self::PayloadType { .. } => RefusalCode::PayloadTypeMismatch,
            Self::PredicateType { .. } => RefusalCode::PredicateTypeMismatch,
            Self::BundleContent { .. } => RefusalCode::BundleContent,
            Self::AnnotationMismatch { .. } => RefusalCode::AnnotationMismatch,
            Self::MessageDigest { .. } => RefusalCode::MessageDigestMismatch,
            Self::Buildkit(error) => error.code(),
            Self::BuildkitUnsigned { .. } => RefusalCode::BuildkitUnsigned,
        }
    }
}

fn of_type(predicate_type: Option<&str>) -> String {
    predicate_type.map(|uri| format!("of type {uri} ")).unwrap_or_default()
}

fn given_keys(count: usize) -> String {
    if count == 1 { "the given key".into() } else { format!("any of the {count} given keys") }
}
