//! `sbom scan-buildkit`

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::file::{self, Mode, Overwrite};
use countersign_core::format::predicate::PredicateType;
use countersign_core::format::statement::Statement;
use countersign_core::outcome::Outcome;
use countersign_sbom::format::{Format, SpdxVersion, write};
use countersign_sbom::locked::LockFiles;
use globset::GlobSet;
use jiff::Timestamp;

use super::generate::making;
use super::look::at_directory;
use crate::commands::Result;
use crate::context::Context;
use crate::failure::Failure;

/// What the file of a scan ends with.
const EXTENSION: &str = ".spdx.json";

/// Make the SBOMs that BuildKit asks a scanner for.
///
/// Scans the directory BUILDKIT_SCAN_SOURCE and each directory in BUILDKIT_SCAN_SOURCE_EXTRAS, and writes NAME.spdx.json
/// for each into BUILDKIT_SCAN_DESTINATION: an in-toto statement with an SPDX document, to which BuildKit adds the
/// subject. Where these variables are set, 'countersign' without arguments does the same, so that an image with nothing
/// but the program is a scanner: --sbom=generator=IMAGE.
#[derive(Args, Debug)]
pub(crate) struct ScanBuildkitArgs {}

pub(super) async fn run(_: &ScanBuildkitArgs, context: &Context) -> Result {
    let asked = context.environment.buildkit_scan();
    let source = required(asked.source, "BUILDKIT_SCAN_SOURCE")?;
    let destination = required(asked.destination, "BUILDKIT_SCAN_DESTINATION")?;
    if !destination.is_dir() {
        return Err(no_directory("BUILDKIT_SCAN_DESTINATION", &destination));
    }
    if !source.is_dir() {
        return Err(no_directory("BUILDKIT_SCAN_SOURCE", &source));
    }
    let now = context.environment.source_date_epoch()?.unwrap_or(context.now);
    let mut roots = vec![source];
    if let Some(folder) = &asked.extras {
        roots.extend(extras(context, folder)?);
    }
    let mut scans: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for root in &roots {
        let path = destination.join(file_name(root)?);
        if scans.iter().any(|(other, _)| *other == path) {
            return Err(Failure::usage(format!("{}: two scans of this name", path.display()))
                .hint("the last parts of the paths that are scanned must differ"));
        }
        scans.push((path, scan(context, root, now).await?));
    }
    let files: Vec<_> =
        scans.iter().map(|(path, content)| (path.as_path(), content.as_slice(), Mode::Default)).collect();
    file::write_together(&files, Overwrite::Replace)?;
    for (path, ..) in files {
        context.output.status(format!("Wrote {}", path.display()));
    }
    Ok(Outcome::Proven)
}

fn required(path: Option<PathBuf>, name: &str) -> std::result::Result<PathBuf, Failure> {
    path.ok_or_else(|| {
        Failure::usage(format!("{name} is not set"))
            .hint("BuildKit sets it for a scanner; 'countersign sbom generate DIRECTORY' needs no variable")
    })
}

fn no_directory(name: &str, path: &Path) -> Failure {
    Failure::usage(format!("{name} is '{}', which is no directory", path.display()))
        .hint("name a directory that is there")
}

/// The directories in a directory, in order. One that is not there has none, as the protocol wants it.
fn extras(context: &Context, folder: &Path) -> std::result::Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::io(folder.display(), error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut roots = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        // A link would lead to a filesystem that nobody asked for.
        match entry.file_type().map_err(failed)?.is_dir() {
            true => roots.push(entry.path()),
            false => {
                context
                    .output
                    .warning(format!("{}: is no directory, and not scanned", entry.path().display()));
            }
        }
    }
    roots.sort();
    Ok(roots)
}

/// The name of a scan: the last part of the path.
fn file_name(root: &Path) -> std::result::Result<OsString, Failure> {
    let name = root.file_name().ok_or_else(|| {
        Failure::usage(format!("'{}' has no name to call the scan by", root.display()))
            .hint("name a directory other than the root")
    })?;
    let mut name = name.to_owned();
    name.push(EXTENSION);
    Ok(name)
}

/// The statement of one scan. It has no subject: BuildKit knows the digest of the image, and the scanner does not.
async fn scan(context: &Context, root: &Path, now: Timestamp) -> std::result::Result<Vec<u8>, Failure> {
    let looked = at_directory(root, GlobSet::empty(), LockFiles::Never).await?;
    for lacks in &looked.inventory.incomplete {
        context.output.warning(format!("{}{}: could not be read: {}", root.display(), lacks.path, lacks.why));
    }
    let mut spdx = write(&looked.inventory, Format::SpdxJson(SpdxVersion::V2_3), &making(now))
        .map_err(|error| Failure::new(Outcome::Undecided, error.code(), error))?;
    spdx.truncate(spdx.trim_ascii_end().len());
    let kind: PredicateType = "spdxjson".parse().map_err(Failure::usage)?;
    let (head, tail) = Statement::around(Vec::new(), kind.uri())?;
    Ok([&head[..], &spdx, &tail, b"\n"].concat())
}
