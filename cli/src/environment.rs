//! What the environment says: every variable that is read, in one place.

use std::ffi::OsString;
use std::path::PathBuf;

use countersign_core::media_type;
use countersign_core::source::registry::ProxySettings;
use zeroize::Zeroizing;

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
    fn text(&self, name: &str) -> Option<String> {
        (self.variable)(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
    }

    fn either_case(&self, name: &str) -> Option<String> {
        self.text(name).or_else(|| self.text(&name.to_ascii_lowercase()))
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
    pub(crate) fn source_date_epoch(&self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_second(self.text("SOURCE_DATE_EPOCH")?.parse().ok()?).ok()
    }

    /// Where layers that were read are kept: in the user's cache (XDG Base Directory Specification).
    pub(crate) fn layer_cache(&self) -> Option<PathBuf> {
        let cache = self.text("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || Some(PathBuf::from(self.text("HOME")?).join(".cache"));
        Some(cache.or_else(home)?.join("countersign/layers"))
    }

    /// What BuildKit asks a scanner for: `BUILDKIT_SCAN_SOURCE`, `BUILDKIT_SCAN_DESTINATION` and, not always,
    /// `BUILDKIT_SCAN_SOURCE_EXTRAS` (BuildKit, `docs/attestations/sbom-protocol.md`).
    pub(crate) fn buildkit_scan(&self) -> BuildkitScan {
        let path = |name| (self.variable)(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        BuildkitScan {
            source: path("BUILDKIT_SCAN_SOURCE"),
            extras: path("BUILDKIT_SCAN_SOURCE_EXTRAS"),
            destination: path("BUILDKIT_SCAN_DESTINATION"),
        }
    }

    /// `COSIGN_REPOSITORY`: where signatures are kept when not beside their image.
    pub(crate) fn repository(&self) -> Option<String> {
        self.text("COUNTERSIGN_REPOSITORY").or_else(|| self.text("COSIGN_REPOSITORY"))
    }

    /// `COSIGN_MAX_ATTACHMENT_SIZE`.
    pub(crate) fn max_attachment_size(&self) -> Option<String> {
        self.text("COUNTERSIGN_MAX_ATTACHMENT_SIZE").or_else(|| self.text("COSIGN_MAX_ATTACHMENT_SIZE"))
    }

    /// `COSIGN_DOCKER_MEDIA_TYPES`: the media type of legacy manifests, OCI's or Docker's.
    pub(crate) fn manifest_type(&self) -> &'static str {
        match self.text("COSIGN_DOCKER_MEDIA_TYPES").as_deref() {
            Some("1" | "true") => media_type::DOCKER_MANIFEST,
            _ => media_type::OCI_MANIFEST,
        }
    }

    /// `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in either case.
    pub(crate) fn proxy(&self) -> ProxySettings {
        ProxySettings {
            https_proxy: self.either_case("HTTPS_PROXY"),
            // In upper case a web server may have set it from a request's header (httpoxy, CVE-2016-5385).
            http_proxy: self.text("http_proxy"),
            no_proxy: self.either_case("NO_PROXY"),
        }
    }

    /// The files that credentials are read from, in their order: `$REGISTRY_AUTH_FILE`, `$DOCKER_CONFIG/config.json`
    /// (else `~/.docker/config.json`), and Podman's `auth.json`.
    pub(crate) fn credential_files(&self) -> Vec<PathBuf> {
        if let Some(file) = self.text("REGISTRY_AUTH_FILE") {
            return vec![file.into()];
        }
        let docker = self.docker_config();
        let podman = self.text("XDG_RUNTIME_DIR").map(|dir| PathBuf::from(dir).join("containers/auth.json"));
        docker.into_iter().chain(podman).collect()
    }

    /// The file that `login` writes: the first of those.
    pub(crate) fn login_file(&self) -> Option<PathBuf> {
        self.text("REGISTRY_AUTH_FILE").map(PathBuf::from).or_else(|| self.docker_config())
    }

    /// Docker's `config.json`.
    fn docker_config(&self) -> Option<PathBuf> {
        let directory = self.text("DOCKER_CONFIG").map(PathBuf::from);
        let home = || Some(PathBuf::from(self.text("HOME")?).join(".docker"));
        Some(directory.or_else(home)?.join("config.json"))
    }
}
