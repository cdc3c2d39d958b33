//! `sbom`

mod contents;
mod convert;
mod diff;
mod document;
mod generate;
mod layers;
mod list;
mod look;
mod merge;
mod output;
mod platforms;
mod scan_buildkit;
mod score;
mod source;
mod verify;

use clap::Subcommand;

use super::Result;
use crate::context::Context;

#[derive(Subcommand, Debug)]
pub(crate) enum SbomCommand {
    Convert(Box<convert::ConvertArgs>),
    Generate(Box<generate::GenerateArgs>),
    List(Box<list::ListArgs>),
    #[command(disable_version_flag = true)]
    Merge(Box<merge::MergeArgs>),
    Verify(Box<verify::VerifyArgs>),
    Diff(Box<diff::DiffArgs>),
    Score(score::ScoreArgs),
    ScanBuildkit(scan_buildkit::ScanBuildkitArgs),
}

pub(super) async fn run(command: &SbomCommand, context: &Context) -> Result {
    match command {
        SbomCommand::Convert(args) => convert::run(args, context).await,
        SbomCommand::Generate(args) => generate::run(args, context).await,
        SbomCommand::List(args) => list::run(args, context).await,
        SbomCommand::Merge(args) => merge::run(args, context).await,
        SbomCommand::Verify(args) => verify::run(args, context).await,
        SbomCommand::Diff(args) => diff::run(args, context).await,
        SbomCommand::Score(args) => score::run(args, context).await,
        SbomCommand::ScanBuildkit(args) => scan_buildkit::run(args, context).await,
    }
}
