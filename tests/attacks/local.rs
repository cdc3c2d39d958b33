//! Files, directories, layouts and archives that are not what they seem; and what is never opened.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use testkit::{Run, Sandbox, Scene, missing, program};

/// A sandbox with the keys `a`, and the signed layout `image`, tagged `v1`.
fn layout() -> Sandbox {
    let scene = Scene::default();
    scene.sign(&["--format", "both"]).succeeds();
    scene.countersign(&["copy", "IMAGE", "oci:image:v1"]).succeeds();
    let sandbox = Sandbox::new();
    for name in ["a.key", "a.pub"] {
        sandbox.write(name, scene.sandbox.read(name));
    }
    fs::rename(scene.sandbox.path("image"), sandbox.path("image")).expect("the layout is moved");
    sandbox
}

fn verify(sandbox: &Sandbox, image: &str) -> Run {
    sandbox.countersign(["verify", "--key", "a.pub", image])
}

fn blobs(sandbox: &Sandbox) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(sandbox.path("image/blobs/sha256")).expect("blobs");
    entries.map(|entry| entry.expect("a blob").path()).collect()
}

/// threat model, row 78: a layout that lies or leads elsewhere is refused, and is not followed.
#[test]
fn a_layout_that_lies_is_refused() {
    let good = layout();
    verify(&good, "oci:image:v1").succeeds();
    // Every blob in its turn: other bytes, bytes more, none, a link elsewhere, a directory.
    for blob in blobs(&good) {
        let content = fs::read(&blob).expect("a blob");
        let elsewhere = good.write("elsewhere", &content);
        for change in 0..5 {
            fs::remove_file(&blob).expect("removed");
            match change {
                0 => fs::write(&blob, vec![b'x'; content.len()]).expect("written"),
                1 => fs::write(&blob, [&content[..], b" "].concat()).expect("written"),
                2 => fs::write(&blob, "").expect("written"),
                3 => symlink(&elsewhere, &blob).expect("a link"),
                _ => fs::create_dir(&blob).expect("a directory"),
            }
            // Some blobs are only the image's, and not asked for; a copy asks for all.
            let run = verify(&good, "oci:image:v1");
            assert!(matches!(run.code, Some(0 | 1 | 3)), "{}", run.stderr);
            let _ = fs::remove_dir_all(good.path("copy"));
            let run = good.countersign(["copy", "oci:image:v1", "oci:copy:v1"]);
            assert!(matches!(run.code, Some(1 | 3)), "change {change} of {}: {}", blob.display(), run.stderr);
            let _ = fs::remove_file(&blob).or_else(|_| fs::remove_dir(&blob));
            fs::write(&blob, &content).expect("mended");
        }
    }
    verify(&good, "oci:image:v1").succeeds();
}

/// threat model, row 78: an `index.json` that is torn, too large, or names files outside.
#[test]
fn a_hostile_index_is_refused() {
    let index = r#"{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"DIGEST","size":2}]}"#;
    for (content, code) in [
        (String::new(), 1),
        (index[..40].into(), 1),
        (index.replace("DIGEST", "sha256:../../../secret"), 1),
        (index.replace("DIGEST", "../../secret"), 1),
        (index.replace("DIGEST", "md5:d41d8cd98f00b204e9800998ecf8427e"), 1),
        (format!("{{\"schemaVersion\":2,{}", &index[1..]), 1),
        (" ".repeat((64 << 20) + 1), 1),
    ] {
        let sandbox = layout();
        sandbox.write("secret", "{}");
        sandbox.write("image/index.json", &content);
        let run = verify(&sandbox, "oci:image");
        assert_eq!(run.code, Some(code), "{:.80}: {}", content, run.stderr);
        // Nor is anything added to it.
        let before = sandbox.listing();
        let run = sandbox.countersign(["sign", "--key", "a.key", "oci:image"]);
        assert!(matches!(run.code, Some(1 | 3)), "{:.80}: {}", content, run.stderr);
        assert_eq!(sandbox.listing(), before);
    }
}

/// threat model, row 78: archives whose members lead out of where they are unpacked, which they never are.
#[test]
fn nothing_leaves_an_archive() {
    let sandbox = layout();
    for (name, script) in [
        ("up.tar", "echo evil > x; tar -cf up.tar -P --transform 's,^x$,../evil,' x -C image ."),
        ("absolute.tar", "tar -cf absolute.tar -P --transform \"s,^x$,$PWD/evil,\" x -C image ."),
        ("twice.tar", "tar -cf twice.tar -C image index.json index.json oci-layout blobs"),
        ("link.tar", "mkdir l; ln -s ../secret l/index.json; cp image/oci-layout l; tar -cf link.tar -C l ."),
        ("device.tar", "mkdir d; mkfifo d/index.json; cp image/oci-layout d; tar -cf device.tar -C d ."),
        ("torn.tar", "tar -cf whole.tar -C image .; head -c 3000 whole.tar > torn.tar"),
    ] {
        sandbox.run("sh", ["-c", script]).succeeds();
        let _ = fs::remove_file(sandbox.path("x"));
        sandbox.write("x", "evil");
        let image = format!("oci-archive:{name}");
        for command in
            [&["verify", "--key", "a.pub", &image][..], &["copy", &image, "oci:out"], &["inspect", &image]]
        {
            let run = sandbox.countersign(command);
            assert!(run.code.is_some_and(|code| code <= 3), "{name}: {}", run.stderr);
            let out = sandbox.path("..").join("evil");
            assert!(!sandbox.path("evil").exists() && !out.exists(), "{name}");
        }
    }
    for refused in ["twice.tar", "link.tar", "device.tar", "torn.tar"] {
        let run = verify(&sandbox, &format!("oci-archive:{refused}"));
        assert!(matches!(run.code, Some(1 | 3)), "{refused}: {}", run.stderr);
    }
}

/// threat model, row 82: what is no file is not waited for and not taken for one; a name is only a name.
#[test]
fn blobs_that_are_no_files() {
    let sandbox = Sandbox::new();
    sandbox.key("a");
    fs::create_dir(sandbox.path("folder")).expect("a folder");
    sandbox.run("mkfifo", ["pipe"]).succeeds();
    let name = format!("sha256:{}", "0".repeat(64));
    sandbox.write(&name, "content");

    for command in [
        &["sign-blob", "--key", "a.key", "folder"][..],
        &["verify-blob", "--key", "a.pub", "--signature", "AAAA", "folder"],
        &["verify-blob", "--key", "a.pub", "--bundle", "folder", &name],
        &["verify-blob", "--key", "a.pub", "--bundle", "pipe", &name],
        &["sign-blob", "--key", "pipe", &name],
        &["sign-blob", "--key", "folder", &name],
        &["sign-blob", "--key", "a.key", "--bundle", "folder", &name],
        &["sign-blob", "--key", "a.key", "--bundle", "pipe", &name],
    ] {
        sandbox.countersign(command).ends(2);
    }
    sandbox.countersign(["sign-blob", "--key", "a.key", "nowhere"]).ends(2);

    // The file's content is signed, not its name.
    sandbox.countersign(["sign-blob", "--key", "a.key", "--output-signature", "s", &name]).succeeds();
    let verify = ["verify-blob", "--key", "a.pub", "--signature", "s"];
    sandbox.countersign(verify.iter().chain(&[name.as_str()])).succeeds();
    sandbox.run("openssl", ["dgst", "-sha256", "-verify", "a.pub", "-signature", "raw", &name]).ends(1);
    // Standard input, and a pipe, are read once and whole.
    let from = |content: &[u8]| sandbox.countersign_with(content, verify.iter().chain(&["-"]));
    from(b"content").succeeds();
    from(b"conten").fails(1, "SIGNATURE_INVALID");
    from(b"").fails(1, "SIGNATURE_INVALID");
    let line = "(printf con; printf tent) > pipe & exec \"$0\" verify-blob --key a.pub --signature s pipe";
    sandbox.run("sh", ["-c", line, program().to_str().expect("a path")]).succeeds();
    let line = "(printf con; printf tent) > pipe & exec \"$0\" sign-blob --key a.key --bundle made pipe";
    sandbox.run("sh", ["-c", line, program().to_str().expect("a path")]).succeeds();
    sandbox.countersign(["verify-blob", "--key", "a.pub", "--bundle", "made", &name]).succeeds();
}

/// threat model, row 83: one yes does not make up for a no, nothing to verify is no success, and the exit code says which.
#[test]
fn only_success_is_success() {
    let scene = Scene::default();
    scene.signed_by("a");
    scene.other_image("arm64");
    let signed = scene.tag();
    let unsigned = format!("{}:arm64", scene.repository());
    let absent = format!("{}:absent", scene.repository());
    for (images, code) in [
        (&[][..], 2),
        (&[&signed][..], 0),
        (&[&unsigned], 1),
        (&[&absent], 3),
        (&[&signed, &unsigned], 1),
        (&[&unsigned, &signed], 1),
        (&[&signed, &absent], 3),
        (&[&absent, &unsigned, &signed], 1),
    ] {
        let arguments =
            ["verify", "--key", "a.pub"].into_iter().chain(images.iter().map(|image| image.as_str()));
        for output in [&["-o", "json"][..], &["-o", "text"], &["-o", "report"]] {
            let run = scene.sandbox.countersign(arguments.clone().chain(output.iter().copied()));
            assert_eq!(run.code, Some(code), "{}: {}", run.line, run.stderr);
        }
    }
    let unsigned_report =
        scene.countersign(&["verify", "--key", "a.pub", &unsigned, &signed, "-o", "report"]);
    assert_eq!(unsigned_report.ends(1).json()["outcome"], "refused");
}

/// threat model, row 84: with a key and a layout there is no socket but those that a program has with itself.
#[test]
fn a_layout_needs_no_network() {
    let sandbox = layout();
    let commands: [&[&str]; 6] = [
        &["verify", "--key", "a.pub", "oci:image:v1"],
        &["verify", "--offline", "--key", "a.pub", "--recursive", "oci:image:v1"],
        &["sign", "--key", "a.key", "--force", "oci:image:v1"],
        &["copy", "oci:image:v1", "oci:copy:v1"],
        &["tree", "oci:image:v1"],
        &["clean", "--yes", "--type", "all", "oci:copy:v1"],
    ];
    for command in commands {
        let Some(mut run) = traced(&sandbox).or_else(|| alone(&sandbox)) else {
            let _: Option<()> = missing("strace, and a network of one's own (unshare)");
            return;
        };
        let run = Run::of(run.arg(program()).args(command), b"").succeeds();
        if let Ok(trace) = fs::read_to_string(sandbox.path("trace")) {
            for network in ["AF_INET", "AF_NETLINK", "connect("] {
                assert!(!trace.contains(network), "{}: {trace}", run.line);
            }
        }
    }
}

fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    let quiet = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn traced(sandbox: &Sandbox) -> Option<Command> {
    works("strace", &["-f", "-e", "trace=network", "true"]).then(|| {
        let mut command = sandbox.command("strace");
        command.args(["-f", "-e", "trace=network", "-o", "trace"]);
        command
    })
}

fn alone(sandbox: &Sandbox) -> Option<Command> {
    works("unshare", &["-rn", "true"]).then(|| {
        let mut command = sandbox.command("unshare");
        command.arg("-rn");
        command
    })
}

#[test]
fn the_working_directory_is_not_searched_for_images() {
    let sandbox = layout();
    assert!(Path::new(&sandbox.path("image")).is_dir());
    // Without `oci:` a name is one of a registry.
    let run =
        sandbox.countersign(["verify", "--key", "a.pub", "--timeout", "1s", "127.0.0.1:1/image:v1"]).ends(3);
    assert!(run.stderr.contains("STORE_"), "{}", run.stderr);
}
