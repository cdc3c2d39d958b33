//! Tokens of a token server, and the headers that credentials make.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use serde::Deserialize;
use url::Url;

use super::credentials::{Credential, Secret};
use super::problem::{message, place};
use super::transport::{Answer, Outgoing, Payload};
use crate::limits;
use crate::source::{Result, SourceError};

/// What a token is good for when the token server does not say (distribution's token specification).
const DEFAULT_LIFE: Duration = Duration::from_secs(60);
/// What a token server answers.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<Secret>,
    access_token: Option<Secret>,
    expires_in: Option<f64>,
}

/// The request for a token (distribution's token specification; with an identity token, its OAuth2 sibling).
pub(super) fn token_request(
    realm: &Url,
    service: Option<&str>,
    scopes: &[String],
    credential: &Credential,
) -> Outgoing {
    let (headers, mut url) = (HeaderMap::new(), realm.clone());
    if let Credential::IdentityToken(token) = credential {
        return refresh_request(realm, service, scopes, token);
    }
    {
        let mut query = url.query_pairs_mut();
        if let Some(service) = service {
            query.append_pair("service", service);
        }
        for scope in scopes {
            query.append_pair("scope", scope);
        }
        if let Credential::Basic { username, .. } = credential {
            query.append_pair("account", username);
        }
    }
    let authorization = match credential {
        Credential::Basic { username, password } => Some(basic(username, password)),
        _ => None,
    };
    let (limit, grows) = (limits::SMALL_BODY_BYTES, Duration::ZERO);
    Outgoing { method: Method::GET, url, headers, body: Payload::Empty, authorization, limit, grows }
}

fn refresh_request(realm: &Url, service: Option<&str>, scopes: &[String], token: &Secret) -> Outgoing {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", token.expose());
    form.append_pair("client_id", "countersign").append_pair("scope", &scopes.join(" "));
    form.append_pair("service", service.unwrap_or_default());
    let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    Outgoing {
        method: Method::POST,
        url: realm.clone(),
        headers: HeaderMap::from_iter([(CONTENT_TYPE, form_type)]),
        body: Payload::Bytes(form.finish().into()),
        authorization: None,
        limit: limits::SMALL_BODY_BYTES,
        grows: Duration::ZERO,
    }
}

/// The header that a token server's answer makes, and how long it is good for.
pub(super) fn read_token(answer: &Answer) -> Result<(HeaderValue, Duration)> {
    let place = || place(&answer.url);
    if !answer.status.is_success() {
        let why = message(answer.status, &answer.headers, &answer.body);
        return Err(match answer.status.as_u16() {
            400 | 401 | 403 | 404 => SourceError::Unauthorized {
                place: place(),
                why: format!("the token server answered {}: {why}", answer.status.as_u16()),
            },
            status => SourceError::Status { place: place(), status, why },
        });
    }
    let malformed = |why: &str| SourceError::Protocol { place: place(), why: why.into() };
    let parsed: TokenAnswer = serde_json::from_slice(&answer.body)
        .map_err(|_| malformed("the token server's answer is malformed"))?;
    let given = |token: Option<Secret>| token.filter(|token| !token.expose().is_empty());
    let token = given(parsed.token).or(given(parsed.access_token));
    let token = token.ok_or_else(|| malformed("the token server's answer has no token"))?;
    let header = bearer(&token).ok_or_else(|| malformed("the token has characters that cannot be sent"))?;
    let life = parsed.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    // An hour at most: a wrong number must not keep a token that a 401 would have to remove.
    Ok((header, life.filter(|life| !life.is_zero()).unwrap_or(DEFAULT_LIFE).min(Duration::from_secs(3600))))
}

/// The header of a user and a password.
pub(super) fn basic(username: &str, password: &Secret) -> HeaderValue {
    let both = zeroize::Zeroizing::new(format!("{username}:{}", password.expose()));
    let text = zeroize::Zeroizing::new(format!("Basic {}", STANDARD.encode(both.as_bytes())));
    // Base64 always fits into a header.
    sensitive(&text).unwrap_or_else(|| HeaderValue::from_static("Basic"))
}

/// The header of a token; `None` when it cannot be sent.
pub(super) fn bearer(token: &Secret) -> Option<HeaderValue> {
    sensitive(&zeroize::Zeroizing::new(format!("Bearer {}", token.expose())))
}

/// A header whose `Debug` does not show it.
fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// threat model, row 81.
    #[test]
    fn headers_do_not_show_their_secret() {
        let header = basic("user", &"secret".into());
        assert_eq!(format!("{header:?}"), "Sensitive");
    }
}
