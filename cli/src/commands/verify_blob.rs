//! `verify-blob`

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use countersign_core::outcome::Outcome;
use countersign_core::verify::SignatureProven;
use countersign_core::verify::blob::{BlobError, BlobSignature, verify_blob};
use countersign_core::{file, limits};
use serde_json::json;

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::{TextOrJson, VerifyBlobCompat, VerifyCompat};
use crate::{files, keys};

/// Verify the signature of a file, or of standard input.
///
/// Files of any size are read once, as a stream, in constant memory.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("signed").args(["bundle", "signature"]).required(true))]
pub(crate) struct VerifyBlobArgs {
    /// The file; - is standard input
    #[arg(value_name = "BLOB")]
    blob: PathBuf,

    /// A public key: a file, env://NAME or https://...; may be given several times, and one of them is enough
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,

    /// The bundle that 'sign-blob --bundle' wrote
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,

    /// The signature, in base64 or raw: a file, or the text itself
    #[arg(long, value_name = "SIGNATURE")]
    signature: Option<String>,

    /// What to print on standard output
    #[arg(long, short, value_enum)]
    output: Option<TextOrJson>,

    #[command(flatten)]
    compat: VerifyCompat,

    #[command(flatten)]
    blob_compat: VerifyBlobCompat,
}

pub(super) async fn run(args: &VerifyBlobArgs, context: &Context) -> Result {
    args.compat.check()?;
    args.blob_compat.check()?;
    let keys = keys::all_public(context, &args.key).await?;
    let signature = signature(args)?;
    let place = args.blob.display().to_string();
    let mut input = files::input(&args.blob)?;
    let proven = verify_blob(&keys, &signature, &mut input).map_err(|error| match error {
        BlobError::Refused(refusal) => Failure::from(refusal).at(&place),
        BlobError::Read(error) => Failure::io(&place, error),
    })?;
    proven_of(context, args.output, &place, None, &proven)
}

/// Says that a blob, or a statement of this type about it, was proven.
pub(super) fn proven_of(
    context: &Context,
    output: Option<TextOrJson>,
    place: &str,
    predicate_type: Option<&str>,
    proven: &SignatureProven,
) -> Result {
    context.output.status("Verified OK");
    let (key, scheme) = (keys::name(proven.key()), proven.scheme().name());
    match output {
        Some(TextOrJson::Json) => {
            let signer = json!({"key": key, "scheme": scheme});
            let mut report = json!({"blob": place, "outcome": "proven", "signer": signer});
            if let Some(kind) = predicate_type {
                report["predicateType"] = json!(kind);
            }
            context.output.json(&report)?;
        }
        Some(TextOrJson::Text) => {
            let what = predicate_type.map_or_else(|| "signed".into(), |kind| format!("{kind} attested"));
            context.output.line(&format!("{place}: {what} by {key} ({scheme})"))?;
        }
        None => {}
    }
    Ok(Outcome::Proven)
}

fn signature(args: &VerifyBlobArgs) -> std::result::Result<BlobSignature, Failure> {
    let read = |path: &Path| {
        file::read_bounded(path, limits::ATTACHMENT_BYTES).map_err(|error| Failure::setting(path, &error))
    };
    if let Some(path) = &args.bundle {
        let bundle = read(path)?;
        return BlobSignature::from_bundle(bundle.into())
            .map_err(|refusal| Failure::from(refusal).at(path.display()));
    }
    let text = args.signature.as_deref().unwrap_or_default();
    match Path::new(text).exists() {
        true => Ok(BlobSignature::from_file(&read(Path::new(text))?)),
        false => BlobSignature::from_text(text).ok_or_else(|| Failure::no_signature(text)),
    }
}
