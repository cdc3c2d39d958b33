//! Media types and annotation names, as their specifications spell them.

/// An OCI image manifest (OCI image specification 1.1).
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An OCI image index (OCI image specification 1.1).
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// An OCI image configuration.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// The two bytes `{}` (OCI image specification 1.1, "Guidance for an empty descriptor").
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// A gzip-compressed layer.
pub const OCI_LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// An uncompressed layer.
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// A Docker image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// A Docker manifest list.
pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// A Docker image configuration.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// A Docker layer, uncompressed.
pub const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";

/// A Docker layer whose bytes need not be in the registry.
pub const DOCKER_FOREIGN_LAYER: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

/// What is asked for when a manifest is fetched.
pub const MANIFEST_ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.docker.distribution.manifest.v2+json";

/// A type that somebody wrote, for a message: a longer one than there can be (RFC 6838 section 4.2 allows 127 characters
/// on each side of the slash) is cut.
pub(crate) fn brief(kind: &str) -> String {
    const MOST: usize = 255;
    match kind.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &kind[..end]),
        None => kind.into(),
    }
}

/// A simple-signing payload, cosign's legacy signature layer.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// A DSSE envelope, cosign's legacy attestation layer.
pub const DSSE_ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// An in-toto statement, the payload type of DSSE envelopes.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";
/// A Sigstore bundle of the first version, in which a log's promise is needed and a proof of inclusion is not.
pub const BUNDLE_V01: &str = "application/vnd.dev.sigstore.bundle+json;version=0.1";
/// A Sigstore bundle, the version that is written.
pub const BUNDLE_V03: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// What the media type of every Sigstore bundle begins with.
pub const BUNDLE_PREFIX: &str = "application/vnd.dev.sigstore.bundle";

/// The base64 signature over a legacy layer.
pub const ANNOTATION_SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// The PEM certificate of a legacy layer.
pub const ANNOTATION_CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
/// The PEM certificate chain of a legacy layer.
pub const ANNOTATION_CHAIN: &str = "dev.sigstore.cosign/chain";
/// The Rekor v1 entry of a legacy layer.
pub const ANNOTATION_REKOR_BUNDLE: &str = "dev.sigstore.cosign/bundle";
/// The RFC 3161 timestamp of a legacy layer.
pub const ANNOTATION_RFC3161: &str = "dev.sigstore.cosign/rfc3161timestamp";
/// What a bundle holds: `dsse-envelope` or `message-signature`.
pub const ANNOTATION_BUNDLE_CONTENT: &str = "dev.sigstore.bundle.content";
/// The predicate type inside a bundle's statement.
pub const ANNOTATION_BUNDLE_PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
/// The predicate type of a legacy attestation layer.
pub const ANNOTATION_PREDICATE_TYPE: &str = "predicateType";
/// When a manifest was made (OCI image specification 1.1, "Annotations").
pub const ANNOTATION_CREATED: &str = "org.opencontainers.image.created";
/// The tag of an entry in a layout's index.
pub const ANNOTATION_REF_NAME: &str = "org.opencontainers.image.ref.name";

/// BuildKit's attestation manifest, where it is an OCI artifact (BuildKit, `docs/attestations/attestation-storage.md`).
pub const BUILDKIT_ATTESTATION: &str = "application/vnd.docker.attestation.manifest.v1+json";
/// What an entry of an index is to another one; of an attestation manifest it is [`BUILDKIT_REFERENCE`].
pub const ANNOTATION_REFERENCE_TYPE: &str = "vnd.docker.reference.type";
/// Which other entry of the index that is, by its digest.
pub const ANNOTATION_REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";
/// The value of [`ANNOTATION_REFERENCE_TYPE`] for attestation manifests.
pub const BUILDKIT_REFERENCE: &str = "attestation-manifest";
/// The predicate type of the statement in a layer of an attestation manifest.
pub const ANNOTATION_IN_TOTO_PREDICATE_TYPE: &str = "in-toto.io/predicate-type";

/// Whether this media type is that of an index (OCI) or manifest list (Docker).
pub fn is_index(media_type: &str) -> bool {
    matches!(media_type, OCI_INDEX | DOCKER_INDEX)
}

/// Whether this media type is that of a manifest which has a configuration and layers.
pub fn is_manifest(media_type: &str) -> bool {
    matches!(media_type, OCI_MANIFEST | DOCKER_MANIFEST)
}

/// The media type of the configuration that goes with a manifest of this media type.
pub fn config_of(manifest_type: &str) -> &'static str {
    if manifest_type == DOCKER_MANIFEST { DOCKER_CONFIG } else { OCI_CONFIG }
}
