//! SHA-2 digests of messages (FIPS 180-4), computed by `aws-lc-rs` with the processor's own instructions.

use std::fmt;

use aws_lc_rs::digest;

use super::KeyError;

/// A hash that signatures are made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HashAlgorithm {
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes.
    Sha512,
}

impl HashAlgorithm {
    /// The name as OCI digests spell it: `sha256`, `sha384`, `sha512`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// Every hash.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// Bytes of a digest.
    #[must_use]
    pub fn digest_bytes(self) -> usize {
        self.implementation().output_len()
    }

    /// The digest of a message that is in memory.
    #[must_use]
    pub fn digest(self, message: &[u8]) -> MessageDigest {
        MessageDigest { algorithm: self, value: digest::digest(self.implementation(), message) }
    }

    fn implementation(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A digest of a message: the algorithm and the bytes.
#[derive(Clone, Copy)]
pub struct MessageDigest {
    algorithm: HashAlgorithm,
    value: digest::Digest,
}

impl MessageDigest {
    /// Takes a digest that was computed elsewhere.
    ///
    /// # Errors
    /// `KEY_DIGEST_LENGTH` when the length is not that of the algorithm.
    pub fn new(algorithm: HashAlgorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let value = digest::Digest::import_less_safe(bytes, algorithm.implementation()).map_err(|_| {
            KeyError::DigestLength {
                algorithm: algorithm.name(),
                expected: algorithm.digest_bytes(),
                got: bytes.len(),
            }
        })?;
        Ok(Self { algorithm, value })
    }

    /// The hash that made it.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The digest itself: 32, 48 or 64 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.value.as_ref()
    }

    pub(super) fn value(&self) -> &digest::Digest {
        &self.value
    }
}

impl PartialEq for MessageDigest {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && self.bytes() == other.bytes()
    }
}

impl Eq for MessageDigest {}

impl fmt::Debug for MessageDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for MessageDigest {
    /// `sha256:` and the digest in lower-case hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm, hex::encode(self.bytes()))
    }
}

/// Hashes a message piece by piece, in constant memory.
pub struct Hasher {
    algorithm: HashAlgorithm,
    context: digest::Context,
}

impl Hasher {
    /// A hasher that has seen nothing yet.
    #[must_use]
    pub fn new(algorithm: HashAlgorithm) -> Self {
        Self { algorithm, context: digest::Context::new(algorithm.implementation()) }
    }

    /// The hash that it computes.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// Takes the next piece of the message.
    pub fn update(&mut self, piece: &[u8]) {
        self.context.update(piece);
    }

    /// The digest of all pieces.
    #[must_use]
    pub fn finish(self) -> MessageDigest {
        MessageDigest { algorithm: self.algorithm, value: self.context.finish() }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
