//! A page as a shell session: its fenced blocks, what they run, and how each command must end.
//!
//! - `sh` blocks hold commands. One that ends with `# exit N` must end with that code, every other one with 0.
//! - `console` blocks hold commands after `$ `, and what they print on either stream; `...` stands for anything.
//! - Other blocks (`text`, `json`) are no commands. A fence must say what it is.

use std::fmt::Write;
use std::path::Path;

use testkit::Sandbox;

/// A command of a page.
#[derive(Debug)]
pub(crate) struct Step {
    /// The command, which may have several lines.
    pub(crate) command: String,
    /// How it must end.
    pub(crate) exit: i32,
    /// What it must print, if the page says.
    pub(crate) printed: Option<String>,
}

/// The commands of a page, in their order.
pub(crate) fn steps(page: &Path, text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for (language, block) in blocks(page, text) {
        match language.as_str() {
            "sh" => steps.extend(commands(&block)),
            "console" => steps.extend(dialogue(&block)),
            "text" | "json" => {}
            other => panic!("{}: a block of '{other}', which nothing looks at", page.display()),
        }
    }
    steps
}

fn blocks(page: &Path, text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((language.trim().to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, block))) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {
                let hidden = line.starts_with("    countersign ");
                assert!(!hidden, "{}: a command outside of a fence: {line}", page.display());
            }
        }
    }
    assert!(open.is_none(), "{}: a block without end", page.display());
    blocks
}

fn commands(block: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = block.lines();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let mut command = line.to_owned();
        while command.ends_with('\\') {
            command.push('\n');
            command.push_str(lines.next().expect("a line after the backslash"));
        }
        steps.push(step(&command));
    }
    steps
}

fn step(command: &str) -> Step {
    let (command, exit) = match command.rsplit_once("# exit ") {
        Some((command, code)) => (command, code.trim().parse().expect("an exit code after '# exit'")),
        None => (command, 0),
    };
    Step { command: command.trim().to_owned(), exit, printed: None }
}

fn dialogue(block: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { printed: Some(String::new()), ..step(command) }),
            (None, Some(Step { printed: Some(printed), .. })) => {
                printed.push_str(line);
                printed.push('\n');
            }
            (None, _) => panic!("output before a command: {line}"),
        }
    }
    steps
}

/// Runs the commands in one shell, in the sandbox's folder `work`.
pub(crate) fn run(page: &Path, steps: &[Step], sandbox: &Sandbox) {
    std::fs::create_dir(sandbox.path("printed")).expect("a folder");
    let printed = |number: usize| sandbox.path("printed").join(number.to_string());
    let mut script = String::from("cd work\n");
    for (number, step) in steps.iter().enumerate() {
        let output = printed(number).display().to_string();
        let Step { command, exit, .. } = step;
        let _ = writeln!(script, "{{\n{command}\n}} </dev/null >{output} 2>&1; code=$?");
        let _ = writeln!(script, "test $code -eq {exit} || {{ echo {number} $code; exit 99; }}");
    }
    let mut shell = sandbox.command("sh");
    let ended = testkit::Run::of(shell.args(["-c", &script]), b"");
    if ended.code != Some(0) {
        let (number, code) = ended.stdout.trim().rsplit_once(' ').unwrap_or(("0", "?"));
        let number = number.parse().unwrap_or(0);
        let said = String::from_utf8_lossy(&sandbox.read(printed(number))).into_owned();
        let Step { command, exit, .. } = &steps[number];
        panic!("{}: {command}\nended with {code}, expected {exit}:\n{said}{}", page.display(), ended.stderr);
    }
    for (number, step) in steps.iter().enumerate() {
        if let Some(expected) = &step.printed {
            let got = String::from_utf8_lossy(&sandbox.read(printed(number))).into_owned();
            assert!(
                matches(expected, &got),
                "{}: {}\nprinted:\n{got}\nexpected:\n{expected}",
                page.display(),
                step.command
            );
        }
    }
}

/// Whether a text is that of the page, where `...` stands for anything.
fn matches(expected: &str, got: &str) -> bool {
    let mut rest = got.trim();
    let mut parts = expected.trim().split("...");
    match parts.next().and_then(|first| rest.strip_prefix(first)) {
        Some(after) => rest = after,
        None => return false,
    }
    let parts: Vec<_> = parts.collect();
    for (position, part) in parts.iter().enumerate() {
        let last = position + 1 == parts.len();
        match (last, rest.find(part)) {
            (true, _) => return rest.ends_with(part),
            (false, Some(at)) => rest = &rest[at + part.len()..],
            (false, None) => return false,
        }
    }
    rest.is_empty()
}

#[test]
fn dots_stand_for_anything() {
    for (expected, got, fits) in [
        ("a\n", "a", true),
        ("a", "b", false),
        ("a...c", "abc", true),
        ("a...c", "ab", false),
        ("...b...", "abc", true),
        ("...\nx", "y\nx", true),
        ("a", "ab", false),
    ] {
        assert_eq!(matches(expected, got), fits, "{expected} {got}");
    }
}
