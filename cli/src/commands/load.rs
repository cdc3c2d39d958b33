//! `load`

use std::path::PathBuf;

use clap::Args;
use countersign_core::outcome::Outcome;
use countersign_core::transfer::{TransferOptions, transfer};

use super::Result;
use crate::context::Context;
use crate::options::RegistryArgs;
use crate::output::Progress;
use crate::stores::Stores;

/// Load an image that 'save' wrote, with everything attached to it, into a registry.
#[derive(Args, Debug)]
pub(crate) struct LoadArgs {
    /// Where to: REGISTRY/REPOSITORY[:TAG]
    #[arg(value_name = "IMAGE")]
    image: String,

    /// The directory
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,

    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) async fn run(args: &LoadArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let image = stores.image(&format!("oci:{}", args.dir.display())).await?.image;
    let (target, tag) = stores.target(&args.image)?;
    let options = TransferOptions { tag, ..TransferOptions::default() };
    let progress = Progress::new(&context.output, "Loading");
    transfer(&image, target, &options, &progress).await?;
    progress.finish();
    context.output.status(format!("Loaded {} to {}", image.digest, args.image));
    Ok(Outcome::Proven)
}
