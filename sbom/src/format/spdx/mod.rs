//! SPDX: 2.3 as JSON and as tags and values, and 3.0.1 as JSON-LD.
//!
//! The subject is a package that the document describes; it contains all that no other component brought. Where
//! something could not be read, the subject also contains `NOASSERTION` in 2.3, and contains `incomplete`ly in 3.0: there
//! may be more. The comment of the document names what it was. Licences are the declared ones: what a licence is concluded to be is not
//! this program's to say.

mod licensing;
mod tag_value;
#[cfg(test)]
mod tests;
mod v2;
mod v2_build;
mod v3;
mod v3_build;

use countersign_core::digest::Digest;

use super::{Document, WriteError};
use crate::fact::Ecosystem;
use crate::inventory::{Component, Subject};

/// SPDX 2.3 as JSON.
pub(super) fn json(document: Document<'_>) -> Result<Vec<u8>, WriteError> {
    super::pretty(&v2_build::build(document))
}

/// SPDX 3.0.1 as JSON-LD.
pub(super) fn json_ld(document: Document<'_>) -> Result<Vec<u8>, WriteError> {
    super::pretty(&v3_build::build(document))
}

/// SPDX 2.3 as tags and values.
pub(super) fn tag_value(document: Document<'_>) -> Vec<u8> {
    tag_value::write(&v2_build::build(document))
}

/// The namespace of the document. Who has no site of their own uses that of SPDX (specification 2.3, section 6.5.1).
fn namespace(document: Document<'_>) -> String {
    format!("https://spdx.org/spdxdocs/{}-{}", slug(&document.inventory.subject.name), document.identity.uuid)
}

/// The identifier of a component in its document: what it is called, and a digest of its reference.
fn component_id(component: &Component, reference: &str) -> String {
    let digest = Digest::sha256(reference.as_bytes()).hex();
    let ecosystem = component.ecosystem.map_or("other", Ecosystem::purl_type);
    format!("SPDXRef-Package-{ecosystem}-{}-{}", slug(&component.name), &digest[..32])
}

/// At most 40 letters, digits, dots and hyphens of a text: all that identifiers of SPDX can have.
fn slug(text: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    text.chars().take(40).map(allowed).collect::<String>().trim_matches('-').to_owned()
}

/// The name with what stands before it, as the ecosystem joins them: SPDX has no groups.
fn full_name(component: &Component) -> String {
    let joint = if component.ecosystem == Some(Ecosystem::Maven) { ':' } else { '/' };
    let group = component.namespace.as_ref().map(|group| format!("{group}{joint}")).unwrap_or_default();
    super::text::line(&format!("{group}{}", component.name))
}

/// Where the component was found.
fn found(component: &Component) -> Option<String> {
    let places = component.locations.iter().map(|location| match &location.layer {
        Some(layer) => format!("{} (layer {layer})", location.path),
        None => location.path.clone(),
    });
    let places = places.collect::<Vec<_>>().join("; ");
    (!places.is_empty()).then(|| super::text::line(&format!("{}{places}", super::text::FOUND)))
}

/// The platform and the layers of the subject.
fn made_of(subject: &Subject) -> Option<String> {
    let platform = subject.platform.as_ref().map(|platform| format!("{}{platform}.", super::text::PLATFORM));
    let layers = (!subject.layers.is_empty())
        .then(|| format!("{}{}.", super::text::LAYERS, subject.layers.join(", ")));
    let parts: Vec<_> = platform.into_iter().chain(layers).collect();
    (!parts.is_empty()).then(|| super::text::line(&parts.join(" ")))
}

/// The subject's digest in hexadecimal, if it is a SHA-256.
fn sha256(subject: &Subject) -> Option<String> {
    let digits = subject.digest.as_deref()?.strip_prefix("sha256:")?;
    (digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then(|| digits.to_ascii_lowercase())
}

/// A supplier, taken apart: `Name <address@example.org>`.
struct Supplier {
    name: String,
    email: Option<String>,
}

impl Supplier {
    /// As section 6.8 of the specification 2.3 has it, `NAME (ADDRESS)`.
    fn with_address(&self) -> String {
        let email = self.email.as_ref().map(|email| format!(" ({email})")).unwrap_or_default();
        format!("{}{email}", self.name)
    }

    /// `None` where the text names nobody. Parentheses mean the address in SPDX: the name has none.
    fn of(text: &str) -> Option<Self> {
        let (name, email) = super::text::party(text);
        let name = if name.is_empty() { email.clone()? } else { name.replace('(', "[").replace(')', "]") };
        Some(Self { name, email })
    }
}
