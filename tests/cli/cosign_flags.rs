//! Every verb of the real cosign is on the page, and every flag is known here, for every verb that both have.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;
use testkit::{Sandbox, peer, project};

/// The verbs that cosign's help lists, those in groups with the group before them.
fn verbs(sandbox: &Sandbox, cosign: &Path) -> BTreeSet<Vec<String>> {
    let mut all = BTreeSet::new();
    for verb in listed(sandbox, cosign, &[]) {
        let below = listed(sandbox, cosign, std::slice::from_ref(&verb));
        match below.is_empty() {
            true => all.extend([vec![verb]]),
            false => all.extend(below.into_iter().map(|child| vec![verb.clone(), child])),
        }
    }
    all
}

/// What stands under "Available Commands", and under "Additional help topics".
fn listed(sandbox: &Sandbox, cosign: &Path, verb: &[String]) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in help(sandbox, cosign, verb).lines() {
        if line.is_empty() || line.ends_with(':') {
            inside = line == "Available Commands:" || line == "Additional help topics:";
        } else if inside {
            let words = line.split_whitespace().skip_while(|word| *word == "cosign");
            names.extend(words.take(1).filter(|name| *name != "help").map(str::to_owned));
        }
    }
    names
}

fn help(sandbox: &Sandbox, cosign: &Path, verb: &[String]) -> String {
    let verb = verb.iter().map(String::as_str);
    sandbox.run(cosign, verb.chain(["--help"])).succeeds().stdout
}

/// A flag as it may be given: with what it is by default, or with anything.
fn flags(help: &str) -> Vec<String> {
    let flag = Regex::new(r"(?m)^ +(?:-\w, )?--([a-z0-9-]+)=(.*):$").expect("a pattern");
    let found = flag.captures_iter(help).filter(|found| &found[1] != "help");
    let value = |text: &str| match text.trim_matches('\'') {
        "" | "[]" => "x".to_owned(),
        text => text.to_owned(),
    };
    found.map(|found| format!("--{}={}", &found[1], value(&found[2]))).collect()
}

#[test]
fn every_flag_of_cosign_is_known() {
    let (mut tried, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for variable in ["COSIGN", "COSIGN2"] {
        let Some(cosign) = peer(variable) else { continue };
        let sandbox = Sandbox::new();
        let mut count = 0;
        // Verbs of cosign 2 that cosign 3 has and hides.
        let hidden = peer("COSIGN2").map(|older| verbs(&sandbox, &older)).unwrap_or_default();
        for verb in verbs(&sandbox, &cosign).union(&hidden) {
            let words = || verb.iter().map(String::as_str);
            if sandbox.countersign(words().chain(["--help"])).code != Some(0) {
                continue;
            }
            for flag in flags(&help(&sandbox, &cosign, verb)) {
                count += 1;
                if !tried.insert((verb.clone(), flag.clone())) {
                    continue;
                }
                let run = sandbox.countersign(words().chain([flag.as_str()]));
                if ["unexpected argument", "unexpected value"].iter().any(|text| run.stderr.contains(text)) {
                    unknown.insert(format!("{} {flag}", verb.join(" ")));
                }
            }
        }
        assert!(count > 150, "only {count} flags of {variable}");
    }
    assert!(unknown.is_empty(), "unknown flags: {unknown:#?}");
}

#[test]
fn every_verb_of_cosign_is_on_the_page() {
    let page =
        std::fs::read_to_string(project().join("docs/how-to/coming-from-cosign.md")).expect("the page");
    let table =
        page.split_once("## Verbs\n").and_then(|(_, rest)| rest.split_once("\n## ")).expect("the table").0;
    let span = Regex::new("`([a-z0-9 -]+)`").expect("a pattern");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|line| line.split(" | ").next());
    let listed: BTreeSet<_> =
        cells.flat_map(|cell| span.captures_iter(cell).map(|found| found[1].to_owned())).collect();
    let sandbox = Sandbox::new();
    let mut named = BTreeSet::new();
    for cosign in ["COSIGN", "COSIGN2"].into_iter().filter_map(peer) {
        for verb in verbs(&sandbox, &cosign) {
            let whole = verb.join(" ");
            let found = [&whole, &verb[0]].into_iter().find(|name| listed.contains(*name));
            named.insert(found.unwrap_or_else(|| panic!("'{whole}' is not on the page")).clone());
            let run = sandbox.countersign(verb.iter().map(String::as_str).chain(["--help"]));
            let later = run.stderr.contains("is a command of cosign that is not available yet");
            assert!(run.code == Some(0) || later, "{whole}: {}", run.stderr);
        }
    }
    if peer("COSIGN").is_some() && peer("COSIGN2").is_some() {
        assert_eq!(named, listed);
    }
}
