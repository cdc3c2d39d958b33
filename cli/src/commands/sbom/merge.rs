//! `sbom merge`

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::outcome::Outcome;
use countersign_sbom::format::{Making, convert as write};
use countersign_sbom::inventory::Subject;
use countersign_sbom::merge::{Conflict, merge};

use super::convert::{LossArgs, time};
use super::document;
use super::output::OutputArgs;
use crate::commands::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::counted;

/// Make one SBOM out of several, of any formats.
///
/// A component is known by its package URL, else by its kind, name and version; each says which documents told of it. It
/// is about what the first document is about, without its digest unless all agree on that.
#[derive(Args, Debug)]
pub(crate) struct MergeArgs {
    /// SBOMs, or attestations with one, which are not verified; - for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// What the merged SBOM is about, in place of what the first one is about
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Its version
    #[arg(long, value_name = "VERSION", requires = "name")]
    version: Option<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    losses: LossArgs,
}

/// Contradictions that are named.
const NAMED: usize = 100;

/// Names what the documents contradict one another about, and refuses it where that was asked for.
fn differ(args: &MergeArgs, context: &Context, conflicts: &[Conflict]) -> std::result::Result<(), Failure> {
    for Conflict { what, about, values } in conflicts.iter().take(NAMED) {
        context.output.warning(format!("{what}: documents differ in {about}: {}", values.join(" | ")));
    }
    if let Some(more) = conflicts.len().checked_sub(NAMED).filter(|more| *more > 0) {
        context.output.warning(format!("and {more} more"));
    }
    match args.losses.is_strict() && !conflicts.is_empty() {
        true => {
            let count = counted(conflicts.len(), "contradiction");
            Err(Failure::new(
                Outcome::Refused,
                "SBOM_CONFLICT",
                format!("--strict: {count} between the documents: nothing was written"),
            )
            .hint("leave out --strict, or mend the documents"))
        }
        false => Ok(()),
    }
}

pub(super) async fn run(args: &MergeArgs, context: &Context) -> Result {
    let is_file = |path: &&PathBuf| path.as_path() != Path::new("-");
    let mut named: Vec<_> =
        args.files.iter().filter(is_file).map(|path| ("FILE", Some(path.as_path()))).collect();
    crate::files::apart(&[("--losses", args.losses.file())], &named)?;
    named.push(("--losses", args.losses.file()));
    args.output.check(&[None], &named)?;
    let mut documents = Vec::with_capacity(args.files.len());
    for path in &args.files {
        let read = document::read(context, path).await?;
        let name = read.origin.identifier.clone().unwrap_or_else(|| path.display().to_string());
        documents.push((name, read));
    }
    let subject =
        args.name.clone().map(|name| Subject { name, version: args.version.clone(), ..Subject::default() });
    let merged = merge(documents, subject);
    differ(args, context, &merged.conflicts)?;
    let read = merged.read;
    let making = Making { now: time(context, &read)?, tool_version: env!("CARGO_PKG_VERSION").into() };
    let made = args.output.make(|format| write(&read, format, &making))?;
    let lost = args.losses.tell(context, &read, &made)?;
    args.output.write(context, &[(None, &made)], lost.as_ref())?;
    let components = counted(read.inventory.components.len(), "component");
    context.output.status(format!("{components} of {}", counted(args.files.len(), "document")));
    Ok(Outcome::Proven)
}
