//! Flags of verifying.

use std::path::PathBuf;

use clap::Args;

use super::{AttachmentCompat, BY_KEY, TokenCompat, refuse, without_services};
use crate::failure::Failure;
use crate::options::go_bool;

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
    ca_roots: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    ca_intermediates: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    sct: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "ALGORITHM")]
    signature_digest_algorithm: Option<String>,
    #[arg(long, hide = true, value_name = "FILE")]
    timestamp_certificate_chain: Option<PathBuf>,
    #[command(flatten)]
    token: TokenCompat,
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
        let authorities = self.ca_roots.is_some() || self.ca_intermediates.is_some();
        let timestamps = self.use_signed_timestamps || self.timestamp_certificate_chain.is_some();
        refuse(
            &[
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
                ("--ca-roots or --ca-intermediates", authorities, "verifying with a certificate"),
                ("--sct", self.sct.is_some(), "checking a certificate's timestamp"),
                ("--sk", self.token.is_asked_for(), "verifying with a hardware token"),
                (
                    "--signature-digest-algorithm",
                    self.other_hash(),
                    "choosing a hash, which follows from the key,",
                ),
            ],
            BY_KEY,
        )?;
        let log_ignored =
            self.insecure_ignore_tlog == Some(true) || self.private_infrastructure == Some(true);
        match &self.trusted_root {
            Some(path) if !log_ignored => {
                without_services(path, "--trusted-root", &["tlogs", "timestampAuthorities"])
            }
            _ => Ok(()),
        }
    }

    /// Whether a hash is asked for that is not cosign's default: with that, it takes what a key signs with as well.
    fn other_hash(&self) -> bool {
        self.signature_digest_algorithm.as_ref().is_some_and(|hash| !hash.eq_ignore_ascii_case("sha256"))
    }
}

/// Flags of verifying images alone.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct VerifyImageCompat {
    #[command(flatten)]
    attachment: AttachmentCompat,
    #[arg(long, hide = true, value_name = "FILE")]
    payload: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "SIGNATURE")]
    signature: Option<String>,
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool)]
    experimental_oci11: bool,
}

impl VerifyImageCompat {
    /// # Errors
    /// For a flag that asks for something else to be verified.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.attachment.check()?;
        let alone = self.payload.is_some() || self.signature.is_some();
        refuse(
            &[("--payload or --signature", alone, "verifying a signature that is not attached to the image")],
            "verify it over its payload with 'countersign verify-blob --signature FILE PAYLOAD'",
        )?;
        refuse(
            &[(
                "--experimental-oci11",
                self.experimental_oci11,
                "reading legacy signatures among the referrers",
            )],
            "leave it out: bundles are found among the referrers, legacy signatures by their tag",
        )
    }
}

/// Flags of verifying blobs alone.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct VerifyBlobCompat {
    #[arg(long, hide = true, value_name = "FILE")]
    rfc3161_timestamp: Option<PathBuf>,
    /// One blob needs one.
    #[arg(long, hide = true, value_name = "N")]
    max_workers: Option<u16>,
    /// A blob is in no registry.
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool)]
    experimental_oci11: bool,
}

impl VerifyBlobCompat {
    /// # Errors
    /// For a flag that asks for a check that would not be made.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        refuse(&[("--rfc3161-timestamp", self.rfc3161_timestamp.is_some(), "checking timestamps")], BY_KEY)
    }
}
