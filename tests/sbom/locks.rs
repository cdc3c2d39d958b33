//! Lock files that npm, Cargo and Composer made, against Trivy's reading of them, and where they do not count.

use std::path::Path;

use testkit::{Sandbox, peer};

use crate::root::{Names, components, generated, names};
use crate::trivy::trivys;

/// Lock files by the folder that they get: this project's own too, which is a large one.
fn sources(sandbox: &Sandbox, php: &Path) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let made = repository.join("tests/peers/debian-root");
    for (folder, from) in [
        ("src", repository.join("Cargo.lock")),
        ("src/count", made.join("rust/Cargo.lock")),
        ("src/talk", made.join("node/package-lock.json")),
        ("src/site", php.join("srv/site/composer.lock")),
    ] {
        std::fs::create_dir_all(sandbox.path(folder)).expect("a folder");
        let name = from.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        sandbox.write(format!("{folder}/{name}"), std::fs::read(from).expect("a lock file"));
    }
}

#[test]
fn sources_have_what_trivy_says_but_for_what_they_are_themselves() {
    let (sandbox, Some(root)) = (Sandbox::new(), peer("DEBIAN_ROOT")) else { return };
    sources(&sandbox, &root);
    let Some(theirs) = trivys(&sandbox, &["fs", "src"]) else { return };
    let (ours, theirs) = (generated(&sandbox, "dir:src"), names(components(&theirs)));
    let found = names(components(&ours));
    assert_eq!(found.difference(&theirs).collect::<Vec<_>>(), Vec::<&String>::new());
    let own = theirs.difference(&found).map(|name| name.split('@').next().expect("a name"));
    let members =
        ["bench", "cli", "core", "sbom", "testkit", "tests"].map(|it| format!("cargo/countersign-{it}"));
    let own: Vec<_> = own.filter(|name| !members.iter().any(|member| member == name)).collect();
    assert_eq!(own, ["cargo/count", "cargo/countersign"]);
    assert!(found.len() > 300, "{}", found.len());
    // What is made of them is true of them, and only of them.
    sandbox.countersign(["sbom", "generate", "dir:src", "-o", "spdx-json=src.spdx.json"]).succeeds();
    sandbox.countersign(["sbom", "verify", "src.spdx.json", "dir:src"]).succeeds();
    let without =
        sandbox.countersign(["sbom", "verify", "src.spdx.json", "dir:src", "--lock-files", "never"]);
    assert_eq!(without.code, Some(1), "{}", without.stderr);
}

/// The lock file of an editor's extension, which comes with a program of Ruby, is no list of what is installed.
#[test]
fn a_root_has_nothing_of_lock_files_unless_that_is_asked_for() {
    let (sandbox, Some(root)) = (Sandbox::new(), peer("DEBIAN_ROOT")) else { return };
    let listed = |when: &str| -> Names {
        let run = sandbox
            .countersign(["sbom", "list", "--lock-files", when, &format!("dir:{}", root.display())])
            .succeeds();
        run.stdout.lines().map(|line| line.replace('\t', " ")).collect()
    };
    let (never, always) = (listed("never"), listed("always"));
    assert_eq!(listed("sources"), never);
    let more: Vec<_> = always.difference(&never).map(String::as_str).collect();
    assert_eq!(
        more,
        [
            "npm balanced-match 1.0.2",
            "npm brace-expansion 1.1.11",
            "npm concat-map 0.0.1",
            "npm lru-cache 6.0.0",
            "npm minimatch 3.0.4",
            "npm semver 7.3.5",
            "npm vscode-jsonrpc 6.0.0",
            "npm vscode-languageclient 7.0.0",
            "npm vscode-languageserver-protocol 3.16.0",
            "npm vscode-languageserver-types 3.16.0",
            "npm yallist 4.0.0",
        ]
    );
}
