//! `attach sbom`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use countersign_core::outcome::Outcome;
use countersign_core::sign;
use countersign_sbom::format::read::{self, ReadError};

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

    /// What it is (default: what the document shows, else spdx)
    #[arg(long = "type", value_enum)]
    kind: Option<Kind>,

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

impl Input {
    const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Xml => "xml",
            Self::Text => "text",
        }
    }
}

pub(super) async fn run(args: &SbomArgs, context: &Context) -> Result {
    let content = files::content(&args.sbom)?;
    let kind = kind(args, told(&content), context)?;
    let media_type = media_type(args, kind, &content)?;
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

impl Kind {
    /// Its name, and the word that [`Origin`](countersign_sbom::format::read::Origin) begins its formats with.
    const NAMES: [(Self, &str, &str); 4] = [
        (Self::Spdx, "spdx", "SPDX"),
        (Self::Cyclonedx, "cyclonedx", "CycloneDX"),
        (Self::Syft, "syft", "syft"),
        (Self::Swid, "swid", "SWID"),
    ];

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, _)| name)
    }

    fn of_format(format: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(.., word)| format.starts_with(word)).map(|(kind, ..)| *kind)
    }
}

/// What a document shows itself to be, also in a version that is not read.
fn told(content: &[u8]) -> std::result::Result<Kind, ReadError> {
    let format = match read::read(content) {
        Ok(read) => read.origin.format,
        Err(ReadError::Version { format, .. }) => format.to_owned(),
        Err(error) => return Err(error),
    };
    Kind::of_format(&format).ok_or(ReadError::Unknown)
}

/// What the document is: what was asked for, unless the document shows something else; else what it shows. What shows
/// nothing is what cosign takes it for.
fn kind(
    args: &SbomArgs,
    told: std::result::Result<Kind, ReadError>,
    context: &Context,
) -> std::result::Result<Kind, Failure> {
    let place = args.sbom.display();
    match (args.kind, told) {
        (Some(asked), Ok(told)) if asked != told => {
            let (asked, told) = (asked.name(), told.name());
            Err(Failure::usage(format!("{place}: is no {asked}: it is {told}"))
                .hint(format!("leave --type out, or give --type {told}")))
        }
        (Some(asked), _) => Ok(asked),
        (None, Ok(told)) => Ok(told),
        (None, Err(why)) => {
            context.output.warning(format!("{place}: {why}; it is attached as spdx: --type says what it is"));
            Ok(Kind::Spdx)
        }
    }
}

/// The media type (cosign, `specs/SBOM_SPEC.md`). What begins as JSON or XML is not called something else.
fn media_type(args: &SbomArgs, kind: Kind, content: &[u8]) -> std::result::Result<&'static str, Failure> {
    let found = match content.trim_ascii_start().first() {
        Some(b'{' | b'[') => Input::Json,
        Some(b'<') => Input::Xml,
        _ => Input::Text,
    };
    let asked = args.input_format.unwrap_or(found);
    if asked != found {
        return Err(Failure::usage(format!("{}: is no {}", args.sbom.display(), asked.name()))
            .hint("leave --input-format out"));
    }
    match (kind, asked) {
        (Kind::Spdx, Input::Json) => Ok("text/spdx+json"),
        (Kind::Spdx, Input::Xml) => Ok("text/spdx+xml"),
        (Kind::Spdx, Input::Text) => Ok("text/spdx"),
        (Kind::Cyclonedx, Input::Json) => Ok("application/vnd.cyclonedx+json"),
        (Kind::Cyclonedx, Input::Xml) => Ok("application/vnd.cyclonedx+xml"),
        (Kind::Syft, Input::Json) => Ok("application/vnd.syft+json"),
        (Kind::Swid, Input::Xml) => Ok("application/swid+xml"),
        (kind, found) => {
            let (place, kind, found) = (args.sbom.display(), kind.name(), found.name());
            Err(Failure::usage(format!("{place}: {kind} is not written as {found}"))
                .hint("say what it is with --type"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_shows_what_it_is() {
        for (content, expected) in [
            (r#"{"bomFormat": "CycloneDX", "specVersion": "1.6"}"#, Some(Kind::Cyclonedx)),
            (r#"{"bomFormat": "CycloneDX", "specVersion": "9"}"#, Some(Kind::Cyclonedx)),
            (r#"<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>"#, Some(Kind::Cyclonedx)),
            (r#"{"spdxVersion": "SPDX-2.3"}"#, Some(Kind::Spdx)),
            (r#"{"spdxVersion": "SPDX-9"}"#, Some(Kind::Spdx)),
            ("SPDXVersion: SPDX-2.3\n", Some(Kind::Spdx)),
            (
                r#"{"artifacts": [], "schema": {"version": "16.0.0", "url":
                    "https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-16.0.0.json"}}"#,
                Some(Kind::Syft),
            ),
            (
                r#"<SoftwareIdentity xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd" name="a"
                    tagId="a"/>"#,
                Some(Kind::Swid),
            ),
            ("{}", None),
            ("hello", None),
            ("", None),
        ] {
            assert_eq!(told(content.as_bytes()).ok(), expected, "{content}");
        }
    }
}
