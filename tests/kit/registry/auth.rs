//! Who may do what: Basic, or tokens of an own token server at `/token`.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::fault::made_up;
use super::{Shared, lock};

/// Tokens that were given out by all registries: none is given out twice.
static TOKENS: AtomicU64 = AtomicU64::new(0);

/// Whom the registry lets in.
#[derive(Clone, Debug)]
pub enum Access {
    /// Anyone.
    Anyone,
    /// A user with a password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// Bearers of tokens, which the token server gives to this user, for what the token names.
    Bearer {
        /// The user.
        user: String,
        /// The password; it is the identity token as well.
        password: String,
        /// Whether everybody may read.
        anonymous_pull: bool,
        /// The URL of the token server; `None` for the registry's own.
        realm: Option<String>,
    },
}

/// A token that was given out, and what it is good for.
#[derive(Debug)]
pub(super) struct Token {
    value: String,
    scopes: Vec<String>,
}

impl Shared {
    /// The answer to a request that is not let in.
    pub(super) fn turned_away(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Option<Response<Body>> {
        let shown = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let refused = |challenge: String| {
            let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
            Some(made_up(401, &[("www-authenticate", challenge)], body.into()))
        };
        match &self.options.access {
            Access::Anyone => None,
            Access::Basic { user, password } => {
                if shown == basic(user, password) {
                    None
                } else {
                    refused(r#"Basic realm="test""#.into())
                }
            }
            Access::Bearer { realm, .. } => {
                let needed = needed(method, uri);
                let tokens = lock(&self.tokens);
                let token = tokens.iter().find(|token| shown == format!("Bearer {}", token.value));
                if token.is_some_and(|token| needed.iter().all(|scope| grants(&token.scopes, scope))) {
                    return None;
                }
                let own = format!("http://{}/token", self.host);
                let realm = realm.as_ref().unwrap_or(&own);
                let scope = needed.first().cloned().unwrap_or_default();
                refused(format!(r#"Bearer realm="{realm}",service="test",scope="{scope}""#))
            }
        }
    }

    /// The token server.
    pub(super) fn give_token(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Response<Body> {
        let Access::Bearer { user, password, anonymous_pull, .. } = &self.options.access else {
            return made_up(404, &[], String::new());
        };
        let query = if method == Method::POST {
            String::from_utf8_lossy(body).into_owned()
        } else {
            uri.query().unwrap_or_default().to_owned()
        };
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let shown = headers.get("authorization").and_then(|value| value.to_str().ok());
        let known = shown == Some(basic(user, password).as_str())
            || (value("grant_type") == Some("refresh_token") && value("refresh_token") == Some(password));
        if !known && (shown.is_some() || method == Method::POST) {
            return made_up(401, &[], r#"{"details":"wrong password"}"#.into());
        }
        let asked = pairs.iter().filter(|(key, _)| key == "scope").flat_map(|(_, scope)| scope.split(' '));
        let scopes: Vec<String> = asked
            .filter_map(|scope| match (known, anonymous_pull, scope.rsplit_once(':')) {
                (true, ..) => Some(scope.to_owned()),
                (false, true, Some((name, _))) => Some(format!("{name}:pull")),
                _ => None,
            })
            .collect();
        let mut tokens = lock(&self.tokens);
        let value = format!("token-{}", TOKENS.fetch_add(1, Ordering::Relaxed));
        tokens.push(Token { value: value.clone(), scopes });
        let body = format!(r#"{{"token":"{value}","expires_in":300}}"#);
        made_up(200, &[("content-type", "application/json".into())], body)
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// What a request needs.
fn needed(method: &Method, uri: &Uri) -> Vec<String> {
    let path = uri.path().trim_start_matches("/v2/");
    let kinds = ["/manifests/", "/blobs/", "/tags/", "/referrers/"];
    let name = kinds.iter().find_map(|kind| path.find(kind)).map_or(path, |end| &path[..end]);
    let action = match *method {
        Method::GET | Method::HEAD => "pull",
        Method::DELETE => "delete",
        _ => "push",
    };
    let mut needed = vec![format!("repository:{name}:{action}")];
    let query = uri.query().unwrap_or_default();
    if let Some((_, from)) = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "from") {
        needed.push(format!("repository:{from}:pull"));
    }
    needed
}

fn grants(scopes: &[String], needed: &str) -> bool {
    let Some((name, action)) = needed.rsplit_once(':') else { return false };
    scopes
        .iter()
        .filter_map(|scope| scope.rsplit_once(':'))
        .any(|(granted, actions)| granted == name && actions.split(',').any(|granted| granted == action))
}
