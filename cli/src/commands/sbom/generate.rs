//! `sbom generate`

use std::path::Path;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use countersign_core::format::predicate::PredicateType;
use countersign_core::format::statement::Subject;
use countersign_core::gather::Formats;
use countersign_core::key::PrivateKey;
use countersign_core::outcome::Outcome;
use countersign_core::sign::{self, Attestation};
use countersign_sbom::format::{Format, Making, write};
use jiff::Timestamp;

use super::look::Looked;
use super::output::{Label, Made, OutputArgs};
use super::platforms::{self, Target};
use super::source::SourceArgs;
use crate::commands::Result;
use crate::commands::attest::{replace, store};
use crate::context::Context;
use crate::failure::Failure;
use crate::keys;
use crate::output::counted;
use crate::stores::{Resolved, Stores};

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

    /// Of an index, make the SBOM of every image in it; each FILE gets the platform before its extension:
    /// app.cdx.json is app.linux-amd64.cdx.json, and so on
    #[arg(long, short, conflicts_with = "platform")]
    recursive: bool,

    /// Attest the image with the SBOM, in the first of the formats that are attested (cyclonedx-json, spdx-json)
    #[arg(long, requires = "key")]
    attest: bool,

    /// Remove earlier attestations of the same type, once the new one is stored
    #[arg(long, requires = "attest")]
    replace: bool,

    /// The private key to attest with: a file or env://NAME
    #[arg(long, value_name = "KEY", requires = "attest")]
    key: Option<String>,
}

pub(super) async fn run(args: &GenerateArgs, context: &Context) -> Result {
    args.check()?;
    let epoch = context.environment.source_date_epoch()?;
    let targets = args.targets(context).await?;
    // No document is written over the key.
    let labels: Vec<_> = targets.iter().map(|target| target.label.as_deref()).collect();
    let labels = if labels.is_empty() { &[None][..] } else { &labels };
    args.output.check(labels, &[("--key", args.key.as_deref().map(Path::new))])?;
    // A key that cannot be used is known before anything is read.
    let signer = match &args.key {
        Some(reference) => Some(keys::private(context, reference).await?),
        None => None,
    };
    let mut all = Vec::new();
    for target in &targets {
        let looked = args.source.look_into(context, target.resolved.clone()).await?;
        all.push(args.make(context, looked, epoch, target.label.as_deref())?);
    }
    if all.is_empty() {
        all.push(args.make(context, args.source.look(context).await?, epoch, None)?);
    }
    let documents: Vec<_> = all.iter().map(|one| (one.label, one.documents.as_slice())).collect();
    args.output.write(context, &documents, None)?;
    for Documents { image, documents, .. } in all {
        if let (Some(signer), Some(image)) = (&signer, &image) {
            attest(args, context, image, signer, documents).await?;
        }
    }
    Ok(Outcome::Proven)
}

/// The documents of one image or directory.
struct Documents<'a> {
    image: Option<Resolved>,
    label: Label<'a>,
    documents: Vec<Made>,
}

impl GenerateArgs {
    fn check(&self) -> std::result::Result<(), Failure> {
        if self.attest && self.output.formats().find_map(predicate_type).is_none() {
            return Err(Failure::usage("--attest: none of the formats is attested")
                .hint("give -o cyclonedx-json or -o spdx-json as well"));
        }
        if self.attest && self.source.directory().is_some() {
            return Err(Failure::usage("--attest: a directory has no digest to attest").hint(
                "write the SBOM to a file, and attest what you build of the directory: 'attest-blob'",
            ));
        }
        if self.recursive && self.source.directory().is_some() {
            return Err(Failure::usage("--recursive: a directory has no platforms").hint("leave it out"));
        }
        Ok(())
    }

    /// Every image of the index with `--recursive`; none without it.
    async fn targets(&self, context: &Context) -> std::result::Result<Vec<Target>, Failure> {
        if !self.recursive {
            return Ok(Vec::new());
        }
        let targets = platforms::of(self.source.images(context).await?);
        if targets.len() > 1 && self.output.has_stdout() {
            let count = targets.len();
            return Err(Failure::usage(format!(
                "--recursive: {count} documents cannot all go to standard output"
            ))
            .hint("write them to files: -o FORMAT=FILE, where each name gets the platform"));
        }
        Ok(targets)
    }

    fn make<'a>(
        &self,
        context: &Context,
        looked: Looked,
        epoch: Option<Timestamp>,
        label: Label<'a>,
    ) -> std::result::Result<Documents<'a>, Failure> {
        let making = making(epoch.unwrap_or_else(|| made(context, &looked)));
        let Looked { image, mut inventory, .. } = looked;
        if self.supplier.is_some() {
            inventory.subject.supplier.clone_from(&self.supplier);
        }
        for lacks in &inventory.incomplete {
            context.output.warning(format!("{}: could not be read: {}", lacks.path, lacks.why));
        }
        let documents = self.output.make(|format| write(&inventory, format, &making))?;
        let of = label.map(|label| format!("{label}: ")).unwrap_or_default();
        let (count, lacks) = (inventory.components.len(), inventory.incomplete.len());
        context.output.status(match lacks {
            0 => format!("{of}{}", counted(count, "component")),
            _ => format!("{of}{}; {} could not be read", counted(count, "component"), counted(lacks, "file")),
        });
        Ok(Documents { image, label, documents })
    }
}

/// How this program makes documents.
pub(super) fn making(now: Timestamp) -> Making {
    Making { now, tool_version: env!("CARGO_PKG_VERSION").into() }
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
    resolved: &Resolved,
    signer: &PrivateKey,
    documents: Vec<Made>,
) -> std::result::Result<(), Failure> {
    let mut attested =
        documents.into_iter().filter_map(|made| Some((predicate_type(made.format)?, made.bytes)));
    let Some((kind, mut document)) = attested.next() else { return Ok(()) };
    let kind: PredicateType = kind.parse().map_err(|error| Failure::usage(format!("--attest: {error}")))?;
    document.truncate(document.trim_ascii_end().len());
    let writing = Stores::new(context, &args.source.registry)?.for_writing();
    resolved.warn_of_tag(args.source.name(), &context.output);
    let image = writing.image(&resolved.image.name()).await?.image;
    let about = Subject { name: Some(resolved.docker_reference.clone()), ..Subject::of(&image.digest) };
    let made = sign::attest(signer, Attestation::new(vec![about], kind.uri(), document)?).await?;
    let subject = image.descriptor().await?;
    let signed = store(context, &image, subject, &made, kind.uri(), Formats::BUNDLE).await?;
    if args.replace {
        replace(context, &image, kind.uri(), &signed).await?;
    }
    Ok(())
}

/// The time in the documents where the environment does not say one (reproducible-builds.org, `SOURCE_DATE_EPOCH`): when
/// the image says it was made, and the epoch where it does not say: the same image gives the same bytes. A directory says
/// nothing, and may be another one a moment later: now.
fn made(context: &Context, looked: &Looked) -> Timestamp {
    match &looked.image {
        Some(_) => looked.created.unwrap_or(Timestamp::UNIX_EPOCH),
        None => context.now,
    }
}
