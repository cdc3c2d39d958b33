//! `tree`

use clap::Args;
use countersign_core::attachments::{self, Attachment, Kind};
use countersign_core::buildkit::{self, Index, Listed, Outline};
use countersign_core::image::Image;
use countersign_core::media_type;
use countersign_core::outcome::Outcome;
use serde_json::{Value, json};

use super::Result;
use crate::context::Context;
use crate::options::{RegistryArgs, TextOrJson, go_bool};
use crate::stores::Stores;

/// Show what is attached to an image.
///
/// Of an index, also what BuildKit attests of the images in it. Nothing is verified.
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
    output: TextOrJson,

    /// Everything that is attached is looked at, whatever this says.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true, hide = true)]
    experimental_oci11: bool,

    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) async fn run(args: &TreeArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let root = stores.image(&args.image).await?.image;
    let is_index = media_type::is_index(&root.descriptor().await?.media_type);
    let index = if is_index { Index::of(&root).await? } else { None };
    let parts = if args.recursive { root.with_children().await? } else { vec![root] };
    for image in parts {
        let mut attached = attachments::list(&image).await?;
        attached.sort_by_key(|attachment| (attachment.tag.is_none(), attachment.kind));
        let buildkit = match index.as_ref().filter(|index| index.image().digest == image.digest) {
            Some(index) => buildkit::outline(index).await?,
            None => Vec::new(),
        };
        match args.output {
            TextOrJson::Text => {
                print(context, &image, &attached, buildkit.is_empty())?;
                print_buildkit(context, &image, &buildkit)?;
            }
            TextOrJson::Json => context.output.json(&json!({
                "image": image.name(),
                "digest": image.digest,
                "attached": attached.iter().map(element).collect::<Vec<_>>(),
                "buildkit": buildkit.iter().map(outlined).collect::<Vec<_>>(),
            }))?,
        }
    }
    Ok(Outcome::Proven)
}

fn print(
    context: &Context,
    image: &Image,
    attached: &[Attachment],
    nothing_else: bool,
) -> std::result::Result<(), crate::failure::Failure> {
    let output = &context.output;
    output.line(&format!("📦 Supply Chain Security Related artifacts for an image: {}", image.name()))?;
    if attached.is_empty() && nothing_else {
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

/// BuildKit's attestation manifests in an index. What they hold is what its layers are annotated with.
fn print_buildkit(
    context: &Context,
    image: &Image,
    outlines: &[Outline],
) -> std::result::Result<(), crate::failure::Failure> {
    let output = &context.output;
    for Outline { listed, statements } in outlines {
        let manifest = format!("{}@{}", image.source.name(), listed.manifest().digest);
        let about = platform(listed).unwrap_or_else(|| listed.image().digest.to_string());
        output.line(&format!("└── 💾 BuildKit attestations of {about} in the index: {manifest}"))?;
        match statements {
            Err(error) => output.line(&format!("   └── refused: {error} [{}]", error.code().as_str()))?,
            Ok(statements) => {
                for (position, (digest, kind)) in statements.iter().enumerate() {
                    let branch = if position + 1 == statements.len() { "└──" } else { "├──" };
                    let kind = kind.as_deref().unwrap_or("of a type that is not annotated");
                    output.line(&format!("   {branch} 🍒 {digest} {kind}"))?;
                }
            }
        }
    }
    Ok(())
}

fn platform(listed: &Listed) -> Option<String> {
    listed.image().platform.as_ref().map(ToString::to_string)
}

fn outlined(outline: &Outline) -> Value {
    let Outline { listed, statements } = outline;
    let (statements, refusal) = match statements {
        Ok(statements) => (statements.as_slice(), None),
        Err(error) => (&[][..], Some(json!({"code": error.code().as_str(), "message": error.to_string()}))),
    };
    json!({
        "platform": platform(listed),
        "image": listed.image().digest,
        "manifest": listed.manifest().digest,
        "statements": statements
            .iter()
            .map(|(digest, kind)| json!({"digest": digest, "predicateType": kind}))
            .collect::<Vec<_>>(),
        "refusal": refusal,
    })
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
