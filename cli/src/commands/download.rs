//! `download`

mod sbom;

use std::collections::BTreeSet;

use clap::{Args, Subcommand};
use countersign_core::buildkit::{self, Index, Listed, RefusedPart, Said};
use countersign_core::format::base64;
use countersign_core::format::dsse::Envelope;
use countersign_core::format::predicate::PredicateType;
use countersign_core::format::statement::Statement;
use countersign_core::gather::{self, Content, GatherOptions, Wanted};
use countersign_core::image::Image;
use countersign_core::media_type;
use countersign_core::oci::Annotations;
use countersign_core::outcome::Outcome;
use countersign_core::verify::Refusal;
use serde_json::{Value, json};

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::{RegistryArgs, predicate_type};
use crate::stores::{Stores, of_platform};

#[derive(Subcommand, Debug)]
pub(crate) enum DownloadCommand {
    Signature(SignatureArgs),
    Attestation(AttestationArgs),
    Sbom(sbom::SbomArgs),
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
/// Bundles as they are, legacy ones as DSSE envelopes, with --platform those of BuildKit as well, as envelopes without
/// signatures. Nothing is verified.
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

pub(super) async fn run(command: &DownloadCommand, context: &Context) -> Result {
    match command {
        DownloadCommand::Signature(args) => {
            let stores = Stores::new(context, &args.registry)?;
            let wanted = Wanted::Signatures;
            let options = GatherOptions { wanted, older_referrers: true, ..stores.gather_options() };
            let image = stores.image(&args.image).await?.image;
            match artifacts(context, &image, &options).await? {
                0 => {
                    image.descriptor().await?;
                    Err(nothing(&image, &Refusal::NoSignatures))
                }
                _ => Ok(Outcome::Proven),
            }
        }
        DownloadCommand::Attestation(args) => attestations(args, context).await,
        DownloadCommand::Sbom(args) => sbom::run(args, context).await,
    }
}

/// What was asked for.
struct Asked {
    image: Image,
    /// The index that it was taken from, by its platform.
    index: Option<Index>,
}

impl Asked {
    async fn of(stores: &Stores, text: &str, platform: Option<&str>) -> std::result::Result<Self, Failure> {
        let root = stores.image(text).await?.image;
        let Some(platform) = platform else { return Ok(Self { image: root, index: None }) };
        let image = of_platform(&root, platform).await?;
        Ok(Self { image, index: Index::of(&root).await? })
    }

    /// What BuildKit says of the image of a platform. What is not as it must be is said, and left out.
    async fn buildkit(
        &self,
        context: &Context,
        options: &GatherOptions,
    ) -> std::result::Result<Vec<Said>, Failure> {
        let Some(index) = &self.index else { return Ok(Vec::new()) };
        let found = buildkit::statements(index, &self.image.digest, options).await;
        if let Some(unread) = found.unread.into_iter().next() {
            return Err(unread.error.into());
        }
        for RefusedPart { origin, error } in found.refused {
            let code = error.code().as_str();
            context.output.warning(format!("{}: {error} [{code}]", origin.blob.unwrap_or(origin.manifest)));
        }
        Ok(found.said)
    }

    /// That nothing was found. Where no platform was named, it says of which BuildKit says something.
    async fn found_nothing(&self, failure: Failure) -> std::result::Result<Failure, Failure> {
        // That there is nothing is only said of an image that is there.
        let descriptor = self.image.descriptor().await?;
        if !media_type::is_index(&descriptor.media_type) {
            return Ok(failure);
        }
        let Some(index) = Index::of(&self.image).await? else { return Ok(failure) };
        let platform = |listed: &Listed| listed.image().platform.as_ref().map(ToString::to_string);
        let platforms: BTreeSet<_> = index.listed().iter().filter_map(platform).collect();
        let platforms: Vec<_> = platforms.into_iter().collect();
        Ok(match platforms.as_slice() {
            [] => failure,
            some => failure
                .hint(format!("BuildKit says something of {}: name one with --platform", some.join(", "))),
        })
    }
}

/// Says whose word a statement of BuildKit's is: no key was given that could tell more.
fn self_asserted(context: &Context, said: &Said) {
    let (kind, blob) = (said.predicate_type(), said.origin.blob.unwrap_or(said.origin.manifest));
    context.output.status(format!("BuildKit's statement {blob} ({kind}): unsigned: self-asserted"));
}

async fn attestations(args: &AttestationArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let kind = args.predicate_type.as_ref().map(|kind| kind.uri().to_owned());
    let wanted = Wanted::Attestations(kind.clone());
    let options = GatherOptions { wanted, older_referrers: true, ..stores.gather_options() };
    let asked = Asked::of(&stores, &args.image, args.platform.as_deref()).await?;
    let printed = artifacts(context, &asked.image, &options).await?;
    let said = asked.buildkit(context, &options).await?;
    for said in &said {
        self_asserted(context, said);
        context.output.pieces(&Envelope::bare(media_type::IN_TOTO, said.body().clone()).pieces()?)?;
    }
    match printed + said.len() {
        0 => {
            let refusal = Refusal::NoAttestations { predicate_type: kind };
            Err(asked.found_nothing(nothing(&asked.image, &refusal)).await?)
        }
        _ => Ok(Outcome::Proven),
    }
}

fn nothing(image: &Image, refusal: &Refusal) -> Failure {
    let message = format!("{}: {refusal}", image.name());
    Failure::new(Outcome::Refused, refusal.code().as_str(), message)
}

/// Prints what is attached, and tells how much that is.
async fn artifacts(
    context: &Context,
    image: &Image,
    options: &GatherOptions,
) -> std::result::Result<usize, Failure> {
    let found = gather::artifacts(image, options).await?;
    if let Some(unread) = found.unread.into_iter().next() {
        return Err(unread.error.into());
    }
    let mut printed = 0;
    for artifact in found.artifacts {
        match artifact.content {
            Ok(content) if is_other(&content, &options.wanted) => continue,
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
    Ok(printed)
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

fn pem(annotations: &Annotations, name: &str) -> Value {
    annotations.get(name).map_or(Value::Null, |text| Value::from(text.as_str()))
}

fn document(annotations: &Annotations, name: &str) -> Value {
    annotations.get(name).and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}
