//! `inspect`

mod file;

use std::path::Path;

use clap::Args;
use countersign_core::buildkit::{self, Index, Outline};
use countersign_core::media_type;
use countersign_core::oci::{Descriptor, Document, RawManifest};
use countersign_core::outcome::Outcome;
use serde_json::{Value, json};

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::{RegistryArgs, TextOrJson};
use crate::stores::Stores;

/// Tell what something is: a key, a bundle, an envelope or a manifest in a file, or an image.
///
/// Nothing is verified. Of a scan, findings are counted by severity; what 'verify-attestation' printed may have several
/// envelopes, one a line, and each is told of.
#[derive(Args, Debug)]
pub(crate) struct InspectArgs {
    /// A file, or an image reference
    #[arg(value_name = "FILE|IMAGE")]
    what: String,

    /// What to print
    #[arg(long, short, value_enum, default_value = "text")]
    output: TextOrJson,

    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) async fn run(args: &InspectArgs, context: &Context) -> Result {
    let path = Path::new(&args.what);
    let all = match path.is_file() || is_path(&args.what) {
        true => file::describe(path)?,
        false => vec![describe_image(args, context).await?],
    };
    for (number, described) in all.iter().enumerate() {
        match args.output {
            TextOrJson::Json => context.output.json(described)?,
            TextOrJson::Text => {
                if number > 0 {
                    context.output.line("")?;
                }
                print(context, described, 0)?;
            }
        }
    }
    Ok(Outcome::Proven)
}

/// What no image reference begins with: a file that is not there is not looked for in a registry.
fn is_path(what: &str) -> bool {
    ["/", "./", "../"].iter().any(|start| what.starts_with(start))
}

async fn describe_image(args: &InspectArgs, context: &Context) -> std::result::Result<Value, Failure> {
    let stores = Stores::new(context, &args.registry)?;
    let image = stores.image(&args.what).await?.image;
    let raw = image.manifest().await?;
    let mut described = describe_manifest(&raw, &raw.parse()?);
    described["image"] = json!(image.name());
    if let Some(index) = Index::read(&image, &raw)? {
        for outline in buildkit::outline(&index).await? {
            describe_attestations(&mut described, &outline);
        }
    }
    Ok(described)
}

/// Adds to the entry of an attestation manifest what it says is in it.
fn describe_attestations(described: &mut Value, outline: &Outline) {
    let Outline { listed, statements } = outline;
    let digest = json!(listed.manifest().digest);
    let entries = described["manifests"].as_array_mut().into_iter().flatten();
    for entry in entries.filter(|entry| entry["digest"] == digest) {
        match statements {
            Ok(statements) => {
                entry["predicateTypes"] = json!(statements.iter().map(|(_, kind)| kind).collect::<Vec<_>>());
            }
            Err(error) => entry["refused"] = json!(format!("{error} [{}]", error.code().as_str())),
        }
    }
}

fn describe_entry(entry: &Descriptor, index: &[Descriptor]) -> Value {
    let mut described = json!({
        "digest": entry.digest,
        "mediaType": entry.media_type,
        "platform": entry.platform,
    });
    if entry.annotation(media_type::ANNOTATION_REFERENCE_TYPE) == Some(media_type::BUILDKIT_REFERENCE) {
        let named = entry.annotation(media_type::ANNOTATION_REFERENCE_DIGEST);
        let image = index.iter().find(|image| Some(image.digest.to_string().as_str()) == named);
        described["kind"] = json!("BuildKit attestation manifest");
        described["attests"] = json!({"digest": named, "platform": image.map(|image| &image.platform)});
    }
    described
}

fn describe_manifest(raw: &RawManifest, document: &Document) -> Value {
    let mut described = json!({
        "digest": raw.digest,
        "mediaType": raw.media_type,
        "size": raw.bytes.len(),
        "subject": document.subject(),
    });
    match document {
        Document::Manifest(manifest) => {
            described["kind"] = json!("image manifest");
            described["artifactType"] = json!(manifest.effective_artifact_type());
            described["layers"] = json!(manifest.layers.iter().map(|layer| json!({"mediaType": layer.media_type, "digest": layer.digest, "size": layer.size})).collect::<Vec<_>>());
        }
        Document::Index(index) => {
            described["kind"] = json!("image index");
            let entries = &index.manifests;
            described["manifests"] =
                json!(entries.iter().map(|entry| describe_entry(entry, entries)).collect::<Vec<_>>());
        }
    }
    described
}

/// Prints a document as indented `name: value` lines.
fn print(context: &Context, value: &Value, depth: usize) -> std::result::Result<(), Failure> {
    let Value::Object(fields) = value else {
        return context.output.line(&format!("{}{value}", "  ".repeat(depth)));
    };
    for (name, value) in fields {
        let indent = "  ".repeat(depth);
        match value {
            Value::Null => {}
            Value::Object(_) => {
                context.output.line(&format!("{indent}{name}:"))?;
                print(context, value, depth + 1)?;
            }
            Value::Array(items) => {
                context.output.line(&format!("{indent}{name}:"))?;
                for item in items {
                    context.output.line(&format!("{indent}  - {item}"))?;
                }
            }
            Value::String(text) => context.output.line(&format!("{indent}{name}: {text}"))?,
            other => context.output.line(&format!("{indent}{name}: {other}"))?,
        }
    }
    Ok(())
}
