//! `sbom generate`

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::file::{self, Mode, Overwrite};
use countersign_core::format::predicate::PredicateType;
use countersign_core::format::statement::Subject;
use countersign_core::gather::Formats;
use countersign_core::image::Image;
use countersign_core::key::PrivateKey;
use countersign_core::outcome::Outcome;
use countersign_core::sign::{self, Attestation};
use countersign_sbom::format::{Format, Making, write};
use countersign_sbom::inventory::Inventory;
use jiff::Timestamp;

use super::platforms::{self, Target};
use super::source::{Looked, SourceArgs, look_into};
use crate::commands::Result;
use crate::commands::attest::store;
use crate::context::Context;
use crate::failure::Failure;
use crate::stores::Stores;
use crate::{files, keys};

/// Make the SBOM of an image or a directory.
///
/// Layers are read as streams, and nothing is unpacked, executed or looked up. The same image gives the same bytes:
/// the time in the document is SOURCE_DATE_EPOCH, or when the image says it was made.
#[derive(Args, Debug)]
pub(crate) struct GenerateArgs {
    #[command(flatten)]
    source: SourceArgs,

    /// A format, or FORMAT=FILE; may be given several times: cyclonedx-json[@1.4 to 1.7], cyclonedx-xml[@...],
    /// spdx-json[@2.3|@3.0], spdx-tag-value, swid
    #[arg(long, short, value_name = "FORMAT[=FILE]", value_parser = output, default_value = "cyclonedx-json")]
    output: Vec<Output>,

    /// Of an index, make the SBOM of every image in it; each FILE gets the platform before its extension:
    /// app.cdx.json is app.linux-amd64.cdx.json, and so on
    #[arg(long, short, conflicts_with = "platform")]
    recursive: bool,

    /// Attest the image with the SBOM, in the first of the formats that are attested (cyclonedx-json, spdx-json)
    #[arg(long, requires = "key")]
    attest: bool,

    /// The private key to attest with: a file or env://NAME
    #[arg(long, value_name = "KEY", requires = "attest")]
    key: Option<String>,
}

/// A document, and where it goes.
#[derive(Clone, Debug)]
struct Output {
    format: Format,
    file: Option<PathBuf>,
}

fn output(text: &str) -> std::result::Result<Output, String> {
    let (format, file) = match text.split_once('=') {
        Some((format, file)) => (format, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = format.parse::<Format>().map_err(|error| error.to_string())?;
    Ok(Output { format, file })
}

/// The documents of one image or directory.
struct Made<'a> {
    image: Option<Image>,
    name: String,
    documents: Vec<(&'a Output, Vec<u8>)>,
}

pub(super) async fn run(args: &GenerateArgs, context: &Context) -> Result {
    args.check()?;
    let targets = if args.recursive { platforms::of(args.source.images(context).await?) } else { Vec::new() };
    if targets.len() > 1 && args.output.iter().any(|output| output.file.is_none()) {
        let count = targets.len();
        return Err(Failure::usage(format!(
            "--recursive: {count} documents cannot all go to standard output"
        ))
        .hint("write them to files: -o FORMAT=FILE, where each name gets the platform"));
    }
    let labels: Vec<_> = targets.iter().map(|target| target.label.clone()).collect();
    let files = args.files(&labels)?;
    // A key that cannot be used is known before anything is read.
    let signer = match &args.key {
        Some(reference) => Some(keys::private(context, reference).await?),
        None => None,
    };
    let mut all = Vec::new();
    for Target { label, resolved } in targets {
        all.push(args.make(context, look_into(context, resolved).await?, label.as_deref())?);
    }
    if all.is_empty() {
        all.push(args.make(context, args.source.look(context).await?, None)?);
    }
    publish(context, &files, &all)?;
    for Made { image, name, documents } in all {
        if let (Some(signer), Some(image)) = (&signer, &image) {
            attest(args, context, image, signer, &name, documents).await?;
        }
    }
    Ok(Outcome::Proven)
}

impl GenerateArgs {
    fn check(&self) -> std::result::Result<(), Failure> {
        if self.output.iter().filter(|output| output.file.is_none()).count() > 1 {
            return Err(Failure::usage("-o: only one format can go to standard output")
                .hint("write the others to files: -o spdx-json=FILE"));
        }
        if self.attest && self.output.iter().all(|output| predicate_type(output.format).is_none()) {
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

    /// The files that are written: of each target in turn, or of the only one where there are no labels, the file of
    /// each output. No document is written over the key, or over another.
    fn files(&self, labels: &[Option<String>]) -> std::result::Result<Vec<Option<PathBuf>>, Failure> {
        let labels = if labels.is_empty() { &[None][..] } else { labels };
        let files: Vec<_> = labels
            .iter()
            .flat_map(|label| self.output.iter().map(move |output| (label, output)))
            .map(|(label, output)| match (label, &output.file) {
                (Some(label), Some(file)) => Some(platforms::with_label(file, label)),
                (None, file) => file.clone(),
                (Some(_), None) => None,
            })
            .collect();
        let written: Vec<_> = files.iter().map(|file| ("-o", file.as_deref())).collect();
        files::apart(&written, &[("--key", self.key.as_deref().map(Path::new))])?;
        Ok(files)
    }

    fn make(
        &self,
        context: &Context,
        looked: Looked,
        label: Option<&str>,
    ) -> std::result::Result<Made<'_>, Failure> {
        let now = now(context, &looked);
        let Looked { image, inventory, .. } = looked;
        for lacks in &inventory.incomplete {
            context.output.warning(format!("{}: could not be read: {}", lacks.path, lacks.why));
        }
        let mut documents = Vec::with_capacity(self.output.len());
        for output in &self.output {
            documents.push((output, document(&inventory, output.format, now)?));
        }
        let of = label.map(|label| format!("{label}: ")).unwrap_or_default();
        let (count, lacks) = (inventory.components.len(), inventory.incomplete.len());
        context.output.status(match lacks {
            0 => format!("{of}{count} components"),
            _ => format!("{of}{count} components; {lacks} files could not be read"),
        });
        Ok(Made { image, name: inventory.subject.name, documents })
    }
}

/// An inventory as a document.
pub(super) fn document(
    inventory: &Inventory,
    format: Format,
    now: Timestamp,
) -> std::result::Result<Vec<u8>, Failure> {
    let making = Making { now, tool_version: env!("CARGO_PKG_VERSION").into() };
    write(inventory, format, &making).map_err(|error| Failure::new(Outcome::Undecided, error.code(), error))
}

/// Writes all documents to their files, or none; then the one that goes to standard output.
fn publish(
    context: &Context,
    files: &[Option<PathBuf>],
    all: &[Made<'_>],
) -> std::result::Result<(), Failure> {
    let documents = all.iter().flat_map(|made| &made.documents).map(|(_, document)| document.as_slice());
    let placed: Vec<_> = files.iter().map(Option::as_deref).zip(documents).collect();
    let written: Vec<_> =
        placed.iter().filter_map(|(file, document)| Some(((*file)?, *document, Mode::Default))).collect();
    file::write_together(&written, Overwrite::Replace)?;
    for (path, ..) in &written {
        context.output.status(format!("Wrote {}", path.display()));
    }
    placed
        .iter()
        .filter(|(file, _)| file.is_none())
        .try_for_each(|(_, document)| context.output.bytes(document))
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
    documents: Vec<(&Output, Vec<u8>)>,
) -> std::result::Result<(), Failure> {
    let mut attested = documents
        .into_iter()
        .filter_map(|(output, document)| Some((predicate_type(output.format)?, document)));
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
