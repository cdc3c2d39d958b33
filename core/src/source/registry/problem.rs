//! From what a server answers to a [`SourceError`]: text that others wrote is cut and escaped before it is repeated.

use std::fmt::Write;

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use url::Url;

use crate::limits;
use crate::source::SourceError;

/// The body of an error (OCI distribution specification 1.1, "Error Codes").
#[derive(Debug, Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    errors: Vec<ErrorEntry>,
}

#[derive(Debug, Default, Deserialize)]
struct ErrorEntry {
    #[serde(default)]
    code: serde_json::Value,
    #[serde(default)]
    message: serde_json::Value,
}

/// A URL without user, password and query: signed addresses and tokens stand there.
pub(super) fn place(url: &Url) -> String {
    let mut url = url.clone();
    // Cannot fail for http and https, and nothing else gets here with a user in it.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// Text of a server, cut to [`limits::SERVER_MESSAGE_BYTES`] and with everything escaped that could move a terminal's
/// cursor or turn the direction of writing.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for character in text.trim().chars() {
        if safe.len() >= limits::SERVER_MESSAGE_BYTES {
            safe.push_str("...");
            break;
        }
        if is_plain(character) {
            safe.push(character);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(safe, "{}", character.escape_unicode());
        }
    }
    safe
}

fn is_plain(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether an error names this code first.
pub(super) fn has_code(body: &[u8], code: &str) -> bool {
    let parsed: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
    parsed.errors.first().is_some_and(|entry| entry.code.as_str() == Some(code))
}

/// What an answer says about itself: the errors of its body, and `Warning` headers.
pub(super) fn message(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> String {
    let parsed: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
    let mut parts: Vec<String> = Vec::new();
    for entry in parsed.errors.iter().take(4) {
        let both = [&entry.code, &entry.message];
        let words: Vec<_> =
            both.iter().filter_map(|value| value.as_str()).filter(|word| !word.is_empty()).collect();
        if !words.is_empty() {
            parts.push(words.join(": "));
        }
    }
    let is_text = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/plain"));
    if parts.is_empty() && is_text {
        parts.push(String::from_utf8_lossy(body).into_owned());
    }
    for warning in headers.get_all(http::header::WARNING).iter().take(2) {
        parts.push(format!("warning: {}", String::from_utf8_lossy(warning.as_bytes())));
    }
    if parts.is_empty() {
        parts.push(status.canonical_reason().unwrap_or("no reason given").to_lowercase());
    }
    escaped(&parts.join("; "))
}

/// The error of an answer that is no success.
pub(super) fn refusal(place: String, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> SourceError {
    let why = message(status, headers, body);
    match status {
        StatusCode::UNAUTHORIZED => SourceError::Unauthorized { place, why },
        StatusCode::FORBIDDEN => SourceError::Forbidden { place, why },
        StatusCode::TOO_MANY_REQUESTS => SourceError::Throttled { place, tries: 1 },
        status => SourceError::Status { place, status: status.as_u16(), why },
    }
}

/// An answer that does not follow the specification.
pub(super) fn protocol(place: String, why: impl Into<String>) -> SourceError {
    SourceError::Protocol { place, why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// threat model, row 79.
    #[test]
    fn text_of_a_server_moves_no_terminal() {
        let body = br#"{"errors":[{"code":"DENIED","message":"\u001b[2Jno\u202egnihton\nnext"}]}"#;
        let text = message(StatusCode::FORBIDDEN, &HeaderMap::new(), body);
        assert_eq!(text, r"DENIED: \u{1b}[2Jno\u{202e}gnihton\u{a}next");
        assert!(escaped(&"x".repeat(10_000)).len() < 500);
    }

    #[test]
    fn an_error_body_of_any_shape_is_read() {
        for (body, expected) in [
            (r#"{"errors":[{"code":"NAME_UNKNOWN","message":"no"},{"code":7}]}"#, "NAME_UNKNOWN: no"),
            (r#"{"errors":[{}]}"#, "not found"),
            ("<html>", "not found"),
            ("", "not found"),
        ] {
            assert_eq!(message(StatusCode::NOT_FOUND, &HeaderMap::new(), body.as_bytes()), expected);
        }
    }

    /// threat model, row 81.
    #[test]
    fn a_place_has_no_secrets() {
        let url = "https://user:secret@host:1/v2/x?X-Amz-Signature=secret#secret".parse().unwrap();
        assert_eq!(place(&url), "https://host:1/v2/x");
    }
}
