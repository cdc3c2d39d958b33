//! Verifying a blob: a stream of any length, in constant memory, whatever the kind of key.

use std::io::Read;

use bytes::Bytes;

use super::refusal::Refusal;
use super::token::SignatureProven;
use crate::file::read_pieces;
use crate::format::base64;
use crate::format::bundle::{Bundle, Content, MessageDigest};
use crate::format::legacy::BlobBundle;
use crate::key::{HashAlgorithm, HashPolicy, PublicKey, StreamVerifier};
use crate::sign::blob::protobuf_name;

/// Bytes that no signature of a supported key is shorter than: half of one by Ed25519, and far less than it would take
/// luck to get out of ECDSA.
const SHORTEST_SIGNATURE: usize = 32;

/// A blob's signature, and what its bundle says of the blob.
#[derive(Clone, Debug)]
pub struct BlobSignature {
    signature: Vec<u8>,
    digest: Option<(HashAlgorithm, Vec<u8>)>,
    hashes: HashPolicy,
}

/// Why a blob was not verified.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The answer is no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The blob could not be read to its end.
    #[error("reading the blob: {0}")]
    Read(#[from] std::io::Error),
}

impl BlobSignature {
    /// A bare signature, which may be an older one.
    pub const fn detached(signature: Vec<u8>) -> Self {
        Self { signature, digest: None, hashes: HashPolicy::AlsoLegacy }
    }

    /// The signature of a bundle file: a Sigstore bundle, or cosign's first blob bundle.
    ///
    /// # Errors
    /// When it is malformed, or holds an attestation instead of a blob's signature.
    pub fn from_bundle(document: Bytes) -> Result<Self, Refusal> {
        if let Ok(old) = BlobBundle::parse(&document) {
            return Ok(Self::detached(old.signature().map_err(Refusal::Malformed)?));
        }
        let bundle = Bundle::parse(document).map_err(Refusal::Malformed)?;
        match bundle.content().map_err(Refusal::Malformed)? {
            Content::Envelope(_) => {
                Err(Refusal::BundleContent { expected: "message signature", got: "DSSE envelope" })
            }
            Content::Message(message) => Ok(Self {
                signature: message.signature.0.clone(),
                digest: message.message_digest.as_ref().and_then(known_digest),
                hashes: HashPolicy::Current,
            }),
        }
    }

    /// A signature file: base64 as cosign writes it, or the raw bytes.
    pub fn from_file(content: &[u8]) -> Self {
        let text = std::str::from_utf8(content).ok().map(str::trim_ascii);
        let decoded = text.and_then(|text| base64::decode("signature", text).ok());
        Self::detached(decoded.unwrap_or_else(|| content.to_vec()))
    }

    /// A signature as text; `None` when it is no base64, or of too few bytes to be one.
    pub fn from_text(text: &str) -> Option<Self> {
        let decoded = base64::decode("signature", text.trim_ascii()).ok()?;
        (decoded.len() >= SHORTEST_SIGNATURE).then(|| Self::detached(decoded))
    }
}

/// An algorithm that is not one of ours cannot be compared; the signature decides all the same.
fn known_digest(digest: &MessageDigest) -> Option<(HashAlgorithm, Vec<u8>)> {
    [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512]
        .into_iter()
        .find(|algorithm| protobuf_name(*algorithm) == digest.algorithm)
        .map(|algorithm| (algorithm, digest.digest.0.clone()))
}

/// Verifies what `reader` gives against any of `keys`.
///
/// # Errors
/// [`Refusal::MessageDigest`] when the bundle is about another blob, [`Refusal::SignatureInvalid`] when none of the
/// keys signed this one.
pub fn verify_blob(
    keys: &[PublicKey],
    signature: &BlobSignature,
    reader: &mut impl Read,
) -> Result<SignatureProven, BlobError> {
    let mut verifiers: Vec<StreamVerifier> = keys
        .iter()
        .map(|key| {
            let verifier = key.stream_verifier(&signature.signature, signature.hashes);
            match signature.digest {
                Some((algorithm, _)) => verifier.with_digest(algorithm),
                None => verifier,
            }
        })
        .collect();
    read_pieces(reader, |piece| verifiers.iter_mut().for_each(|verifier| verifier.update(piece)))?;
    let mut proven = None;
    for (key, verifier) in keys.iter().zip(verifiers) {
        let outcome = verifier.finish();
        if let Some((algorithm, expected)) = &signature.digest
            && let Some(got) = outcome.digest(*algorithm)
            && got.bytes() != expected.as_slice()
        {
            let (expected, got) = (hex::encode(expected), hex::encode(got.bytes()));
            return Err(Refusal::MessageDigest { algorithm: algorithm.to_string(), expected, got }.into());
        }
        if let (None, Ok(scheme)) = (&proven, outcome.result) {
            proven = Some(SignatureProven::streamed(key.clone(), scheme));
        }
    }
    Ok(proven.ok_or(Refusal::SignatureInvalid { keys: keys.len() })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_signature_or_none() {
        let long = base64::encode(&[1; 64]);
        let short = base64::encode(&[1; SHORTEST_SIGNATURE - 1]);
        for (text, taken) in [
            (long.as_str(), true),
            (&format!(" {long}\n"), true),
            (&short, false),
            ("signature", false),
            ("blob.sig", false),
            ("signatur", false),
            ("https://example.com/blob.sig", false),
            ("", false),
        ] {
            assert_eq!(BlobSignature::from_text(text).is_some(), taken, "{text}");
        }
    }
}
