//! X.509 certificates and certification paths (RFC 5280), as far as keyless signing needs them.
//!
//! ```text
//! DER, PEM -> Certificate -> path::verify -> Path
//!             strict parse   to a trusted    proven: leaf first,
//!             (untrusted)    anchor, at a    the anchor last
//!                            given time
//! ```
//!
//! - [`Certificate`] is parsed strictly once; a certificate whose key would not be accepted does not exist here.
//! - [`path::verify`] is the only way to a [`path::Path`]: signatures, validity, usages, path lengths and name
//!   constraints of every certificate, the anchor's too.
//! - [`Identity`] is the one name that a leaf stands for, [`Claims`] are what Fulcio says about how it was obtained.
//! - [`CertificateTimestamp`] is a log's promise that the certificate is public (RFC 6962).
//!
//! Revocation is not looked at: keyless certificates live for minutes, and an authority is withdrawn by withdrawing
//! trust in it. Nothing here does input or output or reads a clock.

mod certificate;
mod claims;
mod compare;
mod constraints;
mod error;
mod extensions;
mod fields;
mod identity;
mod names;
pub mod path;
mod rules;
mod sct;

pub use certificate::Certificate;
pub use claims::Claims;
pub use error::CertificateError;
pub use extensions::Extended;
pub use identity::Identity;
pub use names::AlternativeName;
pub use sct::{CertificateTimestamp, CertificateTimestampError};

#[cfg(test)]
mod tests;
