//! `attest`

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::attachments::{self, Kind};
use countersign_core::digest::Digest;
use countersign_core::file::{self, Mode, Overwrite};
use countersign_core::format::statement::Subject;
use countersign_core::gather::Formats;
use countersign_core::image::Image;
use countersign_core::key::PrivateKey;
use countersign_core::oci::Descriptor;
use countersign_core::outcome::Outcome;
use countersign_core::sign::{self, AttestRequest, Attestation, Attested, Signed};
use countersign_core::verify::Format;
use serde_json::json;

use super::Result;
use super::sign::format_name;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::{FormatArgs, PredicateArgs, RegistryArgs, SignCompat, TextOrJson, go_bool};
use crate::stores::{Resolved, Stores};
use crate::{files, hints, keys};

/// Sign a statement about images: an SBOM, provenance, a scan.
///
/// The predicate is checked against its type, and its bytes are kept as they are.
#[derive(Args, Debug)]
pub(crate) struct AttestArgs {
    /// Images: REGISTRY/REPOSITORY[:TAG|@DIGEST], oci:DIR[:TAG|@DIGEST]
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,

    /// The private key: a file or env://NAME; may be given several times
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,

    #[command(flatten)]
    says: PredicateArgs,

    /// Attest an index and every manifest in it
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    recursive: bool,

    /// Remove earlier attestations of the same type, once the new one is stored
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    replace: bool,

    #[command(flatten)]
    format: FormatArgs,

    /// Store nothing: print what would be stored, or write it to --bundle
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    no_upload: bool,

    /// Write the bundle to this file as well
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,

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
}

pub(super) async fn run(args: &AttestArgs, context: &Context) -> Result {
    args.compat.check()?;
    let formats = args.format.asked().unwrap_or(Formats::BUNDLE);
    if args.key.is_empty() {
        return Err(hints::key_among(keys::none_to_sign_with(), &args.images));
    }
    if args.replace && formats.legacy {
        return Err(Failure::usage("--replace: what stands behind cosign's older tag is not replaced").hint(
            "attest with --format bundle, or remove them all with 'countersign clean --type attestation'",
        ));
    }
    if args.bundle.is_some() && !formats.bundle {
        return Err(Failure::usage("--bundle: a legacy attestation has no bundle").hint("give --format both"));
    }
    let read: Vec<_> = args.key.iter().map(|key| ("--key", Some(Path::new(key)))).collect();
    let read = [&read[..], &[("--predicate", args.says.file())]].concat();
    files::apart(&[("--bundle", args.bundle.as_deref())], &read)?;
    // A password takes 64 MiB to check, a predicate may take as much: one after the other.
    let signers = keys::all_private(context, &args.key).await?;
    let says = args.says.read(context.now)?;
    let stores = Stores::new(context, &args.registry)?.for_writing();
    let images = stores.to_sign(&args.images, args.recursive, &context.output).await?;
    if args.bundle.is_some() && images.len() * args.key.len() > 1 {
        return Err(
            Failure::usage("--bundle is for one attestation").hint("attest one image with one key at a time")
        );
    }
    let pairs = images.iter().flat_map(|resolved| signers.iter().map(move |signer| (resolved, signer)));
    let mut left = Some(says);
    let mut pairs = pairs.peekable();
    while let Some((resolved, signer)) = pairs.next() {
        // The last one needs no copy.
        let says = if pairs.peek().is_some() { left.clone() } else { left.take() };
        let Some(says) = says else { break };
        let attestation =
            says.about(vec![subject(resolved)]).map_err(|failure| failure.at(resolved.image.name()))?;
        attest_one(args, context, &resolved.image, signer, attestation, formats).await?;
    }
    Ok(Outcome::Proven)
}

fn subject(resolved: &Resolved) -> Subject {
    Subject { name: Some(resolved.docker_reference.clone()), ..Subject::of(&resolved.image.digest) }
}

async fn attest_one(
    args: &AttestArgs,
    context: &Context,
    image: &Image,
    signer: &PrivateKey,
    attestation: Attestation,
    formats: Formats,
) -> std::result::Result<(), Failure> {
    let kind = attestation.predicate_type.clone();
    // A statement about something that is not there helps nobody.
    let subject = image.descriptor().await?;
    let made = sign::attest(signer, attestation).await?;
    if let Some(path) = &args.bundle {
        file::write_atomic(path, &made.bundle()?.join(), Mode::Default, Overwrite::Replace)?;
        context.output.status(format!("Wrote bundle to file {}", path.display()));
    }
    if args.no_upload {
        let printed =
            [(formats.bundle && args.bundle.is_none(), made.bundle()?), (formats.legacy, made.envelope()?)];
        return printed
            .iter()
            .filter(|(asked, _)| *asked)
            .try_for_each(|(_, pieces)| context.output.pieces(pieces));
    }
    let signed = store(context, image, subject, &made, &kind, formats).await?;
    let replaced = if args.replace { replace(context, image, &kind, &signed).await? } else { Vec::new() };
    match args.output {
        Some(TextOrJson::Json) => context.output.json(&json!({
            "image": image.name(),
            "digest": image.digest,
            "predicateType": kind,
            "key": keys::name(signer.public_key()),
            "attestations": signed.iter().map(|signed| json!({"format": signed.format, "stored": signed.stored})).collect::<Vec<_>>(),
            "replaced": replaced,
        })),
        Some(TextOrJson::Text) | None => Ok(()),
    }
}

/// Stores a signed statement beside the image, and says so.
pub(super) async fn store(
    context: &Context,
    image: &Image,
    subject: Descriptor,
    made: &Attested,
    kind: &str,
    formats: Formats,
) -> std::result::Result<Vec<Signed>, Failure> {
    let manifest_type = context.environment.manifest_type()?;
    let request = AttestRequest { formats, manifest_type, now: context.now };
    let signed = made.store(image, subject, request).await?;
    for Signed { format, stored, .. } in &signed {
        let format = format_name(*format);
        context.output.status(format!("Attested {} ({kind}, {format} {stored})", image.name()));
    }
    Ok(signed)
}

/// Removes the other bundles of this type.
pub(super) async fn replace(
    context: &Context,
    image: &Image,
    kind: &str,
    signed: &[Signed],
) -> std::result::Result<Vec<Digest>, Failure> {
    let new = |digest: &Digest| {
        signed.iter().any(|signed| signed.format == Format::Bundle && signed.stored == *digest)
    };
    let mut removed = Vec::new();
    for attachment in attachments::list(image).await? {
        let digest = attachment.manifest.digest;
        let is_same =
            attachment.kind == Kind::Attestation && attachment.tag.is_none() && attachment.describes == kind;
        if is_same && !new(&digest) {
            image.attachments.delete_referrer(&image.digest, &digest).await?;
            context.output.status(format!("Removed {digest}"));
            removed.push(digest);
        }
    }
    Ok(removed)
}
