//! `demo`: the whole thing in a folder of its own, each step as a command that a reader can repeat.

mod image;
mod steps;

use std::path::{Path, PathBuf};

use clap::{Args, Parser};
use countersign_core::outcome::Outcome;
use futures_util::FutureExt;
use tempfile::TempDir;

use self::image::Package;
use self::steps::{Act, Step};
use super::Result;
use crate::cli::Cli;
use crate::context::Context;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Output;

/// The password of the demo's key.
const PASSWORD: &str = "demo";

/// Show the whole thing; no server needed, and nothing is left behind.
///
/// A key is made, a small image built in an OCI layout and signed; its SBOM and its provenance are attested. All of it is
/// verified, tampered with, and refused. Each step is printed as a command that can be repeated.
#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Work in this new directory, and leave it there, instead of a temporary one
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Only build the demo's image, as oci:DIR:TAG
    #[arg(long, value_name = "IMAGE", conflicts_with = "dir")]
    build_image: Option<String>,

    /// What the image says
    #[arg(long, value_name = "TEXT", default_value = "hello", requires = "build_image")]
    text: String,

    /// A package that the image has besides, or in this version; may be given several times
    #[arg(long, value_name = "NAME=VERSION", requires = "build_image")]
    package: Vec<Package>,
}

pub(super) async fn run(args: &DemoArgs, context: &Context) -> Result {
    if let Some(target) = &args.build_image {
        let digest = image::build(target, &args.text, &args.package).await?;
        context.output.status(format!("Built {target}@{digest}"));
        return Ok(Outcome::Proven);
    }
    let directory = Directory::enter(args.dir.as_deref())?;
    let output = &context.output;
    output.line(&format!("$ {}", directory.line()))?;
    output.line(&format!("$ export COUNTERSIGN_PASSWORD={PASSWORD}"))?;
    let inner = Context {
        output: Output::plain(),
        environment: Environment::with_password(PASSWORD),
        now: context.now,
        timeout: context.timeout,
    };
    for step in steps::all() {
        output.line("")?;
        output.line(&format!("# {}", step.what))?;
        output.line(&format!("$ {}", step.line()))?;
        perform(&step, output, &inner).await?;
    }
    output.line("")?;
    output.line("# Done: what was signed was accepted, and what took its place was refused.")?;
    directory.leave()?;
    Ok(Outcome::Proven)
}

/// Where the demo works: the process is there meanwhile, so that its commands are as short as those of a reader.
struct Directory {
    /// The directory that the user named.
    named: Option<PathBuf>,
    /// Removed in the end, else.
    temporary: Option<TempDir>,
    before: PathBuf,
}

impl Directory {
    fn enter(named: Option<&Path>) -> std::result::Result<Self, Failure> {
        let failed = |error| Failure::io("working directory", error);
        let before = std::env::current_dir().map_err(failed)?;
        let temporary = match named {
            Some(named) => {
                std::fs::create_dir(named).map_err(|error| Failure::io(named.display(), error))?;
                None
            }
            None => Some(
                tempfile::Builder::new()
                    .prefix("countersign-demo-")
                    .tempdir()
                    .map_err(|error| Failure::io("temporary directory", error))?,
            ),
        };
        let path = temporary.as_ref().map(TempDir::path).or(named).unwrap_or(&before);
        std::env::set_current_dir(path).map_err(failed)?;
        Ok(Self { named: named.map(Path::to_owned), temporary, before })
    }

    /// What a reader types to be in one.
    fn line(&self) -> String {
        match &self.named {
            Some(named) => format!("mkdir '{0}' && cd '{0}'", named.display()),
            None => "cd \"$(mktemp -d)\"".into(),
        }
    }

    fn leave(self) -> std::result::Result<(), Failure> {
        std::env::set_current_dir(&self.before).map_err(|error| Failure::io("working directory", error))?;
        match self.temporary {
            Some(temporary) => temporary.close().map_err(|error| Failure::io("temporary directory", error)),
            None => Ok(()),
        }
    }
}

/// Does a step, says how it ended, and checks that it ended as it should.
async fn perform(step: &Step, output: &Output, inner: &Context) -> std::result::Result<(), Failure> {
    match &step.act {
        Act::Echo(text, file) => {
            std::fs::write(file, format!("{text}\n")).map_err(|error| Failure::io(file, error))
        }
        Act::Countersign(arguments, expected) => {
            let ended = countersign(arguments, *expected, inner).await?;
            output.line(&format!("# exit {}", ended.exit_code()))?;
            if ended == *expected {
                return Ok(());
            }
            let message = format!("this step should have ended with exit {}", expected.exit_code());
            Err(Failure::new(Outcome::Refused, "DEMO", message))
        }
    }
}

/// Runs a command as the program would run its command line.
async fn countersign(arguments: &str, expected: Outcome, context: &Context) -> Result {
    let line = std::iter::once("countersign").chain(arguments.split(' '));
    let cli = Cli::try_parse_from(line).map_err(Failure::usage)?;
    match super::run(cli.command, context).boxed_local().await {
        Ok(outcome) => Ok(outcome),
        Err(failure) if failure.outcome == expected => {
            context.output.failure(&failure);
            Ok(failure.outcome)
        }
        Err(failure) => Err(failure),
    }
}
