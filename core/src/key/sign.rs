//! Signing, of messages in memory, of digests and of streams; and the [`Signer`] that later backends share.
//!
//! What is written: ECDSA in DER with the key's own hash, Ed25519 over the message, RSASSA-PKCS1-v1_5 with
//! SHA-256.

use std::cell::RefCell;
use std::io::{Read, Seek, SeekFrom};

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign_byupdate};
use ed25519_dalek::{Digest as _, Sha512, Signature, SignatureError, Signer as _, SigningKey};
use zeroize::Zeroizing;

use super::error::KeyError;
use super::hash::{HashAlgorithm, Hasher, MessageDigest};
use super::private::{Material, PrivateKey};
use super::public::PublicKey;
use crate::file::read_pieces;

/// Something that signs with a key: a key in this process, a KMS, a token.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The public half of the key that signs.
    fn public_key(&self) -> &PublicKey;

    /// Signs a message with the first scheme of the key's kind: what [`PublicKey::verify`] accepts with
    /// [`HashPolicy::Current`](super::HashPolicy::Current).
    ///
    /// # Errors
    /// `KEY_SIGNER_UNAVAILABLE` when the signer can't be asked, `KEY_SIGNER_REFUSED` when it says no,
    /// `KEY_CRYPTO`.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError>;
}

#[async_trait]
impl Signer for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        Self::public_key(self)
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        Self::sign(self, message)
    }
}

/// A signature over a stream, and what was learned about the message on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedMessage {
    /// The signature.
    pub signature: Vec<u8>,
    /// The message's digest by the key's hash ([`KeyKind::hash`](super::KeyKind::hash)).
    pub digest: MessageDigest,
    /// Length of the message in bytes.
    pub length: u64,
}

impl PrivateKey {
    /// Signs a message that is in memory.
    ///
    /// # Errors
    /// `KEY_CRYPTO` when the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match self.material() {
            Material::Ecdsa(key) => {
                let signature = key.sign(&SystemRandom::new(), message).map_err(|_| failed())?;
                Ok(signature.as_ref().to_vec())
            }
            Material::Ed25519(key) => Ok(key.sign(message).to_vec()),
            Material::Rsa(key) => sign_rsa(key, &HashAlgorithm::Sha256.digest(message)),
        }
    }

    /// Signs a message whose digest is known.
    ///
    /// # Errors
    /// `KEY_UNSUPPORTED` for Ed25519, which signs messages only; `KEY_DIGEST_ALGORITHM` for another hash than
    /// the key's; `KEY_CRYPTO`.
    pub fn sign_digest(&self, digest: &MessageDigest) -> Result<Vec<u8>, KeyError> {
        if digest.algorithm() != self.kind().hash() {
            return Err(KeyError::DigestAlgorithm {
                kind: self.kind().to_string(),
                expected: self.kind().hash().name(),
                got: digest.algorithm().name(),
            });
        }
        match self.material() {
            Material::Ecdsa(key) => {
                Ok(key.sign_digest(digest.value()).map_err(|_| failed())?.as_ref().to_vec())
            }
            Material::Ed25519(_) => Err(KeyError::unsupported("signing a digest with Ed25519")),
            Material::Rsa(key) => sign_rsa(key, digest),
        }
    }

    /// Signs what a reader gives from where it stands to its end, in constant memory. Ed25519 reads it twice
    /// (RFC 8032, 8.5); the others never seek.
    ///
    /// # Errors
    /// `KEY_MESSAGE_READ`; `KEY_MESSAGE_CHANGED` when the second reading differs from the first: signatures
    /// over two messages with one nonce would give the key away, so none is made; `KEY_CRYPTO`.
    pub fn sign_reader(&self, reader: &mut (impl Read + Seek)) -> Result<SignedMessage, KeyError> {
        if let Material::Ed25519(key) = self.material() {
            return sign_ed25519(key, reader);
        }
        let mut hasher = Hasher::new(self.kind().hash());
        let length = read_pieces(reader, |piece| hasher.update(piece)).map_err(KeyError::Read)?;
        let digest = hasher.finish();
        Ok(SignedMessage { signature: self.sign_digest(&digest)?, digest, length })
    }
}

fn failed() -> KeyError {
    KeyError::Crypto { operation: "signing" }
}

fn sign_rsa(key: &RsaKeyPair, digest: &MessageDigest) -> Result<Vec<u8>, KeyError> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign_digest(&RSA_PKCS1_SHA256, digest.value(), &mut signature).map_err(|_| failed())?;
    Ok(signature)
}

fn sign_ed25519<R: Read + Seek>(key: &SigningKey, reader: &mut R) -> Result<SignedMessage, KeyError> {
    let passes = RefCell::new(Passes { reader, start: None, seen: Vec::new(), error: None });
    let hashed = Zeroizing::new(<[u8; 64]>::from(Sha512::digest(key.as_bytes())));
    let expanded = ExpandedSecretKey::from_bytes(&hashed);
    let signature: Result<Signature, _> = raw_sign_byupdate(
        &expanded,
        |hash: &mut Sha512| passes.borrow_mut().run(|piece| hash.update(piece)),
        &key.verifying_key(),
    );
    let passes = passes.into_inner();
    if let Some(error) = passes.error {
        return Err(error);
    }
    let signature = signature.map_err(|_| failed())?;
    match passes.seen.as_slice() {
        [first, second] if first == second => {
            Ok(SignedMessage { signature: signature.to_vec(), digest: first.0, length: first.1 })
        }
        _ => Err(KeyError::MessageChanged),
    }
}

/// The readings of one message: each is hashed, and all must agree before a signature leaves this module.
struct Passes<'a, R> {
    reader: &'a mut R,
    start: Option<u64>,
    seen: Vec<(MessageDigest, u64)>,
    error: Option<KeyError>,
}

impl<R: Read + Seek> Passes<'_, R> {
    fn run(&mut self, mut each: impl FnMut(&[u8])) -> Result<(), SignatureError> {
        let mut hasher = Hasher::new(HashAlgorithm::Sha256);
        let result = self.rewind().and_then(|()| {
            read_pieces(self.reader, |piece| {
                hasher.update(piece);
                each(piece);
            })
        });
        let seen = (hasher.finish(), *result.as_ref().unwrap_or(&0));
        if let Err(error) = result {
            self.error = Some(KeyError::Read(error));
            return Err(SignatureError::new());
        }
        self.seen.push(seen);
        // Stop before anything is computed over the second reading.
        if self.seen.iter().any(|other| *other != seen) {
            self.error = Some(KeyError::MessageChanged);
            return Err(SignatureError::new());
        }
        Ok(())
    }

    fn rewind(&mut self) -> std::io::Result<()> {
        match self.start {
            Some(start) => self.reader.seek(SeekFrom::Start(start)).map(|_| ()),
            None => {
                self.start = Some(self.reader.stream_position()?);
                Ok(())
            }
        }
    }
}
