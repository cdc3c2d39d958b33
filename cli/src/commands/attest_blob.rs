//! `attest-blob`

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::digest::{Algorithm, Digest};
use countersign_core::file::tree::Tree;
use countersign_core::file::{self, Mode, Overwrite};
use countersign_core::format::base64;
use countersign_core::format::statement::Subject;
use countersign_core::outcome::Outcome;
use countersign_core::sign::{self, Attested};
use serde_json::json;

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::files::Named;
use crate::options::{PredicateArgs, SignCompat, go_bool};
use crate::{files, keys};

/// Sign a statement about a file, about standard input, or about all files of a directory.
#[derive(Args, Debug)]
pub(crate) struct AttestBlobArgs {
    /// The file that the statement is about; - is standard input; of a directory every file below it is a subject
    #[arg(value_name = "BLOB", required_unless_present = "hash")]
    blob: Option<PathBuf>,

    /// The SHA-256 of the file in hexadecimal, where the file is not here
    #[arg(long, value_name = "HEX", conflicts_with = "blob")]
    hash: Option<String>,

    /// The private key: a file or env://NAME
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    #[command(flatten)]
    says: PredicateArgs,

    /// Write a bundle to this file
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,

    /// With =false, --bundle writes cosign's first form of a bundle
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", value_parser = go_bool)]
    new_bundle_format: bool,

    /// Write the statement to this file
    #[arg(long, value_name = "FILE")]
    output_attestation: Option<PathBuf>,

    /// Write the DSSE envelope to this file
    #[arg(long, value_name = "FILE")]
    output_signature: Option<PathBuf>,

    /// Ask nothing
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    yes: bool,

    #[arg(long, hide = true, value_name = "FILE")]
    rfc3161_timestamp_bundle: Option<PathBuf>,

    #[command(flatten)]
    compat: SignCompat,
}

impl AttestBlobArgs {
    /// The files that are written: bundle, statement, envelope.
    fn written(&self) -> [Named<'_>; 3] {
        [
            ("--bundle", self.bundle.as_deref()),
            ("--output-attestation", self.output_attestation.as_deref()),
            ("--output-signature", self.output_signature.as_deref()),
        ]
    }
}

pub(super) async fn run(args: &AttestBlobArgs, context: &Context) -> Result {
    args.compat.check()?;
    if args.rfc3161_timestamp_bundle.is_some() {
        return Err(Failure::usage(
            "--rfc3161-timestamp-bundle: writing a timestamp is not available in this version",
        )
        .hint("leave the flag out; signatures by a key need no timestamp"));
    }
    let Some(reference) = &args.key else {
        return Err(keys::none_to_sign_with());
    };
    let written = args.written();
    let read = [
        ("--key", Some(Path::new(reference))),
        ("BLOB", args.blob.as_deref()),
        ("--predicate", args.says.file()),
    ];
    files::apart(&written, &read)?;
    if args.blob.as_deref() == Some(Path::new("-")) && args.says.file() == Some(Path::new("-")) {
        return Err(Failure::usage("the blob and the predicate cannot both be standard input")
            .hint("write one of them to a file"));
    }
    let key = keys::private(context, reference).await?;
    let says = args.says.read(context.now)?;
    let made = sign::attest(&key, says.about(subjects(args)?)?).await?;
    write(args, context, &made)
}

/// Writes what was asked for, all or none; the envelope goes to standard output where no file is named.
fn write(args: &AttestBlobArgs, context: &Context, made: &Attested) -> Result {
    let envelope = made.envelope()?;
    let bundle = match args.new_bundle_format {
        true => made.bundle()?.join(),
        false => json!({"base64Signature": base64::encode(&envelope.join())}).to_string().into(),
    };
    let (statement, text) = (made.statement().clone(), envelope.join());
    let contents = [(&bundle, "bundle"), (&statement, "statement"), (&text, "envelope")];
    let named: Vec<_> = args.written().into_iter().zip(contents).collect();
    let named: Vec<_> =
        named.into_iter().filter_map(|((_, path), (content, what))| Some((path?, content, what))).collect();
    let files: Vec<_> =
        named.iter().map(|(path, content, _)| (*path, content.as_ref(), Mode::Default)).collect();
    file::write_together(&files, Overwrite::Replace)?;
    for (path, _, what) in &named {
        context.output.status(format!("Wrote {what} to file {}", path.display()));
    }
    if args.bundle.is_none() && args.output_signature.is_none() {
        context.output.pieces(&envelope)?;
    }
    Ok(Outcome::Proven)
}

/// What the statement is about: the file's name, as cosign gives it, and its SHA-256; of a directory, each file by its
/// path from there.
fn subjects(args: &AttestBlobArgs) -> std::result::Result<Vec<Subject>, Failure> {
    if let Some(hash) = &args.hash {
        let digest: Digest =
            format!("sha256:{}", hash.trim_start_matches("sha256:")).parse().map_err(|error| {
                Failure::usage(format!("--hash: {error}")).hint("give a SHA-256 in hexadecimal")
            })?;
        return Ok(vec![Subject::of(&digest)]);
    }
    let Some(path) = &args.blob else { return Err(Failure::usage("the blob is missing")) };
    if path.is_dir() {
        return files_of(path, args);
    }
    let digest = files::digest(path, Algorithm::Sha256)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(vec![Subject { name: name.filter(|name| name != "-"), ..Subject::of(&digest) }])
}

fn files_of(folder: &Path, args: &AttestBlobArgs) -> std::result::Result<Vec<Subject>, Failure> {
    let skip: Vec<_> = args.written().into_iter().filter_map(|(_, path)| path).collect();
    let tree = Tree::read(folder, &skip).map_err(|error| Failure::setting(folder, &error))?;
    if let Some(other) = tree.others.first() {
        let path = folder.join(other);
        return Err(Failure::usage(format!("{}: is no regular file with a name in UTF-8", path.display()))
            .hint(
                "a statement is about files by their digest: take links and devices out of the directory",
            ));
    }
    if tree.files.is_empty() {
        return Err(Failure::usage(format!("{}: has no file", folder.display())));
    }
    let subject = |(name, digest): (String, Digest)| Subject { name: Some(name), ..Subject::of(&digest) };
    Ok(tree.files.into_iter().map(subject).collect())
}
