//! Who we are: the first 401 of a repository says how the registry wants to know, and every later request to that
//! repository says it at once. There is no `/v2/` ping: registries may ask for different things per repository
//! (threat model, row 16).
//!
//! Tokens are asked for as distribution's token specification and its OAuth2 sibling say. The token server is chosen
//! by the registry, so it is not trusted with more than it needs: see [`Inner::realm`].

use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use url::Url;

use super::Inner;
use super::address::Reach;
use super::challenge::{Challenge, challenge};
use super::credentials::Credential;
use super::problem::message;
use super::state::RepositoryState;
use super::token::{basic, bearer, read_token, token_request};
use super::transport::{Answer, Attempt, Failure};
use crate::source::{Result, SourceError};

/// A token this close to its end is not used any more.
const MARGIN: Duration = Duration::from_secs(5);

/// What a request does to a repository; the later ones include the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    /// Reads.
    Pull,
    /// Writes.
    Push,
    /// Deletes.
    Delete,
}

impl Access {
    fn actions(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "pull,push",
            Self::Delete => "pull,push,delete",
        }
    }
}

/// What a request needs: access to its repository, and perhaps reading from another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) access: Access,
    pub(super) mount_from: Option<String>,
}

impl Need {
    fn covers(&self, other: &Self) -> bool {
        self.access >= other.access && (other.mount_from.is_none() || self.mount_from == other.mount_from)
    }
}

/// What is known about a repository's wishes.
#[derive(Debug, Default)]
pub(super) struct Auth {
    credential: Option<Credential>,
    way: Option<Way>,
    tokens: Vec<Token>,
}

/// How to say who we are.
#[derive(Clone, Debug)]
enum Way {
    /// Always the same header.
    Fixed(HeaderValue),
    /// With tokens of a token server.
    Bearer { realm: Url, service: Option<String>, scope: Option<String> },
}

#[derive(Debug)]
struct Token {
    need: Need,
    header: HeaderValue,
    end: Instant,
}

impl Inner {
    /// The header to send, as far as it is known what the repository wants.
    pub(super) async fn authorization(
        &self,
        state: &RepositoryState,
        need: &Need,
        deadline: Instant,
    ) -> Attempt<Option<HeaderValue>> {
        let mut auth = state.auth.lock().await;
        self.header(state, &mut auth, need, deadline).await
    }

    /// The header to send after a 401 to a request that was sent with `used`.
    pub(super) async fn challenged(
        &self,
        state: &RepositoryState,
        need: &Need,
        answer: &Answer,
        used: Option<&HeaderValue>,
        deadline: Instant,
    ) -> Attempt<HeaderValue> {
        let refused = |why: String| Failure::last(SourceError::Unauthorized { place: answer.place(), why });
        let mut auth = state.auth.lock().await;
        if auth.tokens.iter().any(|token| Some(&token.header) == used) {
            // The others are as old.
            auth.tokens.clear();
        }
        let current = self.header(state, &mut auth, need, deadline).await?;
        if let Some(header) = current.filter(|header| Some(header) != used && !auth.is_fixed()) {
            return Ok(header);
        }
        let Some(challenge) = challenge(&answer.headers) else {
            return Err(refused(message(answer.status, &answer.headers, &answer.body)));
        };
        let credential = match &auth.credential {
            Some(credential) => credential.clone(),
            None => {
                let (host, path) = (state.repository.host(), state.repository.path());
                let credential =
                    self.options.credentials.credential(host, path).await.map_err(Failure::last)?;
                auth.credential.insert(credential).clone()
            }
        };
        let way = self.way(state, challenge, &credential, answer).map_err(Failure::last)?;
        auth.way = Some(way);
        match self.header(state, &mut auth, need, deadline).await? {
            Some(header) if Some(&header) != used => Ok(header),
            _ => Err(refused(message(answer.status, &answer.headers, &answer.body))),
        }
    }

    async fn header(
        &self,
        state: &RepositoryState,
        auth: &mut Auth,
        need: &Need,
        deadline: Instant,
    ) -> Attempt<Option<HeaderValue>> {
        let (realm, service, scope) = match &auth.way {
            None => return Ok(None),
            Some(Way::Fixed(header)) => return Ok(Some(header.clone())),
            Some(Way::Bearer { realm, service, scope }) => (realm, service, scope),
        };
        let now = Instant::now();
        auth.tokens.retain(|token| token.end > now);
        if let Some(token) = auth.tokens.iter().find(|token| token.need.covers(need)) {
            return Ok(Some(token.header.clone()));
        }
        let credential = auth.credential.as_ref().unwrap_or(&Credential::Anonymous);
        let own = own_scope(state, need.access);
        let mount = need.mount_from.as_ref().map(|path| format!("repository:{path}:pull"));
        let asked = scope.clone().filter(|scope| !within(scope, &own));
        let scopes: Vec<_> = [Some(own), mount, asked].into_iter().flatten().collect();
        let request = token_request(realm, service.as_deref(), &scopes, credential);
        let answer = self.follow(state, request, deadline).await?;
        let (header, life) = read_token(&answer).map_err(Failure::last)?;
        let end = now + life.saturating_sub(MARGIN);
        auth.tokens.push(Token { need: need.clone(), header: header.clone(), end });
        Ok(Some(header))
    }

    fn way(
        &self,
        state: &RepositoryState,
        challenge: Challenge,
        credential: &Credential,
        answer: &Answer,
    ) -> Result<Way> {
        let refused = |why: &str| SourceError::Unauthorized { place: answer.place(), why: why.into() };
        match (challenge, credential) {
            (_, Credential::RegistryToken(token)) => bearer(token)
                .map(Way::Fixed)
                .ok_or_else(|| refused("the registry token has characters that cannot be sent")),
            (Challenge::Basic, Credential::Basic { username, password }) => {
                Ok(Way::Fixed(basic(username, password)))
            }
            (Challenge::Basic, Credential::Anonymous) => {
                Err(refused(&format!("there are no credentials for {}", state.repository.host())))
            }
            (Challenge::Basic, Credential::IdentityToken(_)) => {
                Err(refused("the registry wants a user and a password, and there is only an identity token"))
            }
            (Challenge::Bearer { realm, service, scope }, _) => {
                let realm = self.realm(state, &realm, answer)?;
                Ok(Way::Bearer { realm, service, scope })
            }
        }
    }

    /// Checks where a token server is: https, or plain http on this machine (or anywhere by the user's word) when the
    /// registry itself is spoken to in plain http; and no nearer to us than the registry (threat model, row 10).
    fn realm(&self, state: &RepositoryState, realm: &str, answer: &Answer) -> Result<Url> {
        let refused = |why: &str| SourceError::Protocol {
            place: answer.place(),
            why: format!("the token server '{}' {why}", super::problem::escaped(realm)),
        };
        let url: Url = realm.parse().map_err(|_| refused("is no URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("has a user in its URL"));
        }
        match url.scheme() {
            "https" => {}
            "http" if answer.url.scheme() == "https" => {
                return Err(refused("has no https, as the registry has"));
            }
            "http" if self.options.allow_http || Reach::spelled(&url) == Some(Reach::Loopback) => {}
            "http" => return Err(refused("has no https")),
            _ => return Err(refused("is not at an https URL")),
        }
        self.check_reach(state, &url)?;
        Ok(url)
    }
}

impl Auth {
    fn is_fixed(&self) -> bool {
        matches!(self.way, Some(Way::Fixed(_)))
    }
}

fn own_scope(state: &RepositoryState, access: Access) -> String {
    format!("repository:{}:{}", state.repository.path(), access.actions())
}

/// Whether `own` has everything of `scope`.
fn within(scope: &str, own: &str) -> bool {
    match (scope.rsplit_once(':'), own.rsplit_once(':')) {
        (Some((name, actions)), Some((own_name, own_actions))) => {
            name == own_name
                && actions.split(',').all(|action| own_actions.split(',').any(|own| own == action))
        }
        _ => false,
    }
}

/// Puts the header on a request.
pub(super) fn authorize(headers: &mut HeaderMap, authorization: Option<&HeaderValue>) {
    if let Some(value) = authorization {
        headers.insert(AUTHORIZATION, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_of_a_challenge_are_added_only_when_they_say_more() {
        let own = "repository:a/b:pull,push";
        for (scope, inside) in [
            ("repository:a/b:pull", true),
            ("repository:a/b:push,pull", true),
            ("repository:a/b:delete", false),
            ("repository:x/a/b:pull", false),
            ("registry:catalog:*", false),
            ("", false),
        ] {
            assert_eq!(within(scope, own), inside, "{scope}");
        }
    }

    #[test]
    fn a_wider_token_serves_for_less() {
        let need = |access, mount: Option<&str>| Need { access, mount_from: mount.map(Into::into) };
        assert!(need(Access::Push, None).covers(&need(Access::Pull, None)));
        assert!(need(Access::Push, Some("x")).covers(&need(Access::Pull, None)));
        assert!(!need(Access::Pull, None).covers(&need(Access::Push, None)));
        assert!(!need(Access::Push, Some("y")).covers(&need(Access::Push, Some("x"))));
    }
}
