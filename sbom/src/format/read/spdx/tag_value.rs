//! SPDX 2 as tags and values (specification 2.3, clause 5), into the same model as JSON.
//!
//! A line is `Tag: value`, or begins with `#`; a value of several lines stands between `<text>` and `</text>`. What a tag
//! is about follows from the tags before it: a `PackageName` begins a package.

use std::io::{BufRead, Read};

use super::model::{Checksum, ExternalRef, ExtractedLicensingInfo, Package, Relationship, SpdxDocument};
use crate::format::read::passed::PassedOver;
use crate::format::read::source::Source;
use crate::format::read::{self as reading, ReadError, TagValueProblem as Problem};
use crate::limits;

/// What every document in this form begins with, but for comments.
pub(in crate::format::read) const FIRST: &str = "SPDXVersion";

/// Reads the document to its end.
pub(in crate::format::read) fn read<R: Read>(source: Source<R>) -> Result<reading::Read, ReadError> {
    let mut lines = Lines { source, line: 0 };
    let mut reading = Reading::default();
    loop {
        let pair = match lines.pair() {
            // What is no document of this form at all has no lines of it either.
            Err(ReadError::TagValue { .. }) if reading.document.spdx_version.is_empty() => {
                return Err(ReadError::Unknown);
            }
            pair => pair?,
        };
        let Some((tag, value)) = pair else { break };
        if reading.document.spdx_version.is_empty() && tag != FIRST {
            return Err(ReadError::Unknown);
        }
        reading.tag(&tag, value).map_err(|problem| lines.problem(problem))?;
    }
    lines.source.bounded()?;
    if reading.document.spdx_version.is_empty() {
        return Err(ReadError::Unknown);
    }
    super::read(reading.document, reading.passed)
}

/// What the tags are about that come next.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum About {
    #[default]
    Document,
    Package,
    License,
    /// A file, a snippet: nothing that is kept.
    Other,
}

#[derive(Default)]
struct Reading {
    document: SpdxDocument,
    passed: PassedOver,
    about: About,
}

impl Reading {
    fn tag(&mut self, tag: &str, value: String) -> Result<(), Problem> {
        let document = &mut self.document;
        match tag {
            FIRST if document.spdx_version.is_empty() => document.spdx_version = value,
            FIRST => return Err(Problem::Twice(tag.to_owned())),
            "DataLicense" | "LicenseListVersion" => (),
            "DocumentName" => set(tag, &mut document.name, value)?,
            "DocumentNamespace" => set(tag, &mut document.namespace, value)?,
            "DocumentComment" => set(tag, &mut document.comment, value)?,
            "Creator" => document.creation.creators.push(value),
            "Created" => set(tag, &mut document.creation.created, value)?,
            "Relationship" => document.relationships.push(relationship(&value)?),
            "PackageName" => {
                document.packages.push(Package { name: value, ..Package::default() });
                self.about = About::Package;
            }
            "LicenseID" => {
                document.licenses.push(ExtractedLicensingInfo { license_id: value, ..Default::default() });
                self.about = About::License;
            }
            "FileName" | "SnippetSPDXID" => {
                self.passed.add(tag);
                self.about = About::Other;
            }
            "SPDXID" if self.about != About::Package => (),
            _ => return self.part(tag, value),
        }
        if self.document.packages.len() > limits::DOCUMENT_COMPONENTS + 2
            || self.document.relationships.len() > limits::DOCUMENT_RELATIONS
        {
            return Err(Problem::Many);
        }
        Ok(())
    }

    /// A tag of a package or of a licence.
    fn part(&mut self, tag: &str, value: String) -> Result<(), Problem> {
        match (self.about, self.document.packages.last_mut(), self.document.licenses.last_mut()) {
            (About::License, _, Some(license)) => match tag {
                "ExtractedText" => set(tag, &mut license.extracted_text, value)?,
                "LicenseName" => (),
                _ => self.passed.add(tag),
            },
            (About::Package, Some(package), _) => {
                if !of_package(package, tag, value)? {
                    self.passed.add(tag);
                }
            }
            _ if tag.starts_with("Package") => return Err(Problem::Early(tag.to_owned())),
            _ => self.passed.add(tag),
        }
        Ok(())
    }
}

/// Whether the tag has a place in a package.
fn of_package(package: &mut Package, tag: &str, value: String) -> Result<bool, Problem> {
    let slot = match tag {
        "SPDXID" => &mut package.id,
        "PackageVersion" => &mut package.version_info,
        "PackageSupplier" => &mut package.supplier,
        "PackageDownloadLocation" => &mut package.download_location,
        "PackageHomePage" => &mut package.homepage,
        "PackageSourceInfo" => &mut package.source_info,
        "PackageLicenseConcluded" => &mut package.license_concluded,
        "PackageLicenseDeclared" => &mut package.license_declared,
        "PackageCopyrightText" => &mut package.copyright_text,
        "PackageSummary" => &mut package.summary,
        "PackageDescription" => &mut package.description,
        "PackageComment" => &mut package.comment,
        "PrimaryPackagePurpose" => &mut package.primary_package_purpose,
        "FilesAnalyzed" => return Ok(true),
        "PackageChecksum" => {
            let (algorithm, digits) = value.split_once(':').ok_or_else(|| Problem::Form(tag.to_owned()))?;
            let (algorithm, checksum_value) = (algorithm.trim().to_owned(), digits.trim().to_owned());
            package.checksums.push(Checksum { algorithm, checksum_value });
            return Ok(true);
        }
        "ExternalRef" => {
            let mut words = value.split_whitespace().skip(1).map(str::to_owned);
            let (Some(reference_type), Some(reference_locator)) = (words.next(), words.next()) else {
                return Err(Problem::Form(tag.to_owned()));
            };
            package.external_refs.push(ExternalRef {
                reference_type,
                reference_locator,
                ..Default::default()
            });
            return Ok(true);
        }
        _ => return Ok(false),
    };
    set(tag, slot, value).map(|()| true)
}

fn set(tag: &str, slot: &mut Option<String>, value: String) -> Result<(), Problem> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Problem::Twice(tag.to_owned())),
    }
}

fn relationship(value: &str) -> Result<Relationship, Problem> {
    let mut words = value.split_whitespace().map(str::to_owned);
    match (words.next(), words.next(), words.next()) {
        (Some(from), Some(kind), Some(to)) => Ok(Relationship { from, kind, to }),
        _ => Err(Problem::Form("Relationship".to_owned())),
    }
}

/// The lines of a document.
struct Lines<R: Read> {
    source: Source<R>,
    line: u64,
}

impl<R: Read> Lines<R> {
    fn problem(&self, problem: Problem) -> ReadError {
        match self.source.bounded() {
            Err(error) => error,
            Ok(()) => ReadError::TagValue { line: self.line, problem },
        }
    }

    /// The next tag with its value.
    fn pair(&mut self) -> Result<Option<(String, String)>, ReadError> {
        loop {
            self.source.mark();
            let Some(line) = self.line()? else { return Ok(None) };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            // One generator forgets the colon after this tag, and no other.
            let (tag, value) = match line.strip_prefix("Relationship ") {
                Some(value) => ("Relationship", value),
                None => line.split_once(':').ok_or_else(|| self.problem(Problem::NoTag))?,
            };
            let value = match value.trim().strip_prefix("<text>") {
                Some(begun) => self.until_closed(begun.to_owned())?,
                None => value.trim().to_owned(),
            };
            return Ok(Some((tag.trim().to_owned(), value)));
        }
    }

    /// A value that was begun, to its `</text>`.
    fn until_closed(&mut self, mut value: String) -> Result<String, ReadError> {
        let mut start = 0;
        loop {
            // Only what is new is looked through.
            if let Some(end) = value[start..].find("</text>") {
                value.truncate(start + end);
                return Ok(value);
            }
            start = value.len();
            let line = self.line()?.ok_or_else(|| self.problem(Problem::Unclosed))?;
            value.push('\n');
            value.push_str(line.trim_end_matches('\r'));
        }
    }

    fn line(&mut self) -> Result<Option<String>, ReadError> {
        self.line += 1;
        let mut line = Vec::new();
        if let Err(error) = self.source.read_until(b'\n', &mut line) {
            return match self.source.is_overdrawn() {
                true => Err(self.problem(Problem::Large)),
                false => Err(error.into()),
            };
        }
        if line.is_empty() {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        String::from_utf8(line).map(Some).map_err(|_| ReadError::Encoding)
    }
}
