//! `version`

use clap::Args;
use countersign_core::outcome::Outcome;
use serde_json::json;

use super::Result;
use crate::context::Context;
use crate::options::{TextOrJson, go_bool};

/// Print the version.
///
/// In JSON it is `version`, and with a `v` before it, as cosign has it, `gitVersion`; `platform` besides.
#[derive(Args, Debug)]
pub(crate) struct VersionArgs {
    /// Print a JSON document
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    json: bool,

    /// What to print
    #[arg(long, short, value_enum, default_value = "text")]
    output: TextOrJson,
}

pub(super) fn run(args: &VersionArgs, context: &Context) -> Result {
    let version = env!("CARGO_PKG_VERSION");
    let platform = platform();
    if args.json || args.output == TextOrJson::Json {
        // The second is what scripts for cosign ask for.
        context.output.json(&json!({
            "version": version,
            "gitVersion": format!("v{version}"),
            "platform": platform,
        }))?;
    } else {
        context.output.line(&format!("countersign {version} {platform}"))?;
    }
    Ok(Outcome::Proven)
}

/// The platform, in the words of images.
fn platform() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        architecture => architecture,
    };
    format!("{os}/{architecture}")
}
