//! What was learned about registries and their repositories while this program runs.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{OnceLock, PoisonError};
use std::time::Instant;

use http::{HeaderMap, header};
use jiff::Timestamp;
use tokio::sync::Mutex;
use url::Url;

use super::auth::Auth;
use super::options::RegistryOptions;
use super::problem::protocol;
use super::retry::http_date;
use crate::reference::Repository;
use crate::source::Result;

/// A question that is answered once.
#[derive(Debug, Default)]
pub(super) struct Known(AtomicU8);

impl Known {
    /// The answer, if it is known.
    pub(super) fn get(&self) -> Option<bool> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            value => Some(value == 2),
        }
    }

    /// Remembers the answer.
    pub(super) fn set(&self, answer: bool) {
        self.0.store(if answer { 2 } else { 1 }, Ordering::Relaxed);
    }
}

/// A registry's clock, as its answers tell it (`Date`). It never goes back: an answer out of some cache is an old one.
#[derive(Debug, Default)]
pub(super) struct Clock(std::sync::Mutex<Option<(Timestamp, Instant)>>);

impl Clock {
    /// The time there now, if any answer has told it.
    pub(super) fn now(&self) -> Option<Timestamp> {
        let (told, at) = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        told.checked_add(at.elapsed()).ok()
    }

    /// Reads an answer.
    pub(super) fn read(&self, headers: &HeaderMap) {
        let date = headers.get(header::DATE).and_then(|date| http_date(date.to_str().ok()?));
        if let Some(told) = date.filter(|told| self.now().is_none_or(|now| *told > now)) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((told, Instant::now()));
        }
    }
}

/// How a host is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Plain http.
    Http,
    /// TLS.
    Https,
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// One registry.
#[derive(Debug, Default)]
pub(super) struct Host {
    /// What the host has answered to.
    pub(super) scheme: OnceLock<Scheme>,
    /// Whether it takes a blob in the request that opens an upload.
    pub(super) takes_blob_at_once: Known,
    /// What time it is there.
    pub(super) clock: Clock,
}

/// One repository.
#[derive(Debug)]
pub(super) struct RepositoryState {
    /// Which.
    pub(super) repository: Repository,
    /// Its registry.
    pub(super) host: std::sync::Arc<Host>,
    /// Whether the referrers API is there.
    pub(super) referrers: Known,
    /// What the registry wants to know of us, and the tokens we have.
    pub(super) auth: Mutex<Auth>,
}

impl RepositoryState {
    /// The schemes to try, in order.
    ///
    /// A host that has answered is spoken to as it was. Before that: https, and with `allow_http` plain http where
    /// https cannot be had. A loopback host is different: plain http, and https where the port turns out to want TLS;
    /// only https when a CA or a client certificate was given, since they would be pointless otherwise.
    pub(super) fn schemes(&self, options: &RegistryOptions) -> Vec<Scheme> {
        if let Some(scheme) = self.host.scheme.get() {
            return vec![*scheme];
        }
        let wants_tls = options.certificate_authorities.is_some() || options.client_certificate.is_some();
        match (self.repository.is_loopback(), options.allow_http) {
            (true, _) if !wants_tls => vec![Scheme::Http, Scheme::Https],
            (_, true) => vec![Scheme::Https, Scheme::Http],
            (_, false) => vec![Scheme::Https],
        }
    }

    /// The URL of `path` below `/v2/NAME/`.
    pub(super) fn url(&self, scheme: Scheme, path: &str) -> Result<Url> {
        let text =
            format!("{}://{}/v2/{}/{path}", scheme.name(), self.repository.host(), self.repository.path());
        text.parse().map_err(|_| protocol(text, "this is no URL"))
    }
}
