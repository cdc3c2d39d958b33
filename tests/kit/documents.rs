//! The documents that signatures are made of, written after their specifications and not by the code under test.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_core::digest::Digest;
use serde_json::{Value, json};

/// The media type of a Sigstore bundle.
pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The media type of an OCI manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an OCI index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The payload type of in-toto statements.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";
/// The predicate type of image signatures.
pub const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

/// Bytes in base64.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What an envelope's signature is over (DSSE 1.0.2, "PAE").
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// A descriptor.
pub fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": Digest::sha256(bytes), "size": bytes.len()})
}

/// A simple-signing payload.
pub fn payload(digest: &Digest) -> Value {
    json!({
        "critical": {
            "identity": {"docker-reference": "example.com/app"},
            "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        },
        "optional": null,
    })
}

/// An in-toto statement about a digest.
pub fn statement(digest: &Digest, predicate_type: &str) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": digest.hex()}}],
        "predicateType": predicate_type,
        "predicate": {},
    })
}

/// A bundle of an envelope with these signatures.
pub fn envelope(payload_type: &str, payload: &[u8], signatures: &[Vec<u8>]) -> Value {
    let signatures: Vec<_> = signatures.iter().map(|signature| json!({"sig": base64(signature)})).collect();
    json!({
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": "aGludA=="}},
        "dsseEnvelope": {"payload": base64(payload), "payloadType": payload_type, "signatures": signatures},
    })
}

/// A bundle of a blob's signature.
pub fn message(blob: &[u8], signature: &[u8]) -> Value {
    json!({
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": "aGludA=="}},
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": base64(Digest::sha256(blob).bytes())},
            "signature": base64(signature),
        },
    })
}

/// A manifest that refers to a subject and has these layers.
pub fn referrer(subject: &Value, layers: &[Value]) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": BUNDLE,
        "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": layers,
        "subject": subject,
    })
}
