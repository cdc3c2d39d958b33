//! `inspect`

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use clap::{Args, ValueEnum};
use countersign_core::buildkit::{self, Index, Outline};
use countersign_core::evidence::{self, EvidenceError};
use countersign_core::format::bundle::{Bundle, Content};
use countersign_core::format::statement::Statement;
use countersign_core::key::{self, PublicKey};
use countersign_core::oci::{Descriptor, Document, RawManifest};
use countersign_core::outcome::Outcome;
use countersign_core::{file, limits, media_type};
use serde_json::{Value, json};

use super::Result;
use crate::context::Context;
use crate::failure::Failure;
use crate::keys;
use crate::options::RegistryArgs;
use crate::stores::Stores;

/// The type of an SBOM by CycloneDX.
const CYCLONEDX: &str = "https://cyclonedx.org/bom";

/// Tell what something is: a key, a bundle or a manifest in a file, or an image.
///
/// Nothing is verified.
#[derive(Args, Debug)]
pub(crate) struct InspectArgs {
    /// A file, or an image reference
    #[arg(value_name = "FILE|IMAGE")]
    what: String,

    /// What to print
    #[arg(long, short, value_enum, default_value = "text")]
    output: InspectOutput,

    #[command(flatten)]
    registry: RegistryArgs,
}

/// See `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum InspectOutput {
    Text,
    Json,
}

pub(super) async fn run(args: &InspectArgs, context: &Context) -> Result {
    let path = Path::new(&args.what);
    let described = match path.is_file() || is_path(&args.what) {
        true => {
            let content = file::read_bounded(path, limits::ATTACHMENT_BYTES)
                .map_err(|error| Failure::setting(path, &error))?;
            describe_file(path, &content)?
        }
        false => describe_image(args, context).await?,
    };
    match args.output {
        InspectOutput::Json => context.output.json(&described)?,
        InspectOutput::Text => print(context, &described, 0)?,
    }
    Ok(Outcome::Proven)
}

/// What no image reference begins with: a file that is not there is not looked for in a registry.
fn is_path(what: &str) -> bool {
    ["/", "./", "../"].iter().any(|start| what.starts_with(start))
}

fn describe_file(path: &Path, content: &[u8]) -> std::result::Result<Value, Failure> {
    if content.windows(11).any(|window| window == b"-----BEGIN ") {
        return describe_key(path, content);
    }
    let malformed = match Bundle::parse(Bytes::copy_from_slice(content)) {
        Ok(bundle) => return describe_bundle(path, &bundle),
        Err(error) => Failure::from(error).at(path.display()),
    };
    let named = |document: Value| document.get("mediaType")?.as_str().map(str::to_owned);
    if let Some(named) = serde_json::from_slice(content).ok().and_then(named) {
        if named.starts_with(media_type::BUNDLE_PREFIX) {
            return Err(malformed);
        }
        let raw = RawManifest::of(&named, content.to_vec().into());
        return Ok(describe_manifest(&raw, &raw.parse()?));
    }
    Err(Failure::new(
        Outcome::Refused,
        "UNKNOWN_CONTENT",
        format!("{}: is no key, bundle or manifest", path.display()),
    )
    .hint("keys are PEM; bundles and manifests are JSON with a mediaType"))
}

fn describe_key(path: &Path, content: &[u8]) -> std::result::Result<Value, Failure> {
    if let Ok(public) = PublicKey::from_pem(content) {
        return Ok(
            json!({"kind": "public key", "algorithm": public.kind().to_string(), "key": keys::name(&public)}),
        );
    }
    let located = |error: key::KeyError| Failure::from(error).at(path.display());
    if key::needs_password(content).map_err(located)? {
        return Ok(json!({"kind": "private key", "encrypted": true}));
    }
    let private = key::PrivateKey::from_pem(content).map_err(located)?;
    let public = private.public_key();
    Ok(
        json!({"kind": "private key", "encrypted": false, "algorithm": public.kind().to_string(), "key": keys::name(public)}),
    )
}

fn describe_bundle(path: &Path, bundle: &Bundle) -> std::result::Result<Value, Failure> {
    let material = &bundle.verification_material;
    let located = |error| Failure::from(error).at(path.display());
    let content = match bundle.content().map_err(located)? {
        Content::Message(message) => {
            let digest = message.message_digest.as_ref();
            json!({
                "content": "message signature",
                "algorithm": digest.map(|digest| digest.algorithm.clone()),
            })
        }
        Content::Envelope(envelope) => {
            let (statement, unreadable) = match Statement::parse(&envelope.payload) {
                Ok(statement) => (Some(statement), None),
                // Of another payload type it need be none.
                Err(error) => {
                    (None, Some(error.to_string()).filter(|_| envelope.payload_type == media_type::IN_TOTO))
                }
            };
            let scan = statement.as_ref().and_then(describe_scan);
            json!({
                "content": "DSSE envelope",
                "payloadType": envelope.payload_type,
                "unreadable": unreadable,
                "scan": scan,
                "predicateType": statement.as_ref().map(|statement| statement.predicate_type.clone()),
                "subject": statement.map(|statement| statement.subject.iter().map(|subject| json!(subject.digest)).collect::<Vec<_>>()),
            })
        }
    };
    Ok(json!({
        "kind": "Sigstore bundle",
        "mediaType": bundle.media_type,
        "signedWith": if material.public_key.is_some() { "key" } else { "certificate" },
        "keyHint": material.public_key.as_ref().map(|key| key.hint.clone()),
        "logEntries": material.tlog_entries.len(),
        "timestamps": material.timestamp_verification_data.as_ref().map_or(0, |data| data.rfc3161_timestamps.len()),
        "signed": content,
    }))
}

/// What a scan found, where the statement is one of a scanner.
fn describe_scan(statement: &Statement<'_>) -> Option<Value> {
    let scan = match evidence::scan(&statement.predicate_type, statement.predicate?.get().as_bytes()) {
        Ok(scan) => scan,
        Err(EvidenceError::Unknown(_)) => return None,
        Err(error) => return Some(json!({"unreadable": error.to_string()})),
    };
    // Any SBOM may say what is wrong with it; most do not.
    if scan.findings.is_empty() && statement.predicate_type == CYCLONEDX {
        return None;
    }
    let mut found = BTreeMap::new();
    for finding in &scan.findings {
        *found.entry(finding.severity).or_insert(0_usize) += 1;
    }
    let found: serde_json::Map<_, _> =
        found.iter().rev().map(|(severity, count)| (severity.name().to_owned(), json!(count))).collect();
    Some(json!({
        "scanner": scan.scanner,
        "version": scan.scanner_version,
        "databaseUpdated": scan.database_updated,
        "finished": scan.finished,
        "findings": found,
    }))
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
