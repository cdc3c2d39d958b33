//! `attach`

mod attestation;
mod sbom;
mod signature;

use clap::Subcommand;

use super::Result;
use crate::context::Context;

#[derive(Subcommand, Debug)]
pub(crate) enum AttachCommand {
    Signature(Box<signature::SignatureArgs>),
    Attestation(Box<attestation::AttestationArgs>),
    Sbom(Box<sbom::SbomArgs>),
}

pub(super) async fn run(command: &AttachCommand, context: &Context) -> Result {
    match command {
        AttachCommand::Signature(args) => signature::run(args, context).await,
        AttachCommand::Attestation(args) => attestation::run(args, context).await,
        AttachCommand::Sbom(args) => sbom::run(args, context).await,
    }
}
