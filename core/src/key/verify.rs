//! Verifying signatures, of messages in memory and of streams, by one and the same path.
//!
//! - ECDSA: DER only (RFC 3279, 2.2.3), strictly encoded; r and s in range.
//! - Ed25519: the strict rules: canonical S, no point of small order, R compared as bytes (cofactorless).
//! - RSA: PKCS#1 v1.5 with the padding compared whole; PSS with a salt as long as the digest.
//!
//! Every scheme that the key and the [`HashPolicy`] admit is tried; what matched is reported.

use aws_lc_rs::signature::ParsedPublicKey;
use ed25519_dalek::{Digest as _, Sha512, Signature, VerifyingKey};

use super::algorithm::KeyKind;
use super::hash::{HashAlgorithm, Hasher, MessageDigest};
use super::limits;
use super::public::{Material, PublicKey};
use super::scheme::{HashPolicy, SignatureMismatch, SignatureScheme};

impl PublicKey {
    /// Verifies a signature over a message that is in memory.
    ///
    /// # Errors
    /// [`SignatureMismatch`] when no admitted scheme verifies, whatever the reason: a wrong key, another
    /// message, a malformed signature.
    pub fn verify(
        &self,
        message: &[u8],
        signature: &[u8],
        policy: HashPolicy,
    ) -> Result<SignatureScheme, SignatureMismatch> {
        let mut verifier = self.stream_verifier(signature, policy);
        verifier.update(message);
        verifier.finish().result
    }

    /// Verifies a signature where only the message's digest is known. Pure Ed25519 can't be: it needs the
    /// message.
    ///
    /// # Errors
    /// [`SignatureMismatch`], with nothing tried when the hash belongs to no admitted scheme.
    pub fn verify_digest(
        &self,
        digest: &MessageDigest,
        signature: &[u8],
        policy: HashPolicy,
    ) -> Result<SignatureScheme, SignatureMismatch> {
        let mut tried = Vec::new();
        if let Material::Digest(keys) = self.material() {
            for (scheme, key) in admitted(keys, policy) {
                if scheme.hash() == Some(digest.algorithm()) {
                    tried.push(*scheme);
                    if signature_fits(signature) && key.verify_digest_sig(digest.value(), signature).is_ok() {
                        return Ok(*scheme);
                    }
                }
            }
        }
        Err(SignatureMismatch { key: self.kind(), tried })
    }

    /// Starts verifying a signature over a message that comes in pieces. Constant memory for every kind of
    /// key; Ed25519 needs the signature before the message, which is why it is given here.
    #[must_use]
    pub fn stream_verifier(&self, signature: &[u8], policy: HashPolicy) -> StreamVerifier {
        let mut verifier = StreamVerifier {
            key: self.clone(),
            // A longer one can't verify; none of it is kept.
            signature: if signature_fits(signature) { signature.to_vec() } else { Vec::new() },
            policy,
            hashers: Vec::new(),
            ed25519: None,
            length: 0,
        };
        match self.material() {
            Material::Ed25519(key) => verifier.ed25519 = Ed25519Stream::new(key, signature),
            Material::Digest(keys) => {
                for (scheme, _) in admitted(keys, policy) {
                    verifier.hashers_for(scheme.hash());
                }
            }
        }
        verifier
    }
}

/// Verifies a signature over a message given piece by piece, and hashes the message on the way.
pub struct StreamVerifier {
    key: PublicKey,
    signature: Vec<u8>,
    policy: HashPolicy,
    hashers: Vec<Hasher>,
    ed25519: Option<Ed25519Stream>,
    length: u64,
}

/// What a [`StreamVerifier`] found.
#[derive(Clone, Debug)]
pub struct StreamOutcome {
    /// The scheme that verified, or the refusal.
    pub result: Result<SignatureScheme, SignatureMismatch>,
    /// The digests of the message that were computed: those that the schemes needed and those asked for.
    pub digests: Vec<MessageDigest>,
    /// Length of the message in bytes.
    pub length: u64,
}

impl StreamOutcome {
    /// The message's digest by one hash, if it was computed.
    #[must_use]
    pub fn digest(&self, algorithm: HashAlgorithm) -> Option<&MessageDigest> {
        self.digests.iter().find(|digest| digest.algorithm() == algorithm)
    }
}

impl StreamVerifier {
    /// Asks for one more digest of the message; a hash that the key's schemes compute anyway costs nothing
    /// more. Once the message has begun it is too late, and the digest will be missing from the outcome.
    #[must_use]
    pub fn with_digest(mut self, algorithm: HashAlgorithm) -> Self {
        if self.length == 0 {
            self.hashers_for(Some(algorithm));
        }
        self
    }

    /// Takes the next piece of the message.
    pub fn update(&mut self, piece: &[u8]) {
        self.length = self.length.saturating_add(piece.len() as u64);
        for hasher in &mut self.hashers {
            hasher.update(piece);
        }
        if let Some(ed25519) = &mut self.ed25519 {
            ed25519.update(piece);
        }
    }

    /// Ends the message and decides.
    #[must_use]
    pub fn finish(self) -> StreamOutcome {
        let digests: Vec<_> = self.hashers.into_iter().map(Hasher::finish).collect();
        let kind = self.key.kind();
        let result = match self.key.material() {
            Material::Ed25519(key) => self.ed25519.and_then(|stream| stream.finish(key)).ok_or_else(|| {
                SignatureMismatch { key: kind, tried: SignatureScheme::of(KeyKind::Ed25519).to_vec() }
            }),
            Material::Digest(keys) => {
                let keys: Vec<_> = admitted(keys, self.policy).collect();
                try_digests(&keys, &digests, &self.signature).ok_or_else(|| SignatureMismatch {
                    key: kind,
                    tried: keys.iter().map(|(scheme, _)| *scheme).collect(),
                })
            }
        };
        StreamOutcome { result, digests, length: self.length }
    }

    fn hashers_for(&mut self, algorithm: Option<HashAlgorithm>) {
        if let Some(algorithm) = algorithm
            && self.hashers.iter().all(|hasher| hasher.algorithm() != algorithm)
        {
            self.hashers.push(Hasher::new(algorithm));
        }
    }
}

impl std::fmt::Debug for StreamVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamVerifier")
            .field("key", &self.key)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

type SchemeKey = (SignatureScheme, ParsedPublicKey);

fn admitted(keys: &[SchemeKey], policy: HashPolicy) -> impl Iterator<Item = &SchemeKey> {
    keys.iter().filter(move |(scheme, _)| policy.admits(*scheme))
}

pub(super) fn signature_fits(signature: &[u8]) -> bool {
    signature.len() <= limits::SIGNATURE_BYTES
}

fn try_digests(keys: &[&SchemeKey], digests: &[MessageDigest], signature: &[u8]) -> Option<SignatureScheme> {
    let verifies = |(scheme, key): &&&SchemeKey| {
        digests
            .iter()
            .filter(|digest| Some(digest.algorithm()) == scheme.hash())
            .any(|digest| key.verify_digest_sig(digest.value(), signature).is_ok())
    };
    keys.iter().find(verifies).map(|(scheme, _)| *scheme)
}

/// Both readings of an Ed25519 signature at once: over the message, and over its SHA-512 (Ed25519ph).
struct Ed25519Stream {
    signature: Signature,
    pure: ed25519_dalek::StreamVerifier,
    prehash: Sha512,
}

impl Ed25519Stream {
    /// `None` when the signature can't verify at all: wrong length, S not canonical, R of small order or no
    /// point. The library's stream leaves out the check of R that its `verify_strict` makes.
    fn new(key: &VerifyingKey, signature: &[u8]) -> Option<Self> {
        let signature = Signature::from_slice(signature).ok()?;
        let r = VerifyingKey::from_bytes(signature.r_bytes()).ok()?;
        if r.is_weak() {
            return None;
        }
        Some(Self { signature, pure: key.verify_stream(&signature).ok()?, prehash: Sha512::new() })
    }

    fn update(&mut self, piece: &[u8]) {
        self.pure.update(piece);
        self.prehash.update(piece);
    }

    fn finish(self, key: &VerifyingKey) -> Option<SignatureScheme> {
        if self.pure.finalize_and_verify().is_ok() {
            return Some(SignatureScheme::Ed25519);
        }
        key.verify_prehashed_strict(self.prehash, None, &self.signature)
            .ok()
            .map(|()| SignatureScheme::Ed25519ph)
    }
}
