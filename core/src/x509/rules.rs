//! What one certificate of a path must be by itself, in its place and at a time.

use der::asn1::ObjectIdentifier;
use jiff::Timestamp;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage, KeyUsages};

use super::certificate::Certificate;
use super::extensions::Extended;
use super::path::{PathError, Purpose};
use crate::key::SignatureAlgorithm;

/// The place of a certificate in a path.
#[derive(Clone, Copy)]
pub(super) enum Role {
    Leaf,
    Authority,
}

impl Role {
    /// The certificate for messages.
    pub(super) fn shown(self, certificate: &Certificate) -> String {
        match self {
            Self::Leaf => format!("the leaf certificate '{}'", certificate.shown()),
            Self::Authority => format!("the authority '{}'", certificate.shown()),
        }
    }
}

/// The object identifiers of RFC 5280, 4.2.1.12.
const ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");

/// Whether a certificate may be the leaf of a path for this purpose.
pub(super) fn leaf(certificate: &Certificate, at: Timestamp, purpose: Purpose) -> Result<(), PathError> {
    everyone(certificate, Role::Leaf, at)?;
    let this = (certificate, Role::Leaf);
    let is_authority = certificate.basic_constraints().is_some_and(|constraints| constraints.value.ca);
    expect(!is_authority, this, "no basicConstraints with cA", || "cA".to_owned())?;
    let usage = certificate.key_usage();
    let got = || shown_usage(usage);
    let signs = usage.is_some_and(|usage| usage.value.digital_signature());
    // RFC 3161 says nothing about keyUsage; authorities for time use either of the two.
    let attests = usage.is_some_and(|usage| usage.value.non_repudiation());
    let expected = "keyUsage with digitalSignature";
    expect(signs || (purpose == Purpose::TimeStamping && attests), this, expected, got)?;
    let issues = usage.is_some_and(|usage| usage.value.key_cert_sign());
    expect(!issues, this, "keyUsage without keyCertSign", got)?;
    let purposes = certificate.extended_key_usage();
    let got = || shown_purposes(purposes);
    let stated = purposes.map(|purposes| (purposes.critical, purposes.value.0.as_slice()));
    match purpose {
        Purpose::CodeSigning => {
            let serves = stated.is_some_and(|(_, purposes)| purposes.contains(&CODE_SIGNING));
            expect(serves, this, "extKeyUsage with codeSigning", got)
        }
        Purpose::TimeStamping => {
            let serves = stated == Some((true, &[TIME_STAMPING]));
            expect(serves, this, "critical extKeyUsage with timeStamping alone", got)
        }
    }
}

/// Whether a certificate may be an authority of a path, with so many authorities below it that are not self-issued.
pub(super) fn authority(
    certificate: &Certificate,
    below: usize,
    at: Timestamp,
    purpose: Purpose,
) -> Result<(), PathError> {
    everyone(certificate, Role::Authority, at)?;
    algorithm(certificate, Role::Authority)?;
    let this = (certificate, Role::Authority);
    let constraints = certificate.basic_constraints();
    let is_authority = constraints.is_some_and(|constraints| constraints.critical && constraints.value.ca);
    expect(is_authority, this, "critical basicConstraints with cA", || match constraints {
        None => "none".to_owned(),
        Some(constraints) if constraints.value.ca => "not critical".to_owned(),
        Some(_) => "no cA".to_owned(),
    })?;
    let usage = certificate.key_usage();
    let issues = usage.is_some_and(|usage| usage.value.key_cert_sign());
    expect(issues, this, "keyUsage with keyCertSign", || shown_usage(usage))?;
    let purposes = certificate.extended_key_usage();
    let (oid, expected) = match purpose {
        Purpose::CodeSigning => (CODE_SIGNING, "extKeyUsage with codeSigning, or none"),
        Purpose::TimeStamping => (TIME_STAMPING, "extKeyUsage with timeStamping, or none"),
    };
    let serves =
        purposes.is_none_or(|purposes| purposes.value.0.iter().any(|found| *found == oid || *found == ANY));
    expect(serves, this, expected, || shown_purposes(purposes))?;
    match constraints.and_then(|constraints| constraints.value.path_len_constraint) {
        Some(limit) if below > usize::from(limit) => {
            Err(PathError::PathLength { certificate: Role::Authority.shown(certificate), limit, got: below })
        }
        _ => Ok(()),
    }
}

/// The algorithm that a certificate is signed with. An anchor's must be an accepted one too, though nothing rests on
/// its signature.
pub(super) fn algorithm(certificate: &Certificate, role: Role) -> Result<SignatureAlgorithm, PathError> {
    SignatureAlgorithm::from_der(certificate.signature_algorithm_der()).map_err(|error| {
        PathError::Algorithm { certificate: role.shown(certificate), reason: error.to_string() }
    })
}

/// What holds for every certificate of a path.
fn everyone(certificate: &Certificate, role: Role, at: Timestamp) -> Result<(), PathError> {
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if !(not_before.as_second()..=not_after.as_second()).contains(&at.as_second()) {
        return Err(PathError::Expired { certificate: role.shown(certificate), not_before, not_after, at });
    }
    match certificate.unknown_critical() {
        Some(oid) => {
            Err(PathError::CriticalExtension { certificate: role.shown(certificate), oid: oid.to_string() })
        }
        None => Ok(()),
    }
}

/// Refuses a certificate that is not what is expected in its place.
fn expect(
    met: bool,
    (certificate, role): (&Certificate, Role),
    expected: &'static str,
    got: impl FnOnce() -> String,
) -> Result<(), PathError> {
    if met {
        Ok(())
    } else {
        Err(PathError::Usage { certificate: role.shown(certificate), expected, got: got() })
    }
}

fn shown_usage(usage: Option<&Extended<KeyUsage>>) -> String {
    let Some(usage) = usage else { return "none".to_owned() };
    let name = |usage| match usage {
        KeyUsages::DigitalSignature => "digitalSignature",
        KeyUsages::NonRepudiation => "nonRepudiation",
        KeyUsages::KeyEncipherment => "keyEncipherment",
        KeyUsages::DataEncipherment => "dataEncipherment",
        KeyUsages::KeyAgreement => "keyAgreement",
        KeyUsages::KeyCertSign => "keyCertSign",
        KeyUsages::CRLSign => "cRLSign",
        KeyUsages::EncipherOnly => "encipherOnly",
        KeyUsages::DecipherOnly => "decipherOnly",
    };
    let names: Vec<_> = usage.value.0.into_iter().map(name).collect();
    if names.is_empty() { "no usage".to_owned() } else { names.join(", ") }
}

fn shown_purposes(purposes: Option<&Extended<ExtendedKeyUsage>>) -> String {
    let Some(purposes) = purposes else { return "none".to_owned() };
    let name = |oid: &ObjectIdentifier| match *oid {
        ANY => "anyExtendedKeyUsage".to_owned(),
        CODE_SIGNING => Purpose::CodeSigning.name().to_owned(),
        TIME_STAMPING => Purpose::TimeStamping.name().to_owned(),
        other => other.to_string(),
    };
    // More than a few say no more than a few.
    let mut names: Vec<_> = purposes.value.0.iter().take(8).map(name).collect();
    if !purposes.critical {
        names.push("not critical".to_owned());
    }
    names.join(", ")
}
