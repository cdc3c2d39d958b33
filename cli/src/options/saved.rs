//! Flags that say where a saved image is.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::failure::Failure;

/// Where a saved image is.
#[derive(Args, Debug)]
pub(crate) struct SavedArgs {
    /// The directory
    #[arg(long, value_name = "DIR", required_unless_present = "archive")]
    dir: Option<PathBuf>,

    /// One tar file instead (an OCI archive)
    #[arg(long, value_name = "FILE", conflicts_with = "dir")]
    archive: Option<PathBuf>,
}

/// See [`SavedArgs`].
pub(crate) enum Saved<'a> {
    Directory(&'a Path),
    Archive(&'a Path),
}

impl SavedArgs {
    pub(crate) fn place(&self) -> Result<Saved<'_>, Failure> {
        match (&self.dir, &self.archive) {
            (Some(dir), _) => Ok(Saved::Directory(dir)),
            (None, Some(file)) => Ok(Saved::Archive(file)),
            (None, None) => Err(Failure::usage("neither --dir nor --archive is given")),
        }
    }
}
