//! Flags that say how registries are spoken to.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::go_bool;

/// How registries are spoken to.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Registry")]
pub(crate) struct RegistryArgs {
    /// Speak plain http where https cannot be had (loopback registries need no flag)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    pub(crate) allow_http_registry: bool,

    /// Accept expired, self-signed and otherwise invalid TLS certificates, and plain http
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide_default_value = true)]
    pub(crate) allow_insecure_registry: bool,

    /// Trust the certificate authorities in this PEM file, beside the platform's
    #[arg(long, value_name = "FILE")]
    pub(crate) registry_cacert: Option<PathBuf>,

    /// Show this client certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "registry_client_key")]
    pub(crate) registry_client_cert: Option<PathBuf>,

    /// The private key of the client certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "registry_client_cert")]
    pub(crate) registry_client_key: Option<PathBuf>,

    /// Not supported: the name in the registry's certificate must be its host name
    #[arg(long, value_name = "NAME", hide = true)]
    pub(crate) registry_server_name: Option<String>,

    /// Not supported: attachments have the tags that everyone looks for
    #[arg(long, value_name = "PREFIX", hide = true)]
    pub(crate) attachment_tag_prefix: Option<String>,

    /// User name for the registry
    #[arg(long, value_name = "NAME", requires = "registry_password")]
    pub(crate) registry_username: Option<String>,

    /// Password for the registry; other users of this machine can see it: prefer 'countersign login'
    #[arg(long, value_name = "PASSWORD", requires = "registry_username")]
    pub(crate) registry_password: Option<String>,

    /// Bearer token for the registry
    #[arg(long, value_name = "TOKEN", conflicts_with = "registry_username")]
    pub(crate) registry_token: Option<String>,

    /// How referrers are found and written: by API, else by tag (auto); by tag only; by API only
    #[arg(long, value_name = "MODE", default_value = "auto")]
    pub(crate) registry_referrers_mode: ReferrersModeArg,

    /// Requests under way at once
    #[arg(long, short = 'j', visible_alias = "max-workers", value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: u16,

    /// Keep signatures in this repository instead of the image's own [env: COSIGN_REPOSITORY]
    #[arg(long, value_name = "REPOSITORY")]
    pub(crate) repository: Option<String>,

    /// Largest signature or bundle that is read, in bytes or as 128MiB [env: COSIGN_MAX_ATTACHMENT_SIZE]
    #[arg(long, value_name = "SIZE", value_parser = super::size)]
    pub(crate) max_attachment_size: Option<u64>,

    /// Not supported: credentials come from Docker's configuration and its helpers
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool, hide = true)]
    pub(crate) k8s_keychain: bool,
}

/// See `--registry-referrers-mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReferrersModeArg {
    /// By API where the registry has it, else by tag.
    #[default]
    Auto,
    /// By tag only.
    Legacy,
    /// By API only.
    #[value(name = "oci-1-1")]
    Oci11,
}
