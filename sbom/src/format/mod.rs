//! Writing and reading documents.
//!
//! [`write()`] makes a document of an [`Inventory`]. The same inventory and the same [`Making`] give the same bytes: no
//! clock, no random number, no order of a hash table is in them. What the identifiers of a document are made of stands in
//! `identity`, what a licence is in [`license`]; each family of formats has a folder or a file of its own. [`read`] reads what others
//! wrote.

mod cyclonedx;
mod identity;
pub mod license;
mod loss;
mod name;
pub mod read;
mod spdx;
mod swid;
mod text;
mod xml;

use jiff::Timestamp;

#[cfg(test)]
use crate::fact::{Distribution, Ecosystem};
#[cfg(test)]
use crate::inventory::{Component, Incomplete, Kind, Location};
use crate::inventory::{Inventory, Subject};
use identity::Identity;
pub use loss::{Loss, losses};
pub use name::{CycloneDxVersion, Format, FormatError, SpdxVersion};
use read::{Origin, Read};

/// The name of this program in the documents that it makes.
const TOOL: &str = "countersign";

/// What a subject is called that nobody named.
const UNNAMED: &str = "unnamed";

/// What a document says of its making, all of it from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Making {
    /// When the document is made; written in UTC and in whole seconds.
    pub now: Timestamp,
    /// The version of the program that makes it.
    pub tool_version: String,
}

impl Making {
    /// The time as RFC 3339 has it, `2026-01-02T03:04:05Z`: the only form that SPDX 2.3 (section 6.9) allows.
    fn timestamp(&self) -> String {
        self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// Why a document could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The document could not be made into JSON.
    #[error("the document cannot be made into JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl WriteError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        "SBOM_NOT_WRITTEN"
    }
}

/// Writes an inventory as a document of `format`, deterministically.
///
/// What a format has no place for is left out: [`losses`] tells what that is.
///
/// # Errors
/// [`WriteError::Json`], which no inventory is known to cause.
pub fn write(inventory: &Inventory, format: Format, making: &Making) -> Result<Vec<u8>, WriteError> {
    write_after(inventory, None, format, making)
}

/// Writes what was read as a document of `format`, deterministically, with those who made it as makers of the new one,
/// too. What the format does not hold of it, [`losses`] tells.
///
/// # Errors
/// As [`write()`].
pub fn convert(read: &Read, format: Format, making: &Making) -> Result<Vec<u8>, WriteError> {
    write_after(&read.inventory, Some(&read.origin), format, making)
}

fn write_after(
    inventory: &Inventory,
    origin: Option<&Origin>,
    format: Format,
    making: &Making,
) -> Result<Vec<u8>, WriteError> {
    // Every format asks for a name.
    let unnamed = text::line(&inventory.subject.name).is_empty().then(|| {
        let subject = Subject { name: UNNAMED.to_owned(), ..inventory.subject.clone() };
        Inventory { subject, ..inventory.clone() }
    });
    let inventory = unnamed.as_ref().unwrap_or(inventory);
    let identity = Identity::of(inventory, origin, format, making);
    let document = Document { inventory, identity: &identity, making, origin };
    match format {
        Format::CycloneDxJson(version) => cyclonedx::json(document, version),
        Format::CycloneDxXml(version) => Ok(cyclonedx::xml(document, version)),
        Format::SpdxJson(SpdxVersion::V2_3) => spdx::json(document),
        Format::SpdxJson(SpdxVersion::V3_0) => spdx::json_ld(document),
        Format::SpdxTagValue => Ok(spdx::tag_value(document)),
        Format::Swid => Ok(swid::write(document)),
    }
}

/// What a document is made of.
#[derive(Clone, Copy)]
struct Document<'a> {
    inventory: &'a Inventory,
    identity: &'a Identity,
    making: &'a Making,
    /// What the document said of itself of which this one is made.
    origin: Option<&'a Origin>,
}

/// JSON as people can read it, with a newline at the end.
fn pretty<T: serde::Serialize>(document: &T) -> Result<Vec<u8>, WriteError> {
    let mut bytes = serde_json::to_vec_pretty(document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod samples;

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes every format of the samples into the folder `SBOM_SAMPLES`, for a look at them by other programs.
    #[test]
    fn the_same_gives_the_same_bytes() {
        let folder = std::env::var_os("SBOM_SAMPLES").map(std::path::PathBuf::from);
        for (name, inventory) in [("full", samples::inventory()), ("empty", samples::empty())] {
            for format in Format::ALL {
                let written = write(&inventory, format, &samples::making()).unwrap();
                assert_eq!(write(&inventory.clone(), format, &samples::making()).unwrap(), written);
                assert!(!written.is_empty());
                if let Some(folder) = &folder {
                    std::fs::write(folder.join(format!("{name}.{format}")), written).unwrap();
                }
            }
        }
    }
}
