//! `made` has the lock files that npm 11 made of one project, in each version of the format.

use std::collections::BTreeSet;
use std::process::Command;

use super::super::testing::packages;
use super::*;
use crate::catalog::parse::testing::{file, lines, survives};
use crate::limits;

const MADE: [&str; 3] =
    [include_str!("made/v1.json"), include_str!("made/v2.json"), include_str!("made/v3.json")];

const PATH: &str = "/app/package-lock.json";

fn read(text: &str) -> Vec<Package> {
    packages(&CATALOGER, PATH, text.as_bytes()).unwrap()
}

#[test]
fn every_version_says_the_same() {
    for text in MADE {
        let mut found = read(text);
        found.sort_by(|one, other| one.name.cmp(&other.name).then_with(|| one.version.cmp(&other.version)));
        assert_eq!(
            lines(&found),
            [
                "debug 2.6.9",
                "inherits 2.0.4",
                "@sindresorhus/is 7.0.1",
                "ms 2.0.0",
                "ms 2.1.3",
                "once 1.4.0",
                "wrappy 1.0.2"
            ]
        );
        assert_eq!(found[0].depends, ["ms"]);
        // The text of the file, through base64(1) and xxd(1).
        assert_eq!(
            found[0].hashes["SHA-512"],
            "6c2ec496b7496899cf6c03fed44a2d62fa99b1bdde725e708ba05f8ba0494d47\
             0da30a7a72fb298348d7ce74532838e6fc4ec076014155e00f54c35c286b0730"
        );
    }
}

/// The same packages as npm lists of the same file, but for what the project itself consists of.
#[test]
fn as_npm_lists() {
    if !Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success()) {
        crate::testing::left_out("npm");
        return;
    }
    for text in MADE {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("package.json"), include_str!("made/package.json")).unwrap();
        std::fs::write(folder.path().join("package-lock.json"), text).unwrap();
        let options = ["ls", "--all", "--json", "--package-lock-only", "--omit=dev", "--omit=optional"];
        let output = Command::new("npm").args(options).current_dir(folder.path()).output().unwrap();
        let tree: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut listed = BTreeSet::new();
        of_tree(&tree, &mut listed);
        let found: BTreeSet<_> = lines(&read(text)).into_iter().collect();
        assert_eq!(found, listed, "{}", String::from_utf8_lossy(&output.stdout));
    }
}

fn of_tree(tree: &Value, listed: &mut BTreeSet<String>) {
    for (name, node) in tree["dependencies"].as_object().into_iter().flatten() {
        let is_own = string(node, "resolved").is_some_and(|from| from.starts_with("file:"));
        if let Some(version) = string(node, "version").filter(|_| !is_own) {
            // npm lists an alias under the name that the project gives it.
            let name = if name == "short" { "ms" } else { name };
            listed.insert(format!("{name} {version}"));
        }
        of_tree(node, listed);
    }
}

#[test]
fn files() {
    for (path, wanted) in [
        (PATH, true),
        ("/npm-shrinkwrap.json", true),
        ("/app/node_modules/.package-lock.json", false),
        ("/app/node_modules/x/npm-shrinkwrap.json", false),
        ("/app/vendor/x/package-lock.json", false),
        ("/app/package.json", false),
    ] {
        assert_eq!(wants(&file(path, 0)), wanted, "{path}");
    }
}

#[test]
fn forms_of_versions() {
    for (version, expected) in [
        ("1.0.0", vec!["x 1.0.0"]),
        ("npm:@a/b@2.0.0", vec!["@a/b 2.0.0"]),
        ("git+ssh://git@github.com/a/x.git#0123456", vec!["x "]),
        ("https://example.com/x-1.tgz", vec!["x "]),
        ("file:../x", vec![]),
        ("", vec![]),
    ] {
        let text = format!(r#"{{"dependencies": {{"x": {{"version": "{version}"}}}}}}"#);
        assert_eq!(lines(&read(&text)), expected, "{version}");
    }
}

#[test]
fn nested_ones_are_found_and_those_for_some_are_not() {
    let inner =
        r#"{"version": "1", "dependencies": {"y": {"version": "2"}, "z": {"version": "3", "dev": true}}}"#;
    assert_eq!(lines(&read(&format!(r#"{{"dependencies": {{"x": {inner}}}}}"#))), ["x 1", "y 2"]);
    for (flags, count) in [
        ("", 1),
        (r#","dev":true"#, 0),
        (r#","optional":true"#, 0),
        (r#","devOptional":true"#, 0),
        (r#","peer":true"#, 1),
    ] {
        let text = format!(r#"{{"packages": {{"a/node_modules/x": {{"version":"1"{flags}}}}}}}"#);
        assert_eq!(read(&text).len(), count, "{flags}");
    }
}

#[test]
fn hostile() {
    survives(
        &CATALOGER,
        PATH,
        br#"{"packages":{"node_modules/@a/b":{"version":"1","integrity":"sha1-a= sha512-b"}}}"#,
    );
    survives(&CATALOGER, PATH, br#"{"dependencies":{"a":{"version":"npm:b@1","requires":{"c":1}}}}"#);
    let many: Vec<_> =
        (0..=limits::PACKAGES_PER_FILE).map(|number| format!(r#""{number}":{{"version":"1"}}"#)).collect();
    let many = format!(r#"{{"dependencies":{{{}}}}}"#, many.join(","));
    assert!(matches!(packages(&CATALOGER, PATH, many.as_bytes()), Err(Unreadable::Limit { .. })));
    for text in ["[]", "{}", r#"{"packages": []}"#, r#"{"dependencies": {"x": 1}}"#] {
        assert_eq!(read(text), [], "{text}");
    }
}
