//! `save`

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use countersign_core::file::Overwrite;
use countersign_core::image::Image;
use countersign_core::outcome::Outcome;
use countersign_core::reference::{Location, Tag};
use countersign_core::source::Layout;
use countersign_core::source::archive;
use countersign_core::transfer::{TransferOptions, transfer};

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::{RegistryArgs, Saved, SavedArgs};
use crate::output::Progress;
use crate::stores::{Stores, check_tag};

/// Save an image with everything attached to it in a directory or an archive.
///
/// All platforms. The directory is an OCI image layout, the archive is a tar of one.
#[derive(Args, Debug)]
pub(crate) struct SaveArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,

    #[command(flatten)]
    saved: SavedArgs,

    /// Move the target's tag when it names another image
    #[arg(long, short)]
    force: bool,

    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) async fn run(args: &SaveArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let image = stores.image(&args.image).await?.image;
    let saved = match args.saved.place()? {
        Saved::Directory(dir) => {
            save(args, context, &image, dir).await?;
            dir
        }
        Saved::Archive(file) => {
            let staging = tempfile::tempdir().map_err(|error| Failure::io("temporary directory", error))?;
            let layout = save(args, context, &image, staging.path()).await?;
            archive::save(&layout, file, Overwrite::Never).await?;
            file
        }
    };
    context.output.status(format!("Saved {} to {}", image.name(), saved.display()));
    Ok(Outcome::Proven)
}

async fn save(
    args: &SaveArgs,
    context: &Context,
    image: &Image,
    dir: &Path,
) -> std::result::Result<Layout, Failure> {
    let layout = Layout::create(dir)?;
    let tag = tag(&args.image)?;
    check_tag(&layout, tag.as_ref(), image, args.force).await?;
    let options = TransferOptions { tag, ..TransferOptions::default() };
    let progress = Progress::new(&context.output, "Saving");
    transfer(image, Arc::new(layout.clone()), &options, &progress).await?;
    layout.mark_for_cosign(image.digest).await?;
    progress.finish();
    Ok(layout)
}

/// The tag that the image was named by.
fn tag(image: &str) -> std::result::Result<Option<Tag>, Failure> {
    Ok(match image.parse()? {
        Location::Registry(reference) => reference.tag,
        _ => None,
    })
}
