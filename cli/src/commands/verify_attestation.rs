//! `verify-attestation`

use std::path::PathBuf;

use clap::Args;
use countersign_core::format::predicate::PredicateType;
use countersign_core::gather::Wanted;

use super::Result;
use super::verify::{ImagesArgs, Platforms, verify};
use crate::context::Context;
use crate::failure::Failure;
use crate::options::predicate_type;

/// Verify the attestations of images: signed statements of one type.
///
/// Only statements of the type that is asked for count. Both storage formats are looked at, for each image. The exit
/// code is the answer: 0 proven, 1 refused, 2 wrong usage, 3 could not be decided.
#[derive(Args, Debug)]
pub(crate) struct VerifyAttestationArgs {
    #[command(flatten)]
    what: ImagesArgs,

    /// The type that is asked for: a short name of 'attest --type', or a URI
    #[arg(long = "type", value_name = "TYPE", default_value = "custom", value_parser = predicate_type)]
    kind: PredicateType,

    /// Count BuildKit's own statements as well (SBOM, provenance), where a signature by --key covers them: of their
    /// attestation manifest, or of the index that lists it. Of an index, its images are then verified, not the index:
    /// with --recursive all of them
    #[arg(long)]
    buildkit: bool,

    /// The image of this platform, where IMAGE is an index: OS/ARCHITECTURE[/VARIANT] (default with --buildkit: linux
    /// and this machine's processor)
    #[arg(long, value_name = "PLATFORM", conflicts_with = "recursive")]
    platform: Option<String>,

    #[arg(long, hide = true, value_name = "FILE")]
    policy: Vec<PathBuf>,
}

pub(super) async fn run(args: &VerifyAttestationArgs, context: &Context) -> Result {
    if !args.policy.is_empty() {
        return Err(Failure::usage(
            "--policy: checking predicates with CUE or Rego is not available in this version",
        )
        .hint("leave it out, and check the printed payload yourself"));
    }
    let wanted = Wanted::Attestations(Some(args.kind.uri().to_owned()));
    let platforms = Platforms { platform: args.platform.clone(), buildkit: args.buildkit };
    verify(&args.what, context, &platforms, |policy| policy.wanted = wanted).await
}
