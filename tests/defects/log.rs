//! Defect 2: cosign prints that log existence was verified when the log was skipped.

use serde_json::Value;

use crate::bench::{Bench, registry};

#[test]
fn a_skipped_log_check_is_never_said_to_be_done() {
    let (Some(bench), registry) = (Bench::new(), registry(true)) else { return };
    for format in ["bundle", "legacy"] {
        let image = bench.push(registry.host(), &format!("skipped/{format}"));
        bench.sign(&image, format);
        for flags in [&[][..], &["--insecure-ignore-tlog"], &["--insecure-ignore-tlog=true", "--offline"]] {
            let words: Vec<_> = ["verify", "--key", "one.pub", &image].iter().chain(flags).copied().collect();
            let run = bench.ours(&words).succeeds();
            let about_log = |line: &&str| line.to_lowercase().contains("log");
            let said: Vec<_> = run.stderr.lines().filter(about_log).collect();
            assert!(!said.is_empty() && said.iter().all(|line| line.contains("not asked for")), "{said:?}");
            let checks = run.json()[0]["verification"]["checks"].clone();
            assert_eq!(status(&checks, "transparency-log"), "not-asked-for");
            assert_eq!(status(&checks, "signature"), "passed");
        }
    }
}

fn status(checks: &Value, name: &str) -> String {
    let check = checks.as_array().and_then(|checks| checks.iter().find(|check| check["name"] == name));
    check.and_then(|check| check["status"].as_str()).unwrap_or_default().to_owned()
}
