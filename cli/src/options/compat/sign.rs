//! Flags of signing.

use std::path::PathBuf;

use clap::Args;
use countersign_core::key::{Curve, KeyAlgorithm, KeyKind, PrivateKey};

use super::{BY_KEY, TokenCompat, refuse, without_services};
use crate::failure::Failure;
use crate::options::go_bool;

/// Flags that say how cosign gets an identity or a timestamp: without the flags that ask for one they mean nothing.
#[derive(Args, Clone, Debug, Default)]
struct Unused {
    #[arg(long, hide = true, value_name = "URL")]
    oidc_issuer: Option<String>,
    #[arg(long, hide = true, value_name = "ID")]
    oidc_client_id: Option<String>,
    #[arg(long, hide = true, value_name = "FILE")]
    oidc_client_secret_file: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "URL")]
    oidc_redirect_url: Option<String>,
    #[arg(long, hide = true, value_name = "NAME")]
    oidc_provider: Option<String>,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    oidc_disable_ambient_providers: Option<bool>,
    #[arg(long, hide = true, value_name = "FLOW")]
    fulcio_auth_flow: Option<String>,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    insecure_skip_verify: Option<bool>,
    #[arg(long, hide = true, value_name = "FILE")]
    timestamp_client_cacert: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    timestamp_client_cert: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    timestamp_client_key: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "NAME")]
    timestamp_server_name: Option<String>,
    #[arg(long, hide = true, value_name = "TYPE")]
    rekor_entry_type: Option<String>,
}

/// Flags of signing.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SignCompat {
    #[command(flatten)]
    _unused: Unused,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    tlog_upload: Option<bool>,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    use_signing_config: Option<bool>,
    #[arg(long, hide = true, value_name = "FILE")]
    signing_config: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "URL")]
    rekor_url: Option<String>,
    #[arg(long, hide = true, value_name = "URL")]
    fulcio_url: Option<String>,
    #[arg(long, hide = true, value_name = "URL")]
    timestamp_server_url: Option<String>,
    #[arg(long, hide = true, value_name = "FILE")]
    certificate: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    certificate_chain: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    output_certificate: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "TOKEN")]
    identity_token: Option<String>,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool)]
    issue_certificate: bool,
    #[command(flatten)]
    token: TokenCompat,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    record_creation_timestamp: Option<bool>,
}

impl SignCompat {
    /// # Errors
    /// For a flag that asks for something that would not be done.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let asks_for_log = self.tlog_upload == Some(true) || self.use_signing_config == Some(true);
        let no_log = self.tlog_upload == Some(false);
        refuse(
            &[
                ("--tlog-upload or --use-signing-config", asks_for_log, "writing to a transparency log"),
                ("--rekor-url", self.rekor_url.is_some() && !no_log, "writing to a transparency log"),
                (
                    "--timestamp-server-url",
                    self.timestamp_server_url.is_some(),
                    "asking a timestamp authority",
                ),
                (
                    "--certificate or --certificate-chain",
                    self.certificate.is_some() || self.certificate_chain.is_some(),
                    "signing with a certificate",
                ),
                (
                    "--output-certificate",
                    self.output_certificate.is_some(),
                    "writing a certificate, which a key does not have,",
                ),
                (
                    "--identity-token, --fulcio-url or --issue-certificate",
                    self.asks_for_identity(),
                    "keyless signing",
                ),
                ("--sk", self.token.is_asked_for(), "signing with a hardware token"),
                (
                    "--record-creation-timestamp",
                    self.record_creation_timestamp == Some(true),
                    "a creation time in legacy signatures",
                ),
            ],
            BY_KEY,
        )?;
        // A signing config that names no service asks for nothing.
        match &self.signing_config {
            Some(path) => without_services(path, "--signing-config", &["rekorTlogUrls", "tsaUrls"]),
            None => Ok(()),
        }
    }

    fn asks_for_identity(&self) -> bool {
        self.identity_token.is_some() || self.issue_certificate || self.fulcio_url.is_some()
    }
}

/// Flags of signing blobs alone.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SignBlobCompat {
    /// The key decides: what it is must be what is asked for.
    #[arg(long, hide = true, value_name = "ALGORITHM")]
    pub(crate) signing_algorithm: Option<KeyAlgorithm>,
    #[arg(long, hide = true, value_name = "FILE")]
    rfc3161_timestamp: Option<PathBuf>,
}

impl SignBlobCompat {
    /// # Errors
    /// For a flag that asks for something that would not be done.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        refuse(&[("--rfc3161-timestamp", self.rfc3161_timestamp.is_some(), "writing a timestamp")], BY_KEY)
    }

    /// # Errors
    /// Where the key is of another kind than what is asked for.
    pub(crate) fn check_key(&self, key: &PrivateKey) -> Result<(), Failure> {
        match self.signing_algorithm {
            Some(algorithm) if !is_of(key.kind(), algorithm) => Err(Failure::usage(format!(
                "--signing-algorithm {algorithm}: the key is of the kind {}",
                key.kind()
            ))
            .hint("leave the flag out: the algorithm follows from the key")),
            _ => Ok(()),
        }
    }
}

fn is_of(kind: KeyKind, algorithm: KeyAlgorithm) -> bool {
    match algorithm {
        KeyAlgorithm::EcdsaP256 => kind == KeyKind::Ecdsa(Curve::P256),
        KeyAlgorithm::EcdsaP384 => kind == KeyKind::Ecdsa(Curve::P384),
        KeyAlgorithm::EcdsaP521 => kind == KeyKind::Ecdsa(Curve::P521),
        KeyAlgorithm::Ed25519 => kind == KeyKind::Ed25519,
        KeyAlgorithm::Rsa2048 => kind == KeyKind::Rsa { bits: 2048 },
        KeyAlgorithm::Rsa3072 => kind == KeyKind::Rsa { bits: 3072 },
        KeyAlgorithm::Rsa4096 => kind == KeyKind::Rsa { bits: 4096 },
    }
}
