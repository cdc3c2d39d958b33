//! cosign's flags that have no effect of their own here.
//!
//! Each is accepted where the result is the same as without it, and is wrong usage where it is not: a check that was
//! asked for and not made is never passed over in silence.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::{file, json, limits};
use serde_json::Value;

use super::go_bool;
use crate::failure::Failure;

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
    #[arg(long, hide = true, value_name = "TOKEN")]
    identity_token: Option<String>,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool)]
    issue_certificate: bool,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool)]
    sk: bool,
    #[arg(long, hide = true, value_name = "SLOT")]
    slot: Option<String>,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    record_creation_timestamp: Option<bool>,
}

impl SignCompat {
    /// # Errors
    /// For a flag that asks for something that would not be done.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let asks_for_log = self.tlog_upload == Some(true) || self.use_signing_config == Some(true);
        let no_log = self.tlog_upload == Some(false);
        refuse(&[
            ("--tlog-upload or --use-signing-config", asks_for_log, "writing to a transparency log"),
            ("--rekor-url", self.rekor_url.is_some() && !no_log, "writing to a transparency log"),
            ("--timestamp-server-url", self.timestamp_server_url.is_some(), "asking a timestamp authority"),
            (
                "--certificate or --certificate-chain",
                self.certificate.is_some() || self.certificate_chain.is_some(),
                "signing with a certificate",
            ),
            (
                "--identity-token, --fulcio-url or --issue-certificate",
                self.asks_for_identity(),
                "keyless signing",
            ),
            ("--sk", self.sk || self.slot.is_some(), "signing with a hardware token"),
            (
                "--record-creation-timestamp",
                self.record_creation_timestamp == Some(true),
                "a creation time in legacy signatures",
            ),
        ])?;
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

/// Flags of verifying.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct VerifyCompat {
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    insecure_ignore_tlog: Option<bool>,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    insecure_ignore_sct: Option<bool>,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    private_infrastructure: Option<bool>,
    /// Bundles and legacy signatures are both looked at, whatever this says.
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    new_bundle_format: Option<bool>,
    /// Nothing but the registry is ever contacted.
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    offline: Option<bool>,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool)]
    use_signed_timestamps: bool,
    #[arg(long, hide = true, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "URL")]
    rekor_url: Option<String>,
    #[arg(long, hide = true, value_name = "IDENTITY")]
    certificate_identity: Option<String>,
    #[arg(long, hide = true, value_name = "REGEXP")]
    certificate_identity_regexp: Option<String>,
    #[arg(long, hide = true, value_name = "URL")]
    certificate_oidc_issuer: Option<String>,
    #[arg(long, hide = true, value_name = "REGEXP")]
    certificate_oidc_issuer_regexp: Option<String>,
    #[arg(long, hide = true, value_name = "NAME")]
    certificate_github_workflow_name: Option<String>,
    #[arg(long, hide = true, value_name = "REF")]
    certificate_github_workflow_ref: Option<String>,
    #[arg(long, hide = true, value_name = "REPOSITORY")]
    certificate_github_workflow_repository: Option<String>,
    #[arg(long, hide = true, value_name = "SHA")]
    certificate_github_workflow_sha: Option<String>,
    #[arg(long, hide = true, value_name = "TRIGGER")]
    certificate_github_workflow_trigger: Option<String>,
    #[arg(long, hide = true, value_name = "FILE")]
    certificate: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    certificate_chain: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    timestamp_certificate_chain: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool)]
    sk: bool,
    #[arg(long, hide = true, value_name = "SLOT")]
    slot: Option<String>,
}

impl VerifyCompat {
    /// # Errors
    /// For a flag that asks for a check that would not be made.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let identity = [
            &self.certificate_identity,
            &self.certificate_identity_regexp,
            &self.certificate_oidc_issuer,
            &self.certificate_oidc_issuer_regexp,
        ];
        let workflow = [
            &self.certificate_github_workflow_name,
            &self.certificate_github_workflow_ref,
            &self.certificate_github_workflow_repository,
            &self.certificate_github_workflow_sha,
            &self.certificate_github_workflow_trigger,
        ];
        let certificate = self.certificate.is_some() || self.certificate_chain.is_some();
        let timestamps = self.use_signed_timestamps || self.timestamp_certificate_chain.is_some();
        refuse(&[
            (
                "--insecure-ignore-tlog=false",
                self.insecure_ignore_tlog == Some(false),
                "checking a transparency log",
            ),
            ("--use-signed-timestamps", timestamps, "checking timestamps"),
            (
                "--certificate-identity and --certificate-oidc-issuer",
                identity.iter().any(|flag| flag.is_some()),
                "verifying an identity (keyless)",
            ),
            (
                "--certificate-github-workflow-*",
                workflow.iter().any(|flag| flag.is_some()),
                "verifying the claims of a certificate",
            ),
            ("--certificate or --certificate-chain", certificate, "verifying with a certificate"),
            ("--sk", self.sk || self.slot.is_some(), "verifying with a hardware token"),
        ])?;
        let log_ignored =
            self.insecure_ignore_tlog == Some(true) || self.private_infrastructure == Some(true);
        match &self.trusted_root {
            Some(path) if !log_ignored => {
                without_services(path, "--trusted-root", &["tlogs", "timestampAuthorities"])
            }
            _ => Ok(()),
        }
    }
}

fn refuse(flags: &[(&str, bool, &str)]) -> Result<(), Failure> {
    match flags.iter().find(|(_, given, _)| *given) {
        Some((flag, _, what)) => {
            Err(Failure::usage(format!("{flag}: {what} is not available in this version"))
                .hint("leave the flag out; signatures by a key need no log, timestamp or certificate"))
        }
        None => Ok(()),
    }
}

/// Accepts a configuration file that names none of these services.
fn without_services(path: &Path, flag: &str, fields: &[&str]) -> Result<(), Failure> {
    let document =
        file::read_bounded(path, limits::SMALL_FILE_BYTES).map_err(|error| Failure::setting(path, &error))?;
    let document: Value = json::read(&document).map_err(|error| {
        Failure::usage(format!("{flag} {}: {error}", path.display()))
            .hint("give a JSON file, or leave it out")
    })?;
    let named =
        |field: &&&str| document.get(**field).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    match fields.iter().find(named) {
        Some(field) => Err(Failure::usage(format!(
            "{flag} {}: '{field}' names services that this version does not use",
            path.display()
        ))
        .hint("leave the flag out; signatures by a key need no log or timestamp")),
        None => Ok(()),
    }
}
