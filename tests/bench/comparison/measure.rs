//! What a program costs: its processor time, its time by the clock, its peak memory.
//!
//! The peak of a child counts what its parent held when it was started, and this program holds registries. So it starts
//! itself once more, small, and lets that one start the program and ask the system what it took.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde_json::{Value, json};
use testkit::Sandbox;

/// The first argument of the small one.
pub(crate) const MEASURED: &str = "--measured";

/// What one run took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// User and system time, in seconds.
    pub(crate) cpu: f64,
    /// By the clock, in seconds.
    pub(crate) wall: f64,
    /// Peak of the resident memory, in bytes.
    pub(crate) memory: f64,
    /// Requests that the registry got.
    pub(crate) requests: f64,
}

/// Runs a program to its end.
///
/// # Panics
/// When it cannot be started, or fails.
pub(crate) fn run(sandbox: &Sandbox, line: &[String]) -> Cost {
    let small = std::env::current_exe().expect("the path of this program");
    let mut command = sandbox.command(small);
    command.arg(MEASURED).args(line).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = command.output().expect("this program starts");
    assert!(
        output.status.success(),
        "{}\n{}{}",
        line.iter().take(20).map(String::as_str).collect::<Vec<_>>().join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let got: Value = serde_json::from_slice(&output.stdout).expect("what was measured");
    let number = |name: &str| got[name].as_f64().expect("a number");
    Cost { cpu: number("cpu"), wall: number("wall"), memory: number("memory"), requests: 0.0 }
}

/// The small one: runs what its arguments say, and prints what it took.
pub(crate) fn measured(arguments: &[String]) -> i32 {
    let mut command = Command::new(&arguments[0]);
    command.args(&arguments[1..]).stdin(Stdio::null()).stdout(Stdio::null());
    let begin = Instant::now();
    let status = command.status().expect("the program starts");
    let wall = begin.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage of the child");
    let cpu = duration(usage.user_time()) + duration(usage.system_time());
    println!(
        "{}",
        json!({
            "cpu": cpu.as_secs_f64(),
            "wall": wall.as_secs_f64(),
            // Linux counts in KiB.
            "memory": usage.max_rss() * 1024,
        })
    );
    status.code().unwrap_or(1)
}

fn duration(time: TimeVal) -> Duration {
    let microseconds = time.tv_sec() * 1_000_000 + time.tv_usec();
    Duration::from_micros(microseconds.unsigned_abs())
}

/// The median of each figure.
pub(crate) fn median(costs: &[Cost]) -> Cost {
    let of = |figure: fn(&Cost) -> f64| {
        let mut values: Vec<_> = costs.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
    };
    Cost {
        cpu: of(|cost| cost.cpu),
        wall: of(|cost| cost.wall),
        memory: of(|cost| cost.memory),
        requests: of(|cost| cost.requests),
    }
}
