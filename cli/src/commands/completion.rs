//! `completion`

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use countersign_core::outcome::Outcome;

use super::Result;
use crate::cli::Cli;
use crate::context::Context;

/// Print a completion script for a shell.
#[derive(Args, Debug)]
pub(crate) struct CompletionArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &CompletionArgs, context: &Context) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "countersign", &mut script);
    context.output.bytes(&script)?;
    Ok(Outcome::Proven)
}
