//! `verify-attestation`

use std::path::PathBuf;

use clap::Args;
use countersign_core::format::predicate::PredicateType;
use countersign_core::gather::Wanted;

use super::Result;
use super::verify::{ImagesArgs, verify};
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
    verify(&args.what, context, |policy| policy.wanted = wanted).await
}
