//! `attach signature`

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::format::base64;
use countersign_core::format::bundle::{Bundle, Content};
use countersign_core::format::simple_signing::Payload;
use countersign_core::format::statement::Statement;
use countersign_core::image::Image;
use countersign_core::oci::Annotations;
use countersign_core::outcome::Outcome;
use countersign_core::sign;
use countersign_core::verify::blob::BlobSignature;
use countersign_core::{file, limits, media_type};

use crate::commands::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::RegistryArgs;
use crate::stores::Stores;

/// Attach a signature that was made elsewhere.
///
/// A legacy one with its payload, or a bundle.
#[derive(Args, Debug)]
pub(crate) struct SignatureArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,

    /// The legacy signature, in base64: a file, - for standard input, or the text itself
    #[arg(long, value_name = "SIGNATURE", requires = "payload", required_unless_present = "bundle")]
    signature: Option<String>,

    /// The payload that the legacy signature is over
    #[arg(long, value_name = "FILE")]
    payload: Option<PathBuf>,

    /// A Sigstore bundle of the image's signature
    #[arg(long, value_name = "FILE", conflicts_with_all = ["signature", "payload", "certificate", "certificate_chain", "rekor_response", "tsr"])]
    bundle: Option<PathBuf>,

    /// The signer's certificate (PEM), to stand beside the legacy signature
    #[arg(long, visible_alias = "cert", value_name = "FILE")]
    certificate: Option<PathBuf>,

    /// The certificate's issuers (PEM), to stand beside the legacy signature
    #[arg(long, visible_alias = "cert-chain", value_name = "FILE")]
    certificate_chain: Option<PathBuf>,

    /// The log entry (a Rekor bundle), to stand beside the legacy signature
    #[arg(long, value_name = "FILE")]
    rekor_response: Option<PathBuf>,

    /// The timestamp ({"SignedRFC3161Timestamp": ...}), to stand beside the legacy signature
    #[arg(long, value_name = "FILE")]
    tsr: Option<PathBuf>,

    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) async fn run(args: &SignatureArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?.for_writing();
    let image = stores.image(&args.image).await?.image;
    let stored = match (&args.bundle, &args.signature) {
        (Some(path), _) => bundle(path, &image, context).await?,
        (None, Some(signature)) => legacy(args, signature, &image, context).await?,
        (None, None) => return Err(Failure::usage("neither --signature nor --bundle is given")),
    };
    context.output.status(format!("Attached to {} ({stored})", image.name()));
    Ok(Outcome::Proven)
}

type Stored = std::result::Result<countersign_core::digest::Digest, Failure>;

async fn bundle(path: &Path, image: &Image, context: &Context) -> Stored {
    let document = read(path)?;
    let located = |error| Failure::from(error).at(path.display());
    let parsed = Bundle::parse(document.clone().into()).map_err(located)?;
    let Content::Envelope(envelope) = parsed.content().map_err(located)? else {
        return Err(Failure::usage(format!("{}: the bundle signs a blob, not an image", path.display()))
            .hint("make one with 'countersign sign --upload=false --bundle FILE IMAGE'"));
    };
    let statement = Statement::parse(&envelope.payload).map_err(located)?;
    if statement.subject_of(&image.digest).is_none() {
        return Err(Failure::usage(format!("{}: the bundle is not about {}", path.display(), image.digest))
            .hint("name the image that was signed"));
    }
    let subject = image.descriptor().await?;
    Ok(sign::attach_bundle(image, subject, document, &statement.predicate_type, context.now).await?)
}

async fn legacy(args: &SignatureArgs, signature: &str, image: &Image, context: &Context) -> Stored {
    let Some(path) = &args.payload else { return Err(Failure::usage("--payload is missing")) };
    let payload = read(path)?;
    let parsed = Payload::parse(&payload).map_err(|error| Failure::from(error).at(path.display()))?;
    parsed.check_image(&image.digest).map_err(|error| {
        Failure::usage(format!("{}: {error}", path.display())).hint("name the image that was signed")
    })?;
    // A signature on something that is not there helps nobody.
    image.descriptor().await?;
    let signature = base64::decode("--signature", text(signature)?.trim()).map_err(|error| {
        Failure::usage(error).hint("give the signature in base64, as 'cosign sign --upload=false' prints it")
    })?;
    Ok(sign::attach_legacy(image, payload, &signature, extra(args)?, context.environment.manifest_type()?)
        .await?)
}

fn extra(args: &SignatureArgs) -> std::result::Result<Annotations, Failure> {
    let mut annotations = Annotations::new();
    for (name, path) in [
        (media_type::ANNOTATION_CERTIFICATE, &args.certificate),
        (media_type::ANNOTATION_CHAIN, &args.certificate_chain),
        (media_type::ANNOTATION_REKOR_BUNDLE, &args.rekor_response),
        (media_type::ANNOTATION_RFC3161, &args.tsr),
    ] {
        if let Some(path) = path {
            let content = String::from_utf8(read(path)?);
            let content = content.map_err(|_| Failure::usage(format!("{}: is no text", path.display())))?;
            annotations.insert(name.into(), content);
        }
    }
    Ok(annotations)
}

/// What a `--signature` means: a file, standard input, or itself.
fn text(signature: &str) -> std::result::Result<String, Failure> {
    let content = match signature {
        "-" => {
            let mut content = Vec::new();
            let read = std::io::stdin().lock().take(limits::SMALL_FILE_BYTES).read_to_end(&mut content);
            read.map_err(|error| Failure::io("standard input", error))?;
            content
        }
        path if Path::new(path).exists() => read(Path::new(path))?,
        text if BlobSignature::from_text(text).is_some() => return Ok(text.into()),
        text => return Err(Failure::no_signature(text)),
    };
    String::from_utf8(content).map_err(|_| Failure::usage("--signature is no text").hint("give it in base64"))
}

fn read(path: &Path) -> std::result::Result<Vec<u8>, Failure> {
    file::read_bounded(path, limits::SMALL_FILE_BYTES).map_err(|error| Failure::setting(path, &error))
}
