//! `public-key`

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::file::{self, Mode, Overwrite};
use countersign_core::outcome::Outcome;

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::TokenCompat;
use crate::{files, keys};

/// Print the public half of a private key, as PEM.
#[derive(Args, Debug)]
#[command(override_usage = "countersign public-key [OPTIONS] --key <KEY>")]
pub(crate) struct PublicKeyArgs {
    /// The private key: a file or env://NAME
    #[arg(long, value_name = "KEY", required_unless_present_any = ["sk", "slot"])]
    key: Option<String>,

    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    outfile: Option<PathBuf>,

    #[command(flatten)]
    token: TokenCompat,
}

pub(super) async fn run(args: &PublicKeyArgs, context: &Context) -> Result {
    args.token.check()?;
    let key = args.key.as_deref().ok_or_else(|| Failure::usage("--key is missing"))?;
    let read = [("--key", Some(Path::new(key)))];
    files::apart(&[("--outfile", args.outfile.as_deref())], &read)?;
    let pem = keys::private(context, key).await?.public_key().to_pem();
    match &args.outfile {
        Some(path) => {
            file::write_atomic(path, pem.as_bytes(), Mode::Default, Overwrite::Replace)?;
            context.output.status(format!("Key written to {}", path.display()));
        }
        None => context.output.bytes(pem.as_bytes())?,
    }
    Ok(Outcome::Proven)
}
