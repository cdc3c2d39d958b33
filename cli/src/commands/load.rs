//! `load`

use std::path::PathBuf;

use clap::Args;
use countersign_core::outcome::Outcome;
use countersign_core::transfer::{TransferOptions, transfer};

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::RegistryArgs;
use crate::output::Progress;
use crate::stores::{Stores, check_tag};

/// Load an image that 'save' wrote, with everything attached to it, into a registry.
#[derive(Args, Debug)]
pub(crate) struct LoadArgs {
    /// Where to: REGISTRY/REPOSITORY[:TAG]
    #[arg(value_name = "IMAGE")]
    image: String,

    /// The directory
    #[arg(long, value_name = "DIR", required_unless_present = "archive")]
    dir: Option<PathBuf>,

    /// Load from one tar file instead (an OCI archive)
    #[arg(long, value_name = "FILE", conflicts_with = "dir")]
    archive: Option<PathBuf>,

    /// Move the target's tag when it names another image
    #[arg(long, short)]
    force: bool,

    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) async fn run(args: &LoadArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let image = stores.image(&source(args)?).await?.image;
    let (target, tag) = stores.target(&args.image)?;
    check_tag(target.as_ref(), tag.as_ref(), &image, args.force).await?;
    let options = TransferOptions { tag, ..TransferOptions::default() };
    let progress = Progress::new(&context.output, "Loading");
    transfer(&image, target, &options, &progress).await?;
    progress.finish();
    context.output.status(format!("Loaded {} to {}", image.digest, args.image));
    Ok(Outcome::Proven)
}

fn source(args: &LoadArgs) -> std::result::Result<String, Failure> {
    match (&args.dir, &args.archive) {
        (Some(dir), _) => Ok(format!("oci:{}", dir.display())),
        (None, Some(file)) => Ok(format!("oci-archive:{}", file.display())),
        (None, None) => Err(Failure::usage("neither --dir nor --archive is given")),
    }
}
