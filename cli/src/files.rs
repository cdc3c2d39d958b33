//! Files that a command reads, and files that it writes: none may be both, or a key would be gone for a signature.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use countersign_core::digest::{Algorithm, Digest, Hasher};
use countersign_core::file::{self, FileError};
use countersign_core::limits;

use crate::failure::Failure;

/// The name of standard input.
const STANDARD_INPUT: &str = "-";

/// The flag that names a file, and the file.
pub(crate) type Named<'a> = (&'static str, Option<&'a Path>);

/// Opens a file of any kind to read it to its end.
///
/// # Errors
/// When there is none, or when it is a directory.
pub(crate) fn open(path: &Path) -> Result<File, Failure> {
    let failed = |source| Failure::setting(path, &FileError::Io { path: path.into(), source });
    let opened = File::open(path).map_err(failed)?;
    match opened.metadata().map_err(failed)?.is_dir() {
        true => Err(Failure::usage(format!("{}: is a directory", path.display())).hint("name a file")),
        false => Ok(opened),
    }
}

/// # Errors
/// When a file that is written is also read, or written twice. Nothing has been written yet.
pub(crate) fn apart(written: &[Named<'_>], read: &[Named<'_>]) -> Result<(), Failure> {
    for (index, (flag, path)) in written.iter().enumerate() {
        let Some(path) = path else { continue };
        let mut others = written[index + 1..].iter().chain(read);
        if let Some((other, _)) = others.find(|(_, other)| other.is_some_and(|other| same(path, other))) {
            return Err(clash(format!("{flag} and {other} both name '{}'", path.display())));
        }
    }
    Ok(())
}

/// The log (`--output-file`) is begun anew before a command looks at its own arguments: no other argument may name it.
///
/// # Errors
/// When one does.
pub(crate) fn log_apart(
    log: Option<&Path>,
    arguments: impl Iterator<Item = OsString>,
) -> Result<(), Failure> {
    const FLAG: &str = "--output-file";
    let Some(log) = log else { return Ok(()) };
    let mut flag = String::new();
    for argument in arguments {
        let text = argument.to_string_lossy().into_owned();
        let (before, value) = match text.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_owned(), value.to_owned()),
            _ if text.starts_with('-') => {
                flag = text;
                continue;
            }
            _ => (std::mem::take(&mut flag), text),
        };
        // An archive is named with the kind that it is of.
        let path = value.split_once(':').map_or(value.as_str(), |(_, path)| path);
        if before != FLAG && [value.as_str(), path].iter().any(|path| same(log, Path::new(path))) {
            let other = format!("{before} {value}");
            return Err(clash(format!("{FLAG} {} and '{}' name the same file", log.display(), other.trim())));
        }
    }
    Ok(())
}

fn clash(message: String) -> Failure {
    Failure::usage(format!("{message}: it would be overwritten")).hint("write to another file")
}

/// Whether two paths lead to one file. What is no regular file is not replaced, and may be named twice.
fn same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) if !one.is_file() || !other.is_file() => false,
        (Ok(one), Ok(other)) if same_inode(&one, &other) => true,
        _ => place(one).is_some_and(|place_of_one| Some(place_of_one) == place(other)),
    }
}

#[cfg(unix)]
fn same_inode(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn same_inode(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    false
}

/// Where a file is, or would be.
fn place(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok().or_else(|| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
        Some(folder.join(path.file_name()?))
    })
}

/// A file, or with `-` standard input, to be read once.
///
/// # Errors
/// As [`open`].
pub(crate) fn input(path: &Path) -> Result<Box<dyn Read>, Failure> {
    Ok(match path == Path::new(STANDARD_INPUT) {
        true => Box::new(std::io::stdin().lock()),
        false => Box::new(open(path)?),
    })
}

/// The whole content of a file, or with `-` of standard input.
///
/// # Errors
/// When it cannot be read, is no regular file, or is larger than [`limits::ATTACHMENT_BYTES`].
pub(crate) fn content(path: &Path) -> Result<Vec<u8>, Failure> {
    const LIMIT: u64 = limits::ATTACHMENT_BYTES;
    if path != Path::new(STANDARD_INPUT) {
        return file::read_bounded(path, LIMIT).map_err(|error| Failure::setting(path, &error));
    }
    let mut content = Vec::new();
    let mut input = std::io::stdin().lock().take(LIMIT + 1);
    input.read_to_end(&mut content).map_err(|error| Failure::io("standard input", error))?;
    match content.len() as u64 > LIMIT {
        true => Err(Failure::usage(format!("standard input: is larger than {LIMIT} bytes"))),
        false => Ok(content),
    }
}

/// The lines that hold something.
pub(crate) fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty())
}

/// The digest of a file, or with `-` of standard input, which is read once as a stream.
///
/// # Errors
/// When it cannot be read, or is a directory.
pub(crate) fn digest(path: &Path, algorithm: Algorithm) -> Result<Digest, Failure> {
    let mut hasher = Hasher::new(algorithm);
    let read = file::read_pieces(&mut input(path)?, |piece| hasher.update(piece));
    read.map_err(|error| Failure::io(path.display(), error))?;
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_has_many_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("key"), "a").unwrap();
        fs::write(at("other"), "a").unwrap();
        fs::create_dir(at("sub")).unwrap();
        fs::hard_link(at("key"), at("hard")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("key", at("soft")).unwrap();
        for (one, other, expected) in [
            ("key", "key", true),
            ("key", "sub/../key", true),
            ("key", "hard", true),
            ("key", "soft", cfg!(unix)),
            ("key", "other", false),
            ("new", "sub/../new", true),
            ("new", "sub/new", false),
            ("nowhere/new", "nowhere/other", false),
            ("sub", "sub", false),
        ] {
            assert_eq!(same(&at(one), &at(other)), expected, "{one} {other}");
        }
    }
}
