//! `sbom convert` and `sbom merge`: what is kept, what is said to be lost, and what cannot be read.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use testkit::servers::{Kind, Server};
use testkit::{Run, Sandbox, peer};

use crate::images::push;

/// A document of somebody else.
fn document(name: &str, serial: u8, components: Value) -> String {
    let document = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": format!("urn:uuid:{serial}"),
        "metadata": {"timestamp": format!("2026-01-02T03:04:0{serial}Z"), "tools": [{"name": "maker", "version": "1"}],
            "component": {"type": "application", "name": name, "version": "1", "bom-ref": "root"}},
        "components": components,
        "dependencies": [{"ref": "a", "dependsOn": ["b"]}],
    });
    document.to_string()
}

fn a() -> Value {
    json!({"type": "library", "bom-ref": "a", "name": "a", "version": "1", "purl": "pkg:npm/a@1",
        "licenses": [{"license": {"id": "MIT"}}], "pedigree": {}, "copyright": "(c)"})
}

fn b(license: &str) -> Value {
    json!({"type": "library", "bom-ref": "b", "name": "b", "licenses": [{"license": {"id": license}}]})
}

fn parsed(text: impl AsRef<[u8]>) -> Value {
    serde_json::from_slice(text.as_ref()).expect("JSON")
}

#[test]
fn a_document_is_converted_and_what_has_no_place_is_said() {
    let sandbox = Sandbox::new();
    sandbox.write("one.json", document("shop", 1, json!([a(), b("ISC")])));
    let words =
        ["sbom", "convert", "one.json", "-o", "spdx-json", "-o", "swid=one.swid", "--losses", "lost.json"];
    let run = sandbox.countersign(words).succeeds();
    assert!(run.stderr.contains("not read: components[].pedigree: 1"), "{}", run.stderr);
    assert!(run.stderr.contains("not in swid: tools: 1"), "{}", run.stderr);
    let made = parsed(&run.stdout);
    assert_eq!(made["creationInfo"]["created"], "2026-01-02T03:04:01Z");
    let creators = made["creationInfo"]["creators"].as_array().expect("creators");
    assert!(creators.contains(&json!("Tool: maker-1")), "{creators:?}");
    assert_eq!(made["packages"][1]["licenseDeclared"], "MIT");
    let lost = parsed(sandbox.read("lost.json"));
    assert_eq!(lost["format"], "CycloneDX 1.5");
    assert_eq!(lost["notRead"], json!({"components[].copyright": 1, "components[].pedigree": 1}));
    assert_eq!(lost["notWritten"], json!({"spdx-json@2.3": {}, "swid": {"tools": 1}}));
    // The same again gives the same bytes, and the environment decides the time.
    let again = sandbox.countersign(["sbom", "convert", "one.json", "-o", "spdx-json"]).succeeds();
    assert_eq!(again.stdout, run.stdout);
    let mut command = sandbox.command(testkit::program());
    command.args(["sbom", "convert", "-"]).env("SOURCE_DATE_EPOCH", "1700000000");
    command.stdin(Stdio::piped());
    let piped = Run::of(&mut command, &sandbox.read("one.swid")).succeeds();
    assert_eq!(parsed(&piped.stdout)["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
}

#[test]
fn strict_writes_nothing_where_something_has_no_place() {
    let sandbox = Sandbox::new();
    sandbox.write("one.json", document("shop", 1, json!([a()])));
    let words = ["sbom", "convert", "one.json", "--strict", "-o", "spdx-json=two.json"];
    sandbox.countersign(words).fails(1, "SBOM_LOSS");
    sandbox.countersign(words.iter().chain(&["--losses", "lost.json"])).fails(1, "SBOM_LOSS");
    assert!(!sandbox.path("two.json").exists() && !sandbox.path("lost.json").exists());
    sandbox.write("one.json", document("shop", 1, json!([b("MIT")])));
    let words = ["sbom", "convert", "one.json", "--strict", "-o", "spdx-json=two.json"];
    // The document names a dependency that it does not have.
    sandbox.countersign(words).fails(1, "SBOM_LOSS");
    sandbox.countersign(["sbom", "convert", "one.json", "-o", "spdx-json=two.json"]).succeeds();
    sandbox.countersign(["sbom", "convert", "two.json", "--strict", "-o", "spdx-tag-value"]).succeeds();
}

#[test]
fn documents_are_merged_in_any_order() {
    let sandbox = Sandbox::new();
    sandbox.write("one.json", document("shop", 1, json!([a(), b("ISC")])));
    sandbox.write("two.json", document("other", 2, json!([b("MIT"), a()])));
    let first = sandbox.countersign(["sbom", "merge", "one.json", "two.json"]).succeeds();
    let second = sandbox.countersign(["sbom", "merge", "two.json", "one.json"]).succeeds();
    assert!(first.stderr.contains("b: documents differ in licenses: ISC | MIT"), "{}", first.stderr);
    let made = parsed(&first.stdout);
    assert_eq!(made["metadata"]["component"]["name"], "shop");
    assert_eq!(parsed(&second.stdout)["metadata"]["component"]["name"], "other");
    assert_eq!(parsed(&second.stdout)["components"], made["components"]);
    assert_eq!(made["metadata"]["timestamp"], "2026-01-02T03:04:02Z");
    let [a, b] = made["components"].as_array().expect("components").as_slice() else { panic!("{made}") };
    let origins = json!([{"name": "countersign:origin:0", "value": "urn:uuid:1"},
        {"name": "countersign:origin:1", "value": "urn:uuid:2"}]);
    assert_eq!((&a["properties"], &b["properties"]), (&origins, &origins));
    assert_eq!(b["licenses"].as_array().map(Vec::len), Some(2));
    let graph = made["dependencies"].as_array().expect("dependencies");
    let of_a = graph.iter().find(|node| node["ref"] == a["bom-ref"]).expect("a node");
    assert_eq!(of_a["dependsOn"], json!([b["bom-ref"]]));
    assert!(first.stderr.contains("subject: documents differ in name: other | shop"), "{}", first.stderr);
    sandbox.countersign(["sbom", "merge", "one.json", "two.json", "--strict"]).fails(1, "SBOM_CONFLICT");
    // Nothing differs here, and a copyright has no place.
    sandbox.countersign(["sbom", "merge", "one.json", "one.json", "--strict"]).fails(1, "SBOM_LOSS");
    // Named, the subject does not depend on the order either.
    let named = |one, two| {
        let words = ["sbom", "merge", one, two, "--name", "all", "--version", "3"];
        sandbox.countersign(words).succeeds().stdout
    };
    assert_eq!(named("one.json", "two.json"), named("two.json", "one.json"));
}

/// The documents and the file of what they lose are written together, or none of them is.
#[test]
fn what_has_no_place_is_told_beside_the_documents_or_not_at_all() {
    let sandbox = Sandbox::new();
    sandbox.write("one.json", document("shop", 1, json!([a()])));
    for [document, losses] in [["nowhere/two.swid", "lost.json"], ["two.swid", "nowhere/lost.json"]] {
        let output = format!("swid={document}");
        for command in ["convert", "merge"] {
            let words = ["sbom", command, "one.json", "-o", &output, "--losses", losses];
            sandbox.countersign(words).fails(3, "FILE_IO");
            assert!(!sandbox.path("two.swid").exists() && !sandbox.path("lost.json").exists());
        }
    }
    let words = ["sbom", "merge", "one.json", "-o", "swid=two.swid", "--losses", "lost.json"];
    let run = sandbox.countersign(words).succeeds();
    assert!(run.stderr.contains("1 component of 1 document\n"), "{}", run.stderr);
    assert!(sandbox.path("two.swid").exists() && sandbox.path("lost.json").exists());
}

#[test]
fn the_components_of_a_document_are_listed() {
    let sandbox = Sandbox::new();
    let hostile = json!({"type": "library", "name": "x\u{1b}[2J\ty\u{202e}", "version": "1\n2"});
    sandbox.write("one.json", document("shop", 1, json!([a(), hostile])));
    // Whether or not a terminal is there (threat model, row 79).
    let expected = "npm\ta\t1\n-\tx\\u{1b}[2J\\ty\\u{202e}\t1\\u{a}2\n";
    let of_file = sandbox.countersign(["sbom", "list", "one.json"]).succeeds();
    assert_eq!(of_file.stdout, expected);
    let piped = sandbox.countersign_with(&sandbox.read("one.json"), ["sbom", "list", "-"]).succeeds();
    assert_eq!(piped.stdout, expected);
    let listed = sandbox.countersign(["sbom", "list", "-o", "json", "one.json"]).succeeds().json();
    assert_eq!(listed[1]["name"], "x\u{1b}[2J\ty\u{202e}");
    let line = format!("{} sbom list <(cat one.json)", testkit::program().display());
    assert_eq!(sandbox.run("bash", ["-c", &line]).succeeds().stdout, expected);
    // A file of the name of an image, that is no SBOM, is none.
    sandbox.write("text", "no SBOM");
    sandbox.countersign(["sbom", "list", "text"]).fails(1, "SBOM_UNKNOWN");
}

/// What 'verify-attestation' prints is one envelope a line.
#[test]
fn of_several_documents_on_several_lines_one_is_to_be_taken() {
    let sandbox = Sandbox::with_image();
    sandbox.write("one.json", document("shop", 1, json!([a()])));
    let attest =
        ["attest", "--key", "cosign.key", "--type", "cyclonedx", "--predicate", "one.json", "oci:image:v1"];
    let verify = ["verify-attestation", "--key", "cosign.pub", "--type", "cyclonedx", "oci:image:v1"];
    let printed = |lines| {
        sandbox.countersign(attest).succeeds();
        let printed = sandbox.countersign(verify).succeeds().stdout;
        assert_eq!(printed.lines().count(), lines);
        printed
    };
    sandbox.countersign_with(printed(1).as_bytes(), ["sbom", "score", "-"]).succeeds();
    sandbox.write("printed", printed(2));
    for command in ["score", "convert", "merge", "list"] {
        let run = sandbox.countersign(["sbom", command, "printed"]).fails(2, "USAGE");
        assert!(run.stderr.contains("printed: holds 2 documents, one a line"), "{}", run.stderr);
        assert!(run.stderr.contains("head -n 1"), "{}", run.stderr);
    }
    sandbox.countersign(["sbom", "diff", "printed", "one.json"]).fails(2, "USAGE");
    // So it is with the documents themselves.
    let lines = [sandbox.read("one.json"), sandbox.read("one.json")].join(&b'\n');
    sandbox.countersign_with(&lines, ["sbom", "score", "-"]).fails(2, "USAGE");
}

/// Without a type, what is attached is what the document shows, and not what cosign takes everything for.
#[test]
fn what_is_attached_is_what_the_document_shows() {
    let made = Sandbox::new();
    made.write("one.json", document("shop", 1, json!([a()])));
    for (format, flags, expected) in [
        ("cyclonedx-json", &[][..], "application/vnd.cyclonedx+json"),
        ("cyclonedx-xml", &[], "application/vnd.cyclonedx+xml"),
        ("cyclonedx-json", &["--type", "cyclonedx"], "application/vnd.cyclonedx+json"),
        ("spdx-json@2.3", &[], "application/spdx+json"),
        ("spdx-json@3.0", &[], "application/spdx+json"),
        ("spdx-tag-value", &["--type", "spdx"], "text/spdx"),
        ("swid", &[], "application/swid+xml"),
    ] {
        let sandbox = Sandbox::with_image();
        let document = made.countersign(["sbom", "convert", "one.json", "-o", format]).succeeds().stdout;
        let attach = [&["attach", "sbom", "--sbom", "-", "oci:image:v1"][..], flags].concat();
        let run = sandbox.countersign_with(document.as_bytes(), attach).succeeds();
        assert!(!run.stderr.contains("--type says"), "{format}: {}", run.stderr);
        let tree = sandbox.countersign(["tree", "-o", "json", "oci:image:v1"]).succeeds();
        assert!(tree.stdout.contains(&format!("\"{expected}\"")), "{format}: {}", tree.stdout);
    }
    let sandbox = Sandbox::with_image();
    let attach = ["attach", "sbom", "--sbom", "-", "oci:image:v1"];
    let run = sandbox.countersign_with(b"{}", attach).succeeds();
    assert!(run.stderr.contains("it is attached as spdx: --type says what it is"), "{}", run.stderr);
    let told = sandbox.countersign_with(b"{}", attach.iter().chain(&["--type", "spdx"])).succeeds();
    assert!(!told.stderr.contains("--type says"), "{}", told.stderr);
}

#[test]
fn attestations_are_opened_and_said_to_be_unverified() {
    let sandbox = Sandbox::new();
    sandbox.countersign(["generate-key-pair"]).succeeds();
    sandbox.write("blob", "content");
    sandbox.write("one.json", document("shop", 1, json!([a()])));
    let words = [
        "attest-blob",
        "blob",
        "--key",
        "cosign.key",
        "--type",
        "cyclonedx",
        "--predicate",
        "one.json",
        "--bundle",
        "one.bundle",
    ];
    sandbox.countersign(words).succeeds();
    let envelope = parsed(sandbox.read("one.bundle"))["dsseEnvelope"].clone();
    sandbox.write("one.envelope", envelope.to_string());
    let statement = |predicate: Value| {
        json!({"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://spdx.dev/Document",
            "subject": [{"digest": {"sha256": "ab".repeat(32)}}], "predicate": predicate})
        .to_string()
    };
    let tags = "SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: SPDXRef-a\nPackageVersion: 1\n";
    sandbox.write("text.json", statement(json!(tags)));
    sandbox.write("data.json", statement(json!({"Data": tags, "Timestamp": "x"})));
    for file in ["one.bundle", "one.envelope", "text.json", "data.json"] {
        let run = sandbox.countersign(["sbom", "convert", file]).succeeds();
        assert!(run.stderr.contains("nothing was verified"), "{file}: {}", run.stderr);
        assert_eq!(parsed(&run.stdout)["components"][0]["name"], "a", "{file}");
        // What is a pipe can be read once.
        let line = format!("{} sbom convert <(cat {file})", testkit::program().display());
        assert_eq!(sandbox.run("bash", ["-c", &line]).succeeds().stdout, run.stdout, "{file}");
    }
    sandbox.write("other.json", statement(json!({"scanner": {}})));
    sandbox.countersign(["sbom", "convert", "other.json"]).fails(1, "SBOM_UNKNOWN");
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    let sandbox = Sandbox::new();
    for (content, code, place) in [
        ("", "SBOM_UNKNOWN", "empty"),
        ("hello", "SBOM_UNKNOWN", "neither"),
        ("{\"bomFormat\": \"CycloneDX\",\n\"specVersion\": \"9\"}", "SBOM_UNKNOWN", "'9'"),
        ("{\"bomFormat\": \"CycloneDX\",\n\"spec", "SBOM_MALFORMED", "line 2 column"),
        ("<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\">\n<a>", "SBOM_MALFORMED", "line 2 column 4"),
        ("SPDXVersion: SPDX-2.3\nhello", "SBOM_MALFORMED", "line 2"),
    ] {
        sandbox.write("given", content);
        let run = sandbox.countersign(["sbom", "convert", "given"]).fails(1, code);
        assert!(run.stderr.contains(place) && run.stderr.contains("given: "), "{content}: {}", run.stderr);
        assert!(run.stderr.contains("hint: "), "{content}: {}", run.stderr);
    }
    sandbox.countersign(["sbom", "convert", "nowhere"]).fails(2, "FILE_IO");
    for words in [
        vec!["convert", "given", "-o", "swid", "-o", "spdx-json"],
        vec!["convert", "given", "-o", "swid=given"],
        vec!["convert", "given", "--losses", "./given"],
        vec!["merge", "given", "-o", "swid=given"],
    ] {
        let before = sandbox.read("given");
        sandbox.countersign(["sbom"].into_iter().chain(words)).fails(2, "USAGE");
        assert_eq!(sandbox.read("given"), before);
    }
}

/// Documents that come with the packages of the validators, and with a tool's own tests.
#[test]
fn documents_of_others_are_read_and_what_is_made_of_them_is_valid() {
    let Some(validators) = peer("SBOM_VALIDATORS") else { return };
    let library =
        PathBuf::from(&validators).parent().and_then(|bin| bin.parent()).expect("a folder").join("lib");
    let found = std::fs::read_dir(&library).expect("a folder").flatten();
    let folders = found.map(|entry| entry.path().join("sboms")).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).expect("a folder").flatten());
    let files: Vec<_> = files.map(|entry| entry.path()).collect();
    assert!(files.len() >= 2, "{files:?}");
    let sandbox = Sandbox::new();
    for file in files {
        let file = file.to_str().expect("a path in UTF-8");
        let outputs = [
            "cyclonedx-json@1.6",
            "cyclonedx-xml@1.4",
            "spdx-json@2.3",
            "spdx-json@3.0",
            "spdx-tag-value",
            "swid",
        ];
        let mut words = vec!["sbom".to_owned(), "convert".to_owned(), file.to_owned()];
        outputs
            .iter()
            .for_each(|format| words.extend(["-o".to_owned(), format!("{format}={format}.document")]));
        sandbox.countersign(&words).succeeds();
        let documents = outputs.iter().map(|format| {
            let name = format.parse::<countersign_sbom::format::Format>().expect("a format");
            format!("{name}={format}.document")
        });
        let run = sandbox.run(&validators, documents.collect::<Vec<_>>());
        assert_eq!(run.stdout.trim(), "", "{file}: {}", run.stderr);
        run.succeeds();
    }
}

/// SBOMs that cosign attested, in either of its formats, as `download attestation` prints them.
#[test]
fn what_cosign_attested_is_converted() {
    const OLD: &[&str] = &["--tlog-upload=false", "--new-bundle-format=false"];
    const NEW: &[&str] = &["--use-signing-config=false", "--tlog-upload=false", "--new-bundle-format=true"];
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Crane)) else { return };
    sandbox.countersign(["generate-key-pair"]).succeeds();
    sandbox.write("one.json", document("shop", 1, json!([a(), b("ISC")])));
    let direct = sandbox.countersign(["sbom", "convert", "one.json", "-o", "spdx-json"]).succeeds();
    for (variable, flags) in [("COSIGN2", OLD), ("COSIGN", NEW)] {
        let Some(cosign) = peer(variable) else { return };
        let tagged = format!("{}/{}/app:v1", server.host(), variable.to_lowercase());
        let Some(image) = push(&sandbox, &tagged, &[("layer", &[("etc/x", "x")])]) else { return };
        let attest =
            ["attest", "--yes", "--key", "cosign.key", "--type", "cyclonedx", "--predicate", "one.json"];
        let attest = [&attest[..], &["--allow-http-registry"], flags, &[&image]].concat();
        sandbox.run(&cosign, attest).succeeds();
        // Nothing that was attested is printed unless it is asked for as an attestation.
        let none = sandbox.countersign(["download", "sbom", &image]).fails(1, "NO_SBOM");
        assert!(none.stderr.contains("download attestation"), "{}", none.stderr);
        let downloaded = sandbox.countersign(["download", "attestation", &image]).succeeds();
        let words = ["sbom", "convert", "-", "-o", "spdx-json"];
        let converted = sandbox.countersign_with(downloaded.stdout.as_bytes(), words).succeeds();
        assert!(converted.stderr.contains("nothing was verified"), "{}", converted.stderr);
        assert_eq!(parsed(&converted.stdout)["packages"], parsed(&direct.stdout)["packages"], "{variable}");
    }
}
