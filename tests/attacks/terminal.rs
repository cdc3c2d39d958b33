//! What a terminal shows, and how it is left. The terminal is one that `script` makes.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::json;
use testkit::registry::{Action, Fault};
use testkit::{Sandbox, Scene, missing, program};

/// A shell script that runs on a terminal of its own.
struct Terminal {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    shown: String,
}

impl Terminal {
    fn start(sandbox: &Sandbox, script: &str) -> Option<Self> {
        if !Path::new("/usr/bin/script").is_file() {
            return missing("script, of util-linux");
        }
        sandbox.write("script.sh", script);
        let mut command = sandbox.command("/usr/bin/script");
        command.args(["-q", "-e", "-c", "exec sh script.sh", "/dev/null"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("script runs");
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().expect("its output"));
        Some(Self { child, stdin, stdout, shown: String::new() })
    }

    /// Reads until this is shown, or to the end.
    fn until(&mut self, wanted: &str) -> &str {
        let mut buffer = [0; 4096];
        while !self.shown.contains(wanted) {
            match self.stdout.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(count) => self.shown.push_str(&String::from_utf8_lossy(&buffer[..count])),
            }
        }
        &self.shown
    }

    fn types(&mut self, keys: &[u8]) {
        let stdin = self.stdin.as_mut().expect("a keyboard");
        stdin.write_all(keys).and_then(|()| stdin.flush()).expect("keys are typed");
    }

    /// All that was shown.
    fn end(mut self) -> String {
        self.until("\0");
        self.child.wait().expect("script ends");
        self.shown
    }
}

/// A sandbox with an encrypted key `p` and a file, in which nothing gives the password away.
fn with_encrypted_key() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.countersign(["generate-key-pair", "--output-key-prefix", "p"]).succeeds();
    sandbox.write("blob", "content");
    sandbox.without("COSIGN_PASSWORD")
}

fn script(command: &str) -> String {
    let program = program().display();
    format!(
        "trap : INT QUIT; sh -c 'echo \"pid=$$;\"; exec {program} {command}'; echo \"exit=$?;\"; stty -a; echo END\n"
    )
}

/// threat model, row 33: Ctrl-C, `Ctrl-\`, a termination and a hangup at the prompt: the terminal echoes again, nothing
/// is written.
#[test]
fn an_interrupted_prompt_leaves_nothing() {
    let sandbox = with_encrypted_key();
    for command in [
        "sign-blob --key p.key --bundle made blob",
        "generate-key-pair --output-key-prefix made",
        "import-key-pair --key p.key --output-key-prefix made",
        "public-key --key p.key --outfile made",
    ] {
        for (signal, exit) in [("INT", 130), ("QUIT", 131), ("TERM", 143), ("HUP", 129)] {
            let Some(mut terminal) = Terminal::start(&sandbox, &script(command)) else { return };
            let before = sandbox.listing();
            let shown = terminal.until("Enter password").to_owned();
            match signal {
                "INT" => terminal.types(b"\x03"),
                "QUIT" => terminal.types(b"\x1c"),
                _ => kill(signal, &shown),
            }
            let shown = terminal.end();
            assert!(shown.contains(&format!("exit={exit};")), "{command} {signal}: {shown}");
            assert!(shown.contains(" echo ") && !shown.contains("-echo "), "{command} {signal}: {shown}");
            assert_eq!(sandbox.listing(), before, "{command} {signal}");
        }
    }
}

/// Sends a signal to the process that has said which it is.
fn kill(signal: &str, shown: &str) {
    let process = shown.split_once("pid=").and_then(|(_, rest)| rest.split_once(';')).expect("a pid").0;
    Command::new("kill").args([&format!("-{signal}"), process]).status().expect("kill");
}

/// threat model, rows 33 and 81: what is typed at a prompt is not shown, and it works.
#[test]
fn a_typed_password_is_not_shown() {
    let sandbox = with_encrypted_key();
    let command = "sign-blob --key p.key --output-signature made blob";
    let Some(mut terminal) = Terminal::start(&sandbox, &script(command)) else { return };
    terminal.until("Enter password");
    terminal.types(b"pw\n");
    let shown = terminal.end();
    assert!(shown.contains("exit=0;"), "{shown}");
    assert!(!shown.contains("pw\r"), "{shown}");
    let sandbox = sandbox.with("COSIGN_PASSWORD", "");
    sandbox.countersign(["verify-blob", "--key", "p.pub", "--signature", "made", "blob"]).succeeds();
}

/// A pipe can be read once: what comes from it is the password of every key.
#[test]
fn a_piped_password_is_that_of_every_key() {
    let sandbox = with_encrypted_key();
    sandbox.countersign(["demo", "--build-image", "oci:image:v1"]).succeeds();
    let shell = |line: &str| {
        let line = format!("echo pw | {} {line}", program().display());
        sandbox.run("sh", ["-c", &line]).succeeds();
    };
    shell("generate-key-pair --output-key-prefix q");
    shell("sign --key p.key --key q.key oci:image:v1");
    let verify = ["verify", "--key", "p.pub", "--key", "q.pub", "--threshold", "2", "oci:image:v1"];
    sandbox.countersign(verify).succeeds();
    shell("import-key-pair --key p.key --output-key-prefix r");
    shell("public-key --key r.key");
}

/// threat model, row 33: a command that waits for a pipe, and so for nothing that it could hear, ends as well.
#[test]
fn a_command_that_waits_for_a_pipe_can_be_interrupted() {
    let sandbox = Sandbox::new();
    sandbox.key("a");
    sandbox.write("signature", "AAAA");
    sandbox.countersign(["generate-key-pair", "--output-key-prefix", "p"]).succeeds();
    let sandbox = sandbox.without("COSIGN_PASSWORD");
    sandbox.write("blob", "content");
    for command in [
        &["sign-blob", "--key", "a.key", "-"][..],
        &["verify-blob", "--key", "a.pub", "--signature", "signature", "-"],
        &["sign-blob", "--key", "p.key", "blob"],
    ] {
        for (signal, exit) in [("-INT", 130), ("-QUIT", 131), ("-TERM", 143)] {
            let mut child = sandbox.command(program());
            child.args(command).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = child.spawn().expect("it runs");
            // Waiting for the end would close it.
            let _open = child.stdin.take();
            // It has taken the signals over once it says so itself; until then one would just end it.
            while !catches(child.id()) {
                std::thread::yield_now();
            }
            Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
            assert_eq!(child.wait().expect("it ends").code(), Some(exit), "{command:?} {signal}");
        }
    }
}

/// What `nohup` runs is not ended by a hangup.
#[test]
fn a_hangup_that_is_ignored_stays_so() {
    let sandbox = Sandbox::new();
    sandbox.key("a");
    let line =
        format!("trap '' HUP; exec {} sign-blob --key a.key --output-signature made -", program().display());
    let mut child = sandbox.command("sh");
    child.args(["-c", &line]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.spawn().expect("it runs");
    while !catches(child.id()) {
        std::thread::yield_now();
    }
    Command::new("kill").args(["-HUP", &child.id().to_string()]).status().expect("kill");
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(sandbox.path("made").is_file());
}

/// Whether a process handles these signals (proc(5), `SigCgt`).
fn catches(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let bit = |signal: u32| mask & (1 << (signal - 1)) != 0;
    bit(2) && bit(3) && bit(15)
}

const HOSTILE: &str = "a\u{1b}[2J\u{202e}b\r\nVerified OK\u{9b}1m";

/// The text has nothing of what moves a terminal, and no line of the attacker's.
#[track_caller]
fn harmless(text: &str) {
    for c in ['\u{1b}', '\u{202e}', '\u{9b}'] {
        assert!(!text.contains(c), "{text:?}");
    }
    assert!(!text.lines().any(|line| line.starts_with("Verified OK")), "{text}");
}

/// threat model, row 79: text of others on standard error, on a terminal and in JSON.
#[test]
fn text_of_others_is_escaped() {
    let scene = Scene::default();
    let layer = scene.blob("text/plain", b"x");
    let mut manifest = testkit::documents::referrer(&scene.subject(), &[layer]);
    manifest["artifactType"] = HOSTILE.into();
    scene.manifest(None, &manifest);
    let mut payload = testkit::documents::payload(&scene.digest);
    payload["optional"] = json!({HOSTILE: HOSTILE});
    payload["critical"]["identity"]["docker-reference"] = HOSTILE.into();
    scene.signed_payload("a", &payload);

    let run = scene.verify(&[]).succeeds();
    harmless(&run.stderr);
    assert_eq!(run.json()[0]["optional"][HOSTILE], HOSTILE);
    harmless(&scene.verify(&["-a", "x=y"]).ends(1).stderr);
    harmless(&scene.verify(&["-o", "report"]).succeeds().stderr);
    for command in [&["tree", "IMAGE"][..], &["verify", "--key", "a.pub", "-o", "text", "IMAGE"]] {
        let arguments: Vec<_> = command.iter().map(|word| word.replace("IMAGE", &scene.tag())).collect();
        let script = format!("{} {} 2>&1\n", program().display(), arguments.join(" "));
        // What a file or a pipe holds is shown on a terminal later.
        let piped = scene.countersign(command).succeeds();
        assert!(piped.stdout.contains("sha256:"), "{}", piped.stdout);
        harmless(&piped.stdout);
        let Some(terminal) = Terminal::start(&scene.sandbox, &script) else { return };
        let shown = terminal.end().replace("\r\n", "\n");
        assert!(shown.contains("sha256:"), "{shown}");
        harmless(&shown);
    }
}

/// threat model, row 79: what a registry says of itself.
#[test]
fn errors_of_a_registry_are_escaped() {
    let body = json!({"errors": [{"code": HOSTILE, "message": HOSTILE}]}).to_string();
    for headers in [vec![("content-type", "application/json".to_owned())], vec![]] {
        let scene = Scene::default();
        scene.registry.fault(Fault::on("*", "/referrers/", Action::Answer(403, headers, body.clone())));
        let run = scene.verify(&["-o", "report"]).fails(3, "STORE_FORBIDDEN");
        harmless(&run.stderr);
        harmless(&run.stdout);
    }
}

/// Colours only for people: none in a pipe, none where `NO_COLOR` is set.
#[test]
fn colours_are_for_terminals() {
    let sandbox = Sandbox::new();
    assert!(!sandbox.countersign(["verify", "--key", "none", "x"]).ends(2).stderr.contains('\u{1b}'));
    let line = format!("{} verify --key none x\n", program().display());
    let Some(terminal) = Terminal::start(&sandbox, &line) else { return };
    assert!(terminal.end().contains("\u{1b}["));
    let Some(terminal) = Terminal::start(&sandbox, &format!("NO_COLOR=1 {line}")) else { return };
    assert!(!terminal.end().contains('\u{1b}'));
}

/// Standard output that is full or closed is an error, and no success.
#[test]
fn output_that_goes_nowhere_is_an_error() {
    let scene = Scene::default();
    scene.signed_by("a");
    let sandbox = &scene.sandbox;
    sandbox.write("blob", "content");
    let image = scene.tag();
    for command in [
        &["verify", "--key", "a.pub", &image][..],
        &["verify", "--key", "a.pub", "-o", "report", &image],
        &["sign-blob", "--key", "a.key", "blob"],
        &["public-key", "--key", "a.key"],
        &["tree", &image],
        &["generate", &image],
        &["triangulate", &image],
        &["download", "signature", &image],
        &["inspect", "a.pub"],
        &["version"],
        &["completion", "bash"],
        &["--help"],
    ] {
        let full = File::options().write(true).open("/dev/full").expect("/dev/full");
        let (reader, closed) = std::io::pipe().expect("a pipe");
        drop(reader);
        for stdout in [Stdio::from(full), Stdio::from(closed)] {
            let mut run = sandbox.command(program());
            let status = run.args(command).stdout(stdout).stderr(Stdio::null()).status().expect("it runs");
            assert_eq!(status.code(), Some(3), "{command:?}");
        }
    }
}
