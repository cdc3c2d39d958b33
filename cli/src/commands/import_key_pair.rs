//! `import-key-pair`

use std::path::PathBuf;

use clap::Args;
use countersign_core::outcome::Outcome;

use super::Result;
use crate::context::Context;
use crate::keys;
use crate::options::go_bool;
use crate::prompt::Passwords;

/// Take over a private key from another tool.
///
/// PKCS#8 (also encrypted), SEC 1, PKCS#1 and OpenSSH keys are read; PREFIX.key, encrypted with a password, and
/// PREFIX.pub are written.
#[derive(Args, Debug)]
pub(crate) struct ImportKeyPairArgs {
    /// The private key to import (PEM)
    #[arg(long, short, value_name = "FILE")]
    key: String,

    /// Where to write: PREFIX.key and PREFIX.pub
    #[arg(long, short, value_name = "PREFIX", default_value = "import-cosign")]
    output_key_prefix: PathBuf,

    /// Overwrite key files that are there already
    #[arg(long, short = 'y', visible_alias = "force", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    yes: bool,
}

pub(super) async fn run(args: &ImportKeyPairArgs, context: &Context) -> Result {
    let files = keys::Files::new(&args.output_key_prefix, args.yes)?;
    files.apart_from(&args.key)?;
    let mut passwords = Passwords::default();
    let key = keys::private_with(context, &args.key, &mut passwords).await?;
    let password = passwords.of_new(context).await?;
    files.write(context, &key, &password)?;
    Ok(Outcome::Proven)
}
