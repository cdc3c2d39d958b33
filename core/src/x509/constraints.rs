//! Name constraints (RFC 5280, 4.2.1.10): the names that an authority may give.
//!
//! A comparison has three answers. Where the third, "not comparable", comes out, a name is neither permitted nor clear
//! of an exclusion: what cannot be judged is refused.

use std::net::IpAddr;

use der::asn1::{Ia5StringRef, ObjectIdentifier};
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;

use super::certificate::Certificate;
use super::compare::{self, Match};
use super::names::AlternativeName;
use crate::key::printable_up_to;
use crate::limits;

/// The attribute of old distinguished names that holds an email address (RFC 5280, 4.1.2.6).
const EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");

/// How a name breaks the constraints of an authority.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Violation {
    /// The name, shortened; the form of the constraint where that is not understood.
    pub(super) name: String,
    pub(super) problem: &'static str,
}

/// Checks every name of `subject` against the constraints of `authority`, if it has any.
pub(super) fn check(authority: &Certificate, subject: &Certificate) -> Result<(), Violation> {
    let Some(constraints) = authority.name_constraints() else { return Ok(()) };
    let [permitted, excluded] = [&constraints.value.permitted_subtrees, &constraints.value.excluded_subtrees]
        .map(|subtrees| subtrees.as_deref().unwrap_or_default());
    if permitted.len() + excluded.len() > limits::CERTIFICATE_NAMES {
        return Err(Violation {
            name: format!("{} constraints", permitted.len() + excluded.len()),
            problem: "more than are read",
        });
    }
    permitted.iter().chain(excluded).try_for_each(understood)?;
    names(subject).iter().try_for_each(|name| check_name(name, permitted, excluded))
}

fn check_name(
    name: &AlternativeName,
    permitted: &[GeneralSubtree],
    excluded: &[GeneralSubtree],
) -> Result<(), Violation> {
    let refuse = |problem| Err(Violation { name: printable_up_to(&name.to_string(), 160), problem });
    if excluded.iter().filter_map(|subtree| within(name, subtree)).any(|found| found != Match::No) {
        return refuse("is excluded");
    }
    let mut permitted = permitted.iter().filter_map(|subtree| within(name, subtree)).peekable();
    if permitted.peek().is_some() && !permitted.any(|found| found == Match::Yes) {
        return refuse("is not permitted");
    }
    Ok(())
}

/// Every name that a constraint can be about: the alternative names, the subject, and the subject's email addresses
/// where there are none among the alternative names.
fn names(certificate: &Certificate) -> Vec<AlternativeName> {
    let mut names = certificate.subject_alternative_names().to_vec();
    let subject = certificate.subject();
    if !names.iter().any(|name| matches!(name, AlternativeName::Email(_))) {
        let addresses = subject.iter().filter(|attribute| attribute.oid == EMAIL_ADDRESS);
        // What is no IA5String is not comparable with any constraint, and is said so by the empty address.
        names.extend(addresses.map(|attribute| {
            let text = attribute.value.decode_as::<Ia5StringRef<'_>>().map(|text| text.as_str().to_owned());
            AlternativeName::Email(text.unwrap_or_default())
        }));
    }
    if !subject.is_empty() {
        names.push(AlternativeName::Directory(subject.clone()));
    }
    names
}

/// Whether a name lies in a subtree; `None` where they are of different forms.
fn within(name: &AlternativeName, subtree: &GeneralSubtree) -> Option<Match> {
    Some(match (name, &subtree.base) {
        (AlternativeName::Dns(name), GeneralName::DnsName(base)) => compare::dns(name, base.as_str()),
        (AlternativeName::Email(name), GeneralName::Rfc822Name(base)) => compare::email(name, base.as_str()),
        (AlternativeName::Uri(name), GeneralName::UniformResourceIdentifier(base)) => {
            compare::uri(name, base.as_str())
        }
        (AlternativeName::Directory(name), GeneralName::DirectoryName(base)) => {
            compare::directory(name, base)
        }
        (AlternativeName::Ip(IpAddr::V4(address)), GeneralName::IpAddress(base)) => {
            compare::address(&address.octets(), base.as_bytes())
        }
        (AlternativeName::Ip(IpAddr::V6(address)), GeneralName::IpAddress(base)) => {
            compare::address(&address.octets(), base.as_bytes())
        }
        _ => return None,
    })
}

/// Refuses constraints of other forms, and distances, which RFC 5280 does not use.
fn understood(subtree: &GeneralSubtree) -> Result<(), Violation> {
    let form = match &subtree.base {
        GeneralName::DnsName(_)
        | GeneralName::Rfc822Name(_)
        | GeneralName::UniformResourceIdentifier(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::IpAddress(_)
            if subtree.minimum == 0 && subtree.maximum.is_none() =>
        {
            return Ok(());
        }
        GeneralName::OtherName(_) => "otherName",
        GeneralName::EdiPartyName(_) => "ediPartyName",
        GeneralName::RegisteredId(_) => "registeredID",
        _ => "with minimum or maximum",
    };
    Err(Violation { name: format!("a constraint {form}"), problem: "is not understood" })
}
