//! `triangulate`

use clap::{Args, ValueEnum};
use countersign_core::outcome::Outcome;
use countersign_core::reference::Tag;

use super::Result;
use crate::context::Context;
use crate::options::RegistryArgs;
use crate::stores::Stores;

/// Print the tag under which something of an image is kept in cosign's older form, or the image's digest.
#[derive(Args, Debug)]
pub(crate) struct TriangulateArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,

    /// What to look for
    #[arg(long, value_enum, default_value = "signature")]
    r#type: TriangulateType,

    #[command(flatten)]
    registry: RegistryArgs,
}

/// See `--type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TriangulateType {
    Signature,
    Attestation,
    Sbom,
    Digest,
}

pub(super) async fn run(args: &TriangulateArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let image = stores.image(&args.image).await?.image;
    let repository = image.attachments.name();
    let tagged = |suffix| format!("{repository}:{}", Tag::attached(&image.digest, suffix));
    context.output.line(&match args.r#type {
        TriangulateType::Signature => tagged(".sig"),
        TriangulateType::Attestation => tagged(".att"),
        TriangulateType::Sbom => tagged(".sbom"),
        TriangulateType::Digest => image.name(),
    })?;
    Ok(Outcome::Proven)
}
