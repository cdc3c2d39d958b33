//! Everything that the client of a registry is told: it looks nothing up by itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::credentials::{Anonymous, CredentialProvider, Secret};
use crate::limits;

/// Whether the referrers API of a registry is used (OCI distribution specification 1.1, "Listing Referrers").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferrersMode {
    /// The API where the registry has it, else the fallback tag.
    #[default]
    Auto,
    /// The fallback tag only.
    Legacy,
    /// The API; a registry without it is an error.
    Oci11,
}

/// Proxies, as the environment variables of these names spell them.
#[derive(Clone, Default)]
pub struct ProxySettings {
    /// The proxy for https.
    pub https_proxy: Option<String>,
    /// The proxy for plain http.
    pub http_proxy: Option<String>,
    /// Hosts that are contacted directly, with commas between. Loopback hosts always are.
    pub no_proxy: Option<String>,
}

impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A proxy's URL may have a password in it.
        f.debug_struct("ProxySettings")
            .field("https_proxy", &self.https_proxy.is_some())
            .field("http_proxy", &self.http_proxy.is_some())
            .field("no_proxy", &self.no_proxy)
            .finish()
    }
}

/// The certificate that this client shows.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    /// The certificate and its chain, PEM.
    pub certificate: Vec<u8>,
    /// The private key, PEM.
    pub key: Secret,
}

/// How registries are spoken to.
#[derive(Clone)]
pub struct RegistryOptions {
    /// Who knows the credentials.
    pub credentials: Arc<dyn CredentialProvider>,
    /// Certificates (PEM) that are trusted beside the platform's.
    pub certificate_authorities: Option<Vec<u8>>,
    /// The certificate that this client shows.
    pub client_certificate: Option<ClientCertificate>,
    /// Whether plain http may be used where https cannot be had. Credentials are then sent in the clear.
    pub allow_http: bool,
    /// Whether any certificate is good enough.
    pub danger_accept_invalid_certificates: bool,
    /// Proxies.
    pub proxy: ProxySettings,
    /// Requests under way at once.
    pub jobs: usize,
    /// The whole time of one request with all its retries; blobs get more, by the bytes that come or are sent
    /// ([`limits::TRANSFER_RATE`]).
    pub timeout: Duration,
    /// The time without a byte after which a transfer is given up.
    pub idle: Duration,
    /// Tries of one request, the first included.
    pub tries: u32,
    /// The wait before the second try; it doubles with every further one.
    pub backoff: Duration,
    /// Blobs above this many bytes are sent in pieces.
    pub single_upload: u64,
    /// Whether the referrers API is used.
    pub referrers: ReferrersMode,
    /// What this client calls itself.
    pub user_agent: String,
    /// The time at which these options were made; later times are reckoned from it.
    pub now: Timestamp,
}

impl RegistryOptions {
    /// The defaults: no credentials, the platform's certificates, nothing unsafe.
    pub fn new(now: Timestamp) -> Self {
        Self {
            credentials: Arc::new(Anonymous),
            certificate_authorities: None,
            client_certificate: None,
            allow_http: false,
            danger_accept_invalid_certificates: false,
            proxy: ProxySettings::default(),
            jobs: 8,
            timeout: limits::REQUEST_TOTAL,
            idle: limits::IDLE,
            tries: limits::REQUEST_TRIES,
            backoff: Duration::from_millis(200),
            single_upload: limits::SINGLE_UPLOAD_BYTES,
            referrers: ReferrersMode::Auto,
            user_agent: concat!("countersign/", env!("CARGO_PKG_VERSION")).into(),
            now,
        }
    }
}

impl fmt::Debug for RegistryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryOptions")
            .field("allow_http", &self.allow_http)
            .field("danger_accept_invalid_certificates", &self.danger_accept_invalid_certificates)
            .field("proxy", &self.proxy)
            .field("jobs", &self.jobs)
            .field("timeout", &self.timeout)
            .field("referrers", &self.referrers)
            .finish_non_exhaustive()
    }
}
