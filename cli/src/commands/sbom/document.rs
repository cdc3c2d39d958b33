//! Opening the document that a command is about.

use std::path::Path;

use countersign_core::outcome::Outcome;
use countersign_sbom::format::read::{self, Read, ReadError};

use crate::context::Context;
use crate::failure::Failure;
use crate::files;

/// Reads the document that a file, or with `-` standard input, holds. Nothing that it says is verified.
///
/// # Errors
/// When it cannot be read, or is no document of a known format.
pub(super) async fn read(_context: &Context, path: &Path) -> Result<Read, Failure> {
    read::read(files::input(path)?).map_err(|error| failure(&error).at(path.display()))
}

/// Reads a document that is at hand; `place` says where it is from.
///
/// # Errors
/// When it is no document of a known format.
pub(super) fn parse(bytes: &[u8], place: &str) -> Result<Read, Failure> {
    read::read(bytes).map_err(|error| failure(&error).at(place))
}

fn failure(error: &ReadError) -> Failure {
    Failure::new(Outcome::Undecided, error.code(), error)
}
