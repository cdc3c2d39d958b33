//! What the environment says: every variable that is read, in one place.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;

use countersign_core::media_type;
use countersign_core::reference::Repository;
use countersign_core::source::registry::ProxySettings;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::options::{go_bool, size};

/// The environment of the process.
pub(crate) struct Environment {
    variable: Lookup,
}

/// What BuildKit asks a scanner for, in its environment.
#[derive(Debug)]
pub(crate) struct BuildkitScan {
    /// The root of the filesystem that was built.
    pub(crate) source: Option<PathBuf>,
    /// A directory of more of them.
    pub(crate) extras: Option<PathBuf>,
    /// Where the SBOMs go.
    pub(crate) destination: Option<PathBuf>,
}

impl BuildkitScan {
    /// Whether this is a scanner that BuildKit started.
    pub(crate) const fn is_asked_for(&self) -> bool {
        self.source.is_some() && self.destination.is_some()
    }
}

type Lookup = Box<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

impl Environment {
    pub(crate) fn of_process() -> Self {
        Self { variable: Box::new(|name| std::env::var_os(name)) }
    }

    /// The environment of the process, but with this password.
    pub(crate) fn with_password(password: &'static str) -> Self {
        let variable = move |name: &str| match name {
            "COUNTERSIGN_PASSWORD" => Some(password.into()),
            other => std::env::var_os(other),
        };
        Self { variable: Box::new(variable) }
    }

    /// A variable that is set and not empty.
    fn set(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// A path in a variable, which need be no text.
    fn path(&self, name: &str) -> Option<PathBuf> {
        self.set(name).map(PathBuf::from)
    }

    /// A text in the first of the variables that is set, with the name of that one.
    fn text<'a>(&self, names: &[&'a str]) -> Result<Option<(&'a str, String)>, Failure> {
        let Some((name, value)) = names.iter().find_map(|name| Some((*name, self.set(name)?))) else {
            return Ok(None);
        };
        match value.into_string() {
            Ok(text) => Ok(Some((name, text))),
            Err(value) => Err(wrong(name, &value.to_string_lossy(), "expected a text in UTF-8")),
        }
    }

    /// The value of the first of the variables that is set.
    fn value<T, E: Display>(
        &self,
        names: &[&str],
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Failure> {
        let Some((name, text)) = self.text(names)? else { return Ok(None) };
        parse(&text).map(Some).map_err(|why| wrong(name, &text, why))
    }

    /// `COUNTERSIGN_PASSWORD`, else `COSIGN_PASSWORD`; set to nothing, it is an empty password.
    pub(crate) fn password(&self) -> Option<Zeroizing<Vec<u8>>> {
        let name = self.password_variable()?;
        (self.variable)(name).map(|value| Zeroizing::new(value.into_encoded_bytes()))
    }

    /// The variable that the password is in.
    pub(crate) fn password_variable(&self) -> Option<&'static str> {
        ["COUNTERSIGN_PASSWORD", "COSIGN_PASSWORD"].into_iter().find(|name| (self.variable)(name).is_some())
    }

    /// The variable that an `env://NAME` reference names.
    pub(crate) fn key(&self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        (self.variable)(name).map(|value| Zeroizing::new(value.into_encoded_bytes()))
    }

    /// The time that documents say they were made at (`SOURCE_DATE_EPOCH`, in seconds since 1970).
    ///
    /// # Errors
    /// When it is set to something else.
    pub(crate) fn source_date_epoch(&self) -> Result<Option<Timestamp>, Failure> {
        let seconds = |text: &str| text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        let parse = |text: &str| seconds(text).ok_or("expected whole seconds since 1970, such as 1767225600");
        self.value(&["SOURCE_DATE_EPOCH"], parse)
    }

    /// Where layers that were read are kept: in the user's cache (XDG Base Directory Specification).
    pub(crate) fn layer_cache(&self) -> Option<PathBuf> {
        // "Consider the path invalid and ignore it", says the specification of one that is relative.
        let cache = self.path("XDG_CACHE_HOME").filter(|path| path.is_absolute());
        let home = || Some(self.path("HOME")?.join(".cache"));
        Some(cache.or_else(home)?.join("countersign/layers"))
    }

    /// What BuildKit asks a scanner for: `BUILDKIT_SCAN_SOURCE`, `BUILDKIT_SCAN_DESTINATION` and, not always,
    /// `BUILDKIT_SCAN_SOURCE_EXTRAS` (BuildKit, `docs/attestations/sbom-protocol.md`).
    pub(crate) fn buildkit_scan(&self) -> BuildkitScan {
        BuildkitScan {
            source: self.path("BUILDKIT_SCAN_SOURCE"),
            extras: self.path("BUILDKIT_SCAN_SOURCE_EXTRAS"),
            destination: self.path("BUILDKIT_SCAN_DESTINATION"),
        }
    }

    /// `COSIGN_REPOSITORY`: where signatures are kept when not beside their image.
    ///
    /// # Errors
    /// When it names no repository.
    pub(crate) fn repository(&self) -> Result<Option<Repository>, Failure> {
        self.value(&["COUNTERSIGN_REPOSITORY", "COSIGN_REPOSITORY"], str::parse::<Repository>)
    }

    /// `COSIGN_MAX_ATTACHMENT_SIZE`, in bytes.
    ///
    /// # Errors
    /// When it is no size.
    pub(crate) fn max_attachment_size(&self) -> Result<Option<u64>, Failure> {
        self.value(&["COUNTERSIGN_MAX_ATTACHMENT_SIZE", "COSIGN_MAX_ATTACHMENT_SIZE"], size)
    }

    /// `COSIGN_DOCKER_MEDIA_TYPES`: the media type of legacy manifests, OCI's or Docker's.
    ///
    /// # Errors
    /// When it is neither true nor false.
    pub(crate) fn manifest_type(&self) -> Result<&'static str, Failure> {
        Ok(match self.value(&["COSIGN_DOCKER_MEDIA_TYPES"], go_bool)? {
            Some(true) => media_type::DOCKER_MANIFEST,
            Some(false) | None => media_type::OCI_MANIFEST,
        })
    }

    /// `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in either case.
    ///
    /// # Errors
    /// When one is no text.
    pub(crate) fn proxy(&self) -> Result<ProxySettings, Failure> {
        let text = |names: &[&str]| self.text(names).map(|found| found.map(|(_, text)| text));
        Ok(ProxySettings {
            https_proxy: text(&["HTTPS_PROXY", "https_proxy"])?,
            // In upper case a web server may have set it from a request's header (httpoxy, CVE-2016-5385).
            http_proxy: text(&["http_proxy"])?,
            no_proxy: text(&["NO_PROXY", "no_proxy"])?,
        })
    }

    /// The files that credentials are read from, in their order: `$REGISTRY_AUTH_FILE`, `$DOCKER_CONFIG/config.json`
    /// (else `~/.docker/config.json`), and Podman's `auth.json`.
    pub(crate) fn credential_files(&self) -> Vec<PathBuf> {
        if let Some(file) = self.path("REGISTRY_AUTH_FILE") {
            return vec![file];
        }
        let docker = self.docker_config();
        let podman = self.path("XDG_RUNTIME_DIR").map(|dir| dir.join("containers/auth.json"));
        docker.into_iter().chain(podman).collect()
    }

    /// The file that `login` writes: the first of those.
    pub(crate) fn login_file(&self) -> Option<PathBuf> {
        self.path("REGISTRY_AUTH_FILE").or_else(|| self.docker_config())
    }

    /// Docker's `config.json`.
    fn docker_config(&self) -> Option<PathBuf> {
        let home = || Some(self.path("HOME")?.join(".docker"));
        Some(self.path("DOCKER_CONFIG").or_else(home)?.join("config.json"))
    }
}

/// A variable that holds what it must not: it is never passed over, or it would be thought to have done something.
fn wrong(name: &str, value: &str, why: impl Display) -> Failure {
    Failure::usage(format!("{name} is '{value}': {why}")).hint(format!("mend it, or unset {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &'static str, value: OsString) -> Environment {
        Environment { variable: Box::new(move |asked| (asked == name).then(|| value.clone())) }
    }

    /// What every variable that is no path says of one value.
    fn said(name: &'static str, value: impl Into<OsString>) -> Vec<Failure> {
        let environment = environment(name, value.into());
        [
            environment.source_date_epoch().err(),
            environment.repository().err(),
            environment.max_attachment_size().err(),
            environment.manifest_type().err(),
            environment.proxy().err(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    #[test]
    fn a_variable_that_is_malformed_is_named_with_its_value() {
        for (name, value, expected) in [
            ("SOURCE_DATE_EPOCH", "yesterday", "whole seconds since 1970"),
            ("SOURCE_DATE_EPOCH", "1767225600.5", "whole seconds since 1970"),
            ("SOURCE_DATE_EPOCH", "99999999999999999", "whole seconds since 1970"),
            ("COSIGN_REPOSITORY", "not a repository", "expected"),
            ("COUNTERSIGN_MAX_ATTACHMENT_SIZE", "much", "expected a number of bytes"),
            ("COSIGN_DOCKER_MEDIA_TYPES", "yes", "expected true or false"),
        ] {
            let said = said(name, value);
            let [failure] = said.as_slice() else { panic!("{name}: {said:?}") };
            assert_eq!(failure.outcome, countersign_core::outcome::Outcome::Usage, "{name}");
            assert!(failure.message.starts_with(&format!("{name} is '{value}': ")), "{}", failure.message);
            assert!(failure.message.contains(expected), "{}", failure.message);
            assert!(failure.hint.as_ref().is_some_and(|hint| hint.contains(name)), "{failure:?}");
        }
    }

    #[test]
    fn a_variable_that_is_well_formed_or_empty_is_read() {
        let seconds =
            |value: &str| environment("SOURCE_DATE_EPOCH", value.into()).source_date_epoch().unwrap();
        assert_eq!(seconds("1767225600").unwrap().as_second(), 1_767_225_600);
        assert_eq!(seconds(""), None);
        for (value, expected) in [("T", media_type::DOCKER_MANIFEST), ("0", media_type::OCI_MANIFEST)] {
            assert_eq!(
                environment("COSIGN_DOCKER_MEDIA_TYPES", value.into()).manifest_type().unwrap(),
                expected
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_need_be_no_text_and_everything_else_must() {
        use std::os::unix::ffi::OsStringExt;
        let bytes = || OsString::from_vec(b"/a\xff".to_vec());
        for name in ["SOURCE_DATE_EPOCH", "COUNTERSIGN_REPOSITORY", "https_proxy", "NO_PROXY"] {
            let said = said(name, bytes());
            assert!(said[0].message.contains("UTF-8"), "{said:?}");
        }
        let file = environment("REGISTRY_AUTH_FILE", bytes()).login_file();
        assert_eq!(file, Some(PathBuf::from(bytes())));
    }
}
