//! Credentials: from flags, else from the files that Docker and Podman keep and the helpers they name.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use async_trait::async_trait;
use countersign_core::source::registry::credentials::{
    Credential, CredentialProvider, DockerConfig, Found, Helper, Secret,
};
use countersign_core::source::{Result, SourceError};
use countersign_core::{file, limits};

use crate::context::Context;
use crate::options::RegistryArgs;

/// See the head of this module.
pub(crate) struct Credentials {
    given: Option<Credential>,
    /// The registry that is named first: the given ones go to no other, whichever answers first.
    first: OnceLock<String>,
    files: Vec<PathBuf>,
}

impl Credentials {
    /// Hears of a registry that the command names.
    pub(crate) fn named(&self, host: &str) {
        self.first.get_or_init(|| host.to_owned());
    }

    pub(crate) fn new(context: &Context, args: &RegistryArgs) -> Self {
        let basic = || {
            let password = Secret::from(args.registry_password.clone()?);
            Some(Credential::Basic { username: args.registry_username.clone()?, password })
        };
        let token = || Some(Credential::RegistryToken(Secret::from(args.registry_token.clone()?)));
        Self {
            given: basic().or_else(token),
            first: OnceLock::new(),
            files: context.environment.credential_files(),
        }
    }
}

#[async_trait]
impl CredentialProvider for Credentials {
    async fn credential(&self, host: &str, path: &str) -> Result<Credential> {
        if let Some(given) = &self.given {
            let first = self.first.get_or_init(|| host.to_owned());
            return match first == host {
                true => Ok(given.clone()),
                false => Err(SourceError::Settings {
                    place: host.to_owned(),
                    why: format!(
                        "the credentials in the flags went to {first}, and go to no other registry: log in to both with 'countersign login'"
                    ),
                }),
            };
        }
        for file in &self.files {
            if let Some(config) = read_config(file)?
                && let Some(found) = known(&config, file, host, path).await?
            {
                return Ok(found);
            }
        }
        Ok(Credential::Anonymous)
    }
}

/// What one configuration knows.
async fn known(config: &DockerConfig, file: &Path, host: &str, path: &str) -> Result<Option<Credential>> {
    let malformed = |why: String| SourceError::Settings { place: file.display().to_string(), why };
    for found in config.lookup(host, path).map_err(|error| malformed(error.to_string()))? {
        let credential = match found {
            Found::Here(credential) => Some(credential),
            Found::Helper { name, server } => Helper::named(&name)?.credential(&server).await?,
        };
        if credential.is_some() {
            return Ok(credential);
        }
    }
    Ok(None)
}

/// A configuration that is not there is no error; one that cannot be read is.
pub(crate) fn read_config(path: &Path) -> Result<Option<DockerConfig>> {
    let failed = |why: String| SourceError::Settings { place: path.display().to_string(), why };
    if !path.exists() {
        return Ok(None);
    }
    let content =
        file::read_bounded(path, limits::SMALL_FILE_BYTES).map_err(|error| failed(error.to_string()))?;
    DockerConfig::parse(&content).map(Some).map_err(|error| failed(error.to_string()))
}
