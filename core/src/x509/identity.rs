//! Who a leaf stands for.

use super::certificate::Certificate;
use super::error::CertificateError;
use super::names::{AlternativeName, OTHER_NAME};

/// The one name of the signer in a leaf certificate.
///
/// A name of one kind never equals one of another kind, whatever their texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// An email address.
    Email(String),
    /// A URI: a workflow, a SPIFFE ID, a Kubernetes service account.
    Uri(String),
    /// The name of a user in another kind of provider (otherName 1.3.6.1.4.1.57264.1.7).
    Other(String),
}

impl Identity {
    /// Reads the identity of a leaf: exactly one email, URI or otherName of Fulcio's. DNS and other names may stand
    /// beside it and say nothing about the signer.
    ///
    /// # Errors
    /// `CERTIFICATE_IDENTITY` when there is none, or more than one.
    pub fn read(leaf: &Certificate) -> Result<Self, CertificateError> {
        let mut found: Vec<_> = leaf.subject_alternative_names().iter().filter_map(Self::of).collect();
        match found.pop() {
            Some(identity) if found.is_empty() => Ok(identity),
            Some(_) => Err(CertificateError::Identity { got: found.len() + 1 }),
            None => Err(CertificateError::Identity { got: 0 }),
        }
    }

    /// The name itself.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::Email(value) | Self::Uri(value) | Self::Other(value) => value,
        }
    }

    /// The kind of name: `email`, `uri` or `other`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Uri(_) => "uri",
            Self::Other(_) => "other",
        }
    }

    fn of(name: &AlternativeName) -> Option<Self> {
        match name {
            AlternativeName::Email(value) => Some(Self::Email(value.clone())),
            AlternativeName::Uri(value) => Some(Self::Uri(value.clone())),
            AlternativeName::Other { oid, value } if *oid == OTHER_NAME => Some(Self::Other(value.clone())),
            _ => None,
        }
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.value())
    }
}
