//! SBOMs of real images in a real registry: layers, what later layers hide, the same bytes each time, attesting.

use serde_json::Value;
use testkit::Sandbox;
use testkit::peers::peer;
use testkit::servers::{Kind, Server};

const STATUS: &str = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b7\n\
    Maintainer: Someone <someone@example.com>\n\nPackage: gone\nStatus: deinstall ok config-files\n\
    Architecture: amd64\nVersion: 1.0\n\n";
const METADATA: &str = "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\nLicense: MIT\n";
const PACKAGE: &str = r#"{"name": "left-pad", "version": "1.3.0", "license": "WTFPL"}"#;

/// Pushes an image of two layers: the second removes what the first has of Python, and adds a package of Node.
fn image(sandbox: &Sandbox, host: &str) -> Option<String> {
    let one = [
        ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
        ("var/lib/dpkg/status", STATUS),
        ("usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA", METADATA),
    ];
    let two =
        [("usr/lib/python3/.wh.dist-packages", ""), ("app/node_modules/left-pad/package.json", PACKAGE)];
    push(sandbox, &format!("{host}/sbom/app:v1"), &[("one", &one), ("two", &two)])
}

/// Files of a layer: where, and what.
pub(crate) type Files<'a> = &'a [(&'a str, &'a str)];

/// Pushes an image; its layers are also folders of the sandbox. Gives its name with the digest.
pub(crate) fn push(sandbox: &Sandbox, tagged: &str, layers: &[(&str, Files<'_>)]) -> Option<String> {
    let crane = peer("CRANE")?;
    let mut words = vec!["append".to_owned(), "--insecure".into(), "--oci-empty-base".into()];
    for (layer, files) in layers {
        for (path, content) in *files {
            let path = format!("{layer}/{path}");
            std::fs::create_dir_all(sandbox.path(&path).parent().expect("a folder"))
                .expect("the folder is made");
            sandbox.write(&path, content);
        }
        let tar = ["--mtime=@0", "--owner=0", "--group=0", "-C", layer, "-cf", &format!("{layer}.tar"), "."];
        sandbox.run("tar", tar).succeeds();
        words.extend(["-f".into(), format!("{layer}.tar")]);
    }
    words.extend(["-t".into(), tagged.to_owned()]);
    Some(sandbox.run(&crane, words).succeeds().stdout.trim().to_owned())
}

fn listed(sandbox: &Sandbox, source: &str) -> Vec<String> {
    let run = sandbox.countersign(["sbom", "list", source]).succeeds();
    run.stdout.lines().map(|line| line.replace('\t', " ")).collect()
}

#[test]
fn an_image_has_what_is_left_of_its_layers() {
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Crane)) else { return };
    let Some(image) = image(&sandbox, server.host()) else { return };
    let expected = ["deb bash 5.2.15-2+b7", "npm left-pad 1.3.0"];
    assert_eq!(listed(&sandbox, &image), expected);
    sandbox.countersign(["copy", &image, "oci:layout:v1"]).succeeds();
    assert_eq!(listed(&sandbox, "oci:layout:v1"), expected);
    // A directory is what one layer has.
    assert_eq!(listed(&sandbox, "dir:one"), ["deb bash 5.2.15-2+b7", "pypi six 1.16.0"]);
    let python = ["sbom", "list", "--exclude", "/usr/lib/python3/**", "one"];
    assert_eq!(sandbox.countersign(python).succeeds().stdout, "deb\tbash\t5.2.15-2+b7\n");
}

/// An SBOM that came with software is one more witness; an example of one is a file.
#[test]
fn embedded_sboms_are_merged_with_what_was_found() {
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Crane)) else { return };
    let told = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        {"type": "library", "name": "left-pad", "version": "1.3.0", "purl": "pkg:npm/left-pad@1.3.0"},
        {"type": "library", "name": "told", "version": "1", "purl": "pkg:npm/told@1"}]}"#;
    let example = told.replace("told", "example");
    let one = [
        ("etc/os-release", "ID=debian\n"),
        ("app/node_modules/left-pad/package.json", PACKAGE),
        ("app/example.cdx.json", example.as_str()),
        ("usr/share/sbom/gone.cdx.json", told),
    ];
    let two = [
        ("usr/share/sbom/app.cdx.json", told),
        ("usr/share/sbom/.wh.gone.cdx.json", ""),
        ("opt/bitnami/x/.spdx-x.spdx", "{\"spdxVersion\": "),
    ];
    let image =
        push(&sandbox, &format!("{}/sbom/told:v1", server.host()), &[("three", &one), ("four", &two)]);
    let Some(image) = image else { return };
    assert_eq!(listed(&sandbox, &image), ["npm left-pad 1.3.0", "npm told 1"]);
    let run = sandbox.countersign(["sbom", "generate", &image]).succeeds();
    assert!(run.stderr.contains("/opt/bitnami/x/.spdx-x.spdx"), "{}", run.stderr);
    let made: Value = serde_json::from_str(&run.stdout).expect("JSON");
    for (component, places) in crate::root::components(&made).zip([2, 1]) {
        let origin = crate::root::property(component, "countersign:origin:0");
        assert_eq!(origin, Some("/usr/share/sbom/app.cdx.json"), "{component}");
        let found = component["evidence"]["occurrences"].as_array().map(Vec::len);
        assert_eq!(found, Some(places), "{component}");
    }
}

#[test]
fn the_same_image_gives_the_same_bytes() {
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Crane)) else { return };
    let Some(image) = image(&sandbox, server.host()) else { return };
    for format in
        ["cyclonedx-json", "cyclonedx-xml@1.4", "spdx-json", "spdx-json@3.0", "spdx-tag-value", "swid"]
    {
        let made = || sandbox.countersign(["sbom", "generate", &image, "-o", format]).succeeds().stdout;
        let first = made();
        assert!(first.contains("left-pad") && !first.contains("six"), "{format}: {first}");
        assert_eq!(made(), first, "{format}");
    }
    // The image does not say when it was made.
    let made = sandbox.countersign(["sbom", "generate", &image]).succeeds().stdout;
    let made: Value = serde_json::from_str(&made).expect("JSON");
    assert_eq!(made["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
    let mut command = sandbox.command(testkit::program());
    command.args(["sbom", "generate", &image]).env("SOURCE_DATE_EPOCH", "1700000000");
    let made: Value =
        serde_json::from_str(&testkit::Run::of(&mut command, b"").succeeds().stdout).expect("JSON");
    assert_eq!(made["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
}

/// Who supplies an image: whom one names, else its annotation, else its label.
#[test]
fn who_supplies_an_image_is_said() {
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Crane)) else { return };
    let (Some(image), Some(crane)) = (image(&sandbox, server.host()), peer("CRANE")) else { return };
    let supplier = |source: &str, words: &[&str]| {
        let made = sandbox.countersign([&["sbom", "generate", source], words].concat()).succeeds();
        let made: Value = serde_json::from_str(&made.stdout).expect("JSON");
        made["metadata"]["component"]["supplier"]["name"].clone()
    };
    assert_eq!(supplier(&image, &[]), Value::Null);
    assert_eq!(supplier("one", &["--supplier", "Asked"]), "Asked");
    for (flag, name) in [("--label", "Labelled"), ("--annotation", "Annotated")] {
        let vendor = format!("org.opencontainers.image.vendor={name}");
        let tagged = format!("{}/sbom/app:v1", server.host());
        sandbox.run(&crane, ["mutate", "--insecure", &tagged, flag, &vendor, "--tag", &tagged]).succeeds();
        assert_eq!(supplier(&tagged, &[]), name);
        assert_eq!(supplier(&tagged, &["--supplier", "Asked"]), "Asked");
    }
    sandbox.countersign(["sbom", "generate", "one", "--supplier", ""]).ends(2);
}

#[test]
fn what_was_made_is_attested_and_verified() {
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Referrers)) else { return };
    let Some(image) = image(&sandbox, server.host()) else { return };
    sandbox.countersign(["generate-key-pair"]).succeeds();
    let words =
        ["sbom", "generate", &image, "--attest", "--key", "cosign.key", "-o", "cyclonedx-json=made.json"];
    let run = sandbox.countersign(words).succeeds();
    assert!(!run.stderr.contains("by tag"), "{}", run.stderr);
    let verify = ["verify-attestation", "--key", "cosign.pub", "--type", "cyclonedx", &image];
    sandbox.countersign(verify).succeeds();
    // One of another type proves nothing.
    let other = ["verify-attestation", "--key", "cosign.pub", "--type", "spdxjson", &image];
    sandbox.countersign(other).fails(1, "NO_ATTESTATIONS");
    let count = || sandbox.countersign(verify).succeeds().stdout.lines().count();
    sandbox.countersign(words).succeeds();
    assert_eq!(count(), 2);
    sandbox.countersign(words.iter().chain(&["--replace"])).succeeds();
    assert_eq!(count(), 1);
    // A tag may move: that is said, as 'sign' says it.
    let tagged = format!("{}/sbom/app:v1", server.host());
    let run = sandbox.countersign(words.map(|word| if word == image { &tagged } else { word })).succeeds();
    let digest = image.split_once('@').map(|(_, digest)| digest).expect("a digest");
    let said = format!("'{tagged}' names an image by tag, which may move; what is signed is {digest}");
    assert!(run.stderr.contains(&said), "{}", run.stderr);
}

#[test]
fn what_cannot_be_looked_at_is_said() {
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Crane)) else { return };
    let Some(image) = image(&sandbox, server.host()) else { return };
    for (line, code, stable) in [
        (vec!["sbom", "list", "oci:nowhere"], 3, "STORE_IO"),
        (vec!["sbom", "list", "dir:nowhere"], 3, "IO"),
        (vec!["sbom", "generate", "one", "--attest", "--key", "x.key"], 2, "USAGE"),
        (vec!["sbom", "generate", "one", "-o", "swid", "-o", "spdx-json"], 2, "USAGE"),
        (vec!["sbom", "list", "--exclude", "[", "one"], 2, "USAGE"),
        (vec!["sbom", "list", "--exclude", "x", &image], 2, "USAGE"),
    ] {
        sandbox.countersign(line).fails(code, stable);
    }
    sandbox.countersign(["sbom", "generate", "one", "-o", "cyclonedx-json@9"]).ends(2);
    // No document is written over the key that signs it.
    sandbox.countersign(["generate-key-pair"]).succeeds();
    let key = sandbox.read("cosign.key");
    let words =
        ["sbom", "generate", &image, "--attest", "--key", "cosign.key", "-o", "cyclonedx-json=./cosign.key"];
    sandbox.countersign(words).fails(2, "USAGE");
    assert_eq!(sandbox.read("cosign.key"), key);
}

/// What is kept of layers is not read again, says the same, and is no more than a help.
#[test]
fn layers_that_were_read_are_not_read_again() {
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Referrers)) else { return };
    let Some(image) = image(&sandbox, server.host()) else { return };
    let blobs = || {
        let requests = server.requests().expect("a log");
        requests.iter().filter(|line| line.starts_with("GET") && line.contains("/blobs/")).count()
    };
    let generate = |more: &[&str]| {
        let before = blobs();
        let words = ["sbom", "generate", image.as_str()];
        let run = sandbox.countersign(words.iter().chain(more)).succeeds();
        (run.stdout, blobs() - before)
    };
    let (first, three) = generate(&["--no-cache"]);
    assert_eq!((three, generate(&["--no-cache"]).1), (3, 3), "the configuration and two layers");
    assert_eq!(generate(&[]), (first.clone(), 3));
    assert_eq!(generate(&[]), (first.clone(), 1), "the configuration");
    // What is damaged is read again, and kept again.
    let kept = sandbox.run("find", ["home/.cache/countersign/layers", "-name", "sha256-*.json"]).succeeds();
    let kept: Vec<_> = kept.stdout.lines().collect();
    assert_eq!(kept.len(), 2);
    sandbox.write(kept[0], "{");
    assert_eq!(generate(&[]), (first.clone(), 2));
    assert_eq!(generate(&[]), (first.clone(), 1));
    // Where nothing can be kept, the answer is the same.
    sandbox.run("rm", ["-r", "home/.cache/countersign/layers"]).succeeds();
    sandbox.write("home/.cache/countersign/layers", "a file");
    let run = sandbox.countersign(["sbom", "generate", &image]).succeeds();
    assert_eq!(run.stdout, first);
    assert!(run.stderr.contains("what was read is not kept for the next time"), "{}", run.stderr);
}
