//! When a request is tried again, and after which wait.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Whether an answer may be another one soon.
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// What `Retry-After` asks for: seconds, or a date, which is read against the `Date` of the same answer, or `now`
/// (RFC 9110 section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Too many digits for a number: forever.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let then = http_date(value)?;
    let now = headers.get(header::DATE).and_then(|date| http_date(date.to_str().ok()?)).unwrap_or(now);
    let seconds = then.as_second().saturating_sub(now.as_second());
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// A date as HTTP writes it (RFC 9110 section 5.6.7).
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::parse(text).ok().map(|date| date.timestamp())
}

/// The wait before try number `next` (2 for the first repetition): doubling, and between half and the whole of it by
/// chance, so that those who failed together do not come back together.
pub(super) fn backoff(first: Duration, next: u32) -> Duration {
    let whole = first.saturating_mul(1 << next.saturating_sub(2).min(10));
    whole.mul_f64(0.5 + 0.5 * chance())
}

/// A number from 0 up to 1.
pub(super) fn chance() -> f64 {
    f64::from(u32::from_le_bytes(random())) / (f64::from(u32::MAX) + 1.0)
}

/// Random bytes. They make waits and names differ, and no secret depends on them.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // The system's generator does not fail where this program starts; zeros would only mean equal waits.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// threat model, row 17.
    #[test]
    fn retry_after_is_read_in_every_form() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let now = Timestamp::from_second(784_111_777 - 90).unwrap();
        for (value, server_date, seconds) in [
            ("7", None, Some(7)),
            (" 0 ", None, Some(0)),
            ("1000000000", None, Some(1_000_000_000)),
            ("99999999999999999999999", None, Some(u64::MAX)),
            (date, None, Some(90)),
            (date, Some("Sun, 06 Nov 1994 08:49:32 GMT"), Some(5)),
            (date, Some("Sun, 06 Nov 1994 08:49:38 GMT"), Some(0)),
            ("-1", None, None),
            ("soon", None, None),
            ("", None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, value.parse().unwrap());
            if let Some(date) = server_date {
                headers.insert(header::DATE, date.parse().unwrap());
            }
            assert_eq!(retry_after(&headers, now).map(|wait| wait.as_secs()), seconds, "{value}");
        }
    }

    #[test]
    fn waits_grow_and_stay_bounded() {
        let first = Duration::from_millis(100);
        for next in 2..100 {
            let wait = backoff(first, next);
            assert!(wait >= first / 2 && wait <= first * 1024, "{next}: {wait:?}");
        }
        assert!(backoff(first, 5) >= first * 4);
    }
}
