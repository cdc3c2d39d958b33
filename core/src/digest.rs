//! Content digests: an algorithm and bytes, never a string.
//!
//! Grammar and registered algorithms: OCI image specification 1.1, "Digests". `sha256` and `sha512` are accepted, in
//! lower-case hexadecimal of the full length; everything else is refused when it is parsed.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest as hash;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A digest algorithm that content may be addressed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-512 (FIPS 180-4).
    Sha512,
}

impl Algorithm {
    /// The name as it stands before the colon.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// Length of the digest in bytes.
    #[allow(clippy::len_without_is_empty, reason = "no digest is empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    fn hash(self) -> &'static hash::Algorithm {
        match self {
            Self::Sha256 => &hash::SHA256,
            Self::Sha512 => &hash::SHA512,
        }
    }
}

/// The digest of some content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    bytes: [u8; 64],
}

/// Why a text is no digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no colon between algorithm and hexadecimal digits.
    #[error("'{0}' is no digest: expected ALGORITHM:HEX, such as sha256:9f86d081...")]
    NoColon(String),
    /// The algorithm is not one that is accepted.
    #[error("digest algorithm '{0}' is not accepted: expected sha256 or sha512")]
    Algorithm(String),
    /// There are too few or too many hexadecimal digits.
    #[error("a {algorithm} digest has {expected} hexadecimal digits, got {got}")]
    Length {
        /// The algorithm's name.
        algorithm: &'static str,
        /// Digits that it needs.
        expected: usize,
        /// Digits that were there.
        got: usize,
    },
    /// A character is not a lower-case hexadecimal digit.
    #[error("'{0}' is no lower-case hexadecimal digit")]
    Character(char),
}

impl DigestError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        "DIGEST_MALFORMED"
    }
}

impl Digest {
    /// The SHA-256 digest of `content`.
    pub fn sha256(content: &[u8]) -> Self {
        Self::of(Algorithm::Sha256, content)
    }

    /// The digest of `content` with `algorithm`.
    pub fn of(algorithm: Algorithm, content: &[u8]) -> Self {
        Self::from_hash(algorithm, hash::digest(algorithm.hash(), content).as_ref())
    }

    /// A digest from its raw bytes; `None` when their number does not fit the algorithm.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        (bytes.len() == algorithm.len()).then(|| Self::from_hash(algorithm, bytes))
    }

    fn from_hash(algorithm: Algorithm, hash: &[u8]) -> Self {
        let mut bytes = [0; 64];
        bytes[..hash.len()].copy_from_slice(hash);
        Self { algorithm, bytes }
    }

    /// The algorithm.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw bytes: 32 for SHA-256, 64 for SHA-512.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.algorithm.len()]
    }

    /// The lower-case hexadecimal digits, without the algorithm.
    pub fn hex(&self) -> String {
        hex::encode(self.bytes())
    }

    /// Whether `content` has this digest.
    pub fn matches(&self, content: &[u8]) -> bool {
        Self::of(self.algorithm, content) == *self
    }

    /// The tag under which a registry without the referrers API keeps the index of what refers to this digest (OCI
    /// distribution specification 1.1, "Referrers Tag Schema"), and the stem of cosign's `.sig`, `.att`, `.sbom`.
    pub fn tag_stem(&self) -> String {
        let mut hex = self.hex();
        hex.truncate(64);
        format!("{}-{hex}", self.algorithm.name())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (name, digits) = text.split_once(':').ok_or_else(|| DigestError::NoColon(text.into()))?;
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            other => return Err(DigestError::Algorithm(other.into())),
        };
        if let Some(wrong) = digits.chars().find(|c| !matches!(c, '0'..='9' | 'a'..='f')) {
            return Err(DigestError::Character(wrong));
        }
        let expected = algorithm.len() * 2;
        let mut bytes = [0; 64];
        hex::decode_to_slice(digits, &mut bytes[..algorithm.len()]).map_err(|_| DigestError::Length {
            algorithm: algorithm.name(),
            expected,
            got: digits.len(),
        })?;
        Ok(Self { algorithm, bytes })
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Computes a digest of content that arrives in pieces.
pub struct Hasher {
    algorithm: Algorithm,
    context: hash::Context,
    length: u64,
}

impl Hasher {
    /// A hasher that has seen nothing.
    pub fn new(algorithm: Algorithm) -> Self {
        Self { algorithm, context: hash::Context::new(algorithm.hash()), length: 0 }
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.context.update(piece);
        self.length += piece.len() as u64;
    }

    /// Bytes seen so far.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// The digest of everything seen.
    pub fn finish(self) -> Digest {
        Digest::from_hash(self.algorithm, self.context.finish().as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn what_is_displayed_parses_again() {
        for digest in [Digest::sha256(b""), Digest::of(Algorithm::Sha512, b"x")] {
            assert_eq!(digest.to_string().parse(), Ok(digest));
        }
        assert_eq!(Digest::sha256(b"").to_string(), EMPTY);
    }

    #[test]
    fn pieces_hash_as_the_whole() {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(b"ab");
        hasher.update(b"c");
        assert_eq!(hasher.length(), 3);
        assert_eq!(hasher.finish(), Digest::sha256(b"abc"));
    }

    /// threat model, row 8: unknown and weak algorithms, wrong case, wrong length.
    #[test]
    fn what_is_no_digest_is_refused() {
        for text in [
            "",
            "sha256",
            "sha256:",
            "sha256:abc",
            "md5:d41d8cd98f00b204e9800998ecf8427e",
            "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            &EMPTY.to_uppercase().replace("SHA256", "sha256"),
            &format!("{EMPTY}0"),
            &format!("{EMPTY} "),
            &EMPTY.replace("sha256", "sha512"),
        ] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_tag_of_a_long_digest_is_cut_to_what_a_tag_may_be() {
        let digest = Digest::of(Algorithm::Sha512, b"x");
        assert_eq!(digest.tag_stem().len(), "sha512-".len() + 64);
    }

    proptest::proptest! {
        #[test]
        fn digests_of_any_content_survive_being_text(content: Vec<u8>, flip in 0_usize..64) {
            let digest = Digest::sha256(&content);
            proptest::prop_assert_eq!(digest.to_string().parse(), Ok(digest));
            proptest::prop_assert!(digest.matches(&content));
            let mut hex = digest.hex().into_bytes();
            hex[flip] = if hex[flip] == b'0' { b'1' } else { b'0' };
            let other: Digest = format!("sha256:{}", String::from_utf8_lossy(&hex)).parse().unwrap();
            proptest::prop_assert!(other != digest && !other.matches(&content));
        }
    }
}
