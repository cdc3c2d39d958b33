//! Writers: many at once, disks that are full, folders that cannot be written.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use testkit::registry::Options;
use testkit::{Run, Sandbox, Scene, program};

const SIGNERS: usize = 6;

/// threat model, rows 27 and 28: many signers at once, with and without the referrers API, in both formats, in a registry
/// and in a layout: whoever ends with success is found.
#[test]
fn many_signers_at_once_are_all_found() {
    for referrers_api in [true, false] {
        let scene = Scene::new(Options { referrers_api, ..Options::default() });
        for signer in 0..SIGNERS {
            scene.sandbox.key(&format!("signer{signer}"));
        }
        scene.countersign(&["copy", "IMAGE", "oci:layout:v1"]).succeeds();
        for image in [scene.tag(), "oci:layout:v1".into()] {
            std::thread::scope(|scope| {
                for signer in 0..SIGNERS {
                    let (sandbox, key, image) = (&scene.sandbox, format!("signer{signer}.key"), &image);
                    scope.spawn(move || {
                        sandbox.countersign(["sign", "--format", "both", "--key", &key, image]).succeeds();
                    });
                }
            });
            let mut verify = vec!["verify".to_owned(), "--threshold".into(), SIGNERS.to_string(), image];
            verify.extend((0..SIGNERS).flat_map(|signer| ["--key".into(), format!("signer{signer}.pub")]));
            let accepted = scene.sandbox.countersign(verify).succeeds().json();
            assert_eq!(accepted.as_array().map(Vec::len), Some(2 * SIGNERS));
        }
    }
}

/// Runs in a shell that lets no file grow beyond one block (of 512 or 1024 bytes, by the shell).
fn on_a_full_disk(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let limited =
        ["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"", program().to_str().expect("a path")];
    sandbox.run("sh", limited.iter().chain(arguments))
}

const WRITERS: [&[&str]; 7] = [
    &["sign-blob", "--key", "a.key", "--bundle", "out/made", "blob"],
    &["sign-blob", "--key", "a.key", "--output-signature", "out/made", "blob"],
    &["generate-key-pair", "--output-key-prefix", "out/made"],
    &["import-key-pair", "--key", "a.key", "--output-key-prefix", "out/imported"],
    &["public-key", "--key", "a.key", "--outfile", "out/made"],
    &["save", "--dir", "out/saved", "IMAGE"],
    &["copy", "IMAGE", "oci:out/copied:v1"],
];

/// threat model, row 30: a disk that is full: an error, and no file that is cut off, nor the rest of one.
#[test]
fn a_full_disk_leaves_nothing_half_done() {
    let scene = Scene::default();
    scene.sandbox.write("blob", "content");
    fs::create_dir(scene.sandbox.path("out")).expect("a folder");
    fs::write(scene.sandbox.path("out/kept"), "kept").expect("a file");
    for command in WRITERS {
        let arguments: Vec<_> = command.iter().map(|word| word.replace("IMAGE", &scene.tag())).collect();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let before = scene.sandbox.listing();
        let run = on_a_full_disk(&scene.sandbox, &arguments);
        assert_eq!(run.code, Some(3), "{}: {}", run.line, run.stderr);
        assert!(run.stderr.contains("error:"), "{}", run.stderr);
        if !matches!(command[0], "save" | "copy") {
            assert_eq!(scene.sandbox.listing(), before, "{}", run.line);
        }
        // Once there is room again, it works.
        scene.sandbox.countersign(&arguments).succeeds();
    }
    scene.sandbox.countersign(["verify", "--key", "a.pub", "oci:out/copied:v1"]).ends(1);
}

/// threat model, row 30: a layout that cannot grow keeps what it has.
#[test]
fn a_signed_layout_survives_a_full_disk() {
    let scene = Scene::default();
    scene.sandbox.key("b");
    scene.signed_by("a");
    scene.countersign(&["copy", "IMAGE", "oci:layout:v1"]).succeeds();
    // A blob that was under way when another failed may stay in the folder for unfinished ones: the next writer empties it.
    let listing = || {
        let mut listing = scene.sandbox.listing();
        listing.retain(|path| !path.starts_with("layout/.countersign.tmp"));
        listing
    };
    let before = listing();
    for format in ["bundle", "legacy", "both"] {
        let sign = ["sign", "--key", "b.key", "--format", format, "oci:layout:v1"];
        let run = on_a_full_disk(&scene.sandbox, &sign);
        assert_eq!(run.code, Some(3), "{}", run.stderr);
        assert_eq!(listing(), before);
        scene.sandbox.countersign(["verify", "--key", "a.pub", "oci:layout:v1"]).succeeds();
    }
    scene.sandbox.countersign(["sign", "--key", "b.key", "oci:layout:v1"]).succeeds();
    scene.sandbox.countersign(["verify", "--key", "b.pub", "oci:layout:v1"]).succeeds();
}

/// threat model, row 30: folders that cannot be written, or are not there.
#[test]
fn a_folder_that_cannot_be_written() {
    let scene = Scene::default();
    scene.sandbox.write("blob", "content");
    for command in WRITERS {
        let words: Vec<_> = command.iter().map(|word| word.replace("IMAGE", &scene.tag())).collect();
        let missing: Vec<_> = words.iter().map(|word| word.replace("out/", "nowhere/deep/")).collect();
        if !matches!(command[0], "save" | "copy") {
            let run = scene.sandbox.countersign(&missing).ends(3);
            assert!(run.stderr.contains("nowhere/deep"), "{}", run.stderr);
        }
        let in_a_file: Vec<_> = words.iter().map(|word| word.replace("out/", "blob/")).collect();
        let run = scene.sandbox.countersign(&in_a_file);
        assert!(matches!(run.code, Some(2 | 3)), "{}: {}", run.line, run.stderr);
        assert!(run.stderr.contains("blob/"), "{}", run.stderr);
    }
    fs::create_dir(scene.sandbox.path("out")).expect("a folder");
    fs::set_permissions(scene.sandbox.path("out"), fs::Permissions::from_mode(0o555)).expect("read-only");
    if fs::write(scene.sandbox.path("out/probe"), "").is_ok() {
        fs::remove_file(scene.sandbox.path("out/probe")).expect("the probe");
        eprintln!("skipped: read-only folders (this user may write everywhere)");
        return;
    }
    for command in WRITERS {
        let words: Vec<_> = command.iter().map(|word| word.replace("IMAGE", &scene.tag())).collect();
        scene.sandbox.countersign(&words).ends(3);
    }
}
