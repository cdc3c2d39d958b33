//! What an SBOM is made of: an image, or a directory.

use std::path::Path;

use clap::{Args, ValueEnum};
use countersign_core::buildkit::Index;
use countersign_core::image::Image;
use countersign_core::oci::{Descriptor, Document};
use countersign_core::outcome::Outcome;
use countersign_sbom::cache::Cache;
use countersign_sbom::locked::LockFiles;
use globset::{Glob, GlobSet, GlobSetBuilder};

use super::document;
use super::look::{Looked, at_directory, at_image};
use crate::context::Context;
use crate::failure::Failure;
use crate::options::RegistryArgs;
use crate::stores::{self, Resolved, Stores};

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
    pub(super) platform: Option<String>,

    /// Leave out what this glob matches, of a directory; may be given several times
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Whether packages count that a lock file asks for and nothing shows to be installed (package-lock.json,
    /// npm-shrinkwrap.json, Cargo.lock, composer.lock)
    #[arg(long, value_enum, value_name = "WHEN", default_value = "sources")]
    lock_files: WhenLocked,

    /// Read every layer, and keep nothing of it: what layers show is kept in the user's cache otherwise
    #[arg(long)]
    no_cache: bool,

    #[command(flatten)]
    pub(super) registry: RegistryArgs,
}

/// See `--lock-files`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WhenLocked {
    /// In a directory of sources, which is no root filesystem
    Sources,
    /// In images and root filesystems too
    Always,
    /// Nowhere
    Never,
}

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

    /// The same flags, with every layer read.
    pub(super) fn uncached(&self) -> Self {
        Self { no_cache: true, ..self.clone() }
    }

    /// Finds the image; `None` for a directory.
    pub(super) async fn locate(&self, context: &Context) -> Result<Option<Located>, Failure> {
        if self.directory().is_some() {
            return Ok(None);
        }
        self.refuse_document()?;
        let stores = Stores::new(context, &self.registry)?;
        let named = stores.image(&self.source).await?.image;
        let image = self.of_platform(&stores, named.clone()).await?;
        Ok(Some(Located { stores, named, image }))
    }

    /// Looks at it.
    pub(super) async fn look(&self, context: &Context) -> Result<Looked, Failure> {
        if let Some(path) = self.directory() {
            return at_directory(path, globs(&self.exclude)?, self.lock_files_of_directory()).await;
        }
        let (stores, resolved) = self.resolve(context).await?;
        let image = self.of_platform(&stores, resolved.image.clone()).await?;
        self.look_into(context, Resolved { image, ..resolved }).await
    }

    /// Looks at an image that was found.
    pub(super) async fn look_into(&self, context: &Context, resolved: Resolved) -> Result<Looked, Failure> {
        let folder = context.environment.layer_cache().filter(|_| !self.no_cache);
        let cache = folder.map(|folder| Cache::at(&folder));
        at_image(context, resolved, cache.as_ref(), self.lock_files_of_image()).await
    }

    const fn lock_files_of_directory(&self) -> LockFiles {
        match self.lock_files {
            WhenLocked::Sources => LockFiles::InSources,
            WhenLocked::Always => LockFiles::Always,
            WhenLocked::Never => LockFiles::Never,
        }
    }

    /// No image is a directory of sources.
    const fn lock_files_of_image(&self) -> LockFiles {
        match self.lock_files {
            WhenLocked::Always => LockFiles::Always,
            WhenLocked::Sources | WhenLocked::Never => LockFiles::Never,
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

    /// Refuses the flags that narrow what is looked at, where nothing is.
    pub(super) fn refuse_narrowing(&self) -> Result<(), Failure> {
        let flag = match (&self.platform, self.exclude.is_empty()) {
            (Some(_), _) => "--platform is for images",
            (None, false) => "--exclude is for directories",
            (None, true) => return Ok(()),
        };
        Err(Failure::usage(format!("{flag}, and {} is a document", self.source)).hint("leave it out"))
    }

    /// Refuses a document before a registry is asked for an image of its name.
    fn refuse_document(&self) -> Result<(), Failure> {
        match document::is_one(&self.source) {
            true => Err(Failure::usage(format!(
                "'{}' is a document, and neither an image nor a directory",
                self.source
            ))
            .hint(
                "an SBOM is read by 'sbom list', 'sbom convert', 'sbom score', 'sbom diff', and by 'sbom verify' before \
                 SOURCE",
            )),
            false => Ok(()),
        }
    }

    async fn resolve(&self, context: &Context) -> Result<(Stores, Resolved), Failure> {
        if !self.exclude.is_empty() {
            return Err(Failure::usage("--exclude is for directories").hint("leave it out"));
        }
        self.refuse_document()?;
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
