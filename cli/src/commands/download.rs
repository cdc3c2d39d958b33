//! `download`

use clap::{Args, Subcommand};
use countersign_core::attachments::{self, Kind};
use countersign_core::format::base64;
use countersign_core::format::predicate::PredicateType;
use countersign_core::format::statement::Statement;
use countersign_core::gather::{self, Content, GatherOptions, Wanted};
use countersign_core::image::Image;
use countersign_core::media_type;
use countersign_core::oci::{Annotations, Document};
use countersign_core::outcome::Outcome;
use countersign_core::verify::Refusal;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::{RegistryArgs, predicate_type};
use crate::stores::Stores;

#[derive(Subcommand, Debug)]
pub(crate) enum DownloadCommand {
    Signature(SignatureArgs),
    Attestation(AttestationArgs),
    Sbom(SbomArgs),
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

/// Print the attestations of an image, one JSON document a line.
///
/// Bundles as they are, legacy ones as DSSE envelopes. Nothing is verified.
#[derive(Args, Debug)]
pub(crate) struct AttestationArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,

    /// Only statements of this type: a short name of 'attest --type', or a URI
    #[arg(long, value_name = "TYPE", value_parser = predicate_type)]
    predicate_type: Option<PredicateType>,

    /// Those of the image of this platform, where IMAGE is an index: OS/ARCHITECTURE[/VARIANT]
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<String>,

    #[command(flatten)]
    registry: RegistryArgs,
}

/// Print the SBOM that is attached to an image, as it is.
///
/// Nothing is verified: an attested SBOM is read with 'verify-attestation'.
#[derive(Args, Debug)]
pub(crate) struct SbomArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,

    /// Where there are several: the one of this media type, or a part of it, such as cyclonedx
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    /// That of the image of this platform, where IMAGE is an index: OS/ARCHITECTURE[/VARIANT]
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<String>,

    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) async fn run(command: &DownloadCommand, context: &Context) -> Result {
    match command {
        DownloadCommand::Signature(args) => {
            let stores = Stores::new(context, &args.registry)?;
            let image = stores.image(&args.image).await?.image;
            artifacts(context, &stores, &image, Wanted::Signatures).await
        }
        DownloadCommand::Attestation(args) => {
            let stores = Stores::new(context, &args.registry)?;
            let kind = args.predicate_type.as_ref().map(|kind| kind.uri().to_owned());
            let image = stores.image_of(&args.image, args.platform.as_deref()).await?;
            artifacts(context, &stores, &image, Wanted::Attestations(kind)).await
        }
        DownloadCommand::Sbom(args) => sbom(args, context).await,
    }
}

async fn artifacts(context: &Context, stores: &Stores, image: &Image, wanted: Wanted) -> Result {
    let nothing = match &wanted {
        Wanted::Signatures => Refusal::NoSignatures,
        Wanted::Attestations(kind) => Refusal::NoAttestations { predicate_type: kind.clone() },
    };
    let options = GatherOptions { wanted: wanted.clone(), older_referrers: true, ..stores.gather_options() };
    let found = gather::artifacts(image, &options).await?;
    if let Some(unread) = found.unread.into_iter().next() {
        return Err(unread.error.into());
    }
    let mut printed = 0;
    for artifact in found.artifacts {
        match artifact.content {
            Ok(content) if is_other(&content, &wanted) => continue,
            Ok(Content::Bundle(bundle)) => context.output.pieces(&bundle.pieces()?)?,
            Ok(Content::Envelope(envelope)) => context.output.pieces(&envelope.pieces()?)?,
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
        let message = format!("{}: {nothing}", image.name());
        return Err(Failure::new(Outcome::Refused, nothing.code().as_str(), message));
    }
    Ok(Outcome::Proven)
}

/// Whether a statement, which the listing says nothing about, turns out to be of another type.
fn is_other(content: &Content, wanted: &Wanted) -> bool {
    let envelope = match content {
        Content::Legacy(_) => return false,
        Content::Envelope(envelope) => Some(envelope),
        Content::Bundle(bundle) => bundle.dsse_envelope.as_ref(),
    };
    let statement = envelope.and_then(|envelope| Statement::parse(&envelope.payload).ok());
    statement.is_some_and(|statement| !wanted.includes(&statement.predicate_type))
}

async fn sbom(args: &SbomArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let image = stores.image_of(&args.image, args.platform.as_deref()).await?;
    let mut found = Vec::new();
    for attachment in attachments::list(&image).await? {
        if attachment.kind != Kind::Sbom {
            continue;
        }
        let manifest = image.attachments.manifest(&attachment.manifest.digest.into()).await?;
        if let Some(Document::Manifest(manifest)) = manifest.map(|manifest| manifest.parse()).transpose()? {
            found.extend(manifest.layers);
        }
    }
    if let Some(kind) = &args.kind {
        found.retain(|layer| layer.media_type.contains(kind.as_str()));
    }
    match found.as_slice() {
        [] => {
            image.descriptor().await?;
            let message = format!("{}: no SBOM found", image.name());
            Err(Failure::new(Outcome::Refused, "NO_SBOM", message)
                .hint("an attested one is printed by 'countersign download attestation'"))
        }
        [layer] => {
            context.output.status(format!("Found SBOM of media type: {}", layer.media_type));
            let mut reader = image.attachments.blob_reader(layer).await?;
            let mut buffer = vec![0; 64 << 10];
            loop {
                let read =
                    reader.read(&mut buffer).await.map_err(|error| Failure::io(image.name(), error))?;
                if read == 0 {
                    return Ok(Outcome::Proven);
                }
                context.output.bytes(&buffer[..read])?;
            }
        }
        several => {
            let types: Vec<_> = several.iter().map(|layer| layer.media_type.as_str()).collect();
            Err(Failure::usage(format!(
                "{}: has {} SBOMs: {}",
                image.name(),
                several.len(),
                types.join(", ")
            ))
            .hint("say which one with --type"))
        }
    }
}

fn pem(annotations: &Annotations, name: &str) -> Value {
    annotations.get(name).map_or(Value::Null, |text| Value::from(text.as_str()))
}

fn document(annotations: &Annotations, name: &str) -> Value {
    annotations.get(name).and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}
