//! The shape of the command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser};

use crate::commands::Command;
use crate::duration;
use crate::options::BOOL;

/// Sign container images and blobs, and verify what was signed.
///
/// Takes cosign's verbs and flags for keys, and its key files and formats, in both directions. Nothing but the registry
/// that an image is in is ever contacted; an image layout (oci:DIR) needs none.
#[derive(Parser, Debug)]
#[command(
    name = "countersign",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "Exit codes: 0 proven, 1 refused, 2 wrong usage, 3 could not be decided, 130 interrupted."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Every command and flag.
    pub(crate) fn shape() -> clap::Command {
        with_go_flags(Self::command())
    }

    /// Reads a command line, the name of the program first.
    pub(crate) fn read(line: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = Self::shape().try_get_matches_from(line)?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut Self::shape()))
    }
}

/// Truth values are written as Go's flags are: `--flag`, `--flag=true`, `--flag=false`, never `--flag false`.
fn with_go_flags(command: clap::Command) -> clap::Command {
    let is_truth = |arg: &Arg| arg.get_value_names().is_some_and(|names| names == [BOOL]);
    command.mut_subcommands(with_go_flags).mut_args(|arg| match is_truth(&arg) {
        true => {
            arg.num_args(0..=1).require_equals(true).default_missing_value("true").hide_default_value(true)
        }
        false => arg,
    })
}

/// Flags of every command.
#[derive(Args, Debug, Default)]
pub(crate) struct Global {
    /// How long requests to a registry may take in all, such as 30s or 3m0s
    #[arg(long, short, global = true, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) timeout: Option<Duration>,

    /// Say more on standard error
    #[arg(long, short = 'd', global = true, alias = "debug")]
    pub(crate) verbose: bool,

    /// Write status to this file instead of standard error
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,
}
