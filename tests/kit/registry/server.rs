//! The server: which request goes where, and what a fault makes of it.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, Response};
use tokio::sync::oneshot::Receiver;

use super::content::error;
use super::fault::{Action, made_up, spoilt, with_headers};
use super::log::Entry;
use super::socket::{Sockets, Switch};
use super::tls::Tls;
use super::{Shared, lock};

/// Serves until it is stopped.
#[expect(clippy::expect_used, reason = "a test cannot go on without its registry")]
pub(super) async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>, stopped: Receiver<()>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    let listener = Sockets { listener, tls: shared.options.tls.as_ref().map(Tls::acceptor) };
    let service = Router::new().fallback(answer).with_state(shared);
    let service = service.into_make_service_with_connect_info::<Switch>();
    tokio::select! {
        _ = axum::serve(listener, service) => {}
        _ = stopped => {}
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    request: Request,
) -> Response<Body> {
    let number = note(&shared, &request);
    let _busy = Busy::new(&shared);
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let action =
        lock(&shared.faults).iter_mut().find_map(|fault| fault.strikes(request.method().as_str(), &path));
    tokio::time::sleep(shared.options.latency).await;
    let response = match action {
        None => handle(&shared, request).await,
        Some(Action::Answer(status, headers, body)) => {
            drain(request).await;
            made_up(status, &headers, body)
        }
        Some(Action::Headers(headers)) => with_headers(handle(&shared, request).await, &headers),
        Some(Action::Hang) => std::future::pending().await,
        Some(Action::Reset) => {
            switch.close();
            made_up(500, &[], String::new())
        }
        Some(Action::ResetAfter) => {
            let response = handle(&shared, request).await;
            switch.close();
            response
        }
        Some(action) => spoilt(handle(&shared, request).await, &action).await,
    };
    if let Some(entry) = lock(&shared.log).get_mut(number) {
        entry.status = Some(response.status().as_u16());
    }
    response
}

/// One request that is being answered.
struct Busy<'a>(&'a Shared);

impl<'a> Busy<'a> {
    fn new(shared: &'a Shared) -> Self {
        let mut at_once = lock(&shared.at_once);
        at_once.0 += 1;
        at_once.1 = at_once.1.max(at_once.0);
        Self(shared)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        lock(&self.0.at_once).0 -= 1;
    }
}

fn note(shared: &Shared, request: &Request) -> usize {
    let text =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut log = lock(&shared.log);
    log.push(Entry {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        authorization: text("authorization"),
        length: text("content-length").and_then(|length| length.parse().ok()),
        status: None,
    });
    log.len() - 1
}

async fn drain(request: Request) -> Bytes {
    axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default()
}

async fn handle(shared: &Shared, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let (method, uri, headers) = (parts.method, parts.uri, parts.headers);
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else { return error(400, "BROKEN") };
    if uri.path() == "/token" {
        return shared.give_token(&method, &uri, &headers, &body);
    }
    if let Some(refusal) = shared.turned_away(&method, &uri, &headers) {
        return refusal;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(path) = uri.path().strip_prefix("/v2/") else { return error(404, "NOT_FOUND") };
    if path.is_empty() {
        return made_up(200, &[("content-type", "application/json".into())], "{}".into());
    }
    let query = uri.query().unwrap_or_default();
    let is = |wanted: Method| method == wanted;
    if let Some((name, reference)) = path.split_once("/manifests/") {
        return match method {
            Method::GET | Method::HEAD => shared.get_manifest(name, reference),
            Method::PUT => {
                let kind = text("content-type").unwrap_or_default();
                shared.put_manifest(name, reference, kind, &body)
            }
            Method::DELETE => shared.delete_manifest(name, reference),
            _ => error(405, "UNSUPPORTED"),
        };
    }
    if let Some((name, id)) = path.split_once("/blobs/uploads/") {
        return match method {
            Method::POST => shared.open_upload(name, query, &body),
            Method::PATCH => shared.continue_upload(name, id, text("content-range"), &body),
            Method::PUT => shared.close_upload(name, id, query, &body),
            _ => error(405, "UNSUPPORTED"),
        };
    }
    if let Some((name, digest)) = path.split_once("/blobs/") {
        return shared.get_blob(name, digest);
    }
    if let Some(name) = path.strip_suffix("/tags/list").filter(|_| is(Method::GET)) {
        return shared.list_tags(name, query);
    }
    if let Some((name, subject)) = path.split_once("/referrers/").filter(|_| is(Method::GET)) {
        return shared.list_referrers(name, subject, query);
    }
    error(404, "NOT_FOUND")
}
