//! In which form something is stored.

use clap::{Args, ValueEnum};
use countersign_core::gather::Formats;

use super::go_bool;

/// Flags of what is stored beside an image.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct FormatArgs {
    /// How it is stored: as a referrer (bundle; an SBOM that is attached, as it is), in cosign's older form behind a tag
    /// (legacy), or both
    #[arg(long, value_enum)]
    format: Option<FormatArg>,

    /// The same as --format bundle, or with =false as --format legacy
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool, conflicts_with = "format")]
    new_bundle_format: Option<bool>,
}

/// See `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    Bundle,
    Legacy,
    Both,
}

impl FormatArgs {
    /// What was asked for, if anything.
    pub(crate) fn asked(&self) -> Option<Formats> {
        match (self.format, self.new_bundle_format) {
            (Some(FormatArg::Bundle), _) | (None, Some(true)) => Some(Formats::BUNDLE),
            (Some(FormatArg::Legacy), _) | (None, Some(false)) => Some(Formats::LEGACY),
            (Some(FormatArg::Both), _) => Some(Formats::BOTH),
            (None, None) => None,
        }
    }
}
