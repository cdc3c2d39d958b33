//! How much memory a command takes at most.

use std::process::Stdio;

use crate::{Sandbox, missing, program};

impl Sandbox {
    /// Runs `countersign`, which must end with this code, and gives its peak memory in KiB; `None` where that cannot be
    /// measured.
    ///
    /// # Panics
    /// When it ends with another code.
    pub fn peak(&self, words: &[&str], code: i32) -> Option<u64> {
        const TIME: &str = "/usr/bin/time";
        if !std::path::Path::new(TIME).is_file() {
            return self.polled(words, code);
        }
        let time = [TIME, "-q", "-f", "%M", "-o", "peak"].iter().map(ToString::to_string);
        let program = std::iter::once(program().display().to_string());
        let line: Vec<_> = time.chain(program).chain(words.iter().map(ToString::to_string)).collect();
        self.run(&line[0], &line[1..]).ends(code);
        String::from_utf8(self.read("peak")).ok()?.trim().parse().ok()
    }

    /// The same by looking at `/proc`, where there is no GNU time: the high-water mark only grows, so the last look
    /// counts.
    fn polled(&self, words: &[&str], code: i32) -> Option<u64> {
        let mut command = self.command(program());
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
                assert_eq!(ended.code(), Some(code), "{words:?}");
                return most.or_else(|| missing("/usr/bin/time, or /proc with memory marks,"));
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}
