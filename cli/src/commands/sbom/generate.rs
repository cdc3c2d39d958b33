//! `sbom generate`

use std::path::Path;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use countersign_core::format::predicate::PredicateType;
use countersign_core::format::statement::Subject;
use countersign_core::gather::Formats;
use countersign_core::image::Image;
use countersign_core::key::PrivateKey;
use countersign_core::outcome::Outcome;
use countersign_core::sign::{self, Attestation};
use countersign_sbom::format::{Format, Making, write};
use jiff::Timestamp;

use super::output::{Made, OutputArgs};
use super::source::{Looked, SourceArgs};
use crate::commands::Result;
use crate::commands::attest::store;
use crate::context::Context;
use crate::failure::Failure;
use crate::keys;
use crate::stores::Stores;

/// Make the SBOM of an image or a directory.
///
/// Layers are read as streams, and nothing is unpacked, executed or looked up. The same image gives the same bytes:
/// the time in the document is SOURCE_DATE_EPOCH, or when the image says it was made.
#[derive(Args, Debug)]
pub(crate) struct GenerateArgs {
    #[command(flatten)]
    source: SourceArgs,

    #[command(flatten)]
    output: OutputArgs,

    /// Who supplies SOURCE (default: what the image is annotated or labelled with as org.opencontainers.image.vendor)
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    supplier: Option<String>,

    /// Attest the image with the SBOM, in the first of the formats that are attested (cyclonedx-json, spdx-json)
    #[arg(long, requires = "key")]
    attest: bool,

    /// The private key to attest with: a file or env://NAME
    #[arg(long, value_name = "KEY", requires = "attest")]
    key: Option<String>,
}

pub(super) async fn run(args: &GenerateArgs, context: &Context) -> Result {
    // No document is written over the key.
    args.output.check(&[("--key", args.key.as_deref().map(Path::new))])?;
    let attested = args.output.formats().find_map(predicate_type);
    if args.attest && attested.is_none() {
        return Err(Failure::usage("--attest: none of the formats is attested")
            .hint("give -o cyclonedx-json or -o spdx-json as well"));
    }
    if args.attest && args.source.directory().is_some() {
        return Err(Failure::usage("--attest: a directory has no digest to attest")
            .hint("write the SBOM to a file, and attest what you build of the directory: 'attest-blob'"));
    }
    // A key that cannot be used is known before anything is read.
    let signer = match &args.key {
        Some(reference) => Some(keys::private(context, reference).await?),
        None => None,
    };
    let mut looked = args.source.look(context).await?;
    if args.supplier.is_some() {
        looked.inventory.subject.supplier.clone_from(&args.supplier);
    }
    for lacks in &looked.inventory.incomplete {
        context.output.warning(format!("{}: could not be read: {}", lacks.path, lacks.why));
    }
    let making = Making { now: now(context, &looked), tool_version: env!("CARGO_PKG_VERSION").into() };
    let documents = args.output.make(|format| write(&looked.inventory, format, &making))?;
    args.output.write(context, &documents)?;
    let (count, lacks) = (looked.inventory.components.len(), looked.inventory.incomplete.len());
    context.output.status(match lacks {
        0 => format!("{count} components"),
        _ => format!("{count} components; {lacks} files could not be read"),
    });
    if let (Some(signer), Some(image)) = (&signer, &looked.image) {
        attest(args, context, image, signer, &looked.inventory.subject.name, documents).await?;
    }
    Ok(Outcome::Proven)
}

/// What an attestation of this format is called.
fn predicate_type(format: Format) -> Option<&'static str> {
    match format {
        Format::CycloneDxJson(_) => Some("cyclonedx"),
        Format::SpdxJson(_) => Some("spdxjson"),
        _ => None,
    }
}

/// Attests the image with the first of the documents that is attested.
async fn attest(
    args: &GenerateArgs,
    context: &Context,
    image: &Image,
    signer: &PrivateKey,
    name: &str,
    documents: Vec<Made>,
) -> std::result::Result<(), Failure> {
    let mut attested =
        documents.into_iter().filter_map(|made| Some((predicate_type(made.format)?, made.bytes)));
    let Some((kind, mut document)) = attested.next() else { return Ok(()) };
    let kind: PredicateType = kind.parse().map_err(|error| Failure::usage(format!("--attest: {error}")))?;
    document.truncate(document.trim_ascii_end().len());
    let writing = Stores::new(context, &args.source.registry)?.for_writing();
    let image = writing.image(&image.name()).await?.image;
    let about = Subject { name: Some(name.to_owned()), ..Subject::of(&image.digest) };
    let made = sign::attest(signer, Attestation::new(vec![about], kind.uri(), document)?).await?;
    let subject = image.descriptor().await?;
    store(context, &image, subject, &made, kind.uri(), Formats::BUNDLE).await?;
    Ok(())
}

/// The time in the documents: what the environment says (reproducible-builds.org, `SOURCE_DATE_EPOCH`), else when the
/// image says it was made, and the epoch where it does not say: the same image gives the same bytes. A directory says
/// nothing, and may be another one a moment later: now.
fn now(context: &Context, looked: &Looked) -> Timestamp {
    let made = match &looked.image {
        Some(_) => looked.created.unwrap_or(Timestamp::UNIX_EPOCH),
        None => context.now,
    };
    context.environment.source_date_epoch().unwrap_or(made)
}
