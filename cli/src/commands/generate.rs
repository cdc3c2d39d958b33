//! `generate`

use clap::Args;
use countersign_core::format::simple_signing::Payload;
use countersign_core::outcome::Outcome;

use super::Result;
use crate::context::Context;
use crate::options::{RegistryArgs, pair, pairs};
use crate::stores::Stores;

/// Print the simple-signing payload of an image, for signing it with another tool.
#[derive(Args, Debug)]
pub(crate) struct GenerateArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,

    /// Put this pair into the payload; may be given several times
    #[arg(long, short, visible_alias = "a", value_name = "KEY=VALUE", value_parser = pair, value_delimiter = ',')]
    annotations: Vec<(String, String)>,

    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) async fn run(args: &GenerateArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let resolved = stores.image(&args.image).await?;
    resolved.image.descriptor().await?;
    let payload = Payload::new(&resolved.docker_reference, resolved.image.digest, &pairs(&args.annotations)?);
    context.output.bytes(&payload.to_json()?)?;
    Ok(Outcome::Proven)
}
