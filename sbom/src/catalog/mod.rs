//! Looking at one file: which kinds of files show packages, and what each shows.
//!
//! A cataloger is one module: [`wants`](Cataloger::wants) tells by path and mode alone whether a file is of its kind, so
//! that nothing else is read; [`reads`](Cataloger::reads) reads the content and gives facts. It knows no other file, no
//! layer, no distribution, and panics for no input. Of programs, which are large, only the parts are read that tell
//! something.

pub mod apk;
pub mod binaries;
pub mod cargo;
pub mod dotnet;
pub mod dpkg;
pub mod embedded;
mod executable;
pub mod golang;
pub mod java;
pub mod jvm;
pub mod lock;
mod names;
pub mod node;
pub mod os_release;
mod parse;
pub mod php;
pub mod python;
pub mod rpm;
pub mod ruby;
mod zip;

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};

use self::executable::Program;
use crate::fact::Fact;
use crate::limits;

/// One kind of file that shows packages.
#[derive(Debug)]
pub struct Cataloger {
    /// Its name, for messages and tests.
    pub name: &'static str,
    /// Whether a file is of this kind.
    pub wants: fn(&FileName<'_>) -> bool,
    /// What it shows. A file that turns out to be of another kind shows nothing.
    pub reads: Reads,
}

/// What a cataloger has to see of a file.
#[derive(Clone, Copy, Debug)]
pub enum Reads {
    /// All of it.
    Whole(fn(&FileName<'_>, &[u8]) -> Look),
    /// The parts of a program: it is asked for each that is in the file.
    Program(fn(&FileName<'_>, &Program<'_, '_>) -> Look),
}

/// What a cataloger says of a file.
pub type Look = Result<Vec<Fact>, Unreadable>;

/// The content of a file, of which any part can be read.
pub trait Content: Read + Seek + std::fmt::Debug {
    /// All of it, up to [`limits::FILE_BYTES`]; in `buffer` where it has to be put somewhere.
    ///
    /// # Errors
    /// When it cannot be read.
    fn whole<'a>(&'a mut self, buffer: &'a mut Vec<u8>) -> io::Result<&'a [u8]>;
}

impl Content for File {
    fn whole<'a>(&'a mut self, buffer: &'a mut Vec<u8>) -> io::Result<&'a [u8]> {
        buffer.clear();
        self.rewind()?;
        self.take(limits::FILE_BYTES).read_to_end(buffer)?;
        Ok(buffer)
    }
}

impl Content for Cursor<&[u8]> {
    fn whole<'a>(&'a mut self, _: &'a mut Vec<u8>) -> io::Result<&'a [u8]> {
        Ok(self.get_ref())
    }
}

/// Whether any cataloger wants a file.
pub fn is_wanted(file: &FileName<'_>) -> bool {
    ALL.iter().any(|cataloger| (cataloger.wants)(file))
}

/// Where distributions keep what they know of their packages: paths that are wanted, whoever asks.
const DATABASES: [&str; 8] = [
    "/var/lib/dpkg/status",
    "/var/lib/dpkg/status.d/name",
    "/lib/apk/db/installed",
    "/usr/lib/apk/db/installed",
    "/var/lib/rpm/Packages",
    "/var/lib/rpm/rpmdb.sqlite",
    "/usr/lib/sysimage/rpm/Packages.db",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
];

/// Whether a link hides what a cataloger would want: links are not followed, but what they lead to is looked at where it
/// lies, if it is wanted there. A program is told by its mode, which a link has not.
pub fn loses(path: &str, target: &str) -> bool {
    let wanted = |path: &str| is_wanted(&FileName { path, mode: 0o644, size: 1 });
    let below = |database: &&str| database.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    let led_astray = |database: &str| !wanted(&format!("{target}{}", &database[path.len()..]));
    (wanted(path) && !wanted(target)) || DATABASES.iter().copied().filter(|it| below(it)).any(led_astray)
}

/// Whether a file that a cataloger wants can show something, seeing how it begins ([`limits::HEAD_BYTES`], or all of it).
/// What is sure to show nothing need not be read to its end.
pub fn may_show(file: &FileName<'_>, head: &[u8]) -> bool {
    let only_programs = ALL
        .iter()
        .filter(|cataloger| (cataloger.wants)(file))
        .all(|cataloger| matches!(cataloger.reads, Reads::Program(_)));
    !only_programs || executable::begins_program(head)
}

/// Looks at a file with every cataloger that wants it: what each says. `buffer` is only there to be used again.
///
/// # Errors
/// When the file cannot be read.
pub fn look(file: &FileName<'_>, content: &mut dyn Content, buffer: &mut Vec<u8>) -> io::Result<Vec<Look>> {
    let wanting = || ALL.iter().filter(|cataloger| (cataloger.wants)(file)).map(|cataloger| cataloger.reads);
    let whole: Vec<_> = wanting().filter_map(Reads::whole).collect();
    let programs: Vec<_> = wanting().filter_map(Reads::program).collect();
    let mut said = Vec::new();
    if !whole.is_empty() {
        let bytes = content.whole(buffer)?;
        said.extend(whole.into_iter().map(|look| look(file, bytes)));
    }
    if !programs.is_empty() {
        content.rewind()?;
        let all = executable::each(content, &mut |program| {
            said.extend(programs.iter().map(|look| look(file, program)));
        })?;
        if !all {
            let limit = file.size.saturating_mul(limits::PROGRAM_READS);
            said.push(Err(Unreadable::Limit { what: "what is read of a program, in bytes,", limit }));
        }
    }
    Ok(said)
}

impl Reads {
    const fn whole(self) -> Option<fn(&FileName<'_>, &[u8]) -> Look> {
        match self {
            Self::Whole(look) => Some(look),
            Self::Program(_) => None,
        }
    }

    const fn program(self) -> Option<fn(&FileName<'_>, &Program<'_, '_>) -> Look> {
        match self {
            Self::Whole(_) => None,
            Self::Program(look) => Some(look),
        }
    }
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
    /// It passes a bound of [`limits`].
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
    &embedded::CATALOGER,
    &golang::CATALOGER,
    &java::CATALOGER,
    &jvm::CATALOGER,
    &lock::cargo::CATALOGER,
    &lock::composer::CATALOGER,
    &lock::npm::CATALOGER,
    &node::CATALOGER,
    &os_release::CATALOGER,
    &php::CATALOGER,
    &python::CATALOGER,
    &rpm::CATALOGER,
    &rpm::MANIFEST_CATALOGER,
    &ruby::CATALOGER,
];
