//! The `countersign` program: arguments, terminal, exit codes. What it does is in `countersign-core`.
//!
//! A command is one file in `commands`: its arguments and one function. It gets a [`Context`] and gives an
//! [`Outcome`] or a [`Failure`]; the exit code follows from either. Only
//! `output` prints, and only `main` ends the process.

mod cli;
mod commands;
mod context;
mod duration;
mod environment;
mod failure;
mod keys;
mod options;
mod output;
mod prompt;
mod report;
mod stores;

use std::process::ExitCode;

use clap::Parser;
use countersign_core::outcome::Outcome;

use crate::cli::Cli;
use crate::context::Context;
use crate::failure::Failure;

/// What a shell reports for a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    let context = match Context::new(&cli.global) {
        Ok(context) => context,
        Err(failure) => return ExitCode::from(output::Output::plain().failure(&failure)),
    };
    match run(cli, &context) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => ExitCode::from(context.output.failure(&failure)),
    }
}

fn run(cli: Cli, context: &Context) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::io("starting", error))?;
    let code = runtime.block_on(async {
        tokio::select! {
            done = commands::run(cli.command, context) => done.map(Outcome::exit_code),
            _ = tokio::signal::ctrl_c() => Ok(INTERRUPTED),
        }
    });
    // A prompt or a key derivation may still be under way in its own thread; nobody waits for it any more.
    runtime.shutdown_background();
    code
}
