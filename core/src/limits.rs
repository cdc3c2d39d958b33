//! Every bound on what is read from outside, in one place.
//!
//! A bound that is passed is an error that names it, never a silent truncation.

use std::time::Duration;

/// Bytes of one manifest or index (OCI distribution specification 1.1, "Pushing Manifests", asks for at least 4 MiB).
pub const MANIFEST_BYTES: u64 = 4 << 20;

/// Bytes of one bundle, signature or attestation, unless the caller says otherwise (`--max-attachment-size`).
pub const ATTACHMENT_BYTES: u64 = 128 << 20;

/// Bytes of one image signature, and of what a bundle has beside its payload or a statement beside its predicate.
pub const SIGNATURE_BYTES: u64 = 4 << 20;

/// Bytes of an error body, token answer or other small answer of a server.
pub const SMALL_BODY_BYTES: u64 = 1 << 20;

/// Bytes of a key file, a password file or a configuration file.
pub const SMALL_FILE_BYTES: u64 = 1 << 20;

/// Bytes of an `index.json` of an image layout.
pub const LAYOUT_INDEX_BYTES: u64 = 64 << 20;

/// Entries of an `index.json` of an image layout.
pub const LAYOUT_ENTRIES: usize = 100_000;

/// Blobs of an image layout that are looked through for referrers that it does not list.
pub const LAYOUT_BLOBS: usize = 100_000;

/// Signatures, attestations or referrers looked at on one image.
pub const ENTRIES_PER_IMAGE: usize = 1_000;

/// Bytes of the types and annotations that one entry of a listing of referrers is kept with, each annotation counted as
/// [`ANNOTATION_BYTES`] more than its texts.
pub const ENTRY_BYTES: usize = 4 << 10;

/// What an annotation takes in memory beside its texts, about.
pub const ANNOTATION_BYTES: usize = 64;

/// Bytes that are kept of all manifests attached to one image: their types, and the digests of their layers.
pub const ATTACHED_BYTES: usize = 64 << 20;

/// Pages of one listing that are followed.
pub const PAGES_PER_LISTING: usize = 100;

/// Tags of one repository that are listed.
pub const TAGS_PER_REPOSITORY: usize = 100_000;

/// Nesting of JSON documents.
pub const JSON_DEPTH: usize = 64;

/// Keys of one JSON object together with those of the objects that it stands in.
pub const JSON_KEYS: usize = 250_000;

/// Nesting of an index inside an index.
pub const INDEX_DEPTH: usize = 4;

/// Attachments of attachments, and so on: a signature of an SBOM of an image is 2.
pub const ATTACHMENT_DEPTH: usize = 8;

/// Attachments that are moved with one image, those of its platforms and of attachments included.
pub const ATTACHMENTS_MOVED: usize = 10_000;

/// Bytes of all signatures and bundles of one image together, or of the largest allowed one if that is more.
pub const GATHERED_BYTES: u64 = 256 << 20;

/// Manifests in one index.
pub const INDEX_ENTRIES: usize = 1_000;

/// BuildKit's attestation manifests of one image in its index.
pub const BUILDKIT_MANIFESTS: usize = 16;

/// Layers of one of BuildKit's attestation manifests.
pub const BUILDKIT_LAYERS: usize = 64;

/// Bytes of the checkpoint of a transparency log.
pub const CHECKPOINT_BYTES: usize = 64 << 10;

/// Signatures of one checkpoint: the log's, and those of witnesses.
pub const SIGNATURE_LINES: usize = 64;

/// Hashes of one inclusion proof: the depth of a tree of 2^64 entries.
pub const PROOF_HASHES: usize = 64;

/// Subjects of one statement.
pub const STATEMENT_SUBJECTS: usize = 10_000;

/// Redirects followed for one request.
pub const REDIRECTS: usize = 10;

/// Tries of one idempotent request, the first included.
pub const REQUEST_TRIES: u32 = 5;

/// The whole time that the retries of one request may take, unless the caller says otherwise (`--timeout`).
pub const REQUEST_TOTAL: Duration = Duration::from_secs(30);

/// The longest `Retry-After` that is waited for.
pub const RETRY_AFTER: Duration = Duration::from_secs(20);

/// The time to open a connection.
pub const CONNECT: Duration = Duration::from_secs(10);

/// The time without a byte after which a transfer is given up.
pub const IDLE: Duration = Duration::from_secs(30);

/// The slowest transfer of a blob that is waited for, in bytes a second: a blob may take the timeout of a request, and
/// a second more for each so many bytes that have come, or that are sent. What a descriptor claims earns nothing.
pub const TRANSFER_RATE: u64 = 16 << 10;

/// The time that one signature or bundle may take, however many bytes come, or the timeout of a request if that is
/// more.
pub const ATTACHMENT_TIME: Duration = Duration::from_secs(300);

/// Bytes of a message of a server that are repeated in an error.
pub const SERVER_MESSAGE_BYTES: usize = 400;

/// Blobs up to this size are sent at once, without asking first whether the store has them.
pub const SMALL_BLOB_BYTES: u64 = 64 << 10;

/// Blobs above this size are sent in pieces.
pub const SINGLE_UPLOAD_BYTES: u64 = 1 << 30;

/// Bytes of one piece of a blob that is sent in pieces, unless the store asks for larger ones.
pub const UPLOAD_PIECE_BYTES: u64 = 16 << 20;

/// The largest piece that a store may ask for.
pub const UPLOAD_PIECE_MAX_BYTES: u64 = 256 << 20;

/// Bytes that a credential helper may print.
pub const HELPER_OUTPUT_BYTES: u64 = 1 << 20;

/// The time that a credential helper may take.
pub const HELPER_TIME: Duration = Duration::from_secs(30);

/// The time that one writer may take to merge a shared tag. Far below [`MARKER_STALE`].
pub const MERGE_TOTAL: Duration = Duration::from_secs(300);

/// The age after which the marker that a writer left behind is no longer that of a writer at work.
pub const MARKER_STALE: Duration = Duration::from_secs(15 * 60);

/// Stale markers that one writer removes.
pub const MARKERS_RETIRED: usize = 8;

/// Rounds of merging a shared index with what others wrote meanwhile.
pub const MERGE_ROUNDS: u32 = 200;

/// Bytes of one archive member that must be held in memory (a manifest, an index).
pub const ARCHIVE_MEMBER_BYTES: u64 = MANIFEST_BYTES;

/// Bytes of the name of an archive member.
pub const ARCHIVE_NAME_BYTES: u64 = 4_096;

/// Bytes of one extended header (pax) of an archive member.
pub const ARCHIVE_HEADER_BYTES: u64 = 64 << 10;

/// Members of one archive.
pub const ARCHIVE_MEMBERS: usize = 100_000;

/// Bytes of one X.509 certificate in DER.
pub const CERTIFICATE_BYTES: usize = 64 << 10;

/// Certificates of one certification path, of its leaf and its trust anchor too, and of one PEM file.
pub const CERTIFICATES: usize = 8;

/// Extensions of one certificate.
pub const CERTIFICATE_EXTENSIONS: usize = 64;

/// Alternative names of one certificate, and name constraints of one authority.
pub const CERTIFICATE_NAMES: usize = 128;

/// Signatures that are checked in the search for one certification path.
pub const PATH_SIGNATURES: usize = 64;

/// Signed certificate timestamps in one certificate.
pub const CERTIFICATE_TIMESTAMPS: usize = 16;

/// Bytes of one trusted root.
pub const TRUSTED_ROOT_BYTES: usize = 1 << 20;

/// Logs, and authorities of a kind, in one trusted root.
pub const TRUST_ENTRIES: usize = 256;

/// Bytes of one regular expression for an identity.
pub const PATTERN_BYTES: usize = 4 << 10;

/// Bytes of the program that a regular expression becomes.
pub const PATTERN_PROGRAM_BYTES: usize = 1 << 20;
