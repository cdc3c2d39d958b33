//! Signing a blob: a stream of any length, in constant memory.

use std::io::{Read, Seek};

use super::SignError;
use crate::format::base64::Base64;
use crate::format::bundle::{Bundle, MessageDigest};
use crate::key::{HashAlgorithm, PrivateKey, SignedMessage};

/// Signs what `reader` gives. Ed25519 reads it twice, all others once.
///
/// # Errors
/// When the key cannot sign, or the reader fails.
pub fn sign_blob(key: &PrivateKey, reader: &mut (impl Read + Seek)) -> Result<SignedMessage, SignError> {
    Ok(key.sign_reader(reader)?)
}

/// The bundle of a blob's signature.
pub fn bundle_of(key: &PrivateKey, signed: &SignedMessage) -> Bundle {
    let digest = MessageDigest {
        algorithm: protobuf_name(signed.digest.algorithm()).into(),
        digest: Base64(signed.digest.bytes().to_vec()),
    };
    Bundle::of_message(key.public_key().hint(), digest, signed.signature.clone())
}

/// The name of a hash in Sigstore's protobuf (`HashAlgorithm` in `sigstore_common.proto`).
pub const fn protobuf_name(algorithm: HashAlgorithm) -> &'static str {
    match algorithm {
        HashAlgorithm::Sha256 => "SHA2_256",
        HashAlgorithm::Sha384 => "SHA2_384",
        HashAlgorithm::Sha512 => "SHA2_512",
    }
}
