//! `config.json` of Docker, `auth.json` of Podman (containers-auth.json(5)).
//!
//! A key under `auths` is a host, a host with a namespace (the most specific one wins), or the URL that Docker writes;
//! Docker Hub has several spellings, all of which mean `index.docker.io`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Credential, Secret};
use crate::reference::DEFAULT_REGISTRY;

/// The key that Docker uses for Docker Hub.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// Why a file of credentials cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is no JSON of the expected shape.
    #[error("malformed JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The `auth` of an entry is not base64 of `user:password`.
    #[error("auths['{0}'].auth is not the base64 of USER:PASSWORD")]
    Auth(String),
    /// The document is not an object, or `auths` is none.
    #[error("expected a JSON object{0}")]
    Shape(&'static str),
    /// What is to be stored is nothing.
    #[error("there is no credential to store")]
    Nothing,
}

/// Where a configuration says that the credential of a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// In the file.
    Here(Credential),
    /// `docker-credential-NAME` knows it, when asked for this server.
    Helper {
        /// The name.
        name: String,
        /// What to ask for.
        server: String,
    },
}

/// A configuration that was read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DockerConfig {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<Secret>,
    username: Option<String>,
    password: Option<Secret>,
    identitytoken: Option<Secret>,
    registrytoken: Option<Secret>,
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl DockerConfig {
    /// Reads the content of a file.
    ///
    /// # Errors
    /// When it is not of the expected shape.
    pub fn parse(content: &[u8]) -> Result<Self, ConfigError> {
        // An empty file is what a container runtime leaves where nobody has logged in.
        if content.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        Ok(serde_json::from_slice(content)?)
    }

    /// Where the credential for the repository `path` on `host` may be, in the order to look: a helper of that host,
    /// else the helper of all hosts, then the file.
    ///
    /// # Errors
    /// When the entry of this host is malformed.
    pub fn lookup(&self, host: &str, path: &str) -> Result<Vec<Found>, ConfigError> {
        let scopes = scopes(host, path);
        for scope in &scopes {
            if let Some((_, name)) = self.cred_helpers.iter().find(|(key, _)| canonical(key) == *scope) {
                let server = if scope == host { server_of(host) } else { scope.clone() };
                return Ok(vec![Found::Helper { name: name.clone(), server }]);
            }
        }
        let mut found = Vec::new();
        if let Some(name) = self.creds_store.as_ref().filter(|name| !name.is_empty()) {
            found.push(Found::Helper { name: name.clone(), server: server_of(host) });
        }
        for scope in &scopes {
            for (key, entry) in self.auths.iter().filter(|(key, _)| canonical(key) == *scope) {
                if let Some(credential) = entry.credential(key)? {
                    found.push(Found::Here(credential));
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    /// The helper that keeps the credentials of `host`, if any does.
    pub fn helper(&self, host: &str) -> Option<&str> {
        let own = self.cred_helpers.iter().find(|(key, _)| canonical(key) == host).map(|(_, name)| name);
        own.or(self.creds_store.as_ref()).map(String::as_str).filter(|name| !name.is_empty())
    }
}

impl Entry {
    fn credential(&self, key: &str) -> Result<Option<Credential>, ConfigError> {
        let given = |secret: &Option<Secret>| secret.clone().filter(|secret| !secret.expose().is_empty());
        if let Some(token) = given(&self.registrytoken) {
            return Ok(Some(Credential::RegistryToken(token)));
        }
        if let Some(token) = given(&self.identitytoken) {
            return Ok(Some(Credential::IdentityToken(token)));
        }
        if let Some(auth) = given(&self.auth) {
            let (username, password) = decode(auth.expose()).ok_or_else(|| ConfigError::Auth(key.into()))?;
            return Ok(Some(user(username, password)));
        }
        let name = self.username.clone().filter(|name| !name.is_empty());
        Ok(name.zip(self.password.clone()).map(|(username, password)| user(username, password)))
    }
}

/// A user and a password; the user `<token>` means that the password is an identity token.
pub(super) fn user(username: String, password: Secret) -> Credential {
    if username == "<token>" {
        Credential::IdentityToken(password)
    } else {
        Credential::Basic { username, password }
    }
}

fn decode(auth: &str) -> Option<(String, Secret)> {
    let bytes = zeroize::Zeroizing::new(STANDARD.decode(auth.trim()).ok()?);
    let text = std::str::from_utf8(&bytes).ok()?;
    let (username, password) = text.split_once(':')?;
    Some((username.into(), Secret::from(password.trim_end_matches('\0'))))
}

/// `host/a/b`, `host/a`, `host`.
fn scopes(host: &str, path: &str) -> Vec<String> {
    let mut scopes = vec![format!("{host}/{path}")];
    while let Some((parent, _)) = scopes.last().and_then(|last| last.rsplit_once('/')) {
        scopes.push(parent.to_owned());
    }
    scopes
}

/// A key as it would be written for a repository: without scheme, Docker Hub's host as in references. The path of a
/// URL is no namespace.
fn canonical(key: &str) -> String {
    let without_scheme = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"));
    let plain = without_scheme.unwrap_or(key).trim_end_matches('/');
    let (host, path) = match plain.split_once('/') {
        Some((host, path)) if without_scheme.is_none() && path != "v1" && path != "v2" => (host, Some(path)),
        Some((host, _)) => (host, None),
        None => (plain, None),
    };
    let lower = host.to_ascii_lowercase();
    let host = match lower.as_str() {
        "docker.io" | "registry-1.docker.io" => DEFAULT_REGISTRY,
        other => other,
    };
    path.map_or_else(|| host.to_owned(), |path| format!("{host}/{path}"))
}

/// What a host is called towards helpers, and as a key.
fn server_of(host: &str) -> String {
    if host == DEFAULT_REGISTRY { DOCKER_HUB_KEY.into() } else { host.into() }
}

/// The content of a configuration after a login: `credential` for `host`, everything else as it was. `content` is
/// what stands in the file, nothing where there is none.
///
/// # Errors
/// When the content is malformed, or the credential is none that can be stored.
pub fn login(content: &[u8], host: &str, credential: &Credential) -> Result<Vec<u8>, ConfigError> {
    let mut document = object(content)?;
    let entry = match credential {
        Credential::Anonymous => return Err(ConfigError::Nothing),
        Credential::Basic { username, password } => {
            json!({"auth": STANDARD.encode(format!("{username}:{}", password.expose()))})
        }
        Credential::IdentityToken(token) => json!({"identitytoken": token.expose()}),
        Credential::RegistryToken(token) => json!({"registrytoken": token.expose()}),
    };
    let auths = auths(&mut document)?;
    auths.retain(|key, _| canonical(key) != host);
    auths.insert(server_of(host), entry);
    written(&document)
}

/// The content of a configuration after a logout; `None` when it had no credential of `host`.
///
/// # Errors
/// When the content is malformed.
pub fn logout(content: &[u8], host: &str) -> Result<Option<Vec<u8>>, ConfigError> {
    let mut document = object(content)?;
    let auths = auths(&mut document)?;
    let before = auths.len();
    auths.retain(|key, _| canonical(key) != host);
    if auths.len() == before { Ok(None) } else { written(&document).map(Some) }
}

fn object(content: &[u8]) -> Result<Map<String, Value>, ConfigError> {
    if content.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(content)? {
        Value::Object(object) => Ok(object),
        _ => Err(ConfigError::Shape("")),
    }
}

fn auths(document: &mut Map<String, Value>) -> Result<&mut Map<String, Value>, ConfigError> {
    let auths = document.entry("auths").or_insert_with(|| json!({}));
    if auths.is_null() {
        *auths = json!({});
    }
    auths.as_object_mut().ok_or(ConfigError::Shape(" under 'auths'"))
}

fn written(document: &Map<String, Value>) -> Result<Vec<u8>, ConfigError> {
    let mut bytes = serde_json::to_vec_pretty(document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
