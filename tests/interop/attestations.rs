//! Attestations: every predicate type that cosign knows by name, and others by their URI.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use testkit::Run;
use testkit::servers::Server;

use crate::images::HEAD;
use crate::made::KINDS;
use crate::page::{Cell, Table};
use crate::peers::{Cosign, Format, line};
use crate::{Bench, each};

pub const IMAGES: &str = "\
`attest` and `verify-attestation --type`, by P-256 keys, for each type that cosign knows by name, and others by their
URI. A *yes* of countersign also means that the predicate's bytes are those of the file, odd numbers, spaces and the order
of keys included.";

pub const FILES: &str = "\
`attest-blob` and `verify-blob-attestation` of the same predicates. Here *legacy* is cosign's first form of a bundle.";

/// A type, and a predicate that is one of it. The spaces, the number and the order are what rewriting would lose.
const PREDICATES: [(&str, &str); 13] = [
    ("custom", r#"{"z": 9007199254740993, "a": 1.0}"#),
    (
        "slsaprovenance",
        r#"{"builder": {"id": "https://example.com/builder"}, "buildType": "https://example.com/build", "invocation": {}, "x": 9007199254740993}"#,
    ),
    (
        "slsaprovenance02",
        r#"{"builder": {"id": "https://example.com/builder"}, "buildType": "https://example.com/build"}"#,
    ),
    (
        "slsaprovenance1",
        r#"{"runDetails": {"builder": {"id": "https://example.com/builder"}}, "buildDefinition": {"buildType": "https://example.com/build", "externalParameters": {"n": 9007199254740993}}}"#,
    ),
    (
        "link",
        r#"{"_type": "link", "name": "build", "command": ["make"], "materials": {}, "products": {}, "byproducts": {}, "environment": {}}"#,
    ),
    ("spdx", "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n"),
    ("spdxjson", r#"{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "n": 9007199254740993}"#),
    ("cyclonedx", r#"{"specVersion": "1.6", "bomFormat": "CycloneDX", "version": 9007199254740993}"#),
    (
        "vuln",
        r#"{"invocation": {}, "scanner": {"uri": "https://example.com/scanner", "version": "1", "db": {}, "result": {"n": 1}}, "metadata": {"scanStartedOn": "2026-01-02T03:04:05Z", "scanFinishedOn": "2026-01-02T03:04:06Z"}}"#,
    ),
    (
        "openvex",
        r#"{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex", "author": "x", "timestamp": "2026-01-02T03:04:05Z", "version": 1, "statements": []}"#,
    ),
    (
        "https://slsa.dev/verification_summary/v1",
        r#"{"verifier": {"id": "https://example.com/verifier"}, "n": 9007199254740993}"#,
    ),
    (
        "https://in-toto.io/attestation/test-result/v0.1",
        r#"{"result": "PASSED", "configuration": [], "b": {"z": 1, "a": 2}}"#,
    ),
    ("https://example.com/any", r#"{"z": [1.50, 1e3], "a": "\u00e9"}"#),
];

pub fn images(bench: &Bench, server: &Server) -> Table {
    table(bench, |number, format| {
        let (kind, file) = (PREDICATES[number].0, file(number));
        let repository = |signer: &str| format!("{}/{signer}/{number}-{}", server.host(), format.name());
        let ours = bench.peers.push(&bench.sandbox, &repository("attested/ours"));
        let (key, _) = KINDS[0].theirs();
        let words =
            ["attest", "--key", &key, "--type", kind, "--predicate", &file, "--format", format.name(), &ours];
        let attest = bench.sandbox.countersign(words);
        let theirs = |cosign: Cosign| {
            let image =
                bench.peers.push(&bench.sandbox, &repository(&format!("attested/{}", cosign.short())));
            let (key, _) = KINDS[0].ours();
            let words = [
                "attest",
                "--allow-http-registry",
                "--key",
                &key,
                "--type",
                kind,
                "--predicate",
                &file,
                &image,
            ];
            let words = line(&words, cosign.sign_flags(format));
            (bench.sandbox.run(bench.peers.cosign(cosign), words), image)
        };
        let verify = |cosign: Cosign, public: &str, image: &str| {
            let words =
                ["verify-attestation", "--allow-http-registry", "--key", public, "--type", kind, image];
            let new_format: &[&str] = match (cosign, format) {
                (Cosign::Two, Format::Bundle) => &["--new-bundle-format"],
                _ => &[],
            };
            let words = [line(&words, cosign.verify_flags()), new_format.to_vec()].concat();
            bench.sandbox.run(bench.peers.cosign(cosign), words)
        };
        let read = |public: &str, image: &str| {
            bench.sandbox.countersign(["verify-attestation", "--key", public, "--type", kind, image])
        };
        row(number, &attest, &ours, theirs, verify, read)
    })
}

pub fn files(bench: &Bench) -> Table {
    bench.sandbox.write("attested.txt", "some bytes\n");
    table(bench, |number, format| {
        let (kind, file) = (PREDICATES[number].0, file(number));
        let bundle = |signer: &str| format!("attested-{signer}-{number}-{}", format.name());
        let ours = bundle("ours");
        let (key, _) = KINDS[0].theirs();
        let new_format = format!("--new-bundle-format={}", format == Format::Bundle);
        let words = ["attest-blob", "--key", &key, "--type", kind, "--predicate", &file, "--bundle", &ours];
        let attest = bench.sandbox.countersign(line(&words, &[&new_format, "attested.txt"]));
        let theirs = |cosign: Cosign| {
            let bundle = bundle(cosign.short());
            let (key, _) = KINDS[0].ours();
            let words =
                ["attest-blob", "--key", &key, "--type", kind, "--predicate", &file, "--bundle", &bundle];
            let words = [line(&words, cosign.sign_flags(format)), vec!["attested.txt"]].concat();
            (bench.sandbox.run(bench.peers.cosign(cosign), words), bundle)
        };
        let verify = |cosign: Cosign, public: &str, bundle: &str| {
            let mut command = bench.sandbox.command(bench.peers.cosign(cosign));
            command.args(verify_blob(public, kind, bundle));
            match (cosign, format) {
                (Cosign::Three, Format::Legacy) => {
                    command.args(["--new-bundle-format=false", "--insecure-ignore-tlog"])
                }
                (Cosign::Three, Format::Bundle) => command.args(cosign.verify_flags()),
                (Cosign::Two, Format::Bundle) => {
                    command.arg("--new-bundle-format").args(cosign.verify_flags())
                }
                (Cosign::Two, Format::Legacy) => {
                    command.arg("--insecure-ignore-tlog").env("SIGSTORE_REKOR_PUBLIC_KEY", public)
                }
            };
            Run::of(&mut command, b"")
        };
        let read = |public: &str, bundle: &str| bench.sandbox.countersign(verify_blob(public, kind, bundle));
        row(number, &attest, &ours, theirs, verify, read)
    })
}

/// The line that verifies an attestation of the file, as both programs take it.
fn verify_blob<'a>(public: &'a str, kind: &'a str, bundle: &'a str) -> [&'a str; 8] {
    ["verify-blob-attestation", "--key", public, "--type", kind, "--bundle", bundle, "attested.txt"]
}

fn table(bench: &Bench, row: impl Fn(usize, Format) -> Vec<Cell> + Sync) -> Table {
    for (number, (_, predicate)) in PREDICATES.iter().enumerate() {
        bench.sandbox.write(file(number), predicate);
    }
    let all: Vec<_> =
        (0..PREDICATES.len()).flat_map(|number| Format::ALL.map(|format| (number, format))).collect();
    let rows = each(&all, |(number, format)| row(*number, *format));
    let mut table = Table::new(&[&["Type, format"], &HEAD[1..]].concat());
    for ((number, format), cells) in all.into_iter().zip(rows) {
        table.row(format!("{}, {}", PREDICATES[number].0, format.name()), cells);
    }
    table
}

fn file(number: usize) -> String {
    format!("predicate-{number}")
}

/// `theirs` attests and names the place; `verify` is theirs, `read` ours.
fn row(
    number: usize,
    attest: &Run,
    ours: &str,
    theirs: impl Fn(Cosign) -> (Run, String),
    verify: impl Fn(Cosign, &str, &str) -> Run,
    read: impl Fn(&str, &str) -> Run,
) -> Vec<Cell> {
    if attest.code != Some(0) {
        return vec![Cell::red(attest); HEAD.len() - 1];
    }
    let own = read(&KINDS[0].theirs().1, ours);
    if own.code != Some(0) || !keeps_bytes(number, &own) {
        return vec![Cell::red(&own); HEAD.len() - 1];
    }
    Cosign::ALL
        .into_iter()
        .flat_map(|cosign| {
            let (sign, place) = theirs(cosign);
            let (own, back) = match sign.code {
                Some(0) => {
                    let (_, public) = KINDS[0].ours();
                    (Cell::of_theirs(&verify(cosign, &public, &place)), Cell::of_ours(&read(&public, &place)))
                }
                _ => (Cell::of_theirs(&sign), Cell::None),
            };
            let run = verify(cosign, &KINDS[0].theirs().1, ours);
            let there = match (Cell::of_theirs(&run), &own) {
                (Cell::No(why), Cell::Yes(_)) => {
                    Cell::Red(format!("{} verifies its own, not ours: {why}", cosign.name()))
                }
                (cell, _) => cell,
            };
            [own, back, there]
        })
        .collect()
}

/// Whether what was printed, if anything, has the predicate's own bytes.
fn keeps_bytes(number: usize, run: &Run) -> bool {
    let Ok(envelope) = serde_json::from_str::<Value>(run.stdout.trim()) else { return run.stdout.is_empty() };
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap_or_default()).expect("base64");
    let statement = String::from_utf8(payload).expect("text");
    let (kind, predicate) = PREDICATES[number];
    match kind {
        "custom" | "spdx" => {
            let statement: Value = serde_json::from_str(&statement).expect("a statement");
            let wrapped =
                if kind == "spdx" { &statement["predicate"] } else { &statement["predicate"]["Data"] };
            wrapped.as_str() == Some(predicate)
        }
        _ => statement.ends_with(&format!(r#""predicate":{predicate}}}"#)),
    }
}
