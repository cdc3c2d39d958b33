//! Programs that are killed, at any moment (threat model, row 29).
//!
//! Where the kill strikes is left to chance, since the promise is about every moment: what was there is whole, what was
//! signed verifies, and running again completes the work.

use std::collections::hash_map::RandomState;
use std::ffi::OsStr;
use std::hash::{BuildHasher, Hasher};
use std::process::Stdio;
use std::time::{Duration, Instant};

use testkit::servers::{Kind, Server};
use testkit::{Sandbox, Scene, program};

/// Runs of each kind of work.
const RUNS: u32 = 12;

/// A sandbox with the keys `a` and `b`, and the layout `image`: `v1`, signed by `a` in both formats.
fn scene() -> Scene {
    let scene = Scene::default();
    scene.sandbox.key("b");
    scene.sign(&["--format", "both"]).succeeds();
    scene.countersign(&["copy", "IMAGE", "oci:image:v1"]).succeeds();
    scene
}

/// Kills a command after a time between none and a little more than it takes.
fn kill(sandbox: &Sandbox, arguments: &[impl AsRef<OsStr>], takes: Duration) {
    let mut command = sandbox.command(program());
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program runs");
    let chance = RandomState::new().build_hasher().finish() % 1200;
    std::thread::sleep(takes.mul_f64(chance as f64 / 1000.0));
    // It may have ended already.
    let _ = child.kill();
    child.wait().expect("the program ends");
}

/// How long a command takes when nobody kills it.
fn time(sandbox: &Sandbox, arguments: &[impl AsRef<OsStr>]) -> Duration {
    let begin = Instant::now();
    sandbox.countersign(arguments).succeeds();
    begin.elapsed()
}

/// The first signatures, in both formats, are still there.
#[track_caller]
fn still_signed(sandbox: &Sandbox, image: &str) {
    let accepted = sandbox.countersign(["verify", "--key", "a.pub", image]).succeeds().json();
    assert!(accepted.as_array().is_some_and(|accepted| accepted.len() >= 2), "{accepted}");
}

/// Signs `image` again and again, and kills it each time.
fn sign(sandbox: &Sandbox, image: &str) {
    for format in ["bundle", "legacy"] {
        let command = |annotation: &str| {
            ["sign", "--key", "b.key", "--format", format, "-a", annotation, image].map(str::to_owned)
        };
        let takes = time(sandbox, &command("run=whole"));
        for run in 0..RUNS / 2 {
            let annotation = format!("run={format}{run}");
            kill(sandbox, &command(&annotation), takes);
            still_signed(sandbox, image);
            sandbox.countersign(command(&annotation)).succeeds();
            sandbox.countersign(["verify", "--key", "b.pub", "-a", &annotation, image]).succeeds();
            still_signed(sandbox, image);
        }
    }
}

/// Makes `target`, with a number for `RUN`, again and again, and kills it each time. `beside` is signed and stays so.
fn fill(sandbox: &Sandbox, beside: Option<&str>, command: impl Fn(&str) -> Vec<String>, target: &str) {
    let numbered = |number: u32| target.replace("RUN", &number.to_string());
    let takes = time(sandbox, &command(&numbered(RUNS)));
    for number in 0..RUNS {
        let arguments = command(&numbered(number));
        kill(sandbox, &arguments, takes);
        if let Some(beside) = beside {
            still_signed(sandbox, beside);
        }
        sandbox.countersign(&arguments).succeeds();
        still_signed(sandbox, &numbered(number));
    }
}

/// threat model, row 29: signing in a layout.
#[test]
fn signing_in_a_layout() {
    let scene = scene();
    sign(&scene.sandbox, "oci:image:v1");
}

/// threat model, row 29: signing in real registries, with and without the referrers API.
#[test]
fn signing_in_registries() {
    let scene = scene();
    for server in [Kind::Distribution3, Kind::Referrers].into_iter().filter_map(Server::start) {
        let image = format!("{}/acme/app:v1", server.host());
        scene.sandbox.countersign(["copy", "oci:image:v1", &image]).succeeds();
        sign(&scene.sandbox, &image);
    }
}

/// threat model, row 29: copying into a layout that holds a signed image.
#[test]
fn copying_into_a_layout() {
    let scene = scene();
    let source = scene.tag();
    let command = |target: &str| vec!["copy".into(), source.clone(), target.into()];
    fill(&scene.sandbox, Some("oci:image:v1"), command, "oci:image:copyRUN");
    fill(&scene.sandbox, None, command, "oci:newRUN:v1");
}

/// threat model, row 29: copying into a registry that holds a signed image.
#[test]
fn copying_into_a_registry() {
    let scene = scene();
    let Some(server) = Server::start(Kind::Distribution3) else { return };
    let beside = format!("{}/acme/app:v1", server.host());
    scene.sandbox.countersign(["copy", "oci:image:v1", &beside]).succeeds();
    let command = |target: &str| vec!["copy".into(), "oci:image:v1".into(), target.into()];
    fill(&scene.sandbox, Some(&beside), command, &format!("{}/acme/newRUN:v1", server.host()));
}

/// threat model, row 29: saving.
#[test]
fn saving() {
    let scene = scene();
    let source = scene.tag();
    let command = |target: &str| {
        let directory = target.trim_start_matches("oci:").to_owned();
        vec!["save".into(), "--dir".into(), directory, source.clone()]
    };
    fill(&scene.sandbox, None, command, "oci:savedRUN");
}

/// threat model, row 29: files that are written whole: a bundle that was there is the old one or the new one.
#[test]
fn files_are_old_or_new() {
    let sandbox = Sandbox::new();
    sandbox.key("a");
    sandbox.write("blob", vec![b'x'; 1 << 20]);
    let sign = ["sign-blob", "--key", "a.key", "--bundle", "bundle", "blob"];
    let takes = time(&sandbox, &sign);
    let public = ["public-key", "--key", "a.key", "--outfile", "public.pem"];
    sandbox.countersign(public).succeeds();
    for _ in 0..RUNS {
        kill(&sandbox, &sign, takes);
        kill(&sandbox, &public, takes);
        sandbox.countersign(["verify-blob", "--key", "public.pem", "--bundle", "bundle", "blob"]).succeeds();
    }
}
