//! Key references: a file, `env://NAME`, `https://...`.

use std::path::{Path, PathBuf};

use countersign_core::file::{self, Mode, Overwrite};
use countersign_core::key::{self, KeyError, PrivateKey, PublicKey};
use countersign_core::limits;
use zeroize::Zeroizing;

use crate::context::Context;
use crate::failure::Failure;
use crate::files;
use crate::prompt::Passwords;

/// Schemes that cosign knows and that need a service or a device.
const ELSEWHERE: [&str; 6] = ["k8s://", "pkcs11:", "hashivault://", "awskms://", "gcpkms://", "azurekms://"];

/// The private key that a reference names. Asks for a password only when the key needs one.
pub(crate) async fn private(context: &Context, reference: &str) -> Result<PrivateKey, Failure> {
    private_with(context, reference, &mut Passwords::default()).await
}

/// Why nothing is signed where no key is given.
pub(crate) fn none_to_sign_with() -> Failure {
    Failure::usage("no key to sign with").hint(
        "give --key FILE (make one with 'countersign generate-key-pair'); signing by identity (keyless) is not \
         available yet",
    )
}

/// The private keys that references name.
pub(crate) async fn all_private(
    context: &Context,
    references: &[String],
) -> Result<Vec<PrivateKey>, Failure> {
    let mut passwords = Passwords::default();
    let mut keys = Vec::with_capacity(references.len());
    for reference in references {
        let key = private_with(context, reference, &mut passwords).await;
        keys.push(key.map_err(|failure| match passwords.source(context) {
            Some(source) if failure.code == KeyError::PasswordWrong.code() && references.len() > 1 => {
                failure.hint(format!(
                    "the password from {source} was tried for every key; sign with one key after the other"
                ))
            }
            _ => failure,
        })?);
    }
    Ok(keys)
}

/// The same as [`private`], for one of several keys.
pub(crate) async fn private_with(
    context: &Context,
    reference: &str,
    passwords: &mut Passwords,
) -> Result<PrivateKey, Failure> {
    if reference.starts_with("https://") {
        return Err(Failure::usage(format!("{reference}: a private key is not fetched over the network"))
            .hint("give a file or env://NAME"));
    }
    let content = content(context, reference).await?;
    let located = |error: KeyError| Failure::from(error).at(reference);
    let password = match key::needs_password(&content).map_err(located)? {
        true => Some(passwords.of(context, reference).await?),
        false => None,
    };
    key::load(&content, || password.ok_or(KeyError::PasswordRequired)).map_err(located)
}

/// The public key that a reference names.
pub(crate) async fn public(context: &Context, reference: &str) -> Result<PublicKey, Failure> {
    let content = content(context, reference).await?;
    PublicKey::from_pem(&*content).map_err(|error| Failure::from(error).at(reference))
}

/// The public keys that references name; at least one reference is needed.
pub(crate) async fn all_public(context: &Context, references: &[String]) -> Result<Vec<PublicKey>, Failure> {
    if references.is_empty() {
        return Err(Failure::usage("no key to verify with").hint(
            "give the signer's public key with --key; verifying by identity (keyless) is not available yet",
        ));
    }
    let mut keys = Vec::with_capacity(references.len());
    for reference in references {
        keys.push(public(context, reference).await?);
    }
    Ok(keys)
}

async fn content(context: &Context, reference: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if let Some(name) = reference.strip_prefix("env://") {
        return context.environment.key(name).ok_or_else(|| {
            Failure::usage(format!("{reference}: the environment variable {name} is not set"))
                .hint("export it, or name a key file")
        });
    }
    if reference.starts_with("https://") {
        let options = crate::stores::plain_options(context)?;
        return Ok(Zeroizing::new(
            countersign_core::source::registry::fetch(reference, limits::SMALL_FILE_BYTES, &options)
                .await?
                .to_vec(),
        ));
    }
    if reference.starts_with("http://") {
        return Err(
            Failure::usage(format!("{reference}: a key is not fetched over plain http")).hint("use https://")
        );
    }
    if let Some(scheme) = ELSEWHERE.iter().find(|scheme| reference.starts_with(**scheme)) {
        return Err(Failure::usage(format!(
            "{reference}: keys in '{scheme}' are not supported by this version"
        ))
        .hint("give a key file, env://NAME or, for a public key, an https:// URL"));
    }
    let path = Path::new(reference);
    file::read_bounded(path, limits::SMALL_FILE_BYTES)
        .map(Zeroizing::new)
        .map_err(|error| Failure::setting(path, &error))
}

/// The two files of a new key pair.
pub(crate) struct Files {
    private: PathBuf,
    public: PathBuf,
    overwrite: Overwrite,
}

impl Files {
    /// Fails before anything is asked or made when a file is in the way.
    pub(crate) fn new(prefix: &Path, force: bool) -> Result<Self, Failure> {
        let with = |suffix: &str| PathBuf::from(format!("{}.{suffix}", prefix.display()));
        let overwrite = if force { Overwrite::Replace } else { Overwrite::Never };
        let files = Self { private: with("key"), public: with("pub"), overwrite };
        for path in [&files.private, &files.public] {
            if !force && path.symlink_metadata().is_ok() {
                return Err(Failure::usage(format!("{}: exists already", path.display()))
                    .hint("give another --output-key-prefix, or --force to replace the key for good"));
            }
        }
        Ok(files)
    }

    /// # Errors
    /// When one of them is the key that is read: as it is there, it would be gone.
    pub(crate) fn apart_from(&self, key: &str) -> Result<(), Failure> {
        let written =
            [("PREFIX.key", Some(self.private.as_path())), ("PREFIX.pub", Some(self.public.as_path()))];
        files::apart(&written, &[("--key", Some(Path::new(key)))])
    }

    /// Writes the private key, encrypted and for its owner only, then the public one.
    pub(crate) fn write(&self, context: &Context, key: &PrivateKey, password: &[u8]) -> Result<(), Failure> {
        let encrypted = Zeroizing::new(key.to_encrypted_pem(password)?);
        let public = key.public_key().to_pem();
        let files = [
            (self.private.as_path(), encrypted.as_bytes(), Mode::Private0600),
            (self.public.as_path(), public.as_bytes(), Mode::Default),
        ];
        file::write_together(&files, self.overwrite)?;
        context.output.status(format!("Private key written to {}", self.private.display()));
        context.output.status(format!("Public key written to {}", self.public.display()));
        Ok(())
    }
}

/// How a key is named to people and in reports: the SHA-256 of its SubjectPublicKeyInfo.
pub(crate) fn name(key: &PublicKey) -> String {
    countersign_core::digest::Digest::sha256(key.spki_der()).to_string()
}
