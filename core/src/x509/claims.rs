//! What Fulcio says about how a certificate was obtained: its extensions 1.3.6.1.4.1.57264.1.N (Fulcio's
//! `docs/oid-info.md`).
//!
//! The first six are texts without any encoding, the later ones UTF8Strings in DER; number 7 is no extension but a kind
//! of alternative name. Claims are worth what the path of the certificate is worth.

use der::Decode as _;
use der::asn1::{ObjectIdentifier, Utf8StringRef};

use super::certificate::Certificate;
use super::error::CertificateError;
use super::extensions::Extension;
use crate::key::printable_up_to;

/// How a claim is encoded.
#[derive(Clone, Copy)]
enum Encoding {
    Raw,
    Der,
}

use Encoding::{Der, Raw};

/// Last arc of the object identifier, name, encoding.
const CLAIMS: &[(u32, &str, Encoding)] = &[
    (1, "issuer", Raw),
    (2, "github-workflow-trigger", Raw),
    (3, "github-workflow-sha", Raw),
    (4, "github-workflow-name", Raw),
    (5, "github-workflow-repository", Raw),
    (6, "github-workflow-ref", Raw),
    (8, "issuer-v2", Der),
    (9, "build-signer-uri", Der),
    (10, "build-signer-digest", Der),
    (11, "runner-environment", Der),
    (12, "source-repository-uri", Der),
    (13, "source-repository-digest", Der),
    (14, "source-repository-ref", Der),
    (15, "source-repository-identifier", Der),
    (16, "source-repository-owner-uri", Der),
    (17, "source-repository-owner-identifier", Der),
    (18, "build-config-uri", Der),
    (19, "build-config-digest", Der),
    (20, "build-trigger", Der),
    (21, "run-invocation-uri", Der),
    (22, "source-repository-visibility-at-signing", Der),
    (23, "deployment-environment", Der),
    (24, "token-subject", Der),
];

const ISSUER: &str = "issuer";
const ISSUER_V2: &str = "issuer-v2";

/// Fulcio's claims in a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims(Vec<Claim>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Claim {
    oid: ObjectIdentifier,
    name: &'static str,
    value: String,
}

impl Claims {
    /// Reads every claim of a certificate. That none is there twice was seen when the certificate was parsed.
    ///
    /// # Errors
    /// `CERTIFICATE_CLAIM` for a claim that does not decode, and for two issuers that differ.
    pub fn read(certificate: &Certificate) -> Result<Self, CertificateError> {
        let claims: Result<Vec<_>, _> = certificate.extensions().iter().filter_map(read).collect();
        let claims = Self(claims?);
        match (claims.by_name(ISSUER), claims.by_name(ISSUER_V2)) {
            (Some(old), Some(new)) if old != new => Err(CertificateError::Issuers {
                old: printable_up_to(old, 120),
                new: printable_up_to(new, 120),
            }),
            _ => Ok(claims),
        }
    }

    /// The provider that vouched for the identity, from whichever of the two extensions is there.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.by_name(ISSUER_V2).or_else(|| self.by_name(ISSUER))
    }

    /// A claim by its name in Fulcio's list, as in `source-repository-uri`.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|claim| claim.name == name).map(|claim| claim.value.as_str())
    }

    /// A claim by its object identifier, as in `1.3.6.1.4.1.57264.1.12`.
    #[must_use]
    pub fn by_oid(&self, oid: &str) -> Option<&str> {
        let oid: ObjectIdentifier = oid.parse().ok()?;
        self.0.iter().find(|claim| claim.oid == oid).map(|claim| claim.value.as_str())
    }

    /// Every claim that is there: its name and its value, in the order of the certificate.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|claim| (claim.name, claim.value.as_str()))
    }

    /// The names of all claims that are known.
    pub fn names() -> impl Iterator<Item = &'static str> {
        CLAIMS.iter().map(|(_, name, _)| *name)
    }
}

fn read(extension: &Extension) -> Option<Result<Claim, CertificateError>> {
    const FULCIO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1");
    if extension.oid.parent() != Some(FULCIO) {
        return None;
    }
    let last = extension.oid.arcs().last()?;
    let (_, name, encoding) = CLAIMS.iter().find(|(arc, ..)| *arc == last)?;
    let value = match encoding {
        Raw => std::str::from_utf8(&extension.value).map_err(|error| error.to_string()),
        Der => Utf8StringRef::from_der(&extension.value)
            .map(|text| text.as_str())
            .map_err(|error| error.to_string()),
    };
    let refuse = |reason| CertificateError::Claim { name, oid: extension.oid.to_string(), reason };
    Some(value.map_err(refuse).map(|value| Claim { oid: extension.oid, name, value: value.to_owned() }))
}
