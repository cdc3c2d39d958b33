//! `clean`

use clap::{Args, ValueEnum};
use countersign_core::attachments::{self, Kind};
use countersign_core::outcome::Outcome;

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::{RegistryArgs, go_bool};
use crate::prompt;
use crate::stores::Stores;

/// Remove what is attached to an image.
///
/// The image itself stays.
#[derive(Args, Debug)]
pub(crate) struct CleanArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,

    /// What to remove
    #[arg(long, value_enum, default_value = "all")]
    r#type: CleanType,

    /// Ask nothing
    #[arg(long, short, visible_alias = "yes", short_alias = 'y', value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    force: bool,

    #[command(flatten)]
    registry: RegistryArgs,
}

/// See `--type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CleanType {
    Signature,
    Attestation,
    Sbom,
    Referrer,
    All,
}

pub(super) async fn run(args: &CleanArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?.for_writing();
    let image = stores.image(&args.image).await?.image;
    let kinds: &[Kind] = match args.r#type {
        CleanType::Signature => &[Kind::Signature],
        CleanType::Attestation => &[Kind::Attestation],
        CleanType::Sbom => &[Kind::Sbom],
        CleanType::Referrer => &[Kind::Other],
        CleanType::All => &[Kind::Signature, Kind::Attestation, Kind::Sbom, Kind::Other],
    };
    let question = format!("Remove {} from {} for good?", describe(args.r#type), image.name());
    if !args.force && !prompt::confirm(context, &question)? {
        return Err(Failure::usage("nothing was removed").hint("answer y, or give --force"));
    }
    let removed = attachments::clean(&image, kinds).await?;
    for attachment in &removed {
        context.output.status(format!("Removed {} ({})", attachment.manifest.digest, attachment.describes));
    }
    context.output.status(format!("Removed {} from {}", removed.len(), image.name()));
    Ok(Outcome::Proven)
}

const fn describe(kind: CleanType) -> &'static str {
    match kind {
        CleanType::Signature => "all signatures",
        CleanType::Attestation => "all attestations",
        CleanType::Sbom => "all SBOMs",
        CleanType::Referrer => "all other referrers",
        CleanType::All => "everything attached",
    }
}
