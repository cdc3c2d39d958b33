//! What a program reads of ours: JSON on standard output and nothing else there.

use regex::Regex;
use serde_json::Value;
use testkit::registry::Fault;
use testkit::{Sandbox, Scene, peer};

#[test]
fn json_is_json_and_nothing_else() {
    let scene = Scene::default();
    scene.sandbox.write("blob", "content");
    let image = scene.tag();
    for command in [
        &["sign", "--key", "a.key", "-o", "json", &image][..],
        &["sign", "--key", "a.key", "-o", "json", "--format", "both", &image],
        &["sign", "--key", "a.key", "-o", "json", "--bundle", "made.bundle", &image],
        &["sign", "--key", "a.key", "-o", "json", "--upload=false", &image],
        &["verify", "--key", "a.pub", &image],
        &["verify", "--key", "a.pub", "-o", "json", &image],
        &["verify", "--key", "a.pub", "-o", "report", &image],
        &["tree", "-o", "json", &image],
        &["inspect", "-o", "json", &image],
        &["inspect", "-o", "json", "a.pub"],
        &["download", "signature", &image],
        &["generate", &image],
        &["version", "--json"],
        &["version", "-o", "json"],
    ] {
        let run = scene.sandbox.countersign(command).succeeds();
        assert!(!run.stdout.is_empty(), "{}", run.line);
        for line in run.stdout.lines() {
            serde_json::from_str::<Value>(line)
                .unwrap_or_else(|error| panic!("{}: {error}: {line}", run.line));
        }
    }
    let sign = ["sign-blob", "--key", "a.key", "--bundle", "bundle", "blob"];
    scene.sandbox.countersign(sign).succeeds();
    let verify = ["verify-blob", "--key", "a.pub", "--bundle", "bundle", "-o", "json", "blob"];
    assert_eq!(scene.sandbox.countersign(verify).succeeds().json()["outcome"], "proven");
}

/// What is not stored and not in a file is in the report.
#[test]
fn a_signature_that_is_not_stored_is_in_the_report() {
    let scene = Scene::default();
    let sign = |more: &[&str]| {
        let line =
            [&["sign", "--key", "a.key", "--upload=false", "-o", "json"][..], more, &["IMAGE"]].concat();
        scene.countersign(&line).succeeds().json()
    };
    let report = sign(&["--format", "both"]);
    assert_eq!(report["digest"], scene.digest.to_string());
    let [bundle, legacy] = report["signatures"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!((&bundle["format"], &bundle["stored"]), (&"bundle".into(), &Value::Null));
    assert!(bundle["bundle"]["dsseEnvelope"].is_object(), "{bundle}");
    assert_eq!((&legacy["format"], &legacy["stored"]), (&"legacy".into(), &Value::Null));
    assert!(legacy["signature"].is_string(), "{legacy}");
    let report = sign(&["--bundle", "made"]);
    assert_eq!(report["signatures"][0]["bundle"], Value::Null, "{report}");
    let bundle = serde_json::from_slice::<Value>(&scene.sandbox.read("made")).unwrap();
    assert!(bundle["dsseEnvelope"].is_object(), "{bundle}");
    scene.verify(&[]).fails(1, "NO_SIGNATURES");
}

/// What cannot be stored is kept where it was asked for, and can be stored later.
#[test]
fn a_signature_that_cannot_be_stored_stays_in_its_file() {
    let scene = Scene::default();
    scene.registry.fault(Fault::status("PUT", "/manifests/", 403));
    let sign = ["sign", "--key", "a.key", "--bundle", "made", "IMAGE"];
    let run = scene.countersign(&sign).fails(3, "STORE_FORBIDDEN");
    assert!(run.stderr.contains("Wrote made"), "{}", run.stderr);
    scene.registry.behave();
    scene.verify(&[]).fails(1, "NO_SIGNATURES");
    scene.countersign(&["attach", "signature", "--bundle", "made", "IMAGE"]).succeeds();
    scene.verify(&[]).succeeds();
}

/// A refusal and an undecided answer are in the report as well as a yes; `-o json` then has nothing that could be taken
/// for a list of signatures.
#[test]
fn a_report_says_no_as_well() {
    let scene = Scene::default();
    for (command, code, outcome) in [
        (["verify", "--key", "a.pub", "-o", "report", "IMAGE"], 1, "refused"),
        (["verify", "--key", "a.pub", "-o", "report", "IMAGE-absent"], 3, "undecided"),
    ] {
        let report = scene.countersign(&command).ends(code).json();
        assert_eq!(report["outcome"], outcome);
        assert_eq!(report["images"][0]["outcome"], outcome);
        assert!(report["images"][0]["refusal"]["code"].is_string());
    }
    assert_eq!(scene.verify(&["-o", "json"]).ends(1).stdout, "");
}

/// Every command says what it is, and names every flag that its usage names.
#[test]
fn every_command_has_help() {
    let sandbox = Sandbox::new();
    let top = sandbox.countersign(["--help"]).succeeds().stdout;
    let flags = Regex::new(r"(?m)^ +(?:-\w, )?(--[a-z0-9-]+)").expect("a pattern");
    let commands = Regex::new(r"(?m)^  ([a-z-]+) ").expect("a pattern");
    let listed = top.split("Commands:").nth(1).and_then(|rest| rest.split("Options:").next());
    let mut count = 0;
    for command in commands.captures_iter(listed.expect("commands")).map(|found| found[1].to_owned()) {
        if command == "help" {
            continue;
        }
        let help = sandbox.countersign([command.as_str(), "--help"]).succeeds();
        assert!(help.stderr.is_empty() && help.stdout.contains("Usage: countersign "), "{command}");
        assert!(help.stdout.contains("--help") && !help.stdout.contains("TODO"), "{command}");
        for flag in flags.captures_iter(&help.stdout) {
            let flag = flag.get(1).expect("a group");
            // Its description follows on the line or on the next one.
            let after = help.stdout[flag.end()..].lines().take(2);
            let mut words = after.map(|line| line.rsplit_once("  ").map_or("", |(_, words)| words.trim()));
            assert!(words.any(|words| words.len() > 5), "{command} {} is not described", flag.as_str());
        }
        count += 1;
    }
    assert!(count > 20, "{count} commands");
}

/// `version --json | jq -r .gitVersion`, as scripts for cosign have it.
#[test]
fn the_version_has_the_fields_of_cosign_that_are_true() {
    let sandbox = Sandbox::new();
    let ours = sandbox.countersign(["version", "--json"]).succeeds().json();
    let version = ours["version"].as_str().expect("a version");
    assert_eq!(ours["gitVersion"], format!("v{version}"));
    if let Some(cosign) = peer("COSIGN") {
        let theirs = sandbox.run(cosign, ["version", "--json"]).succeeds().json();
        assert_eq!(ours["platform"], theirs["platform"]);
        assert!(theirs["gitVersion"].is_string(), "{theirs}");
    }
}
