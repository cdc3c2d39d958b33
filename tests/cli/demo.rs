//! README's first command, and what it tells its reader to repeat.

use std::process::Stdio;

use testkit::{Run, Sandbox, program};

/// Every command that the demo prints, repeated in a shell in another folder, ends as the demo says it does.
#[test]
fn what_the_demo_prints_can_be_repeated() {
    let sandbox = Sandbox::new();
    let run = sandbox.countersign(["demo", "--dir", "first"]).succeeds();
    let directory = program().parent().expect("the program's folder").display().to_string();
    let mut script = format!("PATH={directory}:$PATH\n");
    let mut commands = 0;
    for line in run.stdout.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            script.push_str(&command.replace("first", "second"));
            script.push_str("\necho \"# exit $?\"\n");
            commands += 1;
        }
    }
    assert!(commands >= 18, "{}", run.stdout);
    let mut shell = sandbox.command("sh");
    shell.args(["-c", &script]).stdin(Stdio::null());
    let repeated = Run::of(&mut shell, b"").succeeds();
    let exits = |text: &str| {
        text.lines().filter(|line| line.starts_with("# exit")).map(str::to_owned).collect::<Vec<_>>()
    };
    let ends = exits(&repeated.stdout);
    let quiet = |line: &&str| ["$ mkdir", "$ export", "$ echo"].iter().any(|start| line.starts_with(start));
    let commands: Vec<_> = run.stdout.lines().filter(|line| line.starts_with("$ ")).collect();
    let ends: Vec<_> =
        commands.iter().zip(ends).filter(|(line, _)| !quiet(line)).map(|(_, end)| end).collect();
    assert_eq!(ends, exits(&run.stdout));
}

/// What was attested is there in the end, by the demo's own key, and about the image that was signed.
#[test]
fn the_demo_attests_an_sbom_and_provenance() {
    let sandbox = Sandbox::new();
    let run = sandbox.countersign(["demo", "--dir", "demo"]).succeeds();
    assert!(run.stdout.contains("deb\thello\t2.10-3\n"), "{}", run.stdout);
    assert!(run.stdout.contains("SBOM_MISSING_PACKAGE\tpkg:deb/demo/backdoor@6.6.6"), "{}", run.stdout);
    let built = run.stderr.lines().find_map(|line| line.strip_prefix("Built oci:image:v1@"));
    let image = format!("oci:demo/image@{}", built.expect("the digest of the image"));
    for kind in ["cyclonedx", "slsaprovenance1"] {
        sandbox
            .countersign(["verify-attestation", "--key", "demo/demo.pub", "--type", kind, &image])
            .succeeds();
    }
    sandbox.countersign(["sbom", "verify", "demo/sbom.cdx.json", &image]).succeeds();
}

/// Neither where temporary folders are made, nor in the user's cache, nor where it was started.
#[test]
fn the_demo_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    for folder in ["temporary", "user", "here"] {
        std::fs::create_dir(sandbox.path(folder)).expect("a folder");
    }
    let mut command = sandbox.command(program());
    command.arg("demo").current_dir(sandbox.path("here"));
    command.env("TMPDIR", sandbox.path("temporary")).env("HOME", sandbox.path("user"));
    command.env_remove("XDG_CACHE_HOME");
    Run::of(&mut command, b"").succeeds();
    for folder in ["temporary", "user", "here"] {
        let left: Vec<_> = std::fs::read_dir(sandbox.path(folder)).expect("a folder").collect();
        assert!(left.is_empty(), "{folder}: {left:?}");
    }
}

/// A package in another version takes the place of the image's own.
#[test]
fn the_image_of_the_demo_has_the_packages_that_are_asked_for() {
    let sandbox = Sandbox::new();
    let list = |packages: &[&str]| {
        let flags = packages.iter().flat_map(|package| ["--package", package]);
        sandbox.countersign(["demo", "--build-image", "oci:image:v1"].into_iter().chain(flags)).succeeds();
        sandbox.countersign(["sbom", "list", "oci:image:v1"]).succeeds().stdout
    };
    assert_eq!(list(&[]), "deb\thello\t2.10-3\ndeb\tlibgreeting\t1.4.2-1\n");
    assert_eq!(
        list(&["hello=2.12-1", "zlib1g=1:1.3~rc1"]),
        "deb\thello\t2.12-1\ndeb\tlibgreeting\t1.4.2-1\ndeb\tzlib1g\t1:1.3~rc1\n"
    );
    for wrong in ["hello", "hello=", "=1", "hello=1\nStatus: x"] {
        sandbox.countersign(["demo", "--build-image", "oci:image:v1", "--package", wrong]).ends(2);
    }
}

#[test]
fn the_demo_leaves_a_directory_that_is_there_alone() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("there")).expect("a folder");
    sandbox.countersign(["demo", "--dir", "there"]).fails(3, "IO");
}
