//! What the registry does wrong.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use futures_util::StreamExt;
use futures_util::stream;
use regex::Regex;

/// How an answer is spoilt.
#[derive(Clone, Debug)]
pub enum Action {
    /// Another status, with these headers and this body, and nothing done.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The real answer with other headers; an empty value removes one.
    Headers(Vec<(&'static str, String)>),
    /// The real answer with another body.
    Body(Bytes),
    /// The real answer, cut after so many bytes, and the connection closed.
    Truncate(usize),
    /// The real headers, and zeros without end.
    Endless,
    /// The real answer, a byte at a time with this wait between.
    Drip(Duration),
    /// No answer, ever.
    Hang,
    /// The connection is closed before anything is done.
    Reset,
    /// The connection is closed after everything is done, without an answer.
    ResetAfter,
}

/// When the registry misbehaves, and how.
#[derive(Clone, Debug)]
pub struct Fault {
    method: &'static str,
    path: Regex,
    skip: usize,
    times: usize,
    action: Action,
}

impl Fault {
    /// On every request of this method (`*` for any) to a path (with its query) that fits this regular expression.
    ///
    /// # Panics
    /// When it is none.
    #[expect(clippy::expect_used, reason = "a test with a wrong expression must end")]
    pub fn on(method: &'static str, path: &str, action: Action) -> Self {
        let path = Regex::new(path).expect("a regular expression");
        Self { method, path, skip: 0, times: usize::MAX, action }
    }

    /// A status with a body of the specification's shape.
    pub fn status(method: &'static str, path: &str, status: u16) -> Self {
        let body = format!(r#"{{"errors":[{{"code":"FAULT","message":"fault {status}"}}]}}"#);
        Self::on(
            method,
            path,
            Action::Answer(status, vec![("content-type", "application/json".into())], body),
        )
    }

    /// A redirect.
    pub fn redirect(method: &'static str, path: &str, location: impl Into<String>) -> Self {
        Self::on(method, path, Action::Answer(307, vec![("location", location.into())], String::new()))
    }

    /// Only so many times.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Not the first so many times.
    pub fn after(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// Whether it fits, counted.
    pub(super) fn strikes(&mut self, method: &str, path: &str) -> Option<Action> {
        if (self.method != "*" && self.method != method) || !self.path.is_match(path) {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times = self.times.checked_sub(1)?;
        Some(self.action.clone())
    }
}

/// An answer that was made up.
pub(super) fn made_up(status: u16, headers: &[(&'static str, String)], body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
    with_headers(response, headers)
}

/// The answer with other headers.
pub(super) fn with_headers(
    mut response: Response<Body>,
    headers: &[(&'static str, String)],
) -> Response<Body> {
    for (name, value) in headers {
        let name = HeaderName::from_static(name);
        response.headers_mut().remove(&name);
        if let Some(value) = HeaderValue::from_str(value).ok().filter(|value| !value.is_empty()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The answer with another body, chunked when it is made of pieces.
pub(super) async fn spoilt(response: Response<Body>, action: &Action) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let body = match action {
        Action::Truncate(length) => {
            let head = bytes.slice(..bytes.len().min(*length));
            parts.headers.insert("content-length", bytes.len().into());
            let broken = stream::once(async { Err(std::io::Error::other("cut")) });
            Body::from_stream(stream::iter([Ok(head)]).chain(broken))
        }
        Action::Endless => {
            parts.headers.remove("content-length");
            let zeros = Bytes::from_static(&[0; 64 << 10]);
            Body::from_stream(stream::repeat_with(move || Ok::<_, std::io::Error>(zeros.clone())))
        }
        Action::Drip(wait) => {
            let wait = *wait;
            let pieces = stream::iter(bytes.to_vec()).then(move |byte| async move {
                tokio::time::sleep(wait).await;
                Ok::<_, std::io::Error>(Bytes::copy_from_slice(&[byte]))
            });
            Body::from_stream(pieces)
        }
        Action::Body(other) => {
            parts.headers.remove("content-length");
            Body::from(other.clone())
        }
        _ => Body::from(bytes),
    };
    Response::from_parts(parts, body)
}
