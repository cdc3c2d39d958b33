//! Files: `sign-blob` and `verify-blob`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use testkit::Run;

use crate::images::HEAD;
use crate::made::KeyKind;
use crate::page::{Cell, Table};
use crate::peers::{Cosign, Format, line};
use crate::{Bench, openssl};

pub const INTRODUCTION: &str = "\
`sign-blob` and `verify-blob`. Here *legacy* is a signature in base64 in a file of its own.";

const BLOB: &str = "blob.txt";

pub fn table(bench: &Bench) -> Table {
    bench.sandbox.write(BLOB, "some bytes\n");
    Table::of_all(&HEAD, |kind, format| row(bench, kind, format))
}

/// The flag that names the file with the signature: when signing, and when verifying.
const fn flags(format: Format) -> (&'static str, &'static str) {
    match format {
        Format::Bundle => ("--bundle", "--bundle"),
        Format::Legacy => ("--output-signature", "--signature"),
    }
}

fn row(bench: &Bench, kind: KeyKind, format: Format) -> Vec<Cell> {
    let file = format!("blob-ours-{}-{}", kind.slug(), format.name());
    let (key, _) = kind.theirs();
    let sign = bench.sandbox.countersign(["sign-blob", "--key", &key, flags(format).0, &file, BLOB]);
    if sign.code != Some(0) {
        return vec![Cell::red(&sign); HEAD.len() - 1];
    }
    Cosign::ALL
        .into_iter()
        .flat_map(|cosign| {
            let [own, read] = signed_by(bench, cosign, kind, format);
            let ours = verified_by(bench, cosign, kind, format, &file, &own);
            [own, read, ours]
        })
        .collect()
}

fn signed_by(bench: &Bench, cosign: Cosign, kind: KeyKind, format: Format) -> [Cell; 2] {
    let (key, public) = kind.ours();
    let (output, input) = flags(format);
    let file = format!("blob-{}-{}-{}", cosign.short(), kind.slug(), format.name());
    let words = ["sign-blob", "--key", &key, output, &file, BLOB];
    let sign = bench.sandbox.run(bench.peers.cosign(cosign), line(&words, cosign.sign_flags(format)));
    if sign.code != Some(0) {
        return [Cell::of_theirs(&sign), Cell::None];
    }
    let own = verify(bench, cosign, format, &public, &file);
    [own, Cell::of_ours(&bench.sandbox.countersign(["verify-blob", "--key", &public, input, &file, BLOB]))]
}

fn verified_by(bench: &Bench, cosign: Cosign, kind: KeyKind, format: Format, file: &str, own: &Cell) -> Cell {
    let (_, public) = kind.theirs();
    match (verify(bench, cosign, format, &public, file), own) {
        (Cell::No(why), Cell::No(_)) => {
            let name = format!("{file}-{}", cosign.short());
            openssl::judge(
                bench,
                &name,
                kind,
                &bench.sandbox.read(BLOB),
                &signature(bench, format, file),
                &why,
            )
        }
        (Cell::No(why), _) => Cell::Red(format!("{} verifies its own, not ours: {why}", cosign.name())),
        (other, _) => other,
    }
}

fn signature(bench: &Bench, format: Format, file: &str) -> Vec<u8> {
    let content = bench.sandbox.read(file);
    let text = match format {
        Format::Legacy => String::from_utf8(content).expect("base64"),
        Format::Bundle => {
            let bundle: serde_json::Value = serde_json::from_slice(&content).expect("a bundle");
            bundle["messageSignature"]["signature"].as_str().unwrap_or_default().to_owned()
        }
    };
    STANDARD.decode(text.trim()).expect("base64")
}

fn verify(bench: &Bench, cosign: Cosign, format: Format, public: &str, file: &str) -> Cell {
    let words = ["verify-blob", "--key", public, flags(format).1, file, BLOB];
    let new_format: &[&str] = match (cosign, format) {
        (Cosign::Three, Format::Legacy) => &["--new-bundle-format=false"],
        (Cosign::Two, Format::Bundle) => &["--new-bundle-format"],
        _ => &[],
    };
    let mut command = bench.sandbox.command(bench.peers.cosign(cosign));
    command.args(line(&words, new_format));
    match (cosign, format) {
        // It takes no trusted root here, and this keeps it from asking the network for one.
        (Cosign::Two, Format::Legacy) => {
            command.arg("--insecure-ignore-tlog").env("SIGSTORE_REKOR_PUBLIC_KEY", public);
        }
        _ => {
            command.args(cosign.verify_flags());
        }
    }
    Cell::of_theirs(&Run::of(&mut command, b""))
}
