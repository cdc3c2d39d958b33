//! The `countersign` program: arguments, terminal, exit codes. What it does is in `countersign-core`.
//!
//! A command is one file in `commands`: its arguments and one function. It gets a [`Context`] and gives an
//! [`Outcome`] or a [`Failure`]; the exit code follows from either. Only
//! `output` prints, and only `main` ends the process.

// The documentation of arguments is their help, where brackets are not links.
#![allow(rustdoc::broken_intra_doc_links)]

mod cli;
mod commands;
mod context;
mod credentials;
mod duration;
mod environment;
mod failure;
mod files;
mod hints;
mod keys;
mod options;
mod output;
mod prompt;
mod report;
mod stores;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use countersign_core::outcome::Outcome;
use tokio::sync::oneshot;

use crate::cli::Cli;
use crate::context::Context;
use crate::environment::Environment;
use crate::failure::Failure;

/// How long a command that was interrupted has to tidy up. One that waits for a pipe has nothing to tidy, and never
/// hears of it.
const TIDY: Duration = Duration::from_secs(1);

/// The stack of the thread that does the work: that of a main thread.
const STACK_BYTES: usize = 8 << 20;

fn main() -> ExitCode {
    let cli = match Cli::try_parse_from(arguments()) {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => ExitCode::from(output::Output::plain().failure(&failure)),
    }
}

/// The arguments. Started by BuildKit as a scanner, the program gets none, and its orders in the environment.
fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.len() == 1 && Environment::of_process().buildkit_scan().is_asked_for() {
        arguments.extend(["sbom".into(), "scan-buildkit".into()]);
    }
    arguments
}

/// Does the work in a thread of its own, and waits here for its end or for a signal: a command may be reading from a
/// pipe for ever, and must end all the same.
fn run(cli: Cli) -> Result<u8, Failure> {
    let failed = |error| Failure::io("starting", error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    // Before there is a prompt that a signal could end.
    let interrupted = {
        let _runtime = runtime.enter();
        interrupted().map_err(failed)?
    };
    let (stop, stopped) = oneshot::channel();
    let (done, mut end) = oneshot::channel();
    let work = move || {
        // Nobody waits any more when it was interrupted.
        let _ = done.send(work(cli, stopped));
    };
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).map_err(failed)?;
    runtime.block_on(async {
        let code = tokio::select! {
            ended = &mut end => return ended.unwrap_or(Err(Failure::io("the command", broken()))),
            code = interrupted => code,
        };
        // It may have ended by itself just now.
        let _ = stop.send(());
        let _ = tokio::time::timeout(TIDY, end).await;
        Ok(code)
    })
}

/// Runs the command until it ends or is told to stop; then what it holds is dropped: temporary files, a silent
/// terminal.
fn work(cli: Cli, stopped: oneshot::Receiver<()>) -> Result<u8, Failure> {
    files::log_apart(cli.global.output_file.as_deref(), std::env::args_os().skip(1))?;
    let context = Context::new(&cli.global)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::io("starting", error))?;
    let code = runtime.block_on(async {
        tokio::select! {
            done = commands::run(cli.command, &context) => match done {
                Ok(outcome) => outcome.exit_code(),
                Err(failure) => context.output.failure(&failure),
            },
            // What is given back here is not looked at.
            _ = stopped => Outcome::Undecided.exit_code(),
        }
    });
    // A prompt or a key derivation may still be under way in its own thread; nobody waits for it any more.
    runtime.shutdown_background();
    Ok(code)
}

/// Takes over Ctrl-C, `Ctrl-\`, a termination and a hangup. The future waits for one of them, and gives what a shell
/// reports for a program that it ended.
///
/// A hangup counts only where standard input is a terminal, and so only where a password may be asked for: `nohup`
/// runs a program without one, and wants it to go on.
#[cfg(unix)]
fn interrupted() -> io::Result<impl Future<Output = u8>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut quit = signal(SignalKind::quit())?;
    let mut hangup = io::stdin().is_terminal().then(|| signal(SignalKind::hangup())).transpose()?;
    Ok(async move {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => 130,
            _ = quit.recv() => 131,
            _ = terminate.recv() => 143,
            _ = hung_up => 129,
        }
    })
}

#[cfg(not(unix))]
fn interrupted() -> io::Result<impl Future<Output = u8>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
        130
    })
}

/// The work ended without a word: it panicked, and has said so.
fn broken() -> io::Error {
    io::Error::other("it ended unexpectedly; this is a bug, please report it")
}
