//! `sign`

mod files;

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::format::simple_signing::Payload;
use countersign_core::gather::Formats;
use countersign_core::image::Image;
use countersign_core::key::PrivateKey;
use countersign_core::outcome::Outcome;
use countersign_core::sign::{self, SignRequest};
use countersign_core::verify::Format;
use countersign_core::{file, limits};
use serde_json::{Value, json};

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::{
    AttachmentCompat, FormatArgs, RegistryArgs, SignCompat, TextOrJson, go_bool, pair, pairs,
};
use crate::stores::{Resolved, Stores};
use crate::{hints, keys};

/// Sign images with a key.
///
/// What the same key signed before is not signed again.
#[derive(Args, Debug)]
pub(crate) struct SignArgs {
    /// Images: REGISTRY/REPOSITORY[:TAG|@DIGEST], oci:DIR[:TAG|@DIGEST]
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,

    /// The private key: a file or env://NAME; may be given several times
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,

    /// Sign this pair with the image; may be given several times
    #[arg(long, short, visible_alias = "a", value_name = "KEY=VALUE", value_parser = pair, value_delimiter = ',')]
    annotations: Vec<(String, String)>,

    /// Sign an index and every manifest in it
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    recursive: bool,

    #[command(flatten)]
    format: FormatArgs,

    /// Sign this simple-signing payload instead of making one (implies --format legacy)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["annotations", "sign_container_identity"])]
    payload: Option<PathBuf>,

    /// Store the signature; with =false it is only printed or written to --bundle
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", value_parser = go_bool, hide_default_value = true)]
    upload: bool,

    /// Write the bundle to this file as well
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,

    /// Write the legacy signature, in base64, to this file
    #[arg(long, value_name = "FILE")]
    output_signature: Option<PathBuf>,

    /// Write the legacy payload to this file
    #[arg(long, value_name = "FILE")]
    output_payload: Option<PathBuf>,

    /// The name to sign a legacy payload under, instead of the image's repository
    #[arg(long, value_name = "NAME")]
    sign_container_identity: Option<String>,

    /// Sign again what is signed already
    #[arg(long, short)]
    force: bool,

    /// Ask nothing
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    yes: bool,

    /// What to print on standard output
    #[arg(long, short, value_enum)]
    output: Option<TextOrJson>,

    #[command(flatten)]
    registry: RegistryArgs,

    #[command(flatten)]
    compat: SignCompat,

    #[command(flatten)]
    attachment: AttachmentCompat,
}

impl SignArgs {
    fn formats(&self) -> std::result::Result<Formats, Failure> {
        let by_payload =
            self.payload.is_some() || self.output_payload.is_some() || self.output_signature.is_some();
        match self.format.asked() {
            Some(Formats::BUNDLE) if by_payload => Err(Failure::usage(
                "--payload, --output-payload and --output-signature belong to legacy signatures",
            )
            .hint("give --format legacy or --format both")),
            Some(asked) => Ok(asked),
            None if by_payload => Ok(Formats::LEGACY),
            None => Ok(Formats::BUNDLE),
        }
    }

    /// The name to sign under, where one is given.
    fn identity(&self) -> Option<&str> {
        self.sign_container_identity.as_deref().filter(|name| !name.is_empty())
    }

    /// No file that is written is one that is read.
    fn files_apart(&self) -> std::result::Result<(), Failure> {
        let written = [
            ("--bundle", self.bundle.as_deref()),
            ("--output-signature", self.output_signature.as_deref()),
            ("--output-payload", self.output_payload.as_deref()),
        ];
        let others = [
            ("--payload", self.payload.as_deref()),
            ("--registry-cacert", self.registry.registry_cacert.as_deref()),
            ("--registry-client-cert", self.registry.registry_client_cert.as_deref()),
            ("--registry-client-key", self.registry.registry_client_key.as_deref()),
        ];
        let keys = self.key.iter().map(|key| ("--key", Some(Path::new(key))));
        crate::files::apart(&written, &keys.chain(others).collect::<Vec<_>>())
    }

    /// One file cannot hold the signatures of several images or keys.
    fn check_files(&self, signatures: usize) -> std::result::Result<(), Failure> {
        let files = [&self.bundle, &self.output_signature, &self.output_payload, &self.payload];
        if signatures > 1 && files.iter().any(|file| file.is_some()) {
            return Err(Failure::usage(format!(
                "--bundle, --output-signature, --output-payload and --payload are for one signature, not {signatures}"
            ))
            .hint("sign one image with one key at a time"));
        }
        Ok(())
    }
}

pub(super) async fn run(args: &SignArgs, context: &Context) -> Result {
    args.compat.check()?;
    args.attachment.check()?;
    let formats = args.formats()?;
    if args.bundle.is_some() && !formats.bundle {
        return Err(Failure::usage("--bundle: a legacy signature has no bundle")
            .hint("give --format both, or --output-signature and --output-payload"));
    }
    if args.identity().is_some() && !formats.legacy {
        return Err(Failure::usage("--sign-container-identity: a bundle holds no name")
            .hint("give --format legacy or --format both"));
    }
    if args.key.is_empty() {
        return Err(hints::key_among(keys::none_to_sign_with(), &args.images));
    }
    args.files_apart()?;
    let stores = Stores::new(context, &args.registry)?.for_writing();
    let images = stores.to_sign(&args.images, args.recursive, &context.output).await?;
    args.check_files(images.len() * args.key.len())?;
    let signers = keys::all_private(context, &args.key).await?;
    for resolved in &images {
        for signer in &signers {
            sign_one(args, context, resolved, signer, formats).await?;
        }
    }
    Ok(Outcome::Proven)
}

async fn sign_one(
    args: &SignArgs,
    context: &Context,
    resolved: &Resolved,
    signer: &PrivateKey,
    formats: Formats,
) -> std::result::Result<(), Failure> {
    let image = &resolved.image;
    let request = SignRequest {
        docker_reference: args.identity().unwrap_or(&resolved.docker_reference).to_owned(),
        annotations: pairs(&args.annotations)?,
        formats,
        manifest_type: context.environment.manifest_type()?,
        force: args.force,
        now: context.now,
    };
    if !args.upload
        || args.bundle.is_some()
        || args.output_signature.is_some()
        || args.payload.is_some()
        || args.output_payload.is_some()
    {
        return files::sign(args, context, image, signer, &request).await;
    }
    let signed = sign::sign_image(image, signer, &request).await?;
    for signature in &signed {
        let format = format_name(signature.format);
        let (image, stored) = (image.name(), signature.stored);
        context.output.status(match signature.already {
            true => format!("{image} is already signed with this key ({format} {stored})"),
            false => format!("Signed {image} ({format} {stored})"),
        });
    }
    let signatures = signed.iter().map(|signature| {
        json!({"format": signature.format, "stored": signature.stored, "already": signature.already})
    });
    report(args, context, image, signer, &signatures.collect::<Vec<_>>())
}

fn report(
    args: &SignArgs,
    context: &Context,
    image: &Image,
    signer: &PrivateKey,
    signatures: &[Value],
) -> std::result::Result<(), Failure> {
    match args.output {
        Some(TextOrJson::Json) => context.output.json(&json!({
            "image": image.name(),
            "digest": image.digest,
            "key": keys::name(signer.public_key()),
            "signatures": signatures,
        })),
        Some(TextOrJson::Text) | None => Ok(()),
    }
}

/// The payload to sign: made, or from `--payload`, which must be one of this image.
fn payload(args: &SignArgs, image: &Image, request: &SignRequest) -> std::result::Result<Vec<u8>, Failure> {
    let Some(path) = &args.payload else {
        return Ok(Payload::new(&request.docker_reference, image.digest, &request.annotations).to_json()?);
    };
    let content =
        file::read_bounded(path, limits::SMALL_FILE_BYTES).map_err(|error| Failure::setting(path, &error))?;
    let parsed = Payload::parse(&content).map_err(|error| {
        Failure::from(error).at(path.display()).hint("make one with 'countersign generate IMAGE'")
    })?;
    parsed.check_image(&image.digest).map_err(|error| {
        Failure::usage(format!("{}: {error}", path.display()))
            .hint("make one with 'countersign generate IMAGE'")
    })?;
    Ok(content)
}

pub(super) const fn format_name(format: Format) -> &'static str {
    match format {
        Format::Bundle => "bundle",
        Format::Legacy => "legacy",
        Format::BuildKit => "buildkit",
    }
}
