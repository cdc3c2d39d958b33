//! openssl as the judge: a stored signature is fetched by other programs than ours, and verified over the exact bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use testkit::Run;
use testkit::documents::pae;

use crate::Bench;
use crate::made::KeyKind;
use crate::page::Cell;
use crate::peers::Format;

/// Verifies our only signature of an image. `why` is why cosign cannot.
pub fn image(bench: &Bench, image: &str, kind: KeyKind, format: Format, why: &str) -> Cell {
    let stored = match format {
        Format::Bundle => of_bundle(bench, image),
        Format::Legacy => of_tag(bench, image),
    };
    match stored {
        Ok((message, signature)) => judge(bench, image, kind, &message, &signature, why),
        Err(red) => red,
    }
}

/// Verifies a signature over a message.
pub fn judge(bench: &Bench, name: &str, kind: KeyKind, message: &[u8], signature: &[u8], why: &str) -> Cell {
    let stem: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let (message_file, signature_file) = (format!("{stem}.message"), format!("{stem}.signature"));
    bench.sandbox.write(&message_file, message);
    bench.sandbox.write(&signature_file, signature);
    let (_, public) = kind.theirs();
    let hash = kind.hash.map(|hash| format!("-{hash}"));
    let words = match &hash {
        Some(hash) => vec!["dgst", hash, "-verify", &public, "-signature", &signature_file, &message_file],
        None => vec![
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            &public,
            "-rawin",
            "-in",
            &message_file,
            "-sigfile",
            &signature_file,
        ],
    };
    let run = bench.sandbox.run(&bench.peers.openssl, words);
    if run.code == Some(0) { Cell::OpenSsl(why.to_owned()) } else { Cell::red(&run) }
}

type Stored = Result<(Vec<u8>, Vec<u8>), Cell>;

fn of_tag(bench: &Bench, image: &str) -> Stored {
    let (repository, digest) = image.split_once('@').unwrap_or_default();
    let tag = format!("{repository}:{}.sig", digest.replace(':', "-"));
    let manifest = crane(bench, &["manifest", &tag])?.json();
    let layer = &manifest["layers"][0];
    let payload = format!("{repository}@{}", layer["digest"].as_str().unwrap_or_default());
    let payload = crane(bench, &["blob", &payload])?.stdout.into_bytes();
    Ok((payload, base64(&layer["annotations"]["dev.cosignproject.cosign/signature"])))
}

fn of_bundle(bench: &Bench, image: &str) -> Stored {
    let (repository, _) = image.split_once('@').unwrap_or_default();
    let discover = ["discover", "--plain-http", "--format", "json", image];
    let run = bench.sandbox.run(&bench.peers.oras, discover);
    if run.code != Some(0) {
        return Err(Cell::red(&run));
    }
    let listed = run.json();
    let referrer = listed["referrers"][0]["reference"].as_str().unwrap_or_default();
    let manifest = crane(bench, &["manifest", referrer])?.json();
    let layer = format!("{repository}@{}", manifest["layers"][0]["digest"].as_str().unwrap_or_default());
    let bundle = crane(bench, &["blob", &layer])?.json();
    let envelope = &bundle["dsseEnvelope"];
    let (kind, payload) =
        (envelope["payloadType"].as_str().unwrap_or_default(), base64(&envelope["payload"]));
    Ok((pae(kind, &payload), base64(&envelope["signatures"][0]["sig"])))
}

fn crane(bench: &Bench, words: &[&str]) -> Result<Run, Cell> {
    let words: Vec<_> = words.iter().chain(&["--insecure"]).collect();
    let run = bench.sandbox.run(&bench.peers.crane, words);
    if run.code == Some(0) { Ok(run) } else { Err(Cell::red(&run)) }
}

fn base64(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap_or_default()).expect("base64")
}
