//! Software identification tags, ISO/IEC 19770-2:2015.
//!
//! One tag for the subject, one for its distribution, one for each component. A tag is a document of its own, and the
//! schema has no element that holds several: here they stand in one file, in an element `SoftwareIdentities` of no
//! namespace. Each declares its namespace itself, so that it can be cut out as it is; the first is the subject's.
//!
//! The subject links to all others as its `component`s, an owner to what came with it; who needs another `requires` it.
//! Hyperlinks name tags by `swid:` and the identifier of the tag, which is the package URL, made unique by where the
//! component lies.

use super::license::License;
use super::xml::Xml;
use super::{Document, TOOL, license, text};
use crate::fact::Ecosystem;
use crate::inventory::{Component, Location};

const NAMESPACE: &str = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd";

/// Who makes the tags: where the project lives.
const REGISTRATION: &str = env!("CARGO_PKG_REPOSITORY");

/// The document.
pub(super) fn write(document: Document<'_>) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.element("SoftwareIdentities", &[], |xml| {
        subject(xml, document);
        distribution(xml, document);
        let needs = needs(document);
        for (index, component) in document.inventory.components.iter().enumerate() {
            let (Some(id), Some(needed)) = (document.identity.components.get(index), needs.get(index)) else {
                continue;
            };
            package(xml, document, Package { component, id, needed });
        }
    });
    xml.finish()
}

/// A link to a tag: its relation, and the identifier of the tag.
type Link<'a> = (&'static str, &'a str);

/// What every tag has.
struct Tag<'a> {
    id: &'a str,
    name: &'a str,
    version: Option<&'a str>,
    scheme: &'static str,
    /// Who is behind it, and in which role.
    supplier: Option<(&'a str, &'static str)>,
}

fn tag(xml: &mut Xml, tag: &Tag<'_>, inside: impl FnOnce(&mut Xml)) {
    let mut attributes =
        vec![("xmlns", NAMESPACE), ("name", tag.name), ("tagId", tag.id), ("tagVersion", "0")];
    if let Some(version) = tag.version {
        attributes.extend([("version", version), ("versionScheme", tag.scheme)]);
    }
    xml.element("SoftwareIdentity", &attributes, |xml| {
        xml.empty("Entity", &[("name", TOOL), ("regid", REGISTRATION), ("role", "tagCreator")]);
        let supplier = tag.supplier.map(|(name, role)| (text::line(name), role));
        if let Some((name, role)) = supplier.filter(|(name, _)| !name.is_empty()) {
            xml.empty("Entity", &[("name", &name), ("role", role)]);
        }
        inside(xml);
    });
}

/// Who made it.
fn created(name: &str) -> (&str, &'static str) {
    (name, "softwareCreator")
}

fn link(xml: &mut Xml, (relation, id): Link<'_>) {
    xml.empty("Link", &[("rel", relation), ("href", &format!("swid:{id}"))]);
}

fn subject(xml: &mut Xml, document: Document<'_>) {
    let Document { inventory, identity, making, .. } = document;
    let subject = &inventory.subject;
    let version = subject.version.as_deref().or(subject.digest.as_deref());
    // Who puts an image together makes little of what is in it.
    let supplier = subject.supplier.as_deref().map(|name| (name, "distributor"));
    let parts = Tag { id: &identity.subject, name: &subject.name, version, scheme: "unknown", supplier };
    let loose = inventory.components.iter().zip(&identity.components);
    let loose = loose.filter(|(component, _)| component.owner.is_none()).map(|(_, id)| id);
    tag(xml, &parts, |xml| {
        identity.distribution.iter().chain(loose).for_each(|id| link(xml, ("component", id)));
        let lacks = text::lacks(inventory);
        let generator = format!("{TOOL} {}", making.tool_version);
        let mut meta = vec![("generator", generator.as_str())];
        meta.extend(identity.purl.as_deref().map(|purl| ("persistentId", purl)));
        meta.extend(lacks.as_deref().map(|lacks| ("description", lacks)));
        xml.empty("Meta", &meta);
    });
}

fn distribution(xml: &mut Xml, document: Document<'_>) {
    let (inventory, identity) = (document.inventory, document.identity);
    if let Some((distribution, id)) = inventory.distribution.as_ref().zip(identity.distribution.as_ref()) {
        let version = distribution.version_id.as_deref();
        let supplier = distribution.supplier.as_deref().map(created);
        let parts = Tag { id, name: &distribution.id, version, scheme: "unknown", supplier };
        tag(xml, &parts, |xml| {
            if let Some(name) = &distribution.pretty_name {
                xml.empty("Meta", &[("summary", &text::line(name))]);
            }
        });
    }
}

/// What each component links to.
fn needs(document: Document<'_>) -> Vec<Vec<Link<'_>>> {
    let ids = &document.identity.components;
    let components = &document.inventory.components;
    let mut needs = vec![Vec::new(); components.len()];
    let owned = components.iter().enumerate().filter_map(|(index, it)| Some((it.owner?, index, "component")));
    let needed = document.inventory.dependencies.iter().map(|(from, to)| (*from, *to, "requires"));
    for (from, to, relation) in owned.chain(needed) {
        if let (Some(links), Some(id)) = (needs.get_mut(from), ids.get(to)) {
            links.push((relation, id.as_str()));
        }
    }
    needs
}

/// A component with the names of its tag and of those that it links to.
struct Package<'a> {
    component: &'a Component,
    id: &'a str,
    needed: &'a [Link<'a>],
}

fn package(xml: &mut Xml, document: Document<'_>, package: Package<'_>) {
    let Package { component, id, needed } = package;
    let name = component.name.as_str();
    let supplier = component.supplier.as_deref().map(created);
    let version = Some(component.version.as_str()).filter(|version| !version.is_empty());
    let scheme = component.ecosystem.map_or("unknown", scheme);
    let parts = Tag { id, name, version, scheme, supplier };
    tag(xml, &parts, |xml| {
        needed.iter().for_each(|needed| link(xml, *needed));
        for license in license::of_all(&component.licenses) {
            if let License::Id(id) = license {
                xml.empty(
                    "Link",
                    &[("rel", "license"), ("href", &format!("https://spdx.org/licenses/{id}.html"))],
                );
            }
        }
        if let Some(homepage) = text::web_address(component.homepage.as_deref()) {
            xml.empty("Link", &[("rel", "about"), ("href", homepage)]);
        }
        let purl = component.purl.as_deref().map(text::uri);
        let description = component.description.as_deref().map(text::line);
        let mut meta: Vec<_> = purl.as_deref().map(|purl| ("persistentId", purl)).into_iter().collect();
        meta.extend(component.namespace.as_deref().map(|group| ("productFamily", group)));
        meta.extend(description.as_deref().map(|description| ("description", description)));
        xml.empty("Meta", &meta);
        evidence(xml, &component.locations, &document.making.timestamp());
    });
}

fn evidence(xml: &mut Xml, locations: &[Location], date: &str) {
    if locations.is_empty() {
        return;
    }
    xml.element("Evidence", &[("date", date)], |xml| {
        for location in locations {
            let (folder, name) = location.path.rsplit_once('/').unwrap_or(("", &location.path));
            let folder = if folder.is_empty() { "/" } else { folder };
            xml.empty("File", &[("location", folder), ("name", name)]);
        }
    });
}

/// How versions are compared, of the values that the standard knows.
fn scheme(ecosystem: Ecosystem) -> &'static str {
    match ecosystem {
        Ecosystem::Npm | Ecosystem::Cargo => "semver",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use crate::format::{Format, samples, write};

    fn sample() -> String {
        String::from_utf8(write(&samples::inventory(), Format::Swid, &samples::making()).unwrap()).unwrap()
    }

    fn attributes<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
        text.split(before).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
    }

    #[test]
    fn every_thing_has_a_tag_and_every_link_leads_to_one() {
        let text = sample();
        let tags = attributes(&text, " tagId=\"");
        assert_eq!(tags.len(), samples::inventory().components.len() + 2);
        assert_eq!(
            attributes(&text, "role=\"").iter().filter(|role| **role == "tagCreator").count(),
            tags.len()
        );
        let links = attributes(&text, "href=\"swid:");
        assert!(links.iter().all(|link| tags.contains(link)), "{links:?}");
        assert_eq!(
            attributes(&text, "rel=\"").iter().filter(|it| **it == "component").count(),
            tags.len() - 1
        );
        assert_eq!(attributes(&text, "rel=\"").iter().filter(|it| **it == "requires").count(), 4);
    }

    #[test]
    fn a_tag_says_who_made_the_software_and_where_it_lies() {
        let text = sample();
        assert!(text.contains("<Entity name=\"Babel\" role=\"softwareCreator\"/>"), "{text}");
        let file = "<File location=\"/opt/app.war:/WEB-INF/lib\" name=\"commons lang&lt;3&gt;.jar\"/>";
        assert!(text.contains(file), "{text}");
        assert!(text.contains("href=\"https://spdx.org/licenses/Apache-2.0.html\""), "{text}");
    }
}
