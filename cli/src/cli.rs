//! The shape of the command line.

use clap::Parser;

use crate::commands::Command;
use crate::options::Global;

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
