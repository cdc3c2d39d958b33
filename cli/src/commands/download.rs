//! `download`

use clap::{Args, Subcommand};
use countersign_core::format::base64;
use countersign_core::gather::{self, Content, GatherOptions};
use countersign_core::media_type;
use countersign_core::oci::Annotations;
use countersign_core::outcome::Outcome;
use serde_json::{Value, json};

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::RegistryArgs;
use crate::stores::Stores;

#[derive(Subcommand, Debug)]
pub(crate) enum DownloadCommand {
    Signature(SignatureArgs),
}

/// Print the signatures of an image, one JSON document a line.
///
/// Bundles as they are, legacy ones as cosign prints them. Nothing is verified.
#[derive(Args, Debug)]
pub(crate) struct SignatureArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,

    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) async fn run(command: &DownloadCommand, context: &Context) -> Result {
    match command {
        DownloadCommand::Signature(args) => signature(args, context).await,
    }
}

async fn signature(args: &SignatureArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let image = stores.image(&args.image).await?.image;
    let found =
        gather::artifacts(&image, &GatherOptions { older_referrers: true, ..stores.gather_options() })
            .await?;
    if let Some(unread) = found.unread.into_iter().next() {
        return Err(unread.error.into());
    }
    let mut printed = 0;
    for artifact in found.artifacts {
        match artifact.content {
            Ok(Content::Bundle(bundle)) => context.output.json(&bundle)?,
            Ok(Content::Legacy(legacy)) => {
                context.output.json(&json!({
                    "Base64Signature": base64::encode(&legacy.signature),
                    "Payload": base64::encode(&legacy.payload),
                    "Cert": pem(&legacy.annotations, media_type::ANNOTATION_CERTIFICATE),
                    "Chain": pem(&legacy.annotations, media_type::ANNOTATION_CHAIN),
                    "Bundle": document(&legacy.annotations, media_type::ANNOTATION_REKOR_BUNDLE),
                    "RFC3161Timestamp": document(&legacy.annotations, media_type::ANNOTATION_RFC3161),
                }))?;
            }
            Err(refusal) => {
                context.output.warning(format!("{}: {refusal}", artifact.origin.manifest));
                continue;
            }
        }
        printed += 1;
    }
    if printed == 0 {
        image.descriptor().await?;
        let message = format!("{}: no signatures found", image.name());
        return Err(Failure::new(Outcome::Refused, "NO_SIGNATURES", message));
    }
    Ok(Outcome::Proven)
}

fn pem(annotations: &Annotations, name: &str) -> Value {
    annotations.get(name).map_or(Value::Null, |text| Value::from(text.as_str()))
}

fn document(annotations: &Annotations, name: &str) -> Value {
    annotations.get(name).and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}
