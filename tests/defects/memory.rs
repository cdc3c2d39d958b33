//! Defect 9: cosign takes 2.1 GiB to sign a 1 GB file.

use std::io::Write as _;
use std::process::Stdio;

use testkit::{missing, program};

use crate::bench::Bench;

const LARGE: usize = 200 << 20;
const MOST_KIB: u64 = 32 << 10;

/// Runs a command under GNU time, and gives its peak memory in KiB.
fn peak(bench: &Bench, words: &[&str]) -> Option<u64> {
    const TIME: &str = "/usr/bin/time";
    if !std::path::Path::new(TIME).is_file() {
        return polled(bench, words);
    }
    let time = [TIME, "-f", "%M", "-o", "peak"].iter().map(ToString::to_string);
    let program = std::iter::once(program().display().to_string());
    let line: Vec<_> = time.chain(program).chain(words.iter().map(ToString::to_string)).collect();
    bench.sandbox.run(&line[0], &line[1..]).succeeds();
    String::from_utf8(bench.sandbox.read("peak")).ok()?.trim().parse().ok()
}

/// The same by looking at `/proc`, where there is no GNU time: the high-water mark only grows, so the last look counts.
fn polled(bench: &Bench, words: &[&str]) -> Option<u64> {
    let mut command = bench.sandbox.command(program());
    let mut child =
        command.args(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let status = format!("/proc/{}/status", child.id());
    let mut most = None;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let mark = mark.and_then(|mark| mark.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        most = mark.max(most);
        if let Some(ended) = child.try_wait().expect("it can be waited for") {
            assert!(ended.success(), "{words:?}");
            return most.or_else(|| missing("/usr/bin/time, or /proc with memory marks,"));
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

#[test]
fn large_files_are_signed_and_verified_in_constant_memory() {
    let Some(bench) = Bench::new() else { return };
    let mut file = std::fs::File::create(bench.sandbox.path("large")).expect("a file");
    let piece = vec![7; 1 << 20];
    (0..LARGE / piece.len()).for_each(|_| file.write_all(&piece).expect("room for a large file"));
    // Plain in PKCS#8, since the derivation of an encrypted key takes 64 MiB by itself, as cosign's format wants.
    bench.sandbox.key_of("ed", &["ED25519"]);
    for (key, public) in [("one.key", "one.pub"), ("ed.key", "ed.pub")] {
        let sign = ["sign-blob", "--key", key, "--bundle", "large.bundle", "large"];
        let verify = ["verify-blob", "--key", public, "--bundle", "large.bundle", "large"];
        for words in [sign, verify] {
            let Some(peak) = peak(&bench, &words) else { return };
            println!("{words:?}: {peak} KiB");
            assert!(peak < MOST_KIB, "{words:?}: {peak} KiB");
        }
    }
}
