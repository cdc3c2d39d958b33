//! The pages that are made from the program, and what else it makes of its arguments.

use std::collections::BTreeSet;
use std::path::Path;

use testkit::{Run, Sandbox, project};

use crate::read;

/// With `UPDATE=1` in the environment the page is written anew.
#[test]
fn the_command_line_reference_is_that_of_the_program() {
    let run = Sandbox::new().countersign(["man", "--reference", "markdown"]).succeeds();
    let page = "docs/reference/cli.md";
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(project().join(page), &run.stdout).expect("the page");
    }
    assert!(read(page) == run.stdout, "{page} is stale: UPDATE=1 cargo test --workspace --test docs");
}

/// Flags of cosign that are taken and not shown stand in one table, and no other flag does.
#[test]
fn hidden_flags_are_in_the_table_for_users_of_cosign() {
    let run = Sandbox::new().countersign(["man", "--reference", "hidden"]).succeeds();
    let hidden: BTreeSet<_> = run
        .stdout
        .lines()
        .filter_map(|line| line.rsplit_once(' '))
        .filter(|(command, _)| *command != "man")
        .map(|(_, flag)| flag.to_owned())
        .collect();
    let page = read("docs/how-to/coming-from-cosign.md");
    let (_, section) = page.split_once("## Flags that are taken and not shown\n").expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let flag = regex::Regex::new("`(--[a-z0-9-]+)").expect("an expression");
    let first_cells = section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let listed: BTreeSet<_> =
        first_cells.flat_map(|cell| flag.captures_iter(cell).map(|found| found[1].to_owned())).collect();
    assert_eq!(listed, hidden);
}

/// Every command of the reference has a manual page.
#[test]
fn every_command_has_a_manual_page() {
    let sandbox = Sandbox::new();
    sandbox.countersign(["man", "--dir", "pages"]).succeeds();
    let mut commands = 0;
    for heading in read("docs/reference/cli.md").lines().filter_map(|line| line.strip_prefix("## ")) {
        if heading == "Flags of every command" {
            continue;
        }
        let name = format!("pages/countersign-{}.1", heading.replace(' ', "-"));
        let page = String::from_utf8(sandbox.read(&name)).expect("text");
        assert!(page.contains(".TH ") && page.contains(".SH SYNOPSIS"), "{name}");
        commands += 1;
    }
    assert!(commands > 20, "{commands}");
    assert!(sandbox.path("pages/countersign.1").is_file());
}

#[test]
fn completions_name_every_command() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = sandbox.countersign(["completion", shell]).succeeds().stdout;
        for command in ["generate-key-pair", "sign-blob", "verify", "threshold"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
        let file = sandbox.write(format!("completion.{shell}"), &script);
        if let Some(program) =
            ["/bin", "/usr/bin"].map(|folder| Path::new(folder).join(shell)).iter().find(|path| path.exists())
        {
            sandbox.run(program, ["-n".as_ref(), file.as_os_str()]).succeeds();
        }
    }
}

/// What bash offers after the first letters of a command.
#[test]
fn bash_completes_a_command() {
    let sandbox = Sandbox::new();
    if !Path::new("/bin/bash").exists() {
        return;
    }
    let script = sandbox.countersign(["completion", "bash"]).succeeds().stdout;
    sandbox.write("completion", script);
    let ask = "source ./completion; COMP_WORDS=(countersign verify-); COMP_CWORD=1; \
               _countersign countersign verify- countersign; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let run = Run::of(sandbox.command("/bin/bash").args(["-c", ask]), b"").succeeds();
    let mut offered: Vec<_> = run.stdout.lines().collect();
    offered.sort_unstable();
    assert_eq!(offered, ["verify-attestation", "verify-blob", "verify-blob-attestation"]);
}
