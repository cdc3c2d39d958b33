//! Keys: what signs and what verifies, and the files they live in.
//!
//! - [`PublicKey`] is read from PEM or SubjectPublicKeyInfo and has passed every check once it exists.
//! - [`PrivateKey`] is generated ([`PrivateKey::generate`]) or read from any common format ([`load`]), and is
//!   written as PKCS#8 or as cosign's encrypted file ([`PrivateKey::to_encrypted_pem`]).
//! - Verifying ([`PublicKey::verify`], [`StreamVerifier`]) pins the hash to the key: [`HashPolicy`] says whether
//!   older files are read too. What matched is a [`SignatureScheme`].
//! - What a certificate or a timestamp names its algorithm for is verified with that one:
//!   [`PublicKey::verify_named`], [`SignatureAlgorithm`].
//! - [`Signer`] is what signs elsewhere as well: a KMS, a token.
//!
//! ECDSA and RSA are done by `aws-lc-rs`, Ed25519 by `ed25519-dalek`, whose strict rules `aws-lc-rs` does not
//! offer. Nothing here does input or output, reads a clock or the environment; a message to sign may be a
//! reader that the caller passes in. Every bound on what is read is in [`limits`].

mod algorithm;
mod asn1;
mod envelope;
mod error;
mod hash;
mod import;
pub mod limits;
mod named;
pub(crate) mod pem;
mod private;
mod public;
mod rsa;
mod scheme;
mod sign;
mod verify;

pub use algorithm::{Curve, KeyAlgorithm, KeyKind};
pub use error::KeyError;
pub(crate) use error::printable_up_to;
pub use hash::{HashAlgorithm, Hasher, MessageDigest};
pub use import::{Password, load, needs_password};
pub use named::{NamedMismatch, SignatureAlgorithm};
pub use private::PrivateKey;
pub use public::PublicKey;
pub use scheme::{HashPolicy, SignatureMismatch, SignatureScheme};
pub use sign::{SignedMessage, Signer};
pub use verify::{StreamOutcome, StreamVerifier};

#[cfg(test)]
mod tests;
