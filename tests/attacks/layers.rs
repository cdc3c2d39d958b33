//! Layers that are not what their descriptors say, and names in them that are not for a terminal.

use std::fs;

use serde_json::{Value, json};
use testkit::documents::descriptor;
use testkit::{Run, Sandbox};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// A layout with an image of one layer, and the path of the layer in it.
fn image(sandbox: &Sandbox, layer: &[u8]) -> String {
    fs::create_dir_all(sandbox.path("image/blobs/sha256")).expect("a folder");
    let blob = |media_type: &str, bytes: &[u8]| -> (Value, String) {
        let descriptor = descriptor(media_type, bytes);
        let hex = descriptor["digest"].as_str().expect("a digest").trim_start_matches("sha256:").to_owned();
        sandbox.write(format!("image/blobs/sha256/{hex}"), bytes);
        (descriptor, format!("image/blobs/sha256/{hex}"))
    };
    let config =
        json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}});
    let (config, _) = blob("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
    let (layer, path) = blob(LAYER, layer);
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]});
    let (manifest, _) = blob(MANIFEST, manifest.to_string().as_bytes());
    let index = json!({"schemaVersion": 2, "manifests": [manifest]});
    sandbox.write("image/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    sandbox.write("image/index.json", index.to_string());
    path
}

/// A tar of the folder `root`.
fn packed(sandbox: &Sandbox, files: &[(&str, &str)]) -> Vec<u8> {
    for (path, content) in files {
        let path = format!("root/{path}");
        fs::create_dir_all(sandbox.path(&path).parent().expect("a folder")).expect("the folder is made");
        sandbox.write(path, content);
    }
    sandbox.run("tar", ["-C", "root", "-cf", "layer.tar", "."]).succeeds();
    sandbox.read("layer.tar")
}

fn list(sandbox: &Sandbox) -> Run {
    sandbox.countersign(["sbom", "list", "oci:image"])
}

/// threat model, row 90: of a layer that is not what its descriptor says nothing is shown, and nothing is kept.
#[test]
fn a_layer_of_another_digest_shows_nothing() {
    let package = |name: &str| format!("{{\"name\":\"{name}\",\"version\":\"1.0.0\"}}");
    const PATH: &str = "node_modules/x/package.json";
    let sandbox = Sandbox::new();
    let other = packed(&sandbox, &[(PATH, &package("evil"))]);
    let good = packed(&sandbox, &[(PATH, &package("good"))]);
    assert_eq!(good.len(), other.len());
    let path = image(&sandbox, &good);
    let cut = &good[..good.len() - 512];
    let longer = [&good[..], &[0; 512]].concat();
    for bad in [&other[..], cut, &longer, b""] {
        sandbox.write(&path, bad);
        let run = list(&sandbox);
        assert!(matches!(run.code, Some(1 | 3)), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    let kept = |sandbox: &Sandbox| fs::exists(sandbox.path("home/.cache/countersign/layers")).expect("known");
    assert!(!kept(&sandbox));
    sandbox.write(&path, &good);
    let run = list(&sandbox).succeeds();
    assert!(kept(&sandbox));
    assert!(run.stdout.contains("good"), "{}", run.stdout);
}

/// threat model, row 90: what is no layer is refused by name.
#[test]
fn what_is_no_layer_is_refused() {
    let not_there = [&[0x1f, 0x8b][..], &[0xff; 100]].concat();
    for (layer, code, stable) in [
        (b"BZh91AY&SY".to_vec(), 1, "LAYER_COMPRESSION"),
        (b"\xfd7zXZ\0".to_vec(), 1, "LAYER_COMPRESSION"),
        (Vec::new(), 1, "LAYER_COMPRESSION"),
        (not_there, 3, "LAYER_UNREADABLE"),
        (b"\x28\xb5\x2f\xfd".to_vec(), 3, "LAYER_UNREADABLE"),
    ] {
        let sandbox = Sandbox::new();
        image(&sandbox, &layer);
        list(&sandbox).fails(code, stable);
    }
}

/// threat model, row 79: names that an image has are data: on standard error they are escaped, and every document is one
/// that is read again.
#[test]
fn names_that_are_not_for_a_terminal() {
    let sandbox = Sandbox::new();
    let name = "a\u{1b}[31m\u{202e}\n&<\u{7f}";
    let files = [
        (format!("app/node_modules/x/{name}/node_modules/y/package.json"), r#"{"name":"y","version":"1"}"#),
        (format!("app/{name}.jar"), "PK\u{3}\u{4}torn"),
    ];
    let files: Vec<_> = files.iter().map(|(path, content)| (path.as_str(), *content)).collect();
    image(&sandbox, &packed(&sandbox, &files));
    let run = list(&sandbox).succeeds();
    assert!(run.stderr.contains(r"a\u{1b}[31m\u{202e}"), "{}", run.stderr);
    for format in ["cyclonedx-json", "cyclonedx-xml", "spdx-json", "spdx-json@3.0", "spdx-tag-value", "swid"]
    {
        let output = format!("{format}=document");
        let run = sandbox.countersign(["sbom", "generate", "oci:image", "-o", &output]).succeeds();
        assert!(!run.stderr.contains(['\u{1b}', '\u{202e}']), "{format}");
        let listed = sandbox.countersign(["sbom", "convert", "document", "-o", "cyclonedx-json"]).succeeds();
        let components = listed.json()["components"].as_array().map(Vec::len);
        assert_eq!(components, Some(1), "{format}: {}", listed.stdout);
    }
}
