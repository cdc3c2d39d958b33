//! Flags of every command.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::go_bool;
use crate::duration;

/// Flags of every command.
#[derive(Args, Debug, Default)]
pub(crate) struct Global {
    /// How long a request to a registry may take with all its retries, such as 30s or 3m0s; large contents get longer
    #[arg(long, short, global = true, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) timeout: Option<Duration>,

    /// Say more on standard error
    #[arg(long, short = 'd', global = true, alias = "debug", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    pub(crate) verbose: bool,

    /// Write status to this file instead of standard error
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,
}
