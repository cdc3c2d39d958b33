//! Flags of every command.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::duration;

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
