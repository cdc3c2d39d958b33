//! `sbom`

mod generate;
mod list;
mod platforms;
mod scan_buildkit;
mod source;

use clap::Subcommand;

use super::Result;
use crate::context::Context;

#[derive(Subcommand, Debug)]
pub(crate) enum SbomCommand {
    Generate(Box<generate::GenerateArgs>),
    List(Box<list::ListArgs>),
    ScanBuildkit(scan_buildkit::ScanBuildkitArgs),
}

pub(super) async fn run(command: &SbomCommand, context: &Context) -> Result {
    match command {
        SbomCommand::Generate(args) => generate::run(args, context).await,
        SbomCommand::List(args) => list::run(args, context).await,
        SbomCommand::ScanBuildkit(args) => scan_buildkit::run(args, context).await,
    }
}
