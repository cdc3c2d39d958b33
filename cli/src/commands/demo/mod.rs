//! `demo`: the whole thing in a temporary folder, each step as a command that a reader can repeat.

mod image;

use std::path::{Path, PathBuf};

use clap::{Args, Parser};
use countersign_core::outcome::Outcome;
use futures_util::FutureExt;

use super::Result;
use crate::cli::Cli;
use crate::context::Context;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Output;

/// The password of the demo's key.
const PASSWORD: &str = "demo";

/// Show the whole thing in a new folder; no server needed.
///
/// A key is made, a small image built in an OCI layout, signed, verified, tampered with, and refused. Each step is
/// printed as a command that can be repeated.
#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Work in this new directory instead of a temporary one
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Only build the demo's image, as oci:DIR:TAG
    #[arg(long, value_name = "IMAGE", conflicts_with = "dir")]
    build_image: Option<String>,

    /// What the image says
    #[arg(long, value_name = "TEXT", default_value = "hello", requires = "build_image")]
    text: String,
}

/// One step: what it shows, its command, and how it must end.
struct Step {
    what: &'static str,
    arguments: Vec<String>,
    expected: Outcome,
}

pub(super) async fn run(args: &DemoArgs, context: &Context) -> Result {
    if let Some(target) = &args.build_image {
        let digest = image::build(target, &args.text).await?;
        context.output.status(format!("Built {target}@{digest}"));
        return Ok(Outcome::Proven);
    }
    let directory = directory(args)?;
    let output = &context.output;
    output.line(&format!("# Everything is made in {}", directory.display()))?;
    output.line(&format!("$ export COUNTERSIGN_PASSWORD={PASSWORD}"))?;
    let inner = Context {
        output: Output::plain(),
        environment: Environment::with_password(PASSWORD),
        now: context.now,
        timeout: context.timeout,
    };
    for step in steps(&directory) {
        output.line("")?;
        output.line(&format!("# {}", step.what))?;
        output.line(&format!("$ countersign {}", step.arguments.join(" ")))?;
        let ended = perform(&step, &inner).await?;
        output.line(&format!("# exit {}", ended.exit_code()))?;
        if ended != step.expected {
            let message = format!("this step should have ended with exit {}", step.expected.exit_code());
            return Err(Failure::new(Outcome::Refused, "DEMO", message));
        }
    }
    output.line("")?;
    output.line("# Done: the signed image was accepted, and the one that took its place was refused.")?;
    Ok(Outcome::Proven)
}

fn directory(args: &DemoArgs) -> std::result::Result<PathBuf, Failure> {
    match &args.dir {
        Some(directory) => {
            std::fs::create_dir(directory).map_err(|error| Failure::io(directory.display(), error))?;
            Ok(directory.clone())
        }
        None => {
            let made = tempfile::Builder::new().prefix("countersign-demo-").tempdir();
            Ok(made.map_err(|error| Failure::io("temporary directory", error))?.keep())
        }
    }
}

fn steps(directory: &Path) -> Vec<Step> {
    let directory = directory.display();
    let (key, image) = (format!("{directory}/demo"), format!("oci:{directory}/image:v1"));
    let step = |what, expected, arguments: &[&str]| Step {
        what,
        expected,
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
    };
    let (private, public) = (format!("{key}.key"), format!("{key}.pub"));
    vec![
        step(
            "A key pair for the release engineer",
            Outcome::Proven,
            &["generate-key-pair", "--output-key-prefix", &key],
        ),
        step("A small image, in an OCI image layout", Outcome::Proven, &["demo", "--build-image", &image]),
        step("Nobody has signed it yet: refused", Outcome::Refused, &["verify", "--key", &public, &image]),
        step(
            "The release engineer signs it",
            Outcome::Proven,
            &["sign", "--key", &private, "-a", "env=demo", &image],
        ),
        step(
            "The gate verifies it",
            Outcome::Proven,
            &["verify", "--key", &public, "-a", "env=demo", &image],
        ),
        step("What is attached to it", Outcome::Proven, &["tree", &image]),
        step(
            "Somebody puts another image behind the tag",
            Outcome::Proven,
            &["demo", "--build-image", &image, "--text", "tampered"],
        ),
        step("The gate refuses it", Outcome::Refused, &["verify", "--key", &public, &image]),
    ]
}

/// Runs a step as the program would run its command line.
async fn perform(step: &Step, context: &Context) -> Result {
    let line = std::iter::once("countersign").chain(step.arguments.iter().map(String::as_str));
    let cli = Cli::try_parse_from(line).map_err(Failure::usage)?;
    match super::run(cli.command, context).boxed_local().await {
        Ok(outcome) => Ok(outcome),
        Err(failure) if failure.outcome == step.expected => {
            context.output.failure(&failure);
            Ok(failure.outcome)
        }
        Err(failure) => Err(failure),
    }
}
