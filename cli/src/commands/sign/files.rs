//! Signatures that are written to files, or printed, and stored unless they are not to be.

use countersign_core::digest::Digest;
use countersign_core::file::{self, Mode, Overwrite};
use countersign_core::format::base64;
use countersign_core::format::statement::COSIGN_SIGN;
use countersign_core::image::Image;
use countersign_core::key::PrivateKey;
use countersign_core::oci::Annotations;
use countersign_core::sign::{self as core_sign, SignRequest};
use countersign_core::verify::Format;
use serde_json::{Value, json};

use super::{SignArgs, format_name, payload, report};
use crate::context::Context;
use crate::failure::Failure;
use crate::options::TextOrJson;

/// What was made, not stored yet.
struct Made {
    bundle: Option<Vec<u8>>,
    /// A payload and its signature.
    legacy: Option<(Vec<u8>, Vec<u8>)>,
}

/// Makes the signatures, writes them to the files that were asked for, and stores them unless told not to.
///
/// The files come first: no signature is in a store whose file could not be written. Where it cannot be stored the
/// files stay, and 'attach signature' stores what is in them.
pub(super) async fn sign(
    args: &SignArgs,
    context: &Context,
    image: &Image,
    signer: &PrivateKey,
    request: &SignRequest,
) -> Result<(), Failure> {
    // A signature for something that is not there helps nobody.
    let subject = image.descriptor().await?;
    let mut made = Made { bundle: None, legacy: None };
    if request.formats.bundle {
        made.bundle =
            Some(core_sign::bundle_for(&image.digest, &request.annotations, signer).await?.to_json()?);
    }
    if request.formats.legacy {
        let payload = payload(args, image, request)?;
        let signature = core_sign::legacy_for(&payload, signer).await?;
        made.legacy = Some((payload, signature));
    }
    write_files(args, context, &made)?;
    let mut signatures = Vec::new();
    if let Some(bundle) = made.bundle {
        let printed = args.bundle.is_none().then(|| String::from_utf8_lossy(&bundle).into_owned());
        let stored = match args.upload {
            true => {
                let kind = COSIGN_SIGN;
                Some(core_sign::attach_bundle(image, subject, bundle, kind, request.now).await?)
            }
            false => None,
        };
        signatures.push(made_one(args, context, image, Format::Bundle, stored, printed)?);
    }
    if let Some((payload, signature)) = made.legacy {
        let printed = args.output_signature.is_none().then(|| base64::encode(&signature));
        let stored = match args.upload {
            true => {
                let (annotations, kind) = (Annotations::new(), request.manifest_type);
                Some(core_sign::attach_legacy(image, payload, &signature, annotations, kind).await?)
            }
            false => None,
        };
        signatures.push(made_one(args, context, image, Format::Legacy, stored, printed)?);
    }
    report(args, context, image, signer, &signatures)
}

/// Writes every file, or none.
fn write_files(args: &SignArgs, context: &Context, made: &Made) -> Result<(), Failure> {
    let legacy = made.legacy.as_ref();
    let text = legacy.map(|(_, signature)| base64::encode(signature));
    let files = [
        (&args.bundle, made.bundle.as_deref()),
        (&args.output_payload, legacy.map(|(payload, _)| payload.as_slice())),
        (&args.output_signature, text.as_ref().map(String::as_bytes)),
    ];
    let files: Vec<_> = files
        .into_iter()
        .filter_map(|(path, content)| Some((path.as_deref()?, content?, Mode::Default)))
        .collect();
    file::write_together(&files, Overwrite::Replace)?;
    for (path, ..) in files {
        context.output.status(format!("Wrote {}", path.display()));
    }
    Ok(())
}

/// Says where one signature is now; what is neither stored nor in a file is printed, or is in the report.
fn made_one(
    args: &SignArgs,
    context: &Context,
    image: &Image,
    format: Format,
    stored: Option<Digest>,
    text: Option<String>,
) -> Result<Value, Failure> {
    let mut reported = json!({"format": format, "stored": stored, "already": false});
    match (stored, text) {
        (Some(stored), _) => {
            context.output.status(format!("Signed {} ({} {stored})", image.name(), format_name(format)));
        }
        (None, Some(text)) if args.output == Some(TextOrJson::Json) => {
            let bundle = serde_json::from_str(&text).ok().filter(|_| format == Format::Bundle);
            let name = if bundle.is_some() { "bundle" } else { "signature" };
            reported[name] = bundle.unwrap_or(Value::String(text));
        }
        (None, Some(text)) => context.output.bytes(format!("{text}\n").as_bytes())?,
        (None, None) => {}
    }
    Ok(reported)
}
