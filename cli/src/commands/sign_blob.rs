//! `sign-blob`

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::file::{self, Mode, Overwrite};
use countersign_core::format::base64;
use countersign_core::key::{PrivateKey, SignedMessage};
use countersign_core::outcome::Outcome;
use countersign_core::sign::blob;
use serde_json::json;

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::{SignBlobCompat, SignCompat, go_bool};
use crate::{files, keys};

/// Sign a file, or standard input.
///
/// Files of any size are read as a stream, in constant memory.
#[derive(Args, Debug)]
pub(crate) struct SignBlobArgs {
    /// Files to sign; - is standard input
    #[arg(required = true, value_name = "BLOB")]
    blobs: Vec<PathBuf>,

    /// The private key: a file or env://NAME
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// Write a bundle to this file
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,

    /// With =false, --bundle writes cosign's first form of a bundle
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", value_parser = go_bool)]
    new_bundle_format: bool,

    /// Write the signature, in base64, to this file
    #[arg(long, alias = "output", value_name = "FILE")]
    output_signature: Option<PathBuf>,

    /// Print and write the signature in base64; with =false its raw bytes
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", value_parser = go_bool, hide_default_value = true)]
    b64: bool,

    /// Ask nothing
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    yes: bool,

    #[command(flatten)]
    compat: SignCompat,

    #[command(flatten)]
    blob_compat: SignBlobCompat,
}

pub(super) async fn run(args: &SignBlobArgs, context: &Context) -> Result {
    args.compat.check()?;
    args.blob_compat.check()?;
    let Some(reference) = &args.key else {
        return Err(keys::none_to_sign_with());
    };
    if args.blobs.len() > 1 && (args.bundle.is_some() || args.output_signature.is_some()) {
        return Err(Failure::usage("--bundle and --output-signature are for one blob")
            .hint("sign one blob at a time"));
    }
    let blobs = args.blobs.iter().map(|path| ("BLOB", Some(path.as_path())));
    let read: Vec<_> = [("--key", Some(Path::new(reference)))].into_iter().chain(blobs).collect();
    let written =
        [("--bundle", args.bundle.as_deref()), ("--output-signature", args.output_signature.as_deref())];
    files::apart(&written, &read)?;
    // Nothing is asked for a key before it is known that there is something to sign.
    let mut inputs = Vec::with_capacity(args.blobs.len());
    for path in &args.blobs {
        inputs.push((path, open(path)?));
    }
    let key = keys::private(context, reference).await?;
    args.blob_compat.check_key(&key)?;
    for (path, mut input) in inputs {
        let signed =
            blob::sign_blob(&key, &mut input).map_err(|error| Failure::from(error).at(path.display()))?;
        write(args, context, &key, &signed)?;
        context.output.detail(format!("{}: signed {} bytes", path.display(), signed.length));
    }
    Ok(Outcome::Proven)
}

/// A blob: a file as it is, or a pipe, which cannot be read twice and is kept in a temporary file for keys that must.
fn open(path: &Path) -> std::result::Result<File, Failure> {
    let failed = |error| Failure::io(path.display(), error);
    if path != Path::new("-") {
        let opened = files::open(path)?;
        return match opened.metadata().map_err(failed)?.is_file() {
            true => Ok(opened),
            false => spool(opened).map_err(failed),
        };
    }
    spool(io::stdin().lock()).map_err(failed)
}

fn spool(mut input: impl Read) -> io::Result<File> {
    let mut spooled = tempfile::tempfile()?;
    io::copy(&mut input, &mut spooled)?;
    spooled.rewind()?;
    Ok(spooled)
}

fn write(
    args: &SignBlobArgs,
    context: &Context,
    key: &PrivateKey,
    signed: &SignedMessage,
) -> std::result::Result<(), Failure> {
    let text = match args.b64 {
        true => base64::encode(&signed.signature).into_bytes(),
        false => signed.signature.clone(),
    };
    let bundle = match args.new_bundle_format {
        true => blob::bundle_of(key, signed).to_json()?,
        false => json!({
            "base64Signature": base64::encode(&signed.signature),
            "cert": base64::encode(key.public_key().to_pem().as_bytes()),
        })
        .to_string()
        .into_bytes(),
    };
    let named =
        [(&args.bundle, &bundle, "Wrote bundle to"), (&args.output_signature, &text, "Signature written to")];
    let named: Vec<_> = named
        .into_iter()
        .filter_map(|(path, content, what)| Some((path.as_deref()?, content, what)))
        .collect();
    let files: Vec<_> =
        named.iter().map(|(path, content, _)| (*path, content.as_slice(), Mode::Default)).collect();
    file::write_together(&files, Overwrite::Replace)?;
    for (path, _, what) in named {
        context.output.status(format!("{what} file {}", path.display()));
    }
    match args.output_signature {
        Some(_) => Ok(()),
        None if args.b64 => context.output.line(&String::from_utf8_lossy(&text)),
        None => context.output.bytes(&text),
    }
}
