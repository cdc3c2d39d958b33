//! `version`

use clap::Args;
use countersign_core::outcome::Outcome;
use serde_json::json;

use super::Result;
use crate::context::Context;
use crate::options::go_bool;

/// Print the version.
#[derive(Args, Debug)]
pub(crate) struct VersionArgs {
    /// Print a JSON document
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    json: bool,
}

pub(super) fn run(args: &VersionArgs, context: &Context) -> Result {
    let version = env!("CARGO_PKG_VERSION");
    let (os, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
    if args.json {
        context.output.json(&json!({"version": version, "platform": format!("{os}/{architecture}")}))?;
    } else {
        context.output.line(&format!("countersign {version} {os}/{architecture}"))?;
    }
    Ok(Outcome::Proven)
}
