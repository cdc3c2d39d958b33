//! `load`

use clap::Args;
use countersign_core::outcome::Outcome;
use countersign_core::transfer::{TransferOptions, transfer};

use super::Result;
use crate::context::Context;
use crate::options::{RegistryArgs, Saved, SavedArgs};
use crate::output::Progress;
use crate::stores::{Stores, check_tag};

/// Load an image that 'save' wrote, with everything attached to it, into a registry.
#[derive(Args, Debug)]
pub(crate) struct LoadArgs {
    /// Where to: REGISTRY/REPOSITORY[:TAG]
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

pub(super) async fn run(args: &LoadArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let source = match args.saved.place()? {
        Saved::Directory(dir) => format!("oci:{}", dir.display()),
        Saved::Archive(file) => format!("oci-archive:{}", file.display()),
    };
    let image = stores.image(&source).await?.image;
    let (target, tag) = stores.target(&args.image)?;
    check_tag(target.as_ref(), tag.as_ref(), &image, args.force).await?;
    let options = TransferOptions { tag, ..TransferOptions::default() };
    let progress = Progress::new(&context.output, "Loading");
    transfer(&image, target, &options, &progress).await?;
    progress.finish();
    context.output.status(format!("Loaded {} to {}", image.digest, args.image));
    Ok(Outcome::Proven)
}
