//! Why a command failed: what, a stable code, the outcome that decides the exit code, and what to do about it.

use std::fmt;
use std::path::Path;

use countersign_core::file::FileError;
use countersign_core::format::FormatError;
use countersign_core::key::KeyError;
use countersign_core::oci::OciError;
use countersign_core::outcome::Outcome;
use countersign_core::reference::ReferenceError;
use countersign_core::sign::SignError;
use countersign_core::source::SourceError;
use countersign_core::verify::{PolicyError, Refusal};

/// A command that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) outcome: Outcome,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(outcome: Outcome, code: &'static str, message: impl fmt::Display) -> Self {
        Self { outcome, code, message: message.to_string(), hint: None }
    }

    /// Arguments or settings are wrong.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Outcome::Usage, "USAGE", message)
    }

    /// Input or output failed.
    pub(crate) fn io(place: impl fmt::Display, error: std::io::Error) -> Self {
        Self::new(Outcome::Undecided, "IO", format_args!("{place}: {error}"))
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Says where it happened, where that is not said yet. Of a place that is said in part the whole is said, once.
    pub(crate) fn at(self, place: impl fmt::Display) -> Self {
        let place = place.to_string();
        if self.message.contains(&place) {
            return self;
        }
        // A layout is named with the kind that it is of.
        let path = place.split_once(':').map_or("", |(_, path)| path);
        let is_part = |before: &str| place.starts_with(before) || path.starts_with(before);
        let part = self.message.split_once(": ").filter(|(before, _)| is_part(before));
        let message = part.map_or(self.message.as_str(), |(_, message)| message);
        Self { message: format!("{place}: {message}"), ..self }
    }

    /// A `--signature` that is neither a file nor a signature.
    pub(crate) fn no_signature(text: &str) -> Self {
        Self::usage(format!(
            "--signature '{text}': is neither a file that is there nor a signature in base64"
        ))
        .hint("check the path, or give the text that signing printed")
    }

    /// A key or another setting that cannot be read: wrong arguments, not an undecided question.
    pub(crate) fn setting(path: &Path, error: &FileError) -> Self {
        let failure = Self::new(Outcome::Usage, error.code(), error);
        match error {
            FileError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => failure.hint(
                format!("check the path; the working directory is where '{}' is looked up", path.display()),
            ),
            FileError::NotRegular { .. } => failure.hint("name a regular file"),
            _ => failure,
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let failure = Self::new(error.outcome(), error.code(), &error);
        match error {
            SourceError::Unauthorized { .. } => failure.hint(
                "log in with 'countersign login HOST', or give --registry-username and --registry-password",
            ),
            SourceError::Forbidden { .. } => {
                failure.hint("these credentials may not do this; check the repository's permissions")
            }
            SourceError::NotFound { .. } => {
                failure.hint("check the name, the tag or digest, and the registry")
            }
            SourceError::Throttled { .. } => {
                failure.hint("wait and run it again, log in for a higher limit, or give a longer --timeout")
            }
            SourceError::Io { ref source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                failure.hint("check the path; a layout is a directory (oci:DIR[:TAG]), an archive is a file")
            }
            SourceError::Timeout { .. } => failure.hint("run it again, or give a longer --timeout"),
            SourceError::Unreachable { .. } => {
                failure.hint("check the host name, the port, the network and HTTPS_PROXY / NO_PROXY")
            }
            SourceError::Limit { .. } => failure.hint(
                "--max-attachment-size raises the limit for signatures and bundles; the others are fixed",
            ),
            SourceError::SeveralImages { .. } => failure.hint("name one: add :TAG or @DIGEST"),
            SourceError::Settings { .. } => {
                failure.hint("mend what is named, or leave out the flag or the file that names it")
            }
            SourceError::DigestMismatch { .. } | SourceError::SizeMismatch { .. } => {
                failure.hint("the store holds other bytes than its name promises: do not use this image")
            }
            _ => failure,
        }
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        match error {
            SignError::Key(error) => error.into(),
            SignError::Source(error) => error.into(),
            SignError::Format(error) => error.into(),
            SignError::Oci(error) => error.into(),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let outcome = match error {
            KeyError::Read(_)
            | KeyError::MessageChanged
            | KeyError::Crypto { .. }
            | KeyError::SignerUnavailable { .. } => Outcome::Undecided,
            _ => Outcome::Usage,
        };
        let failure = Self::new(outcome, error.code(), &error);
        match (error.hint(), &error) {
            // The library's hint is another tool's command, which knows no key files of ours.
            (_, KeyError::PrivateKeyGiven { .. }) => {
                failure.hint("print its public half with 'countersign public-key --key KEY'")
            }
            (Some(hint), _) => failure.hint(hint),
            (None, KeyError::PasswordWrong) => {
                failure.hint("check COUNTERSIGN_PASSWORD or COSIGN_PASSWORD; both win over the prompt")
            }
            (None, KeyError::PublicKeyGiven { .. }) => {
                failure.hint("sign with the private key; verify with the public one")
            }
            _ if outcome == Outcome::Undecided => failure,
            _ => failure.hint("give one key, in PEM; 'countersign inspect FILE' tells what a file is"),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(Outcome::Refused, refusal.code().as_str(), refusal)
    }
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        Self::new(Outcome::Refused, error.code(), error)
    }
}

impl From<OciError> for Failure {
    fn from(error: OciError) -> Self {
        Self::new(Outcome::Refused, error.code(), error)
    }
}

impl From<ReferenceError> for Failure {
    fn from(error: ReferenceError) -> Self {
        Self::new(Outcome::Usage, error.code(), error)
            .hint("name it as REGISTRY/REPOSITORY[:TAG|@DIGEST], oci:DIR[:TAG|@DIGEST] or oci-archive:FILE")
    }
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Self {
        Self::usage(error)
            .hint("--threshold is at least 1, and at most the number of distinct keys given with --key")
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let outcome = match error {
            FileError::Io { .. } => Outcome::Undecided,
            _ => Outcome::Usage,
        };
        let failure = Self::new(outcome, error.code(), &error);
        match error {
            FileError::Symlink { .. } => failure.hint("name the file that it leads to, or remove it"),
            FileError::NotRegular { .. } | FileError::NoName { .. } => {
                failure.hint("name a regular file, or one that is not there yet")
            }
            FileError::Exists { .. } => failure.hint("name another file, or remove it first"),
            FileError::TooLarge { .. } | FileError::TooMany { .. } | FileError::Io { .. } => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_said_once_and_whole() {
        for (message, said) in [
            ("no answer", "host/app:v1: no answer"),
            ("host/app: tag 'v1' not found", "host/app:v1: tag 'v1' not found"),
            ("host/app:v1: no answer", "host/app:v1: no answer"),
            (
                "https://host/v2/app/manifests/v1: no answer",
                "host/app:v1: https://host/v2/app/manifests/v1: no answer",
            ),
        ] {
            assert_eq!(Failure::usage(message).at("host/app:v1").message, said);
        }
        let failure = Failure::usage("dir: no such directory").at("oci:dir:v1");
        assert_eq!(failure.message, "oci:dir:v1: no such directory");
    }
}
