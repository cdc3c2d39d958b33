//! README's first command, and what it tells its reader to repeat.

use std::process::Stdio;

use testkit::{Run, Sandbox, program};

/// Every command that the demo prints, repeated in a shell in another folder, ends as the demo says it does.
#[test]
fn what_the_demo_prints_can_be_repeated() {
    let sandbox = Sandbox::new();
    let run = sandbox.countersign(["demo", "--dir", "first"]).succeeds();
    let directory = program().parent().expect("the program's folder").display().to_string();
    std::fs::create_dir(sandbox.path("second")).expect("a folder");
    let mut script = format!("PATH={directory}:$PATH\n");
    let mut commands = 0;
    for line in run.stdout.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            script.push_str(&command.replace("first/", "second/"));
            script.push_str("\necho \"# exit $?\"\n");
            commands += 1;
        }
    }
    assert!(commands >= 8, "{}", run.stdout);
    let mut shell = sandbox.command("sh");
    shell.args(["-c", &script]).stdin(Stdio::null());
    let repeated = Run::of(&mut shell, b"").succeeds();
    let exits = |text: &str| {
        text.lines().filter(|line| line.starts_with("# exit")).map(str::to_owned).collect::<Vec<_>>()
    };
    // The first is that of `export`.
    assert_eq!(exits(&repeated.stdout)[1..], exits(&run.stdout));
}

#[test]
fn the_demo_leaves_a_directory_that_is_there_alone() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("there")).expect("a folder");
    sandbox.countersign(["demo", "--dir", "there"]).fails(3, "IO");
}
