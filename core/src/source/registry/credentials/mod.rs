//! Credentials for registries: what they are, where Docker and Podman keep them, and the helpers that know them.
//!
//! [`DockerConfig`] reads the content of a `config.json` or `auth.json`; [`login`] and [`logout`] make new content;
//! [`Helper`] runs a `docker-credential-NAME` program. Which files there are, and in which order, is the caller's
//! affair.

mod config;
mod helper;

use std::fmt;

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::source::Result;

pub use config::{ConfigError, DockerConfig, Found, login, logout};
pub use helper::Helper;

/// A password or a token: wiped when dropped, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self(Zeroizing::new(secret.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What proves to a registry who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// Nothing.
    Anonymous,
    /// A user and a password.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// An OAuth2 refresh token, changed for access tokens at the registry's token server.
    IdentityToken(Secret),
    /// A token that the registry takes as it is.
    RegistryToken(Secret),
}

/// Knows the credentials of repositories. It is asked once for each repository, and only when the registry wants to
/// know who is there.
#[async_trait]
pub trait CredentialProvider: Send + Sync {
    /// The credential for the repository `path` on `host` (as in references: `index.docker.io`, `ghcr.io`,
    /// `localhost:5000`).
    async fn credential(&self, host: &str, path: &str) -> Result<Credential>;
}

/// Knows nobody.
#[derive(Clone, Copy, Debug)]
pub struct Anonymous;

#[async_trait]
impl CredentialProvider for Anonymous {
    async fn credential(&self, _: &str, _: &str) -> Result<Credential> {
        Ok(Credential::Anonymous)
    }
}

/// One credential for one host, and nothing for any other.
#[derive(Clone, Debug)]
pub struct ForHost {
    /// The host, as in references.
    pub host: String,
    /// The credential.
    pub credential: Credential,
}

#[async_trait]
impl CredentialProvider for ForHost {
    async fn credential(&self, host: &str, _: &str) -> Result<Credential> {
        Ok(if host == self.host { self.credential.clone() } else { Credential::Anonymous })
    }
}
