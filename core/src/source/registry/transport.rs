//! One request, until there is an answer: connections, redirects, authorisation, retries, time.
//!
//! Everything that the verbs send is safe to send twice, because content is named by its digest; the exceptions (a
//! body that can be read once, the write to a shared tag) say so with [`Call::once`]. Connection errors, 429 and 5xx
//! are tried again with growing waits until the tries or the time are used up; what is left then is the error, never
//! an empty answer.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use super::Inner;
use super::address::same_origin;
use super::auth::{Access, Need};
use super::client::causes;
use super::patience::earned;
use super::problem::{place, protocol, refusal};
use super::retry::backoff;
use super::state::{RepositoryState, Scheme};
use crate::limits;
use crate::pieces::Pieces;
use crate::source::{Result, SourceError};

/// The result of one try.
pub(super) type Attempt<T> = std::result::Result<T, Failure>;

/// A request as a verb wants it.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) headers: HeaderMap,
    pub(super) body: Payload,
    pub(super) need: Need,
    /// Bytes of the answer that are read; `None` hands the answer out as a stream.
    pub(super) limit: Option<u64>,
    /// Bytes of content that are sent: they add to the time.
    pub(super) transfer: u64,
    /// The most that the bytes that come may add to the time.
    pub(super) grows: Duration,
    /// Whether the request must not be sent again once it may have been done.
    pub(super) once: bool,
}

/// Where a call goes.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// Below `/v2/NAME/` of the repository.
    Path(String),
    /// Where an answer sent us.
    Url(Url),
}

/// What is sent.
#[derive(Debug)]
pub(super) enum Payload {
    /// Nothing.
    Empty,
    /// Bytes.
    Bytes(Bytes),
    /// Bytes that are made when they are sent.
    Pieces(Pieces),
    /// A stream, until it has been taken.
    Stream(Option<reqwest::Body>),
}

impl Payload {
    /// What to send now.
    pub(super) fn take(&mut self) -> Attempt<Option<reqwest::Body>> {
        match self {
            Self::Empty => Ok(None),
            Self::Bytes(bytes) => Ok(Some(bytes.clone().into())),
            Self::Pieces(pieces) => Ok(Some(reqwest::Body::wrap_stream(pieces.stream()))),
            Self::Stream(stream) => stream
                .take()
                .map(Some)
                .ok_or_else(|| Failure::last(protocol("upload".into(), "the content can be sent only once"))),
        }
    }

    /// Whether it can be sent once only.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self, Self::Stream(_))
    }
}

impl Call {
    /// A request without a body, to be tried again when it fails.
    pub(super) fn new(method: Method, path: impl Into<String>, access: Access) -> Self {
        Self {
            method,
            target: Target::Path(path.into()),
            headers: HeaderMap::new(),
            body: Payload::Empty,
            need: Need { access, mount_from: None },
            limit: Some(limits::SMALL_BODY_BYTES),
            transfer: 0,
            grows: Duration::ZERO,
            once: false,
        }
    }

    /// With a header.
    pub(super) fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With this bound on the answer.
    pub(super) fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }
}

/// One request on its way, redirects included.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Payload,
    /// For the origin of `url`, and for no other.
    pub(super) authorization: Option<HeaderValue>,
    /// Bytes of the answer that are read.
    pub(super) limit: u64,
    /// The most that they may add to the time.
    pub(super) grows: Duration,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Where it came from in the end.
    pub(super) url: Url,
    pub(super) body: Bytes,
    /// The body that was not read, for a success that was asked for as a stream.
    pub(super) stream: Option<reqwest::Response>,
}

impl Answer {
    /// Where it came from, without secrets.
    pub(super) fn place(&self) -> String {
        place(&self.url)
    }

    /// The error that it is.
    pub(super) fn refusal(&self) -> SourceError {
        refusal(self.place(), self.status, &self.headers, &self.body)
    }

    /// A header as text.
    pub(super) fn text(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why there is no answer yet.
#[derive(Debug)]
pub(super) struct Failure {
    error: SourceError,
    /// Whether another try may help, and the wait that the server asked for.
    again: Option<Option<Duration>>,
    /// Whether the host may speak the other scheme.
    other_scheme: bool,
    /// The time that the bytes earned which came all the same.
    pub(super) earned: Duration,
}

impl Failure {
    /// Nothing that another try would mend.
    pub(super) fn last(error: SourceError) -> Self {
        Self { error, again: None, other_scheme: false, earned: Duration::ZERO }
    }

    /// Something that may pass.
    pub(super) fn passing(error: SourceError, wait: Option<Duration>) -> Self {
        Self { error, again: Some(wait), other_scheme: false, earned: Duration::ZERO }
    }

    /// A connection that failed.
    pub(super) fn transport(url: &Url, error: &reqwest::Error) -> Self {
        let error_of = SourceError::Unreachable { place: place(url), why: causes(error) };
        // A server that speaks TLS answers plain http with something that is none, one that speaks plain http
        // cannot be connected to with TLS.
        let other_scheme = error.is_connect() == (url.scheme() == "https");
        Self { error: error_of, again: Some(None), other_scheme, earned: Duration::ZERO }
    }
}

impl Inner {
    /// Sends a request until there is an answer other than 429 or 5xx.
    pub(super) async fn call(&self, state: &RepositoryState, mut call: Call) -> Result<Answer> {
        // Its time begins when it is its turn. The semaphore is never closed.
        let _permit = self.permits.acquire().await.ok();
        let mut deadline = Instant::now() + self.allowance(call.transfer);
        let tries = if call.body.is_stream() { 1 } else { self.options.tries.max(1) };
        let mut tried = 0;
        loop {
            tried += 1;
            let failure = match self.attempt(state, &mut call, deadline).await {
                Ok(answer) => {
                    if self.is_own(state, &answer.url) {
                        state.host.clock.read(&answer.headers);
                    }
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            let earned = failure.earned.min(call.grows);
            (deadline, call.grows) = (deadline + earned, call.grows.saturating_sub(earned));
            // What was throttled has not been done.
            let may_again = !call.once || matches!(failure.error, SourceError::Throttled { .. });
            let Some(asked) = failure.again.filter(|_| tried < tries && may_again) else {
                return Err(with_tries(failure.error, tried));
            };
            let wait = asked.unwrap_or_else(|| backoff(self.options.backoff, tried + 1));
            let left = deadline.saturating_duration_since(Instant::now());
            if wait > limits::RETRY_AFTER || wait >= left {
                return Err(with_tries(failure.error, tried));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// The time for a request that sends so many bytes.
    fn allowance(&self, transfer: u64) -> Duration {
        self.options.timeout.saturating_add(earned(transfer))
    }

    /// One try, with the schemes that the host may speak.
    async fn attempt(&self, state: &RepositoryState, call: &mut Call, deadline: Instant) -> Attempt<Answer> {
        let path = match &call.target {
            Target::Url(url) => {
                let url = url.clone();
                return self.authorized(state, call, url, deadline).await;
            }
            Target::Path(path) => path.clone(),
        };
        let mut first = None;
        let schemes = state.schemes(&self.options);
        for scheme in &schemes {
            let url = state.url(*scheme, &path).map_err(Failure::last)?;
            match self.authorized(state, call, url, deadline).await {
                Ok(answer) if *scheme == Scheme::Http && schemes.len() > 1 && wants_tls(&answer) => {
                    first.get_or_insert(Failure::passing(answer.refusal(), None));
                }
                Ok(answer) => {
                    state.host.scheme.get_or_init(|| *scheme);
                    return Ok(answer);
                }
                Err(failure) if schemes.len() > 1 && failure.other_scheme => {
                    first.get_or_insert(failure);
                }
                Err(failure) => return Err(first.unwrap_or(failure)),
            }
        }
        Err(first.unwrap_or_else(|| Failure::last(protocol(path, "no scheme to try"))))
    }

    /// One try with one URL, and once more after a 401 that says what is wanted.
    async fn authorized(
        &self,
        state: &RepositoryState,
        call: &mut Call,
        url: Url,
        deadline: Instant,
    ) -> Attempt<Answer> {
        let own = self.is_own(state, &url);
        let used = if own { self.authorization(state, &call.need, deadline).await? } else { None };
        let answer = self.followed(state, call, &url, used.clone(), deadline).await?;
        if answer.status != StatusCode::UNAUTHORIZED || !own || !same_origin(&url, &answer.url) {
            return Ok(answer);
        }
        let header = self.challenged(state, &call.need, &answer, used.as_ref(), deadline).await?;
        self.followed(state, call, &url, Some(header), deadline).await
    }

    /// Whether a URL is at the registry itself: there, and nowhere else, credentials go.
    pub(super) fn is_own(&self, state: &RepositoryState, url: &Url) -> bool {
        let known = state.host.scheme.get().copied();
        let scheme = known.unwrap_or(if url.scheme() == "http" { Scheme::Http } else { Scheme::Https });
        state.url(scheme, "").is_ok_and(|own| same_origin(&own, url))
    }

    async fn followed(
        &self,
        state: &RepositoryState,
        call: &mut Call,
        url: &Url,
        authorization: Option<HeaderValue>,
        deadline: Instant,
    ) -> Attempt<Answer> {
        let body = match &mut call.body {
            Payload::Stream(stream) => Payload::Stream(stream.take()),
            Payload::Bytes(bytes) => Payload::Bytes(bytes.clone()),
            Payload::Pieces(pieces) => Payload::Pieces(pieces.clone()),
            Payload::Empty => Payload::Empty,
        };
        let (method, headers) = (call.method.clone(), call.headers.clone());
        let limit = call.limit.unwrap_or(u64::MAX);
        let (url, grows) = (url.clone(), call.grows);
        let outgoing = Outgoing { method, url, headers, body, authorization, limit, grows };
        self.follow(state, outgoing, deadline).await
    }
}

fn with_tries(error: SourceError, tried: u32) -> SourceError {
    match error {
        SourceError::Throttled { place, .. } => SourceError::Throttled { place, tries: tried },
        other => other,
    }
}

/// What servers that speak TLS answer to plain http (Go's net/http, nginx).
fn wants_tls(answer: &Answer) -> bool {
    let text = String::from_utf8_lossy(&answer.body);
    answer.status == StatusCode::BAD_REQUEST
        && (text.contains("HTTP request to an HTTPS server") || text.contains("sent to HTTPS port"))
}
