//! Credential helpers: programs called `docker-credential-NAME` that keep credentials in a keychain or make them.

use std::ffi::OsString;
use std::process::{Output, Stdio};

use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::timeout;

use super::config::user;
use super::{Credential, Secret};
use crate::limits;
use crate::source::registry::problem::escaped;
use crate::source::{Result, SourceError};

/// A credential helper. It runs with the environment of this process; what it prints and the time that it takes are
/// bounded.
#[derive(Clone, Debug)]
pub struct Helper {
    program: OsString,
}

/// What `get` prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: Secret,
}

impl Helper {
    /// `docker-credential-NAME`, looked up as programs are.
    ///
    /// # Errors
    /// When the name is none: it comes from a file, and must not name another program.
    pub fn named(name: &str) -> Result<Self> {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || !name.chars().all(good) {
            let place = format!("credential helper '{}'", escaped(name));
            return Err(SourceError::Settings {
                place,
                why: "this is no name of a credential helper".into(),
            });
        }
        Ok(Self::at(format!("docker-credential-{name}")))
    }

    /// The helper that is this program.
    pub fn at(program: impl Into<OsString>) -> Self {
        Self { program: program.into() }
    }

    /// The credential for `server`; `None` when the helper has none.
    ///
    /// # Errors
    /// When the helper cannot be run, fails, or prints something else.
    pub async fn credential(&self, server: &str) -> Result<Option<Credential>> {
        let output = self.run("get", server.as_bytes()).await?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stdout);
            return if text.contains("credentials not found") { Ok(None) } else { Err(self.failed(&output)) };
        }
        let answer: Answer = serde_json::from_slice(&output.stdout)
            .map_err(|_| self.error("printed something else than a credential"))?;
        let nothing = answer.username.is_empty() && answer.secret.expose().is_empty();
        Ok((!nothing).then(|| user(answer.username, answer.secret)))
    }

    /// Gives the helper a credential to keep.
    ///
    /// # Errors
    /// When the helper cannot be run or fails, or the credential is none that helpers keep.
    pub async fn store(&self, server: &str, credential: &Credential) -> Result<()> {
        let (username, secret) = match credential {
            Credential::Basic { username, password } => (username.as_str(), password),
            Credential::IdentityToken(token) => ("<token>", token),
            Credential::Anonymous | Credential::RegistryToken(_) => {
                return Err(self.error("keeps only users with passwords, and identity tokens"));
            }
        };
        let input = zeroize::Zeroizing::new(
            json!({"ServerURL": server, "Username": username, "Secret": secret.expose()}).to_string(),
        );
        let output = self.run("store", input.as_bytes()).await?;
        if output.status.success() { Ok(()) } else { Err(self.failed(&output)) }
    }

    /// Makes the helper forget the credential of `server`.
    ///
    /// # Errors
    /// When the helper cannot be run or fails.
    pub async fn erase(&self, server: &str) -> Result<()> {
        let output = self.run("erase", server.as_bytes()).await?;
        if output.status.success() { Ok(()) } else { Err(self.failed(&output)) }
    }

    async fn run(&self, verb: &str, input: &[u8]) -> Result<Output> {
        timeout(limits::HELPER_TIME, self.run_unbounded(verb, input))
            .await
            .map_err(|_| SourceError::Timeout { place: self.place(), after: limits::HELPER_TIME })?
    }

    async fn run_unbounded(&self, verb: &str, input: &[u8]) -> Result<Output> {
        let io = |source| SourceError::io(self.place(), source);
        let mut child = Command::new(&self.program)
            .arg(verb)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.error(&format!("cannot be run: {error}")))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A helper that reads nothing closes this end; what it says then decides.
            let _ = stdin.write_all(input).await;
        }
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (stdout, stderr) = tokio::try_join!(self.bounded(stdout), self.bounded(stderr))?;
        let status = child.wait().await.map_err(io)?;
        Ok(Output { status, stdout, stderr })
    }

    async fn bounded(&self, stream: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>> {
        let limit = limits::HELPER_OUTPUT_BYTES;
        let mut output = Vec::new();
        if let Some(stream) = stream {
            let mut stream = stream.take(limit + 1);
            stream.read_to_end(&mut output).await.map_err(|error| SourceError::io(self.place(), error))?;
        }
        if output.len() as u64 > limit {
            return Err(SourceError::Limit { place: self.place(), what: "output in bytes", limit });
        }
        Ok(output)
    }

    fn failed(&self, output: &Output) -> SourceError {
        // Helpers print their error to standard output.
        let text = if output.stdout.is_empty() { &output.stderr } else { &output.stdout };
        self.error(&format!("failed: {}", escaped(&String::from_utf8_lossy(text))))
    }

    fn error(&self, why: &str) -> SourceError {
        SourceError::Settings { place: self.place(), why: why.into() }
    }

    fn place(&self) -> String {
        format!("credential helper '{}'", self.program.to_string_lossy())
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    async fn run(script: &str) -> Result<Option<Credential>> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("docker-credential-test");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        loop {
            match Helper::at(&path).credential("r.io").await {
                // Another test has started a program while the script was still open for writing.
                Err(error) if error.to_string().contains("os error 26") => tokio::task::yield_now().await,
                other => return other,
            }
        }
    }

    #[tokio::test]
    async fn what_a_helper_says_is_read() {
        let basic = Credential::Basic { username: "u".into(), password: "r.io".into() };
        let echo =
            r#"read -r server || true; printf '{"ServerURL":"x","Username":"u","Secret":"%s"}' "$server""#;
        assert_eq!(run(echo).await.unwrap(), Some(basic));
        let token = r#"echo '{"Username":"<token>","Secret":"t"}'"#;
        assert_eq!(run(token).await.unwrap(), Some(Credential::IdentityToken("t".into())));
        assert_eq!(run("echo 'credentials not found in native keychain'; exit 1").await.unwrap(), None);
        assert!(run("echo 'keychain is locked'; exit 1").await.unwrap_err().to_string().contains("locked"));
        assert!(run("echo nonsense").await.is_err());
    }

    #[tokio::test]
    async fn what_a_helper_prints_is_bounded() {
        let error = run("head -c 2000000 /dev/zero; sleep 100").await.unwrap_err();
        assert_eq!(error.code(), "LIMIT_CONTENT");
    }

    #[test]
    fn a_name_is_no_path() {
        for name in ["", "../x", "a/b", "a b", "a\0"] {
            assert!(Helper::named(name).is_err(), "{name}");
        }
        assert!(Helper::named("ecr-login").is_ok());
    }
}
