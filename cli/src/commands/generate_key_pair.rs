//! `generate-key-pair`

use std::path::PathBuf;

use clap::Args;
use countersign_core::key::{KeyAlgorithm, PrivateKey};
use countersign_core::outcome::Outcome;

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::keys;
use crate::prompt::Passwords;

/// Make a new key pair.
///
/// PREFIX.key, encrypted with a password, and PREFIX.pub are written.
#[derive(Args, Debug)]
pub(crate) struct GenerateKeyPairArgs {
    /// Kind of key: ecdsa-p256, ecdsa-p384, ecdsa-p521, ed25519, rsa-2048, rsa-3072, rsa-4096
    #[arg(long, alias = "signing-algorithm", value_name = "ALGORITHM", default_value = "ecdsa-p256")]
    algorithm: KeyAlgorithm,

    /// Where to write: PREFIX.key and PREFIX.pub
    #[arg(long, value_name = "PREFIX", default_value = "cosign")]
    output_key_prefix: PathBuf,

    /// Overwrite key files that are there already
    #[arg(long, short, visible_alias = "yes", short_alias = 'y')]
    force: bool,

    /// Not supported yet: make the key in a KMS
    #[arg(long, value_name = "URI", hide = true)]
    kms: Option<String>,

    /// k8s://NAMESPACE/SECRET: not supported yet
    #[arg(hide = true)]
    target: Option<String>,
}

pub(super) async fn run(args: &GenerateKeyPairArgs, context: &Context) -> Result {
    if let Some(elsewhere) = args.kms.as_ref().or(args.target.as_ref()) {
        return Err(Failure::usage(format!(
            "{elsewhere}: keys outside of files are not supported by this version"
        ))
        .hint("leave it out to make PREFIX.key and PREFIX.pub"));
    }
    let files = keys::Files::new(&args.output_key_prefix, args.force)?;
    let password = Passwords::default().of_new(context).await?;
    let key = PrivateKey::generate(args.algorithm)?;
    files.write(context, &key, &password)?;
    Ok(Outcome::Proven)
}
