//! `download sbom`

use clap::Args;
use countersign_core::attachments::{self, Kind};
use countersign_core::buildkit::Said;
use countersign_core::gather::{GatherOptions, Wanted};
use countersign_core::image::Image;
use countersign_core::oci::{Descriptor, Document};
use countersign_core::outcome::Outcome;
use tokio::io::AsyncReadExt;

use super::{Asked, self_asserted};
use crate::commands::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::RegistryArgs;
use crate::stores::Stores;

/// The predicate types that BuildKit's scanners give an SBOM.
const SBOM_TYPES: [&str; 2] = ["https://spdx.dev/Document", "https://cyclonedx.org/bom"];

/// Print the SBOM that is attached to an image, as it is.
///
/// With --platform, that of BuildKit as well: the predicate of its statement. Nothing is verified: an attested SBOM is
/// read with 'verify-attestation'.
#[derive(Args, Debug)]
pub(crate) struct SbomArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,

    /// Where there are several: the one of this media type, or a part of it, such as cyclonedx or buildkit
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    /// That of the image of this platform, where IMAGE is an index: OS/ARCHITECTURE[/VARIANT]
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<String>,

    #[command(flatten)]
    registry: RegistryArgs,
}

/// An SBOM that was found.
enum Sbom {
    /// A blob.
    Attached(Box<Descriptor>),
    /// The predicate of a statement of BuildKit's.
    Said(Box<Said>),
}

impl Sbom {
    /// What `--type` is compared with.
    fn kind(&self) -> String {
        match self {
            Self::Attached(layer) => layer.media_type.clone(),
            Self::Said(said) => format!("buildkit {}", said.predicate_type()),
        }
    }

    async fn print(&self, context: &Context, image: &Image) -> std::result::Result<(), Failure> {
        let mut reader = match self {
            Self::Attached(layer) => image.attachments.blob_reader(layer).await?,
            Self::Said(said) => {
                self_asserted(context, said);
                return context.output.bytes(said.predicate().unwrap_or("null").as_bytes());
            }
        };
        context.output.status(format!("Found SBOM of media type: {}", self.kind()));
        let mut buffer = vec![0; 64 << 10];
        loop {
            match reader.read(&mut buffer).await.map_err(|error| Failure::io(image.name(), error))? {
                0 => return Ok(()),
                read => context.output.bytes(&buffer[..read])?,
            }
        }
    }
}

pub(super) async fn run(args: &SbomArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let asked = Asked::of(&stores, &args.image, args.platform.as_deref()).await?;
    let image = &asked.image;
    let mut found: Vec<_> =
        attached_sboms(image).await?.into_iter().map(Box::new).map(Sbom::Attached).collect();
    let options = GatherOptions { wanted: Wanted::Attestations(None), ..stores.gather_options() };
    let said = asked.buildkit(context, &options).await?;
    found.extend(first_sboms(context, said).into_iter().map(Box::new).map(Sbom::Said));
    if let Some(kind) = &args.kind {
        found.retain(|sbom| sbom.kind().contains(kind.as_str()));
    }
    match found.as_slice() {
        [] => {
            let message = format!("{}: no SBOM found", image.name());
            let failure = Failure::new(Outcome::Refused, "NO_SBOM", message)
                .hint("an attested one is printed by 'countersign download attestation'");
            Err(asked.found_nothing(failure).await?)
        }
        [sbom] => sbom.print(context, image).await.map(|()| Outcome::Proven),
        several => {
            let kinds: Vec<_> = several.iter().map(Sbom::kind).collect();
            let (count, kinds) = (several.len(), kinds.join(", "));
            Err(Failure::usage(format!("{}: has {count} SBOMs: {kinds}", image.name()))
                .hint("say which one with --type"))
        }
    }
}

/// The layers of what is attached to an image as an SBOM.
async fn attached_sboms(image: &Image) -> std::result::Result<Vec<Descriptor>, Failure> {
    let mut found = Vec::new();
    for attachment in attachments::list(image).await? {
        if attachment.kind != Kind::Sbom {
            continue;
        }
        let manifest = image.attachments.manifest(&attachment.manifest.digest.into()).await?;
        if let Some(Document::Manifest(manifest)) = manifest.map(|manifest| manifest.parse()).transpose()? {
            found.extend(manifest.layers);
        }
    }
    Ok(found)
}

/// The SBOMs among BuildKit's statements, the first of each type: BuildKit has that of the image itself before those of
/// its stages and its context (`exporter/attestation/unbundle.go`).
fn first_sboms(context: &Context, said: Vec<Said>) -> Vec<Said> {
    let mut first: Vec<Said> = Vec::new();
    for said in said.into_iter().filter(|said| SBOM_TYPES.contains(&said.predicate_type())) {
        match first.iter().any(|known| known.predicate_type() == said.predicate_type()) {
            true => context.output.status(format!(
                "There is another {}, of a stage or the context: 'countersign download attestation' prints it",
                said.predicate_type()
            )),
            false => first.push(said),
        }
    }
    first
}
