//! `verify-blob-attestation`

use std::path::PathBuf;

use super::Result;
use super::verify_blob::proven_of;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::{TextOrJson, VerifyBlobCompat, VerifyCompat, go_bool, predicate_type};
use crate::{files, keys};
use clap::{ArgGroup, Args};
use countersign_core::digest::{Algorithm, Digest};
use countersign_core::file::tree::Tree;
use countersign_core::format::FormatError;
use countersign_core::format::base64;
use countersign_core::format::bundle::{Bundle, Content};
use countersign_core::format::dsse::Envelope;
use countersign_core::format::legacy::BlobBundle;
use countersign_core::format::predicate::PredicateType;
use countersign_core::gather::Wanted;
use countersign_core::key::HashPolicy;
use countersign_core::verify::{About, Files, ImagePolicy, Refusal, verify_envelope};

/// Verify a signed statement about a file.
///
/// Only a statement of the type that is asked for counts, and the file must be one of its subjects. Of a directory, the
/// files below it and the subjects must be the same, by path and digest.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("signed").args(["bundle", "signature"]).required(true))]
pub(crate) struct VerifyBlobAttestationArgs {
    /// The file or directory; - is standard input
    #[arg(value_name = "BLOB", required_unless_present_any = ["digest", "check_claims"])]
    blob: Option<PathBuf>,

    /// A public key: a file, env://NAME or https://...; with several, one of them is enough
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,

    /// The bundle that 'attest-blob --bundle' wrote
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,

    /// The DSSE envelope that 'attest-blob --output-signature' wrote
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,

    /// The type that is asked for: a short name of 'attest --type', or a URI
    #[arg(long = "type", value_name = "TYPE", default_value = "custom", value_parser = predicate_type)]
    kind: PredicateType,

    /// The digest of the file in hexadecimal, where the file is not here
    #[arg(long, value_name = "HEX", conflicts_with = "blob")]
    digest: Option<String>,

    /// The algorithm of --digest
    #[arg(long = "digestAlg", visible_alias = "digest-alg", value_name = "NAME", default_value = "sha256")]
    digest_algorithm: String,

    /// Require that the file is a subject of the statement; =false accepts a statement about any file
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    check_claims: Option<bool>,

    /// Of a directory: pass over subjects that are not in it
    #[arg(long)]
    ignore_missing: bool,

    /// What to print on standard output
    #[arg(long, short, value_enum)]
    output: Option<TextOrJson>,

    #[command(flatten)]
    compat: VerifyCompat,

    #[command(flatten)]
    blob_compat: VerifyBlobCompat,
}

pub(super) async fn run(args: &VerifyBlobAttestationArgs, context: &Context) -> Result {
    args.compat.check()?;
    args.blob_compat.check()?;
    let mut policy = ImagePolicy::new(keys::all_public(context, &args.key).await?, 1)?;
    policy.wanted = Wanted::Attestations(Some(args.kind.uri().to_owned()));
    policy.check_claims = args.check_claims.unwrap_or(true);
    if !policy.check_claims {
        context
            .output
            .warning("--check-claims=false: a trusted key's statement about any other file is accepted");
    }
    let (envelope, hashes) = envelope(args)?;
    let about = match policy.check_claims {
        true => about(args)?,
        false => About::Anything,
    };
    let place = match (&args.blob, &about) {
        (Some(path), _) => path.display().to_string(),
        (None, About::Digest(digest)) => digest.to_string(),
        (None, _) => "any file".to_owned(),
    };
    let (_, proven) = verify_envelope(&envelope, &about, &policy, hashes)
        .map_err(|refusal| Failure::from(refusal).at(&place))?;
    proven_of(context, args.output, &place, Some(args.kind.uri()), &proven)
}

/// What the statement must be about.
fn about(args: &VerifyBlobAttestationArgs) -> std::result::Result<About, Failure> {
    let Some(folder) = args.blob.as_deref().filter(|path| path.is_dir()) else {
        return match args.ignore_missing {
            true => Err(Failure::usage("--ignore-missing: is only for a directory")),
            false => digest(args).map(About::Digest),
        };
    };
    let skip: Vec<_> = args.bundle.iter().chain(&args.signature).map(PathBuf::as_path).collect();
    let tree = Tree::read(folder, &skip).map_err(|error| Failure::setting(folder, &error))?;
    Ok(About::Files(Files { tree, ignore_missing: args.ignore_missing }))
}

fn digest(args: &VerifyBlobAttestationArgs) -> std::result::Result<Digest, Failure> {
    if let Some(hex) = &args.digest {
        return format!("{}:{hex}", args.digest_algorithm).parse().map_err(|error| {
            Failure::usage(format!("--digest: {error}"))
                .hint("give it in hexadecimal, and its --digestAlg: sha256 or sha512")
        });
    }
    match &args.blob {
        Some(path) => files::digest(path, Algorithm::Sha256),
        None => Err(Failure::usage("the blob is missing").hint("name the file, or give its --digest")),
    }
}

/// An envelope, and the hashes that its signature may be over.
type Read = (Envelope, HashPolicy);

fn envelope(args: &VerifyBlobAttestationArgs) -> std::result::Result<Read, Failure> {
    let Some(path) = args.bundle.as_ref().or(args.signature.as_ref()) else {
        return Err(Failure::usage("neither --bundle nor --signature is given"));
    };
    let document = files::content(path)?;
    read(document, args.bundle.is_some()).map_err(|refusal| Failure::from(refusal).at(path.display()))
}

/// An envelope alone, or that of a Sigstore bundle, or of cosign's first bundle.
fn read(document: Vec<u8>, is_bundle: bool) -> std::result::Result<Read, Refusal> {
    let bare = |document: Vec<u8>| {
        let envelope = Envelope::parse(document.into()).map_err(Refusal::Malformed)?;
        Ok((envelope, HashPolicy::AlsoLegacy))
    };
    if !is_bundle {
        let text = std::str::from_utf8(&document).ok().map(str::trim_ascii);
        let decoded = text.and_then(|text| base64::decode("--signature", text).ok());
        return bare(decoded.unwrap_or(document));
    }
    if let Ok(old) = BlobBundle::parse(&document) {
        return bare(old.signature().map_err(Refusal::Malformed)?);
    }
    let bundle = Bundle::parse(document.into()).map_err(Refusal::Malformed)?;
    if let Content::Message(_) = bundle.content().map_err(Refusal::Malformed)? {
        return Err(Refusal::BundleContent { expected: "DSSE envelope", got: "message signature" });
    }
    let envelope = bundle.dsse_envelope.ok_or(FormatError::Missing { field: "dsseEnvelope" });
    Ok((envelope.map_err(Refusal::Malformed)?, HashPolicy::Current))
}
