//! `man`

mod reference;

use std::path::PathBuf;

use clap::{Args, CommandFactory, ValueEnum};
use clap_mangen::Man;
use countersign_core::outcome::Outcome;

use super::Result;
use crate::cli::Cli;
use crate::context::Context;
use crate::failure::Failure;

/// Print the manual page, or write that of every command into a directory.
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// Write the page of every command into this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Print what the book is made of instead
    #[arg(long, value_enum, hide = true, conflicts_with = "dir")]
    reference: Option<Reference>,
}

/// See `--reference`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reference {
    /// The page of every command and flag.
    Markdown,
    /// The flags that are taken and not shown, a line `COMMAND --FLAG` each.
    Hidden,
}

pub(super) fn run(args: &ManArgs, context: &Context) -> Result {
    match (&args.dir, args.reference) {
        (Some(dir), _) => {
            let failed = |error| Failure::io(dir.display(), error);
            std::fs::create_dir_all(dir).map_err(failed)?;
            clap_mangen::generate_to(Cli::command(), dir).map_err(failed)?;
            context.output.status(format!("Manual pages written to {}", dir.display()));
        }
        (None, Some(Reference::Markdown)) => {
            context.output.bytes(reference::markdown(Cli::command()).as_bytes())?;
        }
        (None, Some(Reference::Hidden)) => {
            context.output.bytes(reference::hidden(Cli::command()).as_bytes())?;
        }
        (None, None) => {
            let mut page = Vec::new();
            Man::new(Cli::command()).render(&mut page).map_err(|error| Failure::io("manual page", error))?;
            context.output.bytes(&page)?;
        }
    }
    Ok(Outcome::Proven)
}
