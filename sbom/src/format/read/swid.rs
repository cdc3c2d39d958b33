//! Software identification tags, ISO/IEC 19770-2:2015: one tag, or several in one element as this program writes them.
//!
//! Of several tags the first is the subject's; one tag alone is a component.

use std::collections::BTreeSet;
use std::io::Read;

use super::build::Builder;
use super::texts::{self, said};
use super::xml::{Element, Xml};
use super::{Origin, ReadError};
use crate::fact::{Distribution, Ecosystem};
use crate::inventory::{Component, Kind, Location};

/// The namespace of every tag.
pub(super) const NAMESPACE: &str = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd";

/// What several tags stand in, of no namespace.
pub(super) const SEVERAL: &str = "SoftwareIdentities";

/// One tag.
const TAG: &str = "SoftwareIdentity";

/// A tag, as it was read.
#[derive(Default)]
struct Tag {
    id: String,
    name: String,
    version: Option<String>,
    creators: Vec<String>,
    distributors: Vec<String>,
    tag_creators: Vec<String>,
    links: Vec<(String, String)>,
    purl: Option<String>,
    description: Option<String>,
    summary: Option<String>,
    generator: Option<String>,
    namespace: Option<String>,
    date: Option<String>,
    locations: Vec<Location>,
}

/// Reads the document whose root was opened.
pub(super) fn read<R: Read>(mut xml: Xml<R>, root: Element) -> Result<super::Read, ReadError> {
    xml.keep_to(NAMESPACE.to_owned());
    let mut tags = Vec::new();
    let several = root.name == SEVERAL;
    if several {
        xml.rest(&root);
        while let Some(element) = xml.child()? {
            match element.name.as_str() {
                TAG => tags.push(tag(&mut xml, element)?),
                _ => xml.pass(element)?,
            }
            // The subject and the distribution stand before the components.
            if tags.len() > crate::limits::DOCUMENT_COMPONENTS + 2 {
                return Err(ReadError::Components { most: crate::limits::DOCUMENT_COMPONENTS });
            }
        }
    } else if root.name == TAG && root.namespace == NAMESPACE {
        tags.push(tag(&mut xml, root)?);
    } else {
        return Err(ReadError::Unknown);
    }
    let mut builder = Builder::new(xml.finish()?);
    let first = tags.first();
    let origin = Origin {
        format: "SWID 2015".to_owned(),
        identifier: first.and_then(|tag| said(Some(tag.id.clone()))),
        created: tags.iter().find_map(|tag| texts::time(tag.date.as_deref())),
        authors: Vec::new(),
        organizations: BTreeSet::new(),
        phases: Vec::new(),
        tools: first.and_then(|tag| tag.generator.as_deref()).map(tool).into_iter().collect(),
    };
    let others = first.map(|tag| tag.tag_creators.clone()).unwrap_or_default();
    let authors =
        others.into_iter().filter(|name| !origin.tools.iter().any(|tool| tool.starts_with(name.as_str())));
    let origin = Origin { authors: authors.collect(), ..origin };
    assemble(&mut builder, tags, several)?;
    Ok(builder.finish(origin))
}

/// `NAME VERSION` as `NAME-VERSION`.
fn tool(generator: &str) -> String {
    match generator.rsplit_once(' ') {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("{name}-{version}")
        }
        _ => generator.to_owned(),
    }
}

fn assemble(builder: &mut Builder, tags: Vec<Tag>, several: bool) -> Result<(), ReadError> {
    let mut links = Vec::new();
    for (number, mut tag) in tags.into_iter().enumerate() {
        let tag_links = std::mem::take(&mut tag.links);
        let id = tag.id.clone();
        if several && number == 0 {
            builder.root(Some(id.clone()));
            subject(builder, tag);
            links.push((id, tag_links));
        } else if several && number == 1 && id.starts_with("os:") {
            builder.root(Some(id.clone()));
            builder.inventory.distribution = Some(Distribution {
                id: tag.name,
                version_id: tag.version,
                pretty_name: tag.summary,
                supplier: tag.creators.into_iter().next(),
                ..Distribution::default()
            });
            links.push((id, tag_links));
        } else {
            let (own, others) = own_links(tag_links);
            let component = component(builder, tag, own);
            builder.component(Some(id.clone()), component)?;
            links.push((id, others));
        }
    }
    for (from, (relation, to)) in
        links.iter().flat_map(|(from, links)| links.iter().map(move |link| (from, link)))
    {
        match (relation.as_str(), to.strip_prefix("swid:")) {
            ("component", Some(to)) => builder.contains("SoftwareIdentity/Link (component)", from, to),
            ("requires", Some(to)) => builder.depends("SoftwareIdentity/Link (requires)", from, to),
            (other, _) => builder.passed.add(&format!("SoftwareIdentity/Link ({other})")),
        }
    }
    Ok(())
}

fn subject(builder: &mut Builder, tag: Tag) {
    let mut suppliers = tag.creators.into_iter().chain(tag.distributors);
    let supplier = suppliers.next();
    let described =
        texts::Described { name: tag.name, version: tag.version, purl: tag.purl, sha256: None, supplier };
    builder.inventory.subject = described.subject();
    match tag.description.as_deref().map(texts::lacks) {
        Some(Some(lacks)) => builder.inventory.incomplete = lacks,
        Some(None) => builder.passed.add("SoftwareIdentity/Meta/@description"),
        None => (),
    }
    builder.passed.add_times("SoftwareIdentity/Entity", suppliers.count());
    builder.passed.add_times("SoftwareIdentity/Evidence", tag.locations.len());
}

/// Links that say something of the component itself, and the others.
type Links = Vec<(String, String)>;

fn own_links(links: Links) -> (Links, Links) {
    links.into_iter().partition(|(relation, _)| relation == "license" || relation == "about")
}

fn component(builder: &mut Builder, tag: Tag, links: Links) -> Component {
    let (mut licenses, mut homepage) = (Vec::new(), None);
    for (relation, target) in links {
        let license =
            target.strip_prefix("https://spdx.org/licenses/").and_then(|text| text.strip_suffix(".html"));
        match (relation.as_str(), license) {
            ("license", Some(license)) => licenses.push(license.to_owned()),
            ("license", None) => licenses.push(target),
            _ if homepage.is_none() => homepage = Some(target),
            _ => builder.passed.add("SoftwareIdentity/Link (about)"),
        }
    }
    builder.passed.add_times("SoftwareIdentity/Entity (distributor)", tag.distributors.len());
    let mut creators = tag.creators.into_iter();
    let supplier = creators.next();
    builder.passed.add_times("SoftwareIdentity/Entity", creators.count());
    builder
        .passed
        .add_if(tag.description.is_some() && tag.summary.is_some(), "SoftwareIdentity/Meta/@summary");
    Component {
        kind: Kind::Library,
        ecosystem: tag.purl.as_deref().and_then(Ecosystem::of_purl),
        namespace: tag.namespace,
        name: tag.name,
        version: tag.version.unwrap_or_default(),
        purl: tag.purl,
        licenses,
        supplier,
        description: tag.description.or(tag.summary),
        homepage,
        locations: tag.locations,
        ..Component::default()
    }
}

fn tag<R: Read>(xml: &mut Xml<R>, mut element: Element) -> Result<Tag, ReadError> {
    let mut tag = Tag {
        id: element.take("tagId").unwrap_or_default(),
        name: element.take("name").unwrap_or_default(),
        version: said(element.take("version")),
        ..Tag::default()
    };
    // How versions are compared follows from the ecosystem; the tag's own version is that of a document.
    element.take("versionScheme");
    element.take("tagVersion");
    xml.rest(&element);
    while let Some(mut element) = xml.child()? {
        match element.name.as_str() {
            "Entity" => entity(xml, element, &mut tag)?,
            "Link" => {
                let (relation, target) = (element.take("rel"), element.take("href"));
                xml.rest(&element);
                xml.skip()?;
                tag.links.push((relation.unwrap_or_default(), target.unwrap_or_default()));
            }
            "Meta" => {
                for (slot, name) in [
                    (&mut tag.purl, "persistentId"),
                    (&mut tag.description, "description"),
                    (&mut tag.summary, "summary"),
                    (&mut tag.generator, "generator"),
                    (&mut tag.namespace, "productFamily"),
                ] {
                    *slot = said(element.take(name)).or_else(|| slot.take());
                }
                xml.rest(&element);
                xml.skip()?;
            }
            "Evidence" => evidence(xml, element, &mut tag)?,
            _ => xml.pass(element)?,
        }
    }
    tag.purl = tag.purl.filter(|id| id.starts_with("pkg:"));
    Ok(tag)
}

fn entity<R: Read>(xml: &mut Xml<R>, mut element: Element, tag: &mut Tag) -> Result<(), ReadError> {
    let (name, roles) = (element.take("name").unwrap_or_default(), element.take("role").unwrap_or_default());
    element.take("regid");
    xml.rest(&element);
    for role in roles.split_whitespace() {
        match role {
            "softwareCreator" => tag.creators.push(name.clone()),
            "distributor" => tag.distributors.push(name.clone()),
            "tagCreator" => tag.tag_creators.push(name.clone()),
            other => xml.passed.add(&format!("SoftwareIdentity/Entity ({other})")),
        }
    }
    xml.skip()
}

fn evidence<R: Read>(xml: &mut Xml<R>, mut element: Element, tag: &mut Tag) -> Result<(), ReadError> {
    tag.date = element.take("date").or_else(|| tag.date.take());
    xml.rest(&element);
    while let Some(mut element) = xml.child()? {
        match element.name.as_str() {
            "File" => {
                let (folder, name) = (element.take("location"), element.take("name").unwrap_or_default());
                xml.rest(&element);
                xml.skip()?;
                let folder = folder.unwrap_or_default();
                let path = format!("{}/{name}", folder.trim_end_matches('/'));
                tag.locations.push(Location { path, layer: None });
            }
            _ => xml.pass(element)?,
        }
    }
    Ok(())
}
