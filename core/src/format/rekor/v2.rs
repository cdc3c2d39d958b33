//! Bodies of Rekor v2: protobuf JSON, with verifiers in DER.

use serde::Deserialize;

use super::{Body, BodyContent, BodyVerifier, Generation, digest_length, only, read, verifier_key};
use crate::format::FormatError;
use crate::format::base64::Base64;
use crate::json::{self, Raw};
use crate::key::{HashAlgorithm, MessageDigest, PublicKey, printable_up_to};
use crate::sign::blob::protobuf_name;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashedRekordSpec {
    #[serde(rename = "hashedRekordV002")]
    entry: HashedRekord,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashedRekord {
    data: HashOutput,
    signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DsseSpec {
    #[serde(rename = "dsseV002")]
    entry: Dsse,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Dsse {
    payload_hash: HashOutput,
    #[serde(deserialize_with = "json::at_most::<1, _, _>")]
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashOutput {
    algorithm: String,
    digest: Base64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    content: Base64,
    verifier: Verifier,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Verifier {
    key_details: String,
    #[serde(default)]
    public_key: Option<RawBytes>,
    #[serde(default)]
    x509_certificate: Option<RawBytes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawBytes {
    raw_bytes: Base64,
}

/// The keys that a log takes (sigstore/protobuf-specs, `PublicKeyDetails`), and the hash that each signs; pure Ed25519
/// signs none.
const KEY_DETAILS: [(&str, Option<HashAlgorithm>); 8] = [
    ("PKIX_ECDSA_P256_SHA_256", Some(HashAlgorithm::Sha256)),
    ("PKIX_ECDSA_P384_SHA_384", Some(HashAlgorithm::Sha384)),
    ("PKIX_ECDSA_P521_SHA_512", Some(HashAlgorithm::Sha512)),
    ("PKIX_RSA_PKCS1V15_2048_SHA256", Some(HashAlgorithm::Sha256)),
    ("PKIX_RSA_PKCS1V15_3072_SHA256", Some(HashAlgorithm::Sha256)),
    ("PKIX_RSA_PKCS1V15_4096_SHA256", Some(HashAlgorithm::Sha256)),
    ("PKIX_ED25519", None),
    ("PKIX_ED25519_PH", Some(HashAlgorithm::Sha512)),
];

/// `hashedrekord` 0.0.2 (`hashedrekord.proto`, `HashedRekordLogEntryV002`). The digest is that of the key's hash.
pub(super) fn hashedrekord(spec: &Raw) -> Result<Body, FormatError> {
    let HashedRekord { data, signature } = read::<HashedRekordSpec>(spec)?.entry;
    let digest = data.digest()?;
    if signature.verifier.hash()? != Some(digest.algorithm()) {
        let (expected, got) = ("those of a key that signs the entry's hash", signature.verifier.key_details);
        return Err(FormatError::Value { field: "keyDetails", expected, got });
    }
    body(BodyContent::Signed(digest), signature)
}

/// `dsse` 0.0.2 (`dsse.proto`, `DSSELogEntryV002`).
pub(super) fn dsse(spec: &Raw) -> Result<Body, FormatError> {
    let Dsse { payload_hash, signatures } = read::<DsseSpec>(spec)?.entry;
    let digest = payload_hash.digest()?;
    let signature = only(signatures)?;
    signature.verifier.hash()?;
    body(BodyContent::Payload { digest, payload_type: None, payload: None }, signature)
}

fn body(content: BodyContent, signature: Signature) -> Result<Body, FormatError> {
    let verifier = match (signature.verifier.x509_certificate, signature.verifier.public_key) {
        (Some(certificate), None) => BodyVerifier::Certificate(certificate.raw_bytes.0),
        (None, Some(key)) => {
            PublicKey::from_spki_der(&key.raw_bytes.0).map(BodyVerifier::Key).map_err(verifier_key)?
        }
        (certificate, _) => {
            let got = if certificate.is_some() { 2 } else { 0 };
            return Err(FormatError::Count { what: "keys or certificates", expected: "exactly 1", got });
        }
    };
    Ok(Body { generation: Generation::V2, content, signature: Some(signature.content.0), verifier })
}

impl HashOutput {
    fn digest(&self) -> Result<MessageDigest, FormatError> {
        let algorithm = HashAlgorithm::ALL.into_iter().find(|hash| protobuf_name(*hash) == self.algorithm);
        let algorithm = algorithm.ok_or_else(|| FormatError::Value {
            field: "algorithm of a hash",
            expected: "SHA2_256, SHA2_384 or SHA2_512",
            got: printable_up_to(&self.algorithm, 100),
        })?;
        MessageDigest::new(algorithm, &self.digest.0).map_err(digest_length)
    }
}

impl Verifier {
    fn hash(&self) -> Result<Option<HashAlgorithm>, FormatError> {
        let found = KEY_DETAILS.iter().find(|(name, _)| *name == self.key_details);
        found.map(|(_, hash)| *hash).ok_or_else(|| FormatError::Value {
            field: "keyDetails",
            expected: "the name of a key that logs take",
            got: printable_up_to(&self.key_details, 100),
        })
    }
}
