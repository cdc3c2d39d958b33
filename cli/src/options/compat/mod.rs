//! cosign's flags that have no effect of their own here.
//!
//! Each is accepted where the result is the same as without it, and is wrong usage where it is not: a check that was
//! asked for and not made is never passed over in silence.

mod sign;
mod verify;

pub(crate) use sign::{SignBlobCompat, SignCompat};
pub(crate) use verify::{VerifyBlobCompat, VerifyCompat, VerifyImageCompat};

use std::path::Path;

use clap::Args;
use countersign_core::{file, json, limits};
use serde_json::Value;

use super::go_bool;
use crate::failure::Failure;

/// What to do without what comes with certificates.
const BY_KEY: &str = "leave the flag out; signatures by a key need no log, timestamp or certificate";

/// Keys in hardware.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct TokenCompat {
    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = go_bool)]
    sk: bool,
    #[arg(long, hide = true, value_name = "SLOT")]
    slot: Option<String>,
}

impl TokenCompat {
    const fn is_asked_for(&self) -> bool {
        self.sk || self.slot.is_some()
    }

    /// # Errors
    /// Where a key in hardware is asked for.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        refuse(&[("--sk", self.is_asked_for(), "reading a hardware token")], "give a key file with --key")
    }
}

/// What is attached to an image instead of the image.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct AttachmentCompat {
    #[arg(long, hide = true, value_name = "KIND")]
    attachment: Option<String>,
}

impl AttachmentCompat {
    /// # Errors
    /// Where something else than the image is asked for.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let given = self.attachment.as_ref().is_some_and(|kind| !kind.is_empty());
        refuse(
            &[("--attachment", given, "naming an attachment by its image")],
            "name the attachment itself; 'countersign triangulate --type sbom IMAGE' prints its name",
        )
    }
}

fn refuse(flags: &[(&str, bool, &str)], hint: &str) -> Result<(), Failure> {
    match flags.iter().find(|(_, given, _)| *given) {
        Some((flag, _, what)) => {
            Err(Failure::usage(format!("{flag}: {what} is not available in this version")).hint(hint))
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
