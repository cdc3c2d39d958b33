//! What each profile asks for.

use super::part::{Part, PartKind};
use super::{Element, Measure, Profile};
use crate::format::read::Read;

pub(super) const fn elements(profile: Profile) -> &'static [Element] {
    match profile {
        Profile::Ntia => NTIA,
        Profile::Cisa => CISA,
        Profile::Bsi => BSI,
    }
}

/// "Data Fields", the table of the baseline component information.
const NTIA: &[Element] = &[
    part("supplier", "Supplier Name", "Data Fields", |it| Some(it.supplier.is_some())),
    part("name", "Component Name", "Data Fields", |it| Some(!it.name.is_empty())),
    part("version", "Version of the Component", "Data Fields", |it| Some(it.version.is_some())),
    part("identifiers", "Other Unique Identifiers", "Data Fields", |it| Some(it.is_identified)),
    document("relationships", "Dependency Relationship", "Data Fields", has_relationships),
    // The list knows no element for tools: whoever made the data is its author.
    document("author", "Author of SBOM Data", "Data Fields", |it| has_author(it) || has_tool(it)),
    document("timestamp", "Timestamp", "Data Fields", has_time),
];

/// "Data Fields": those of 2021 under their new names, and four new ones.
const CISA: &[Element] = &[
    // "The name of the entity that creates the SBOM data": tools have an element of their own.
    document("author", "SBOM Author", "Data Fields", has_author),
    part("producer", "Software Producer", "Data Fields", |it| Some(it.supplier.is_some())),
    part("name", "Component Name", "Data Fields", |it| Some(!it.name.is_empty())),
    part("version", "Component Version", "Data Fields", |it| Some(it.version.is_some())),
    part("identifiers", "Software Identifiers", "Data Fields", |it| Some(it.is_identified)),
    part("hash", "Component Hash", "Data Fields", |it| is_file(it).then_some(!it.hashes.is_empty())),
    part("license", "License", "Data Fields", has_license),
    document("relationships", "Dependency Relationship", "Data Fields", has_relationships),
    document("tool", "Tool Name", "Data Fields", has_tool),
    document("timestamp", "Timestamp", "Data Fields", has_time),
    document("context", "Generation Context", "Data Fields", |it| !it.origin.phases.is_empty()),
];

/// Sections 4 (format), 5.2.1 and 5.2.2 (required), 5.2.3 and 5.2.4 (additional: where they exist).
const BSI: &[Element] = &[
    document("format", "CycloneDX 1.6 or SPDX 3.0.1, or higher", "4", is_new_enough),
    // "Email address [...] if no email address is available, a Uniform Resource Locator".
    document("author", "Creator of the SBOM", "5.2.1", |it| {
        it.origin.authors.iter().any(|author| is_contact(author))
    }),
    document("timestamp", "Timestamp", "5.2.1", has_time),
    part("producer", "Component creator", "5.2.2", |it| Some(it.supplier.is_some_and(is_contact))),
    part("name", "Component name", "5.2.2", |it| Some(!it.name.is_empty())),
    part("version", "Component version", "5.2.2", |it| Some(it.version.is_some())),
    not_judged("filename", "Filename of the component", "5.2.2", true),
    document("relationships", "Dependencies on other components", "5.2.2", |it| {
        !it.inventory.dependencies.is_empty()
    }),
    part("license", "Distribution licences", "5.2.2", has_license),
    part("hash", "Hash value (SHA-512) of the deployable component", "5.2.2", |it| {
        let is_sha_512 =
            |name: &&str| name.eq_ignore_ascii_case("SHA-512") || name.eq_ignore_ascii_case("sha512");
        is_file(it).then(|| it.hashes.iter().any(is_sha_512))
    }),
    not_judged("executable", "Executable property", "5.2.2", true),
    not_judged("archive", "Archive property", "5.2.2", true),
    not_judged("structured", "Structured property", "5.2.2", true),
    additional(document("uri", "SBOM-URI", "5.2.3", |it| it.origin.identifier.is_some())),
    additional(part("identifiers", "Other unique identifiers", "5.2.4", |it| Some(it.is_identified))),
    not_judged("source", "Source code URI", "5.2.4", false),
    not_judged("location", "URI of the deployable form of the component", "5.2.4", false),
    not_judged("original-license", "Original licences", "5.2.4", false),
];

const fn document(
    id: &'static str,
    name: &'static str,
    section: &'static str,
    has: fn(&Read) -> bool,
) -> Element {
    Element { id, name, section, required: true, measure: Measure::Document(has) }
}

const fn part(
    id: &'static str,
    name: &'static str,
    section: &'static str,
    has: fn(&Part<'_>) -> Option<bool>,
) -> Element {
    Element { id, name, section, required: true, measure: Measure::Part(has) }
}

const fn not_judged(id: &'static str, name: &'static str, section: &'static str, required: bool) -> Element {
    Element { id, name, section, required, measure: Measure::NotJudged }
}

const fn additional(element: Element) -> Element {
    Element { required: false, ..element }
}

/// A document that names what it is about says that all else is included in it.
fn has_relationships(read: &Read) -> bool {
    !read.inventory.dependencies.is_empty() || !read.inventory.subject.name.is_empty()
}

fn has_author(read: &Read) -> bool {
    read.origin.authors.iter().any(|author| !author.trim().is_empty())
}

fn has_tool(read: &Read) -> bool {
    read.origin.tools.iter().any(|tool| !tool.trim().is_empty())
}

fn has_time(read: &Read) -> bool {
    read.origin.created.is_some()
}

fn is_file(part: &Part<'_>) -> bool {
    part.kind != PartKind::Distribution
}

/// Of a distribution and of an image nobody tells a licence: what is in them has its own.
fn has_license(part: &Part<'_>) -> Option<bool> {
    (part.kind == PartKind::Component).then_some(!part.licenses.is_empty())
}

fn is_contact(text: &str) -> bool {
    text.contains('@') || text.contains("://")
}

/// `CycloneDX 1.6`, `SPDX 3.0.1`: of neither is there a version with two digits before the point.
fn is_new_enough(read: &Read) -> bool {
    let Some((format, version)) = read.origin.format.split_once(' ') else { return false };
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or_default());
    let version = [numbers.next(), numbers.next(), numbers.next()].map(Option::unwrap_or_default);
    match format {
        "CycloneDX" => version >= [1, 6, 0],
        "SPDX" => version >= [3, 0, 1],
        _ => false,
    }
}
