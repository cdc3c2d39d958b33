//! The scanner that BuildKit starts (`docs/attestations/sbom-protocol.md`).

use serde_json::{Value, json};
use testkit::peers::peer;
use testkit::{Run, Sandbox, program};

const STATUS: &str = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b7\n\
    Maintainer: Someone <someone@example.com>\n\n";

/// A sandbox with the root of a distribution at `src/core/sbom`, two more in `src/extras`, and `out`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for (folder, file, content) in [
        ("src/core/sbom/var/lib/dpkg", "status", STATUS),
        (
            "src/extras/sbom-build/app/node_modules/left-pad",
            "package.json",
            r#"{"name": "left-pad", "version": "1.3.0"}"#,
        ),
        ("src/extras/sbom-context", "README", "nothing"),
        ("out", "other.txt", "stays"),
    ] {
        std::fs::create_dir_all(sandbox.path(folder)).expect("a folder");
        sandbox.write(format!("{folder}/{file}"), content);
    }
    sandbox.with("SOURCE_DATE_EPOCH", "1700000000")
}

/// Runs the scanner as BuildKit does: without arguments, or by its name.
fn scan(sandbox: &Sandbox, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut command = sandbox.command(program());
    command.args(arguments).env("BUILDKIT_SCAN_DESTINATION", "out");
    for (name, value) in variables {
        match value.is_empty() {
            true => command.env_remove(name),
            false => command.env(name, value),
        };
    }
    Run::of(&mut command, b"")
}

const SOURCE: (&str, &str) = ("BUILDKIT_SCAN_SOURCE", "src/core/sbom");
const EXTRAS: (&str, &str) = ("BUILDKIT_SCAN_SOURCE_EXTRAS", "src/extras/");

/// What was written, by its name.
fn written(sandbox: &Sandbox) -> Vec<String> {
    let names = std::fs::read_dir(sandbox.path("out")).expect("the folder").flatten();
    let mut names: Vec<_> = names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn each_filesystem_gets_a_statement_without_a_subject() {
    for arguments in [&[][..], &["sbom", "scan-buildkit"]] {
        let sandbox = sandbox();
        scan(&sandbox, &[SOURCE, EXTRAS], arguments).succeeds();
        let names = ["other.txt", "sbom-build.spdx.json", "sbom-context.spdx.json", "sbom.spdx.json"];
        assert_eq!(written(&sandbox), names);
        for (name, package) in [("sbom", "bash"), ("sbom-build", "left-pad")] {
            let text = sandbox.read(format!("out/{name}.spdx.json"));
            let statement: Value = serde_json::from_slice(&text).expect("one JSON document");
            assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
            assert_eq!(statement["predicateType"], "https://spdx.dev/Document");
            // BuildKit puts the digest of the image where there is none.
            assert_eq!(statement["subject"], json!([]));
            assert_eq!(statement["predicate"]["spdxVersion"], "SPDX-2.3");
            assert_eq!(statement["predicate"]["name"], name);
            let packages = statement["predicate"]["packages"].as_array().expect("packages");
            assert!(packages.iter().any(|found| found["name"] == package), "{packages:?}");
        }
    }
}

#[test]
fn what_is_written_is_valid_spdx() {
    let Some(validators) = peer("SBOM_VALIDATORS") else { return };
    let sandbox = sandbox();
    scan(&sandbox, &[SOURCE], &[]).succeeds();
    let statement: Value = serde_json::from_slice(&sandbox.read("out/sbom.spdx.json")).expect("JSON");
    sandbox.write("sbom.json", statement["predicate"].to_string());
    let run = sandbox.run(&validators, ["spdx-json@2.3=sbom.json"]);
    assert_eq!(run.stdout.trim(), "", "{}", run.stderr);
    run.succeeds();
}

/// The protocol: no extras where the variable is not set, is empty, or names a folder that is not there.
#[test]
fn extras_need_not_be_there() {
    for extras in ["", "src/nowhere"] {
        let sandbox = sandbox();
        scan(&sandbox, &[SOURCE, (EXTRAS.0, extras)], &[]).succeeds();
        assert_eq!(written(&sandbox), ["other.txt", "sbom.spdx.json"]);
    }
}

/// threat model, row 93: what is built may hold links; none leads to a filesystem that was not asked for.
#[cfg(unix)]
#[test]
fn links_among_the_extras_are_not_followed() {
    let sandbox = sandbox();
    std::os::unix::fs::symlink("/", sandbox.path("src/extras/sbom-host")).expect("a link");
    sandbox.write("src/extras/file", "");
    let run = scan(&sandbox, &[SOURCE, EXTRAS], &[]).succeeds();
    assert_eq!(run.stderr.matches("is no directory, and not scanned").count(), 2, "{}", run.stderr);
    assert!(!written(&sandbox).contains(&"sbom-host.spdx.json".to_owned()));
}

#[test]
fn what_is_missing_is_said_and_nothing_is_written() {
    let sandbox = sandbox();
    std::fs::create_dir_all(sandbox.path("src/clash/sbom")).expect("a folder");
    let named = ["sbom", "scan-buildkit"];
    for (variables, says) in [
        (vec![], "BUILDKIT_SCAN_SOURCE is not set"),
        (vec![SOURCE, ("BUILDKIT_SCAN_DESTINATION", "")], "BUILDKIT_SCAN_DESTINATION is not set"),
        (vec![SOURCE, ("BUILDKIT_SCAN_DESTINATION", "nowhere")], "which is no directory"),
        (vec![(SOURCE.0, "nowhere")], "which is no directory"),
        (vec![SOURCE, (EXTRAS.0, "src/clash")], "two scans of this name"),
    ] {
        let run = scan(&sandbox, &variables, &named).fails(2, "USAGE");
        assert!(run.stderr.contains(says), "{}", run.stderr);
        assert_eq!(written(&sandbox), ["other.txt"]);
    }
    // Without arguments and without orders, it is a program that was called without arguments.
    let bare = scan(&sandbox, &[], &[]).ends(2);
    assert!(bare.stderr.contains("Usage:"), "{}", bare.stderr);
}
