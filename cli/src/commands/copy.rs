//! `copy`

use clap::{Args, ValueEnum};
use countersign_core::attachments::Kind;
use countersign_core::outcome::Outcome;
use countersign_core::reference::Location;
use countersign_core::transfer::{TransferOptions, transfer};

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::{RegistryArgs, go_bool};
use crate::output::Progress;
use crate::stores::{Stores, check_tag};

/// Copy an image with everything attached to it.
///
/// All platforms, between registries and layouts.
#[derive(Args, Debug)]
pub(crate) struct CopyArgs {
    /// Where from: REGISTRY/REPOSITORY[:TAG|@DIGEST], oci:DIR[:TAG|@DIGEST], oci-archive:FILE, docker-archive:FILE
    #[arg(value_name = "SOURCE")]
    source: String,

    /// Where to: REGISTRY/REPOSITORY[:TAG], oci:DIR[:TAG]
    #[arg(value_name = "TARGET")]
    target: String,

    /// Copy only these: sig, att, sbom
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Only>,

    /// Copy the signatures only
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide = true)]
    sig_only: bool,

    /// Copy only the image of this platform: OS/ARCHITECTURE[/VARIANT]
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<String>,

    /// Move the target's tag when it names another image
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    force: bool,

    #[command(flatten)]
    registry: RegistryArgs,
}

/// See `--only`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    #[value(alias = "sign", alias = "signature")]
    Sig,
    #[value(alias = "attestation")]
    Att,
    Sbom,
}

pub(super) async fn run(args: &CopyArgs, context: &Context) -> Result {
    let stores = Stores::new(context, &args.registry)?;
    let image = stores.image_of(&args.source, args.platform.as_deref()).await?;
    let (target, tag) = stores.target(&args.target)?;
    check_tag(target.as_ref(), tag.as_ref(), &image, args.force).await?;
    let options = options(args, tag)?;
    let progress = Progress::new(&context.output, "Copying");
    transfer(&image, target.clone(), &options, &progress).await?;
    progress.finish();
    context.output.status(format!("Copied {} to {}", image.name(), target.name()));
    Ok(Outcome::Proven)
}

fn options(
    args: &CopyArgs,
    tag: Option<countersign_core::reference::Tag>,
) -> std::result::Result<TransferOptions, Failure> {
    let mut options = TransferOptions { tag, mount_from: mount_from(args)?, ..TransferOptions::default() };
    let mut only = args.only.clone();
    if args.sig_only {
        only.push(Only::Sig);
    }
    if !only.is_empty() {
        options.image = false;
        options.kinds = only
            .iter()
            .map(|only| match only {
                Only::Sig => Kind::Signature,
                Only::Att => Kind::Attestation,
                Only::Sbom => Kind::Sbom,
            })
            .collect();
    }
    Ok(options)
}

/// The repository that blobs may be mounted from: the source's, on the same registry.
fn mount_from(args: &CopyArgs) -> std::result::Result<Option<String>, Failure> {
    let (from, to): (Location, Location) = (args.source.parse()?, args.target.parse()?);
    Ok(match (from, to) {
        (Location::Registry(from), Location::Registry(to))
            if from.repository.host() == to.repository.host() =>
        {
            Some(from.repository.path().to_owned())
        }
        _ => None,
    })
}
