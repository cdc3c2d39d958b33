//! `attach sbom`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use countersign_core::outcome::Outcome;
use countersign_core::sign;

use crate::commands::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::files;
use crate::options::{FormatArgs, RegistryArgs};
use crate::stores::Stores;

/// Attach an SBOM as it is, unsigned.
///
/// Nobody can tell who made it: 'attest --type cyclonedx' or 'spdxjson' signs it.
#[derive(Args, Debug)]
pub(crate) struct SbomArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,

    /// The SBOM; - is standard input
    #[arg(long, value_name = "FILE")]
    sbom: PathBuf,

    /// What it is
    #[arg(long = "type", value_enum, default_value = "spdx")]
    kind: Kind,

    /// How it is written
    #[arg(long, value_enum, value_name = "FORMAT")]
    input_format: Option<Input>,

    #[command(flatten)]
    format: FormatArgs,

    #[command(flatten)]
    registry: RegistryArgs,
}

/// See `--type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Spdx,
    Cyclonedx,
    Syft,
    Swid,
}

/// See `--input-format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Input {
    Json,
    Xml,
    Text,
}

pub(super) async fn run(args: &SbomArgs, context: &Context) -> Result {
    let content = files::content(&args.sbom)?;
    let media_type = media_type(args, &content)?;
    let stores = Stores::new(context, &args.registry)?.for_writing();
    let image = stores.image(&args.image).await?.image;
    let subject = image.descriptor().await?;
    let formats = args.format.asked().unwrap_or(countersign_core::gather::Formats::BUNDLE);
    context.output.warning("the SBOM is not signed: 'attest --type cyclonedx' or 'spdxjson' signs it");
    if formats.legacy {
        let stored = sign::attach_sbom_tag(&image, content.clone(), media_type).await?;
        context.output.status(format!("Attached to {} ({stored})", image.name()));
    }
    if formats.bundle {
        // cosign's name for it is no registered one.
        let media_type = match media_type {
            "text/spdx+json" => "application/spdx+json",
            other => other,
        };
        let stored = sign::attach_artifact(&image, subject, content, media_type, context.now).await?;
        context.output.status(format!("Attached to {} ({stored})", image.name()));
    }
    Ok(Outcome::Proven)
}

/// The media type (cosign, `specs/SBOM_SPEC.md`). What begins as JSON or XML is not called something else.
fn media_type(args: &SbomArgs, content: &[u8]) -> std::result::Result<&'static str, Failure> {
    let found = match content.trim_ascii_start().first() {
        Some(b'{' | b'[') => Input::Json,
        Some(b'<') => Input::Xml,
        _ => Input::Text,
    };
    let asked = args.input_format.unwrap_or(found);
    if asked != found {
        return Err(Failure::usage(format!("{}: is no {asked:?}", args.sbom.display()).to_lowercase())
            .hint("leave --input-format out"));
    }
    match (args.kind, asked) {
        (Kind::Spdx, Input::Json) => Ok("text/spdx+json"),
        (Kind::Spdx, Input::Xml) => Ok("text/spdx+xml"),
        (Kind::Spdx, Input::Text) => Ok("text/spdx"),
        (Kind::Cyclonedx, Input::Json) => Ok("application/vnd.cyclonedx+json"),
        (Kind::Cyclonedx, Input::Xml) => Ok("application/vnd.cyclonedx+xml"),
        (Kind::Syft, Input::Json) => Ok("application/vnd.syft+json"),
        (Kind::Swid, Input::Xml) => Ok("application/swid+xml"),
        (kind, found) => {
            Err(Failure::usage(format!("{}: {kind:?} is not written as {found:?}", args.sbom.display()))
                .hint("say what it is with --type"))
        }
    }
}
