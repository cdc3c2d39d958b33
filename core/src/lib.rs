//! Signing and verifying of container images and other artifacts.
//!
//! Reading goes in one direction, and each step hands on a type that the one before cannot skip:
//!
//! ```text
//! reference -> source -> artifacts -> verification -> verdict
//! "app:v1"     registry   parse only   pure steps      facts and
//!              or layout  (untrusted)  mint proofs     refusals
//! ```
//!
//! Writing goes the other way: reference, digest, statement, signer, bundle, source, read back.
//!
//! The library knows no terminal, no environment, no home directory and no clock: credentials, trust and the time
//! are passed in. Whatever is read from outside is bounded by [`limits`].

pub mod attachments;
pub mod buildkit;
pub mod decide;
pub mod digest;
pub mod evidence;
pub mod file;
pub mod format;
pub mod gather;
pub mod image;
pub mod json;
pub mod key;
pub mod limits;
pub mod material;
pub mod media_type;
pub mod merkle;
pub mod oci;
pub mod outcome;
pub mod pieces;
pub mod reference;
pub mod sign;
pub mod source;
pub mod transfer;
pub mod verify;
pub mod x509;

#[cfg(test)]
mod vectors;
