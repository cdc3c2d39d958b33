//! Looking at one file: which kinds of files show packages, and what each shows.
//!
//! A cataloger is one module: [`wants`](Cataloger::wants) tells by path and mode alone whether a file is of its kind, so
//! that nothing else is read; [`look`](Cataloger::look) reads the content and gives facts. It knows no other file, no
//! layer, no distribution, and panics for no input.

pub mod apk;
pub mod binaries;
pub mod cargo;
pub mod dotnet;
pub mod dpkg;
mod executable;
pub mod golang;
pub mod java;
pub mod jvm;
mod names;
pub mod node;
pub mod os_release;
mod parse;
pub mod php;
pub mod python;
pub mod rpm;
pub mod ruby;
mod zip;

use crate::fact::Fact;

/// One kind of file that shows packages.
#[derive(Debug)]
pub struct Cataloger {
    /// Its name, for messages and tests.
    pub name: &'static str,
    /// Whether a file is of this kind.
    pub wants: fn(&FileName<'_>) -> bool,
    /// What it shows. A file that turns out to be of another kind shows nothing.
    pub look: fn(&FileName<'_>, &[u8]) -> Result<Vec<Fact>, Unreadable>,
}

/// What is known of a file before it is read.
#[derive(Clone, Copy, Debug)]
pub struct FileName<'a> {
    /// The absolute path in the image: `/usr/bin/x`.
    pub path: &'a str,
    /// The permission bits.
    pub mode: u32,
    /// Length in bytes.
    pub size: u64,
}

impl FileName<'_> {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// Whether anybody may execute it.
    pub const fn is_executable(&self) -> bool {
        self.mode & 0o111 != 0
    }
}

/// Why a file of the right kind could not be read. It makes the inventory incomplete.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not what its name says.
    #[error("malformed {what}: {why}")]
    Malformed {
        /// The kind of file.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// It passes a bound of [`limits`](crate::limits).
    #[error("{what} is more than {limit}")]
    Limit {
        /// What is bounded.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
}

/// Every cataloger.
pub const ALL: &[&Cataloger] = &[
    &apk::CATALOGER,
    &binaries::CATALOGER,
    &cargo::CATALOGER,
    &dotnet::CATALOGER,
    &dpkg::CATALOGER,
    &golang::CATALOGER,
    &java::CATALOGER,
    &jvm::CATALOGER,
    &node::CATALOGER,
    &os_release::CATALOGER,
    &php::CATALOGER,
    &python::CATALOGER,
    &rpm::CATALOGER,
    &rpm::MANIFEST_CATALOGER,
    &ruby::CATALOGER,
];
