//! One request on the line: where redirects may lead, how long an answer may take, and how much of it is read.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method};
use tokio::time::timeout_at;
use url::Url;

use super::Inner;
use super::address::{Reach, same_origin};
use super::auth::authorize;
use super::client::Peer;
use super::lookup::Internal;
use super::patience::earned;
use super::problem::{place, protocol};
use super::retry::{is_passing, retry_after};
use super::state::{RepositoryState, Scheme};
use super::transport::{Answer, Attempt, Failure, Outgoing};
use crate::limits;
use crate::source::{Result, SourceError};

/// Bytes of an error body that are looked at.
const ERROR_BODY: u64 = 64 << 10;

impl Inner {
    /// Sends a request and follows redirects of reading requests: a bounded number, never from https to http, never
    /// nearer to us than the registry, and with credentials only for the first origin (threat model, rows 11, 12, 15).
    pub(super) async fn follow(
        &self,
        state: &RepositoryState,
        mut outgoing: Outgoing,
        deadline: Instant,
    ) -> Attempt<Answer> {
        let first = outgoing.url.clone();
        let mut authorization = outgoing.authorization.take();
        for _ in 0..=limits::REDIRECTS {
            let mut headers = outgoing.headers.clone();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            authorize(&mut headers, authorization.as_ref());
            let answer = self.exchange(state, &mut outgoing, headers, deadline).await?;
            let reads = matches!(outgoing.method, Method::GET | Method::HEAD);
            if !reads || !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let next = self.location(state, &answer).map_err(Failure::last)?;
            if !same_origin(&first, &next) {
                // Gone for good: an answer from elsewhere may lead back here with another query.
                authorization = None;
            }
            outgoing.url = next;
        }
        let why = format!("more than {} redirects", limits::REDIRECTS);
        Err(Failure::last(protocol(place(&first), why)))
    }

    /// Where an answer sends us (`Location`), if that may be followed.
    pub(super) fn location(&self, state: &RepositoryState, answer: &Answer) -> Result<Url> {
        let refused =
            |why: &str| protocol(answer.place(), format!("the server sent us to a place that {why}"));
        let location = answer.text(header::LOCATION).ok_or_else(|| refused("it does not name"))?;
        let url = answer.url.join(location).map_err(|_| refused("is no URL"))?;
        match (answer.url.scheme(), url.scheme()) {
            (_, "https") | ("http", "http") => {}
            ("https", "http") => return Err(refused("has no https")),
            _ => return Err(refused("is not at an http URL")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("has a user in its URL"));
        }
        if !self.is_own(state, &url) {
            self.check_reach(state, &url)?;
        }
        Ok(url)
    }

    /// Refuses a URL that spells an address on this machine or its networks when the registry is not there itself. A
    /// name is looked up when it is connected to: see [`lookup`](super::lookup).
    pub(super) fn check_reach(&self, state: &RepositoryState, url: &Url) -> Result<()> {
        let Some(target) = Reach::spelled(url).filter(|_| !self.is_own(state, url)) else { return Ok(()) };
        match self.own_reach(state)?.may_send_to(target) {
            true => Ok(()),
            false => Err(inwards(state, url)),
        }
    }

    /// How far away the registry is, by the addresses that it was connected to. Where a proxy does that, it counts as far
    /// away.
    fn own_reach(&self, state: &RepositoryState) -> Result<Reach> {
        let own = state.url(Scheme::Https, "")?;
        let looked_up = || self.clients.reach(own.host_str()?);
        Ok(Reach::spelled(&own).or_else(looked_up).unwrap_or(Reach::Public))
    }

    /// One request and one answer, its body read where it is to be.
    async fn exchange(
        &self,
        state: &RepositoryState,
        outgoing: &mut Outgoing,
        headers: HeaderMap,
        deadline: Instant,
    ) -> Attempt<Answer> {
        let url = outgoing.url.clone();
        let own = self.is_own(state, &url);
        let from = if own { None } else { Some(self.own_reach(state).map_err(Failure::last)?) };
        let peer = match (url.scheme(), own) {
            ("http", _) => Peer::Plain,
            (_, true) => Peer::Registry,
            (_, false) => Peer::Other,
        };
        let client = self.clients.of(peer, from, &self.options).map_err(Failure::last)?;
        let mut request = client.request(outgoing.method.clone(), url.clone()).headers(headers);
        let head_deadline = if outgoing.body.is_stream() { deadline } else { self.idle_deadline(deadline) };
        if let Some(body) = outgoing.body.take()? {
            request = request.body(body);
        }
        let sent =
            timeout_at(head_deadline.into(), request.send()).await.map_err(|_| self.late(&url, deadline))?;
        let response = sent.map_err(|error| match Internal::is_cause_of(&error) {
            true => Failure::last(inwards(state, &url)),
            false => Failure::transport(&url, &error),
        })?;
        self.received(response, outgoing, deadline).await
    }

    async fn received(
        &self,
        response: reqwest::Response,
        outgoing: &Outgoing,
        deadline: Instant,
    ) -> Attempt<Answer> {
        let url = &outgoing.url;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut answer = Answer { status, headers, url: url.clone(), body: Bytes::new(), stream: None };
        if !status.is_success() {
            answer.body = self.error_body(response, deadline).await;
            if is_passing(status) {
                let wait = retry_after(&answer.headers, self.now());
                return Err(Failure::passing(answer.refusal(), wait));
            }
            return Ok(answer);
        }
        let encoding = answer.text(header::CONTENT_ENCODING).unwrap_or("identity");
        if !encoding.eq_ignore_ascii_case("identity") {
            let why = "the answer is compressed, which was not asked for";
            return Err(Failure::last(protocol(answer.place(), why)));
        }
        if outgoing.limit == u64::MAX {
            answer.stream = Some(response);
        } else {
            answer.body = self.body(response, outgoing, deadline).await?;
        }
        Ok(answer)
    }

    /// A whole body within the limit of its request.
    async fn body(
        &self,
        response: reqwest::Response,
        outgoing: &Outgoing,
        deadline: Instant,
    ) -> Attempt<Bytes> {
        let mut body = BytesMut::new();
        if let Err(mut failure) = self.fill(&mut body, response, outgoing, deadline).await {
            failure.earned = earned(body.len() as u64);
            return Err(failure);
        }
        Ok(body.freeze())
    }

    async fn fill(
        &self,
        body: &mut BytesMut,
        mut response: reqwest::Response,
        outgoing: &Outgoing,
        deadline: Instant,
    ) -> Attempt<()> {
        let (url, limit) = (&outgoing.url, outgoing.limit);
        let too_large =
            || Failure::last(SourceError::Limit { place: place(url), what: "answer in bytes", limit });
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        loop {
            let deadline = deadline + earned(body.len() as u64).min(outgoing.grows);
            let chunk = timeout_at(self.idle_deadline(deadline).into(), response.chunk());
            let chunk = chunk.await.map_err(|_| self.late(url, deadline))?;
            let Some(chunk) = chunk.map_err(|error| Failure::transport(url, &error))? else {
                return Ok(());
            };
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
    }

    /// The beginning of the body of an error, as far as it comes.
    async fn error_body(&self, mut response: reqwest::Response, deadline: Instant) -> Bytes {
        let mut body = BytesMut::new();
        while (body.len() as u64) < ERROR_BODY {
            match timeout_at(self.idle_deadline(deadline).into(), response.chunk()).await {
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                _ => break,
            }
        }
        body.truncate(usize::try_from(ERROR_BODY).unwrap_or(usize::MAX));
        body.freeze()
    }

    fn idle_deadline(&self, deadline: Instant) -> Instant {
        deadline.min(Instant::now() + self.options.idle)
    }

    fn late(&self, url: &Url, deadline: Instant) -> Failure {
        let left = deadline.saturating_duration_since(Instant::now());
        let after = if left.is_zero() { self.options.timeout } else { self.options.idle };
        Failure::passing(SourceError::Timeout { place: place(url), after }, None)
    }
}

/// The error of a registry that sent us where only this machine or its networks can reach.
fn inwards(state: &RepositoryState, url: &Url) -> SourceError {
    let own = state.repository.host().to_owned();
    protocol(own, format!("the registry sent us to an internal address: {}", place(url)))
}
