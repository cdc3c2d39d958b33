//! What an SBOM is made of: an image, or a directory.

use std::path::Path;

use clap::Args;
use countersign_core::buildkit::Index;
use countersign_core::image::Image;
use countersign_core::limits as core_limits;
use countersign_core::oci::{Descriptor, Document, ImageManifest};
use countersign_core::outcome::Outcome;
use countersign_core::transfer::Observer;
use countersign_sbom::inventory::{Inventory, Subject};
use countersign_sbom::tree::Tree;
use countersign_sbom::{assemble, directory, layer};
use globset::{Glob, GlobSet, GlobSetBuilder};
use jiff::Timestamp;
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio_util::io::SyncIoBridge;

use crate::context::Context;
use crate::failure::Failure;
use crate::options::RegistryArgs;
use crate::output::Progress;
use crate::stores::{self, Resolved, Stores};

/// Flags of what is looked at.
#[derive(Args, Debug)]
pub(super) struct SourceArgs {
    /// An image (REGISTRY/REPOSITORY[:TAG|@DIGEST], oci:DIR, oci-archive:FILE, docker-archive:FILE), or a directory
    /// (dir:PATH, or a path that is one)
    #[arg(value_name = "SOURCE")]
    source: String,

    /// The image of this platform, where SOURCE is an index: OS/ARCHITECTURE[/VARIANT] (default: linux and this
    /// machine's processor)
    #[arg(long, value_name = "PLATFORM")]
    pub(super) platform: Option<String>,

    /// Leave out what this glob matches, of a directory; may be given several times
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

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
}

impl SourceArgs {
    /// Looks at it.
    pub(super) async fn look(&self, context: &Context) -> Result<Looked, Failure> {
        match self.directory() {
            Some(path) => look_at_directory(path, globs(&self.exclude)?).await,
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

    async fn look_at_image(&self, context: &Context) -> Result<Looked, Failure> {
        let (stores, resolved) = self.resolve(context).await?;
        let image = self.of_platform(&stores, resolved.image.clone()).await?;
        look_into(context, Resolved { image, ..resolved }).await
    }

    async fn resolve(&self, context: &Context) -> Result<(Stores, Resolved), Failure> {
        if !self.exclude.is_empty() {
            return Err(Failure::usage("--exclude is for directories").hint("leave it out"));
        }
        let stores = Stores::new(context, &self.registry)?;
        let resolved = stores.image(&self.source).await?;
        Ok((stores, resolved))
    }

    /// Every image of an index, with the entry that lists it; an image that is no index alone, without one. What
    /// belongs to another entry, such as an attestation manifest, is no image.
    pub(super) async fn images(
        &self,
        context: &Context,
    ) -> Result<Vec<(Option<Descriptor>, Resolved)>, Failure> {
        let (_, resolved) = self.resolve(context).await?;
        let Some(index) = Index::of(&resolved.image).await? else { return Ok(vec![(None, resolved)]) };
        let of = |entry: &Descriptor| {
            let image = resolved.image.with_digest(entry.digest);
            (Some(entry.clone()), Resolved { image, ..resolved.clone() })
        };
        let images: Vec<_> = index.images().map(of).collect();
        if images.is_empty() {
            let message = format!("{}: no image in the index", resolved.image.name());
            return Err(Failure::new(Outcome::Undecided, "NOT_FOUND", message));
        }
        Ok(images)
    }

    async fn of_platform(&self, stores: &Stores, image: Image) -> Result<Image, Failure> {
        if self.platform.is_some() {
            return stores.image_of(&self.source, self.platform.as_deref()).await;
        }
        if let Document::Manifest(_) = image.manifest().await?.parse()? {
            return Ok(image);
        }
        stores::of_this_platform(&image).await
    }
}

/// Looks at the root of a filesystem.
pub(super) async fn look_at_directory(path: &Path, exclude: GlobSet) -> Result<Looked, Failure> {
    let root = path.to_owned();
    let read = blocking(move || {
        let mut tree = Tree::default();
        directory::read(&mut tree, &root, &exclude).map(|()| tree)
    });
    let tree = read.await?.map_err(|error| Failure::io(path.display(), error))?;
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = whole.file_name().map_or_else(|| "/".into(), |name| name.to_string_lossy().into_owned());
    let subject = Subject { name, ..Subject::default() };
    Ok(Looked { image: None, inventory: assemble(subject, tree), created: None })
}

/// Looks at an image that is no index.
pub(super) async fn look_into(context: &Context, resolved: Resolved) -> Result<Looked, Failure> {
    let Resolved { image, docker_reference, .. } = resolved;
    let manifest = manifest(&image).await?;
    let configuration = image.source.blob(&manifest.config, core_limits::MANIFEST_BYTES).await?;
    let configuration: Configuration = serde_json::from_slice(&configuration).map_err(|error| {
        Failure::new(
            Outcome::Refused,
            "IMAGE_CONFIGURATION",
            format!("{}: malformed configuration: {error}", image.name()),
        )
    })?;
    let tree = layers(context, &image, &manifest).await?;
    let platform = [&configuration.os, &configuration.architecture, &configuration.variant];
    let platform: Vec<_> = platform.into_iter().flatten().map(String::as_str).collect();
    let subject = Subject {
        name: docker_reference,
        version: None,
        digest: Some(image.digest.to_string()),
        platform: (!platform.is_empty()).then(|| platform.join("/")),
        layers: manifest.layers.iter().map(|layer| layer.digest.to_string()).collect(),
    };
    // Programs in Go write the year 1 for a time that they do not know.
    let created = configuration.created.and_then(|created| created.parse().ok());
    let created = created.filter(|created| *created > Timestamp::UNIX_EPOCH);
    Ok(Looked { image: Some(image), inventory: assemble(subject, tree), created })
}

async fn manifest(image: &Image) -> Result<ImageManifest, Failure> {
    match image.manifest().await?.parse()? {
        Document::Manifest(manifest) => Ok(*manifest),
        Document::Index(_) => Err(Failure::usage(format!("{}: is an index in an index", image.name()))
            .hint("name one of its images by digest")),
    }
}

/// Reads the layers one after another, as streams: nothing of them is written to the disk.
async fn layers(context: &Context, image: &Image, manifest: &ImageManifest) -> Result<Tree, Failure> {
    let progress = Progress::new(&context.output, "Reading");
    manifest.layers.iter().for_each(|layer| progress.planned(layer));
    let mut tree = Tree::default();
    for descriptor in &manifest.layers {
        let place = format!("{}: layer {}", image.name(), descriptor.digest);
        let reader = image.source.blob_reader(descriptor).await?;
        let (digest, handle) = (descriptor.digest.to_string(), Handle::current());
        let read = blocking(move || {
            let reader = SyncIoBridge::new_with_handle(reader, handle);
            layer::read(&mut tree, Some(digest), reader).map(|()| tree)
        });
        tree = read.await?.map_err(|error| {
            let outcome =
                if matches!(error, layer::LayerError::Io(_)) { Outcome::Undecided } else { Outcome::Refused };
            Failure::new(outcome, error.code(), format!("{place}: {error}"))
        })?;
        progress.moved(descriptor);
    }
    progress.finish();
    Ok(tree)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
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
