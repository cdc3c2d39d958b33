//! Bodies of Rekor v1: digests in hexadecimal, verifiers in PEM.

use serde::Deserialize;

use super::{Body, BodyContent, BodyVerifier, Generation, digest_length, only, read, verifier_key};
use crate::format::FormatError;
use crate::format::base64::{self, Base64};
use crate::json::{self, Raw};
use crate::key::{HashAlgorithm, MessageDigest, PublicKey, pem, printable_up_to};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashedRekord {
    data: Data,
    signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    hash: Hash,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hash {
    algorithm: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Signature {
    content: Base64,
    public_key: Pem,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pem {
    content: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Dsse {
    /// Of the envelope's text as it was uploaded, which nobody keeps.
    envelope_hash: Hash,
    payload_hash: Hash,
    #[serde(deserialize_with = "json::at_most::<1, _, _>")]
    signatures: Vec<DsseSignature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DsseSignature {
    signature: Base64,
    verifier: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Intoto1 {
    content: Intoto1Content,
    public_key: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Intoto1Content {
    /// Of the envelope's text as it was uploaded, signatures included.
    hash: Hash,
    /// Missing in the oldest entries.
    #[serde(default)]
    payload_hash: Option<Hash>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Intoto {
    content: IntotoContent,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IntotoContent {
    envelope: IntotoEnvelope,
    /// Of the envelope's text as it was uploaded, which nobody keeps.
    hash: Hash,
    payload_hash: Hash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IntotoEnvelope {
    /// Base64 of the base64 in the envelope; logs leave it out.
    #[serde(default)]
    payload: Option<Base64>,
    payload_type: String,
    #[serde(deserialize_with = "json::at_most::<1, _, _>")]
    signatures: Vec<IntotoSignature>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IntotoSignature {
    public_key: Base64,
    /// Base64 of the base64 in the envelope.
    sig: Base64,
    #[serde(default, rename = "keyid")]
    _keyid: Option<String>,
}

/// `hashedrekord` 0.0.1 (`pkg/types/hashedrekord/v0.0.1/hashedrekord_v0_0_1_schema.json`).
pub(super) fn hashedrekord(spec: &Raw) -> Result<Body, FormatError> {
    let read: HashedRekord = read(spec)?;
    let content = BodyContent::Signed(read.data.hash.digest()?);
    body(content, read.signature.content.0, &read.signature.public_key.content.0)
}

/// `dsse` 0.0.1 (`pkg/types/dsse/v0.0.1/dsse_v0_0_1_schema.json`).
pub(super) fn dsse(spec: &Raw) -> Result<Body, FormatError> {
    let read: Dsse = read(spec)?;
    read.envelope_hash.digest()?;
    let content =
        BodyContent::Payload { digest: read.payload_hash.digest()?, payload_type: None, payload: None };
    let signature = only(read.signatures)?;
    body(content, signature.signature.0, &signature.verifier.0)
}

/// `intoto` 0.0.1 (`pkg/types/intoto/v0.0.1/intoto_v0_0_1_schema.json`), which names no signature.
pub(super) fn intoto_1(spec: &Raw) -> Result<Body, FormatError> {
    let Intoto1 { content, public_key } = read(spec)?;
    let digest = content.hash.digest()?;
    let payload = content.payload_hash.map(|hash| hash.digest()).transpose()?;
    let verifier = verifier(&public_key.0)?;
    let content = BodyContent::Document { digest, payload };
    Ok(Body { generation: Generation::V1, content, signature: None, verifier })
}

/// `intoto` 0.0.2 (`pkg/types/intoto/v0.0.2/intoto_v0_0_2_schema.json`).
pub(super) fn intoto_2(spec: &Raw) -> Result<Body, FormatError> {
    let IntotoContent { envelope, hash, payload_hash } = read::<Intoto>(spec)?.content;
    hash.digest()?;
    let payload = envelope.payload.map(|payload| inner_base64("payload", &payload.0)).transpose()?;
    let payload_type = Some(envelope.payload_type);
    let content = BodyContent::Payload { digest: payload_hash.digest()?, payload_type, payload };
    let signature = only(envelope.signatures)?;
    body(content, inner_base64("sig", &signature.sig.0)?, &signature.public_key.0)
}

fn body(content: BodyContent, signature: Vec<u8>, pem: &[u8]) -> Result<Body, FormatError> {
    Ok(Body { generation: Generation::V1, content, signature: Some(signature), verifier: verifier(pem)? })
}

fn verifier(text: &[u8]) -> Result<BodyVerifier, FormatError> {
    let block = pem::parse_one(text).map_err(verifier_key)?;
    match block.label.as_str() {
        "CERTIFICATE" => Ok(BodyVerifier::Certificate(block.data.to_vec())),
        _ => PublicKey::from_pem(text).map(BodyVerifier::Key).map_err(verifier_key),
    }
}

fn inner_base64(field: &'static str, text: &[u8]) -> Result<Vec<u8>, FormatError> {
    let text = std::str::from_utf8(text).map_err(|_| FormatError::Base64 { field })?;
    base64::decode(field, text)
}

impl Hash {
    fn digest(&self) -> Result<MessageDigest, FormatError> {
        let algorithm = HashAlgorithm::ALL.into_iter().find(|algorithm| algorithm.name() == self.algorithm);
        let algorithm = algorithm.ok_or_else(|| FormatError::Value {
            field: "algorithm of a hash",
            expected: "sha256, sha384 or sha512",
            got: printable_up_to(&self.algorithm, 100),
        })?;
        let bytes = hex::decode(&self.value).ok().filter(|bytes| hex::encode(bytes) == self.value);
        let bytes = bytes.ok_or_else(|| FormatError::Value {
            field: "value of a hash",
            expected: "lower-case hexadecimal",
            got: printable_up_to(&self.value, 100),
        })?;
        MessageDigest::new(algorithm, &bytes).map_err(digest_length)
    }
}
