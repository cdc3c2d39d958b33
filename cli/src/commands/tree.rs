//! `tree`

use clap::{Args, ValueEnum};
use countersign_core::attachments::{self, Attachment, Kind};
use countersign_core::image::Image;
use countersign_core::outcome::Outcome;
use serde_json::{Value, json};

use super::Result;
use crate::context::Context;
use crate::options::{RegistryArgs, go_bool};
use crate::stores::Stores;

/// Show what is attached to an image.
///
/// Nothing is verified.
#[derive(Args, Debug)]
pub(crate) struct TreeArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,

    /// Show every manifest of an index as well
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    recursive: bool,

    /// What to print
    #[arg(long, short, value_enum, default_value = "text")]
    output: TreeOutput,

    /// Everything that is attached is looked at, whatever this says.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true, hide = true)]
    experimental_oci11: bool,

    #[command(flatten)]
    registry: RegistryArgs,
}

/// See `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TreeOutput {
    Text,
    Json,
}

pub(super) async fn run(args: &TreeArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let root = stores.image(&args.image).await?.image;
    root.descriptor().await?;
    let parts = if args.recursive { root.with_children().await? } else { vec![root] };
    for image in parts {
        let mut attached = attachments::list(&image).await?;
        attached.sort_by_key(|attachment| (attachment.tag.is_none(), attachment.kind));
        match args.output {
            TreeOutput::Text => print(context, &image, &attached)?,
            TreeOutput::Json => context.output.json(&json!({
                "image": image.name(),
                "digest": image.digest,
                "attached": attached.iter().map(element).collect::<Vec<_>>(),
            }))?,
        }
    }
    Ok(Outcome::Proven)
}

fn print(
    context: &Context,
    image: &Image,
    attached: &[Attachment],
) -> std::result::Result<(), crate::failure::Failure> {
    let output = &context.output;
    output.line(&format!("📦 Supply Chain Security Related artifacts for an image: {}", image.name()))?;
    if attached.is_empty() {
        output.line("No Supply Chain Security Related Artifacts found for image")?;
    }
    let repository = image.attachments.name();
    for attachment in attached {
        let (sign, what) = match attachment.kind {
            Kind::Signature => ("🔐", "Signatures"),
            Kind::Attestation => ("💾", "Attestations"),
            Kind::Sbom => ("📦", "SBOMs"),
            Kind::Other => ("🔗", "Artifacts"),
        };
        output.line(&match &attachment.tag {
            Some(tag) => format!("└── {sign} {what} for an image tag: {repository}:{tag}"),
            None => format!(
                "└── 🔗 {} artifacts via OCI referrer: {repository}@{}",
                attachment.describes, attachment.manifest.digest
            ),
        })?;
        let layers = attachment.layers();
        for (position, layer) in layers.iter().enumerate() {
            let branch = if position + 1 == layers.len() { "└──" } else { "├──" };
            output.line(&format!("   {branch} 🍒 {layer}"))?;
        }
    }
    Ok(())
}

fn element(attachment: &Attachment) -> Value {
    json!({
        "kind": match attachment.kind {
            Kind::Signature => "signature",
            Kind::Attestation => "attestation",
            Kind::Sbom => "sbom",
            Kind::Other => "other",
        },
        "describes": attachment.describes,
        "manifest": attachment.manifest.digest,
        "tag": attachment.tag.as_ref().map(ToString::to_string),
        "layers": attachment.layers(),
    })
}
