//! What an SBOM is made of: an image, or a directory.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use countersign_core::image::Image;
use countersign_core::limits as core_limits;
use countersign_core::oci::{Document, ImageManifest};
use countersign_core::outcome::Outcome;
use countersign_sbom::cache::Cache;
use countersign_sbom::inventory::{Inventory, Subject};
use countersign_sbom::tree::Tree;
use countersign_sbom::{assemble, directory};
use globset::{Glob, GlobSet, GlobSetBuilder};
use jiff::Timestamp;
use serde::Deserialize;

use super::layers;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::RegistryArgs;
use crate::stores::Stores;

/// Flags of what is looked at.
#[derive(Args, Clone, Debug)]
pub(super) struct SourceArgs {
    /// An image (REGISTRY/REPOSITORY[:TAG|@DIGEST], oci:DIR, oci-archive:FILE, docker-archive:FILE), or a directory
    /// (dir:PATH, or a path that is one)
    #[arg(value_name = "SOURCE")]
    source: String,

    /// The image of this platform, where SOURCE is an index: OS/ARCHITECTURE[/VARIANT] (default: linux and this
    /// machine's processor)
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<String>,

    /// Leave out what this glob matches, of a directory; may be given several times
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Read every layer, and keep nothing of it: what layers show is kept in the user's cache otherwise
    #[arg(long)]
    no_cache: bool,

    #[command(flatten)]
    pub(super) registry: RegistryArgs,
}

/// What was looked at, and what is in it.
pub(super) struct Looked {
    /// The image; `None` for a directory.
    pub(super) image: Option<Image>,
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

/// An image, without a look into it.
pub(super) struct Located {
    pub(super) stores: Stores,
    /// What was named: the image itself, or an index that has it.
    pub(super) named: Image,
    /// The image of the platform that is asked for.
    pub(super) image: Image,
}

impl SourceArgs {
    /// What is named.
    pub(super) fn name(&self) -> &str {
        &self.source
    }

    /// The same flags for something else.
    pub(super) fn of(&self, source: &str) -> Self {
        Self { source: source.to_owned(), ..self.clone() }
    }

    /// The same flags for an image that was found.
    pub(super) fn pinned(&self, image: &Image) -> Self {
        Self { platform: None, ..self.of(&image.name()) }
    }

    /// Finds the image; `None` for a directory.
    pub(super) async fn locate(&self, context: &Context) -> Result<Option<Located>, Failure> {
        if self.directory().is_some() {
            return Ok(None);
        }
        let stores = Stores::new(context, &self.registry)?;
        let named = stores.image(&self.source).await?.image;
        let image = self.of_platform(&stores, named.clone()).await?;
        Ok(Some(Located { stores, named, image }))
    }

    /// Looks at it.
    pub(super) async fn look(&self, context: &Context) -> Result<Looked, Failure> {
        match self.directory() {
            Some(path) => self.look_at_directory(path).await,
            None => self.look_at_image(context).await,
        }
    }

    /// The directory that is named. One that is an image layout is not looked at file by file.
    pub(super) fn directory(&self) -> Option<&Path> {
        if let Some(path) = self.source.strip_prefix("dir:") {
            return Some(Path::new(path));
        }
        let path = Path::new(&self.source);
        (path.is_dir() && !path.join("oci-layout").is_file()).then_some(path)
    }

    async fn look_at_directory(&self, path: &Path) -> Result<Looked, Failure> {
        let (root, exclude) = (path.to_owned(), globs(&self.exclude)?);
        let read = blocking(move || {
            let mut tree = Tree::default();
            tree.lay(None, directory::read(&root, &exclude)?);
            Ok(tree)
        });
        let tree = read.await?.map_err(|error| Failure::io(path.display(), error))?;
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let name = whole.file_name().map_or_else(|| "/".into(), |name| name.to_string_lossy().into_owned());
        let subject = Subject { name, ..Subject::default() };
        Ok(Looked { image: None, inventory: assemble(subject, tree), created: None })
    }

    async fn look_at_image(&self, context: &Context) -> Result<Looked, Failure> {
        if !self.exclude.is_empty() {
            return Err(Failure::usage("--exclude is for directories").hint("leave it out"));
        }
        let stores = Stores::new(context, &self.registry)?;
        let resolved = stores.image(&self.source).await?;
        let image = self.of_platform(&stores, resolved.image).await?;
        let manifest = manifest(&image).await?;
        let configuration = image.source.blob(&manifest.config, core_limits::MANIFEST_BYTES).await?;
        let configuration: Configuration = serde_json::from_slice(&configuration).map_err(|error| {
            Failure::new(
                Outcome::Refused,
                "IMAGE_CONFIGURATION",
                format!("{}: malformed configuration: {error}", image.name()),
            )
        })?;
        let tree = layers::read(context, &image, &manifest, self.cache(context).as_ref()).await?;
        let platform = [&configuration.os, &configuration.architecture, &configuration.variant];
        let platform: Vec<_> = platform.into_iter().flatten().map(String::as_str).collect();
        let subject = Subject {
            name: resolved.docker_reference,
            version: None,
            supplier: vendor(&manifest, &configuration),
            digest: Some(image.digest.to_string()),
            purl: None,
            platform: (!platform.is_empty()).then(|| platform.join("/")),
            layers: manifest.layers.iter().map(|layer| layer.digest.to_string()).collect(),
        };
        // Programs in Go write the year 1 for a time that they do not know.
        let created = configuration.created.and_then(|created| created.parse().ok());
        let created = created.filter(|created| *created > Timestamp::UNIX_EPOCH);
        Ok(Looked { image: Some(image), inventory: assemble(subject, tree), created })
    }

    fn cache(&self, context: &Context) -> Option<Cache> {
        let folder = context.environment.layer_cache().filter(|_| !self.no_cache)?;
        Some(Cache::at(&folder))
    }

    async fn of_platform(&self, stores: &Stores, image: Image) -> Result<Image, Failure> {
        if self.platform.is_some() {
            return stores.image_of(&self.source, self.platform.as_deref()).await;
        }
        if let Document::Manifest(_) = image.manifest().await?.parse()? {
            return Ok(image);
        }
        let here = format!("linux/{}", architecture());
        stores
            .image_of(&self.source, Some(&here))
            .await
            .map_err(|failure| failure.hint("it is an index of several images: name one with --platform"))
    }
}

/// Who supplies an image: what its manifest says, else its configuration.
fn vendor(manifest: &ImageManifest, configuration: &Configuration) -> Option<String> {
    let labelled = || configuration.config.as_ref()?.labels.as_ref()?.get(VENDOR).map(String::as_str);
    let named = |name: &&str| !name.trim().is_empty();
    manifest.annotation(VENDOR).filter(named).or_else(|| labelled().filter(named)).map(str::to_owned)
}

async fn manifest(image: &Image) -> Result<ImageManifest, Failure> {
    match image.manifest().await?.parse()? {
        Document::Manifest(manifest) => Ok(*manifest),
        Document::Index(_) => Err(Failure::usage(format!("{}: is an index in an index", image.name()))
            .hint("name one of its images by digest")),
    }
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Failure::io("reading", std::io::Error::other(error.to_string())))
}

/// A glob that begins with `/` is a path from the root; any other matches anywhere.
fn globs(texts: &[String]) -> Result<GlobSet, Failure> {
    let wrong = |error: globset::Error| {
        Failure::usage(format!("--exclude: {error}")).hint("such as '/var/cache/**' or '**/*.jar'")
    };
    let mut set = GlobSetBuilder::new();
    for text in texts {
        let anchored = if text.starts_with('/') || text.starts_with("**/") {
            text.clone()
        } else {
            format!("**/{text}")
        };
        set.add(Glob::new(&anchored).map_err(wrong)?);
    }
    set.build().map_err(wrong)
}

/// This machine's processor, as Go names it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        other => other,
    }
}
