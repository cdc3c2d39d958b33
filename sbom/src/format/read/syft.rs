//! syft's own format, which knows of no versions to tell apart: its keys have stayed what they are, or old and new ones
//! are both read.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::build::Builder;
use super::json::{Formal, list, text};
use super::passed::PassedOver;
use super::texts::{self, said};
use super::{Origin, Read, ReadError};
use crate::fact::Distribution;
use crate::inventory::{Component, Kind, Location, Subject};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Schema {
    version: Option<String>,
    url: Option<String>,
}

impl Schema {
    pub(super) fn is_known(&self) -> bool {
        self.url.as_deref().is_some_and(|url| url.contains("/syft/"))
    }
}

/// What was looked at: `target` up to schema 7, `metadata` since.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Source {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Formal,
    name: Option<String>,
    version: Option<String>,
    target: Target,
    metadata: Target,
}

/// An image; or a directory or a file, of which nothing is read.
#[derive(Default)]
struct Target(Option<Image>);

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Image {
    user_input: Option<String>,
    manifest_digest: Option<String>,
    #[serde(deserialize_with = "list")]
    layers: Vec<Layer>,
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Layer {
    digest: Option<String>,
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Looked;

        impl<'de> Visitor<'de> for Looked {
            type Value = Target;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("what was looked at")
            }

            fn visit_unit<E>(self) -> Result<Target, E> {
                Ok(Target(None))
            }

            fn visit_str<E>(self, _: &str) -> Result<Target, E> {
                Ok(Target(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Target, A::Error> {
                Image::deserialize(MapAccessDeserializer::new(map)).map(|image| Target(Some(image)))
            }
        }

        deserializer.deserialize_any(Looked)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Artifact {
    id: Option<String>,
    #[serde(deserialize_with = "text")]
    name: String,
    version: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(deserialize_with = "list")]
    locations: Vec<Place>,
    #[serde(deserialize_with = "list")]
    licenses: Vec<License>,
    #[serde(deserialize_with = "list")]
    cpes: Vec<Cpe>,
    purl: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Place {
    #[serde(deserialize_with = "text")]
    path: String,
    #[serde(rename = "layerID")]
    layer: Option<String>,
    #[serde(rename = "accessPath")]
    access_path: Formal,
}

/// A text up to schema 7, since then with what it means.
#[derive(Default)]
struct License(Option<String>);

/// A text up to schema 15, since then with who said so.
#[derive(Default)]
struct Cpe(Option<String>);

#[derive(Default, Deserialize)]
#[serde(default)]
struct LicenseObject {
    value: Option<String>,
    #[serde(rename = "spdxExpression")]
    expression: Option<String>,
    #[serde(rename = "type")]
    kind: Formal,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CpeObject {
    cpe: Option<String>,
    source: Formal,
}

/// What is a text, or an object from which one is made.
struct TextOr<O>(std::marker::PhantomData<O>);

impl<'de, O: Deserialize<'de> + Into<Option<String>>> Visitor<'de> for TextOr<O> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or an object that has it")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(said(Some(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        O::deserialize(MapAccessDeserializer::new(map)).map(Into::into)
    }
}

impl From<LicenseObject> for Option<String> {
    fn from(license: LicenseObject) -> Self {
        said(license.expression).or_else(|| said(license.value))
    }
}

impl From<CpeObject> for Option<String> {
    fn from(cpe: CpeObject) -> Self {
        said(cpe.cpe)
    }
}

impl<'de> Deserialize<'de> for License {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOr::<LicenseObject>(std::marker::PhantomData)).map(Self)
    }
}

impl<'de> Deserialize<'de> for Cpe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOr::<CpeObject>(std::marker::PhantomData)).map(Self)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Relationship {
    #[serde(deserialize_with = "text")]
    parent: String,
    #[serde(deserialize_with = "text")]
    child: String,
    #[serde(rename = "type", deserialize_with = "text")]
    kind: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Distro {
    id: Option<String>,
    pretty_name: Option<String>,
    #[serde(rename = "versionID")]
    version_id: Option<String>,
    #[serde(deserialize_with = "list")]
    id_like: Vec<String>,
    #[serde(rename = "cpeName")]
    cpe: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Descriptor {
    name: Option<String>,
    version: Option<String>,
    timestamp: Option<String>,
}

/// The parts of a document.
pub(super) struct Parts {
    pub(super) schema: Schema,
    pub(super) source: Option<Source>,
    pub(super) artifacts: Vec<Artifact>,
    pub(super) relationships: Vec<Relationship>,
    pub(super) distro: Option<Distro>,
    pub(super) descriptor: Option<Descriptor>,
}

pub(super) fn read(parts: Parts, passed: PassedOver) -> Result<Read, ReadError> {
    let mut builder = Builder::new(passed);
    let source = parts.source.unwrap_or_default();
    builder.root(source.id.clone());
    builder.inventory.subject = subject(source);
    builder.inventory.distribution = parts.distro.and_then(distribution);
    for artifact in parts.artifacts {
        let id = artifact.id.clone();
        builder.component(id, component(artifact))?;
    }
    for Relationship { parent, child, kind } in parts.relationships {
        match kind.as_str() {
            "contains" => builder.contains("artifactRelationships[] (contains)", &parent, &child),
            // The parent is what the child needs.
            "dependency-of" => builder.depends("artifactRelationships[] (dependency-of)", &child, &parent),
            "ownership-by-file-overlap" => {
                builder.contains("artifactRelationships[] (ownership-by-file-overlap)", &parent, &child);
            }
            other => builder.passed.add(&format!("artifactRelationships[] ({other})")),
        }
    }
    let descriptor = parts.descriptor.unwrap_or_default();
    let tool = said(descriptor.name).map(|name| match said(descriptor.version) {
        Some(version) => format!("{name}-{version}"),
        None => name,
    });
    let format = parts.schema.version.map_or("syft".to_owned(), |version| format!("syft {version}"));
    let created = texts::time(descriptor.timestamp.as_deref());
    Ok(builder.finish(Origin { format, created, tools: tool.into_iter().collect(), ..Origin::default() }))
}

fn subject(source: Source) -> Subject {
    let image = source.metadata.0.or(source.target.0).unwrap_or_default();
    let platform: Vec<_> =
        [image.os, image.architecture, image.variant].into_iter().filter_map(said).collect();
    let digest = said(image.manifest_digest);
    Subject {
        name: said(source.name).or_else(|| said(image.user_input)).unwrap_or_default(),
        version: said(source.version).filter(|version| Some(version) != digest.as_ref()),
        supplier: None,
        digest,
        purl: None,
        platform: (!platform.is_empty()).then(|| platform.join("/")),
        layers: image.layers.into_iter().filter_map(|layer| layer.digest).collect(),
    }
}

fn distribution(distro: Distro) -> Option<Distribution> {
    Some(Distribution {
        id: said(distro.id)?,
        version_id: said(distro.version_id),
        pretty_name: said(distro.pretty_name),
        supplier: None,
        id_like: distro.id_like,
        cpe: said(distro.cpe),
    })
}

fn component(artifact: Artifact) -> Component {
    let kind = if artifact.kind.as_deref() == Some("binary") { Kind::Application } else { Kind::Library };
    let place = |place: Place| Location { path: place.path, layer: said(place.layer) };
    let licenses = artifact.licenses.into_iter().filter_map(|license| license.0);
    Component {
        licenses: licenses.flat_map(|license| texts::licenses(&license, |_| None)).collect(),
        cpes: artifact.cpes.into_iter().filter_map(|cpe| cpe.0).collect(),
        locations: artifact.locations.into_iter().map(place).collect(),
        ..texts::component(kind, artifact.name, artifact.version, texts::purl(artifact.purl))
    }
}
