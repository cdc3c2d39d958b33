//! Looking into a directory or an image.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_core::image::Image;
use countersign_core::limits as core_limits;
use countersign_core::oci::{Document, ImageManifest};
use countersign_core::outcome::Outcome;
use countersign_sbom::cache::Cache;
use countersign_sbom::inventory::{Inventory, Subject};
use countersign_sbom::locked::{self, LockFiles};
use countersign_sbom::tree::Tree;
use countersign_sbom::{assemble, directory};
use globset::GlobSet;
use jiff::Timestamp;
use serde::Deserialize;

use super::layers;
use crate::context::Context;
use crate::failure::Failure;
use crate::stores::Resolved;

/// What was looked at, and what is in it.
pub(super) struct Looked {
    /// The image; `None` for a directory.
    pub(super) image: Option<Resolved>,
    /// What is in it.
    pub(super) inventory: Inventory,
    /// When the image says that it was made.
    pub(super) created: Option<Timestamp>,
}

/// What an image's configuration says (OCI image specification 1.1, "Image Configuration").
#[derive(Deserialize)]
struct Configuration {
    created: Option<String>,
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    config: Option<Running>,
}

/// How it is run, as far as it tells of the image.
#[derive(Deserialize)]
struct Running {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

/// "Name of the distributing entity, organization or individual" (OCI image specification 1.1, "Annotations").
const VENDOR: &str = "org.opencontainers.image.vendor";

/// Looks at the root of a filesystem.
pub(super) async fn at_directory(
    path: &Path,
    exclude: GlobSet,
    lock_files: LockFiles,
) -> Result<Looked, Failure> {
    let root = path.to_owned();
    let read = blocking(move || directory::read(&root, &exclude));
    let layer = read.await?.map_err(|error| Failure::io(path.display(), error))?;
    let mut tree = Tree::default();
    tree.lay(None, layer);
    locked::settle(&mut tree, lock_files);
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = whole.file_name().map_or_else(|| "/".into(), |name| name.to_string_lossy().into_owned());
    let subject = Subject { name, ..Subject::default() };
    Ok(Looked { image: None, inventory: assemble(subject, tree), created: None })
}

/// Looks at an image that is no index.
pub(super) async fn at_image(
    context: &Context,
    resolved: Resolved,
    cache: Option<&Cache>,
    lock_files: LockFiles,
) -> Result<Looked, Failure> {
    let image = &resolved.image;
    let manifest = manifest(image).await?;
    let configuration = configuration(image, &manifest).await?;
    let mut tree = layers::read(context, image, &manifest, cache).await?;
    locked::settle(&mut tree, lock_files);
    let platform = [&configuration.os, &configuration.architecture, &configuration.variant];
    let platform: Vec<_> = platform.into_iter().flatten().map(String::as_str).collect();
    let subject = Subject {
        name: resolved.docker_reference.clone(),
        supplier: vendor(&manifest, &configuration),
        digest: Some(image.digest.to_string()),
        platform: (!platform.is_empty()).then(|| platform.join("/")),
        layers: manifest.layers.iter().map(|layer| layer.digest.to_string()).collect(),
        ..Subject::default()
    };
    // Programs in Go write the year 1 for a time that they do not know.
    let created = configuration.created.and_then(|created| created.parse().ok());
    let created = created.filter(|created| *created > Timestamp::UNIX_EPOCH);
    Ok(Looked { image: Some(resolved), inventory: assemble(subject, tree), created })
}

async fn manifest(image: &Image) -> Result<ImageManifest, Failure> {
    match image.manifest().await?.parse()? {
        Document::Manifest(manifest) => Ok(*manifest),
        Document::Index(_) => Err(Failure::usage(format!("{}: is an index in an index", image.name()))
            .hint("name one of its images by digest")),
    }
}

async fn configuration(image: &Image, manifest: &ImageManifest) -> Result<Configuration, Failure> {
    let bytes = image.source.blob(&manifest.config, core_limits::MANIFEST_BYTES).await?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let message = format!("{}: malformed configuration: {error}", image.name());
        Failure::new(Outcome::Refused, "IMAGE_CONFIGURATION", message)
    })
}

/// Who supplies an image: what its manifest says, else its configuration.
fn vendor(manifest: &ImageManifest, configuration: &Configuration) -> Option<String> {
    let labelled = || configuration.config.as_ref()?.labels.as_ref()?.get(VENDOR).map(String::as_str);
    let named = |name: &&str| !name.trim().is_empty();
    manifest.annotation(VENDOR).filter(named).or_else(|| labelled().filter(named)).map(str::to_owned)
}

/// Does what takes long aside, so that transfers go on.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Failure::io("reading", std::io::Error::other(error.to_string())))
}
