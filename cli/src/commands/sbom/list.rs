//! `sbom list`

use clap::Args;
use countersign_core::outcome::Outcome;
use countersign_sbom::fact::Ecosystem;
use serde_json::json;

use super::contents::Contents;
use super::source::SourceArgs;
use crate::commands::Result;
use crate::context::Context;
use crate::options::TextOrJson;

/// List the packages in an image, a directory or an SBOM.
///
/// A file that is there is read as an SBOM, or an attestation with one, which is not verified.
#[derive(Args, Debug)]
#[command(mut_arg("source", |arg| arg.help(
    "An image or a directory as 'sbom generate' takes it, or an SBOM (a file, or - for standard input)",
)))]
pub(crate) struct ListArgs {
    #[command(flatten)]
    source: SourceArgs,

    /// What to print: one package a line (kind, name, version), or JSON
    #[arg(long, short, value_enum, default_value = "text")]
    output: TextOrJson,
}

pub(super) async fn run(args: &ListArgs, context: &Context) -> Result {
    let contents = Contents::of(&args.source, context).await?;
    if !contents.looked_at {
        args.source.refuse_narrowing()?;
    }
    for lacks in &contents.inventory.incomplete {
        context.output.warning(format!("{}: could not be read: {}", lacks.path, lacks.why));
    }
    let components = &contents.inventory.components;
    match args.output {
        TextOrJson::Text => {
            for component in components {
                let name = match &component.namespace {
                    Some(namespace) => format!("{namespace}/{}", component.name),
                    None => component.name.clone(),
                };
                let kind = component.ecosystem.map_or("-", Ecosystem::purl_type);
                context.output.row(&[kind, &name, &component.version])?;
            }
        }
        TextOrJson::Json => context.output.json(&json!(
            components
                .iter()
                .map(|component| json!({
                    "purl": component.purl,
                    "type": component.ecosystem.map(Ecosystem::purl_type),
                    "namespace": component.namespace,
                    "name": component.name,
                    "version": component.version,
                    "licenses": component.licenses,
                    "locations": component.locations.iter().map(|location| json!({
                        "path": location.path,
                        "layer": location.layer,
                    })).collect::<Vec<_>>(),
                }))
                .collect::<Vec<_>>()
        ))?,
    }
    Ok(Outcome::Proven)
}
