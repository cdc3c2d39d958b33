//! The names that a certificate is for (RFC 5280, 4.2.1.6).

use std::net::IpAddr;

use der::asn1::{ObjectIdentifier, Utf8StringRef};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use super::error::{CertificateError, at_most};
use crate::limits;

/// Fulcio's otherName: the name of a user in an identity provider that issues neither emails nor URIs.
pub(super) const OTHER_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.7");

/// One of the subject's alternative names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlternativeName {
    /// `rfc822Name`: an email address.
    Email(String),
    /// `uniformResourceIdentifier`.
    Uri(String),
    /// `dNSName`, which may begin with `*.`.
    Dns(String),
    /// `directoryName`.
    Directory(Name),
    /// `iPAddress`.
    Ip(IpAddr),
    /// `otherName` with a UTF8String for its value.
    Other {
        /// What kind of name it is.
        oid: ObjectIdentifier,
        /// The name.
        value: String,
    },
    /// A form that is known by name only: `otherName` with another value, `ediPartyName`, `registeredID`.
    Unread(&'static str),
}

impl AlternativeName {
    /// The form of the name, as RFC 5280 calls it.
    #[must_use]
    pub fn form(&self) -> &'static str {
        match self {
            Self::Email(_) => "rfc822Name",
            Self::Uri(_) => "uniformResourceIdentifier",
            Self::Dns(_) => "dNSName",
            Self::Directory(_) => "directoryName",
            Self::Ip(_) => "iPAddress",
            Self::Other { .. } => "otherName",
            Self::Unread(form) => form,
        }
    }

    /// Reads every name of the extension.
    pub(super) fn all(names: &[GeneralName]) -> Result<Vec<Self>, CertificateError> {
        at_most("alternative names", names.len(), limits::CERTIFICATE_NAMES)?;
        if names.is_empty() {
            return Err(malformed("there are no names in the list"));
        }
        names.iter().map(Self::read).collect()
    }

    fn read(name: &GeneralName) -> Result<Self, CertificateError> {
        Ok(match name {
            GeneralName::Rfc822Name(text) => Self::Email(plain(text.as_str())?),
            GeneralName::DnsName(text) => Self::Dns(plain(text.as_str())?),
            GeneralName::UniformResourceIdentifier(text) => Self::Uri(plain(text.as_str())?),
            GeneralName::DirectoryName(name) => Self::Directory(name.clone()),
            GeneralName::IpAddress(bytes) => Self::Ip(address(bytes.as_bytes())?),
            GeneralName::OtherName(other) => match other.value.decode_as::<Utf8StringRef<'_>>() {
                Ok(value) => Self::Other { oid: other.type_id, value: plain(value.as_str())? },
                Err(_) if other.type_id == OTHER_NAME => {
                    return Err(malformed("the otherName of Fulcio is no UTF8String"));
                }
                Err(_) => Self::Unread("otherName"),
            },
            GeneralName::EdiPartyName(_) => Self::Unread("ediPartyName"),
            GeneralName::RegisteredId(_) => Self::Unread("registeredID"),
        })
    }
}

impl std::fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Email(name) | Self::Uri(name) | Self::Dns(name) => f.write_str(name),
            Self::Directory(name) => write!(f, "{name}"),
            Self::Ip(address) => write!(f, "{address}"),
            Self::Other { value, .. } => f.write_str(value),
            Self::Unread(form) => write!(f, "a name of the form {form}"),
        }
    }
}

fn address(bytes: &[u8]) -> Result<IpAddr, CertificateError> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .map_err(|_| malformed(format_args!("an address of {} bytes", bytes.len())))
}

/// A name that is not empty and holds no control characters: what follows one would be hidden from some readers.
fn plain(text: &str) -> Result<String, CertificateError> {
    if text.is_empty() {
        Err(malformed("an empty name"))
    } else if text.chars().any(char::is_control) {
        Err(malformed("a name with control characters"))
    } else {
        Ok(text.to_owned())
    }
}

fn malformed(reason: impl std::fmt::Display) -> CertificateError {
    CertificateError::malformed("subjectAltName", reason)
}
