//! `sbom convert`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::outcome::Outcome;
use countersign_sbom::format::read::Read;
use countersign_sbom::format::{Format, Loss, Making, convert, losses};
use jiff::Timestamp;
use serde_json::json;

use super::document;
use super::output::{Made, OutputArgs};
use crate::commands::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::counted;

/// Make an SBOM of another format out of an SBOM.
///
/// What has no place is said: of the document that is read, and of each that is written. The same document gives the
/// same bytes: the time in them is SOURCE_DATE_EPOCH, or when the document says it was made.
#[derive(Args, Debug)]
pub(crate) struct ConvertArgs {
    /// The SBOM, or an attestation with one, which is not verified; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    losses: LossArgs,
}

/// Flags of what becomes of what has no place.
#[derive(Args, Debug)]
pub(super) struct LossArgs {
    /// Write nothing where anything has no place, or documents contradict one another
    #[arg(long)]
    strict: bool,

    /// Also write what has no place to this file, as JSON; it is written with the documents or not at all
    #[arg(long, value_name = "FILE")]
    losses: Option<PathBuf>,
}

pub(super) async fn run(args: &ConvertArgs, context: &Context) -> Result {
    let (file, losses) = (args.file.as_path(), args.losses.losses.as_deref());
    let named = (file != Path::new("-")).then_some(file);
    args.output.check(&[None], &[("FILE", named), ("--losses", losses)])?;
    crate::files::apart(&[("--losses", losses)], &[("FILE", named)])?;
    let read = document::read(context, file).await?;
    let making = Making { now: time(context, &read)?, tool_version: env!("CARGO_PKG_VERSION").into() };
    let made = args.output.make(|format| convert(&read, format, &making))?;
    let lost = args.losses.tell(context, &read, &made)?;
    args.output.write(context, &[(None, &made)], lost.as_ref())?;
    context.output.status(counted(read.inventory.components.len(), "component"));
    Ok(Outcome::Proven)
}

/// The time in the documents: what the environment says, else when the document that is read was made.
pub(super) fn time(context: &Context, read: &Read) -> std::result::Result<Timestamp, Failure> {
    let made = read.origin.created.unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(context.environment.source_date_epoch()?.unwrap_or(made))
}

impl LossArgs {
    pub(super) const fn is_strict(&self) -> bool {
        self.strict
    }

    pub(super) fn file(&self) -> Option<&Path> {
        self.losses.as_deref()
    }

    /// Says what has no place, of what was read and of what was made of it; gives the file that tells it, if one is asked
    /// for.
    pub(super) fn tell(
        &self,
        context: &Context,
        read: &Read,
        made: &[Made],
    ) -> std::result::Result<Option<(PathBuf, Vec<u8>)>, Failure> {
        for (place, count) in &read.passed_over {
            context.output.warning(format!("not read: {place}: {count}"));
        }
        let mut lost = Vec::new();
        for document in made {
            let losses = losses(read, &document.bytes).map_err(|error| {
                let what = format!("{}: what was made cannot be read: {error}", document.format);
                Failure::new(Outcome::Undecided, "SBOM_NOT_WRITTEN", what)
            })?;
            for Loss { place, count } in &losses {
                context.output.warning(format!("not in {}: {place}: {count}", document.format));
            }
            lost.push((document.format, losses));
        }
        let places = read.passed_over.len() + lost.iter().map(|(_, losses)| losses.len()).sum::<usize>();
        match self.strict && places > 0 {
            true => Err(Failure::new(
                Outcome::Refused,
                "SBOM_LOSS",
                format!("--strict: {places} parts have no place: nothing was written"),
            )
            .hint("leave out --strict, or choose another format: cyclonedx-json holds most")),
            false => Ok(self.losses.clone().map(|file| (file, report(read, &lost)))),
        }
    }
}

/// What has no place, of what was read and of each format that is written.
fn report(read: &Read, lost: &[(Format, Vec<Loss>)]) -> Vec<u8> {
    let counts =
        |losses: &[Loss]| losses.iter().map(|loss| (loss.place, loss.count)).collect::<BTreeMap<_, _>>();
    let written: BTreeMap<_, _> =
        lost.iter().map(|(format, losses)| (format.to_string(), counts(losses))).collect();
    let report = json!({"format": read.origin.format, "notRead": read.passed_over, "notWritten": written});
    format!("{report:#}\n").into_bytes()
}
