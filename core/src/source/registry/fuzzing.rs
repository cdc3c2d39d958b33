//! Ways in for the fuzz targets: what parses the text of a registry's answers. Not part of any build but theirs.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use url::Url;

use super::link::Pages;
use super::{challenge, problem, retry};

/// Reads a header value as every header that a registry can send, and as the body of an error.
pub fn answer(value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        let mut headers = HeaderMap::new();
        for name in [header::WWW_AUTHENTICATE, header::LINK, header::RETRY_AFTER, header::WARNING] {
            headers.insert(name, value.clone());
        }
        let _ = challenge::challenge(&headers);
        let _ = retry::retry_after(&headers, Timestamp::UNIX_EPOCH);
        if let Ok(url) = Url::parse("https://r.io/v2/a/tags/list") {
            if let Ok(Some(next)) = Pages::default().next(&url, &headers) {
                assert_eq!(next.origin(), url.origin(), "a page of another host");
            }
        }
    }
    let message = problem::message(StatusCode::NOT_FOUND, &HeaderMap::new(), value);
    assert!(!message.chars().any(char::is_control), "{message:?}");
}
