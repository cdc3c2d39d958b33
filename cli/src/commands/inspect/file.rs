//! What a file is: a key, a bundle, envelopes, a manifest.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use countersign_core::evidence::{self, EvidenceError};
use countersign_core::format::bundle::{Bundle, Content};
use countersign_core::format::dsse::Envelope;
use countersign_core::format::statement::Statement;
use countersign_core::key::{self, PublicKey};
use countersign_core::oci::RawManifest;
use countersign_core::outcome::Outcome;
use countersign_core::{file, limits, media_type};
use serde_json::{Value, json};

use super::describe_manifest;
use crate::failure::Failure;
use crate::files;
use crate::keys;

/// The type of an SBOM by CycloneDX.
const CYCLONEDX: &str = "https://cyclonedx.org/bom";

/// Tells what is in a file: one thing, or several envelopes.
pub(super) fn describe(path: &Path) -> Result<Vec<Value>, Failure> {
    let content =
        file::read_bounded(path, limits::ATTACHMENT_BYTES).map_err(|error| Failure::setting(path, &error))?;
    match envelopes(&content) {
        Some(envelopes) => Ok(envelopes.iter().map(describe_lone).collect()),
        None => describe_one(path, &content).map(|described| vec![described]),
    }
}

/// The envelopes of a file that has nothing else: one, or one a line.
fn envelopes(content: &[u8]) -> Option<Vec<Envelope>> {
    let parse = |document: &[u8]| Envelope::parse(Bytes::copy_from_slice(document)).ok();
    if let Some(envelope) = parse(content) {
        return Some(vec![envelope]);
    }
    files::lines(content).map(parse).collect::<Option<Vec<_>>>().filter(|envelopes| !envelopes.is_empty())
}

/// An envelope that is in no bundle.
fn describe_lone(envelope: &Envelope) -> Value {
    let mut described = describe_envelope(envelope);
    described["kind"] = json!("DSSE envelope");
    described["signatures"] = json!(envelope.signatures.len());
    described
}

fn describe_one(path: &Path, content: &[u8]) -> Result<Value, Failure> {
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
        format!("{}: is no key, bundle, envelope or manifest", path.display()),
    )
    .hint("keys are PEM; envelopes are JSON with a payload, bundles and manifests with a mediaType"))
}

fn describe_key(path: &Path, content: &[u8]) -> Result<Value, Failure> {
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

fn describe_bundle(path: &Path, bundle: &Bundle) -> Result<Value, Failure> {
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
            let mut described = describe_envelope(envelope);
            described["content"] = json!("DSSE envelope");
            described
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

fn describe_envelope(envelope: &Envelope) -> Value {
    let (statement, unreadable) = match Statement::parse(&envelope.payload) {
        Ok(statement) => (Some(statement), None),
        // Of another payload type it need be none.
        Err(error) => {
            (None, Some(error.to_string()).filter(|_| envelope.payload_type == media_type::IN_TOTO))
        }
    };
    let scan = statement.as_ref().and_then(describe_scan);
    json!({
        "payloadType": envelope.payload_type,
        "unreadable": unreadable,
        "scan": scan,
        "predicateType": statement.as_ref().map(|statement| statement.predicate_type.clone()),
        "subject": statement.map(|statement| statement.subject.iter().map(|subject| json!(subject.digest)).collect::<Vec<_>>()),
    })
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
