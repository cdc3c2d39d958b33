//! Compares countersign with cosign and trivy, side by side in one run: see `docs/performance.md`. Started by `tests/bench/compare`.

mod attestations;
mod cases;
mod lab;
mod measure;
mod report;
mod sboms;

use std::process::ExitCode;

const USAGE: &str = "Usage: tests/bench/compare [--runs N] [--only CASE]... [-o markdown|json]

Prints what countersign costs compared with its peers, and exits with 1 where a
target is missed.

  --runs N      measure each N times, in turns, and take the medians (5)
  --only CASE   only this case; may be given several times
  -o FORMAT     markdown (ratios; the default) or json (absolute figures too)
  --list        print the names of the cases
  --help        print this
";

/// What was asked for.
struct Settings {
    runs: usize,
    only: Vec<String>,
    json: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some(measure::MEASURED) => {
            let code = measure::measured(&arguments[1..]);
            return ExitCode::from(u8::try_from(code).unwrap_or(1));
        }
        Some("--help") => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Some("--list") => {
            cases::CASES.iter().for_each(|(name, _)| println!("{name}"));
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    match settings(&arguments) {
        Ok(settings) => compare(&settings),
        Err(why) => {
            eprint!("compare: {why}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn settings(arguments: &[String]) -> Result<Settings, String> {
    let mut settings = Settings { runs: 5, only: Vec::new(), json: false };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{argument}: unknown, or without its value"))?;
        match (argument.as_str(), value.as_str()) {
            ("--runs", runs) => {
                settings.runs =
                    runs.parse().ok().filter(|runs| *runs > 0).ok_or("--runs: a number from 1")?;
            }
            ("--only", name) if cases::CASES.iter().any(|(case, _)| *case == name) => {
                settings.only.push(name.into());
            }
            ("-o", "markdown") => settings.json = false,
            ("-o", "json") => settings.json = true,
            _ => return Err(format!("{argument} {value}: unknown")),
        }
    }
    Ok(settings)
}

fn compare(settings: &Settings) -> ExitCode {
    if std::env::var_os("COUNTERSIGN").is_none() {
        eprintln!("compare: $COUNTERSIGN, the program to measure, is not set: start tests/bench/compare");
        return ExitCode::from(2);
    }
    let lab = lab::Lab::new(settings.runs);
    let mut rows = Vec::new();
    for (name, case) in cases::CASES {
        if settings.only.is_empty() || settings.only.iter().any(|only| only == name) {
            eprintln!("compare: {name}");
            rows.extend(case(&lab));
        }
    }
    if settings.json {
        println!("{:#}", report::json(&rows));
    } else {
        print!("{}", report::markdown(&rows));
    }
    let missed = rows.iter().flat_map(|row| &row.targets).filter(|target| !target.is_met()).count();
    if missed == 0 {
        return ExitCode::SUCCESS;
    }
    eprintln!("compare: {missed} targets missed");
    ExitCode::from(1)
}
