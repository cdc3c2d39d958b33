//! The shape of the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser};

use crate::commands::Command;
use crate::duration;

/// Sign container images and blobs, and verify what was signed.
///
/// Takes cosign's verbs and flags for keys, and its key files and formats, in both directions. Nothing but the registry
/// that an image is in is ever contacted; an image layout (oci:DIR) needs none.
#[derive(Parser, Debug)]
#[command(
    name = "countersign",
    version,
    propagate_version = true,
    // As with cosign, the last of a flag that has one value counts. Every command inherits it.
    args_override_self = true,
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
