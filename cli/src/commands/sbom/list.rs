//! `sbom list`

use clap::{Args, ValueEnum};
use countersign_core::outcome::Outcome;
use countersign_sbom::fact::Ecosystem;
use serde_json::json;

use super::source::SourceArgs;
use crate::commands::Result;
use crate::context::Context;

/// List the packages in an image or a directory.
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    source: SourceArgs,

    /// What to print: one package a line (kind, name, version), or JSON
    #[arg(long, short, value_enum, default_value = "text")]
    output: ListOutput,
}

/// See `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ListOutput {
    Text,
    Json,
}

pub(super) async fn run(args: &ListArgs, context: &Context) -> Result {
    let looked = args.source.look(context).await?;
    for lacks in &looked.inventory.incomplete {
        context.output.warning(format!("{}: could not be read: {}", lacks.path, lacks.why));
    }
    let components = &looked.inventory.components;
    match args.output {
        ListOutput::Text => {
            for component in components {
                let name = match &component.namespace {
                    Some(namespace) => format!("{namespace}/{}", component.name),
                    None => component.name.clone(),
                };
                let kind = component.ecosystem.map_or("-", Ecosystem::purl_type);
                context.output.line(&format!("{kind}\t{name}\t{}", component.version))?;
            }
        }
        ListOutput::Json => context.output.json(&json!(
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
