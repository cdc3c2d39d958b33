//! `save`

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use countersign_core::outcome::Outcome;
use countersign_core::reference::{Location, Tag};
use countersign_core::source::layout::Layout;
use countersign_core::transfer::{TransferOptions, transfer};

use super::Result;
use crate::context::Context;
use crate::options::RegistryArgs;
use crate::output::Progress;
use crate::stores::Stores;

/// Save an image with everything attached to it, all platforms, in a directory (an OCI image layout).
#[derive(Args, Debug)]
pub(crate) struct SaveArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,

    /// The directory
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,

    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) async fn run(args: &SaveArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let image = stores.image(&args.image).await?.image;
    let layout = Arc::new(Layout::create(&args.dir)?);
    let options = TransferOptions { tag: tag(&args.image)?, ..TransferOptions::default() };
    let progress = Progress::new(&context.output, "Saving");
    transfer(&image, layout.clone(), &options, &progress).await?;
    layout.mark_for_cosign(image.digest).await?;
    progress.finish();
    context.output.status(format!("Saved {} to {}", image.name(), args.dir.display()));
    Ok(Outcome::Proven)
}

/// The tag that the image was named by.
fn tag(image: &str) -> std::result::Result<Option<Tag>, crate::failure::Failure> {
    Ok(match image.parse()? {
        Location::Registry(reference) => reference.tag,
        _ => None,
    })
}
