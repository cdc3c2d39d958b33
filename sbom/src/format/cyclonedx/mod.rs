//! CycloneDX (ECMA-424) 1.4 to 1.7: one model, built once and written as JSON or as XML.
//!
//! What an older version has no place for is left out, or told as a property where it would be missed. Properties are
//! named `countersign:...`: `layer:N` and `platform` of the subject, `incomplete:N:path` and `incomplete:N:why` of the
//! document, `location:N:layer` (in 1.4, which has no occurrences, `location:N:path` too) `owner`, `cpe:N`
//! (all but the first) and `origin:N` (the documents that were merged) of a component.

mod build;
mod model;
#[cfg(test)]
mod tests;
mod write_xml;

use super::{CycloneDxVersion, Document, WriteError};

/// The document as JSON.
pub(super) fn json(document: Document<'_>, version: CycloneDxVersion) -> Result<Vec<u8>, WriteError> {
    super::pretty(&build::bom(document, version))
}

/// The document as XML.
pub(super) fn xml(document: Document<'_>, version: CycloneDxVersion) -> Vec<u8> {
    write_xml::write(&build::bom(document, version))
}
