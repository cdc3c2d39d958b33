//! Durations as Go writes them, since cosign's flags take them: `300ms`, `1m30s`, `3m0s`.

use std::time::Duration;

/// Longer ones are a mistake, and would pass the end of the clock.
const LONGEST: Duration = Duration::from_secs(1_000 * 3600);

/// Reads a duration; a bare number is seconds.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let malformed = || format!("'{text}' is no duration: expected such as 30s, 1m30s or 500ms");
    if let Ok(seconds) = text.parse::<u32>() {
        return parse(&format!("{seconds}s"));
    }
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(malformed)?;
        let number: f64 = rest[..digits].parse().map_err(|_| malformed())?;
        rest = &rest[digits..];
        let unit_length = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number * unit(&rest[..unit_length]).ok_or_else(malformed)?;
        rest = &rest[unit_length..];
    }
    match text.is_empty() {
        true => Err(malformed()),
        false => {
            Duration::try_from_secs_f64(total).ok().filter(|time| *time <= LONGEST).ok_or_else(malformed)
        }
    }
}

fn unit(name: &str) -> Option<f64> {
    Some(match name {
        "h" => 3600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 1e-3,
        "us" | "µs" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_writes_them() {
        for (text, milliseconds) in [
            ("3m0s", 180_000),
            ("1m30s", 90_000),
            ("500ms", 500),
            ("1.5s", 1500),
            ("2h", 7_200_000),
            ("10", 10_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "1x", "1s2", "-1s", "1..2s", "1e9h", "9223372036854775807s", "4000000000"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
