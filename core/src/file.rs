//! Files that are read within bounds, and files that are written whole or not at all.
//!
//! A key, a bundle, a layout's index: whoever reads one at the final path sees all of it or what was there before,
//! whenever the writer is interrupted. So a file is written under another name in the same directory, synced, renamed,
//! and the directory is synced. What is read must be a regular file of bounded size: a pipe would block, a device
//! never ends.

pub mod tree;

use std::fs::{self, File, FileType};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// Why a file was not read or not written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The target of a write is a symbolic link: what it points to might be anything.
    #[error("{}: is a symbolic link, which is never written through", path.display())]
    Symlink {
        /// The file.
        path: PathBuf,
    },
    /// It is a directory, a pipe, a socket or a device.
    #[error("{}: is {kind}, expected a regular file", path.display())]
    NotRegular {
        /// The file.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// It is there already and was not to be replaced.
    #[error("{}: exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It has more bytes than may be read.
    #[error("{}: is larger than the limit of {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, in bytes.
        limit: u64,
    },
    /// A directory has more in it than may be read.
    #[error("{}: has more than {limit} files or folders", path.display())]
    TooMany {
        /// The directory.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// The path names no file, such as `..` or `/`.
    #[error("{}: does not name a file", path.display())]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// Input or output failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl FileError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Symlink { .. } => "FILE_SYMLINK",
            Self::NotRegular { .. } => "FILE_NOT_REGULAR",
            Self::Exists { .. } => "FILE_EXISTS",
            Self::TooLarge { .. } => "LIMIT_FILE",
            Self::TooMany { .. } => "LIMIT_FILES",
            Self::NoName { .. } => "FILE_NO_NAME",
            Self::Io { .. } => "FILE_IO",
        }
    }

    fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.into(), source }
    }
}

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only its owner (0600), from the first byte on.
    Private0600,
    /// Whoever the process's umask lets (0666 less the umask).
    Default,
}

/// What happens to a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// It stays, and the write fails.
    Never,
    /// It is replaced.
    Replace,
}

/// Writes a whole file, or nothing: see the head of this module.
///
/// # Errors
/// See [`FileError`]. Nothing is left behind.
pub fn write_atomic(path: &Path, bytes: &[u8], mode: Mode, overwrite: Overwrite) -> Result<(), FileError> {
    let mut file = AtomicFile::create(path, mode, overwrite)?;
    file.write_all(bytes).map_err(|source| FileError::io(path, source))?;
    file.commit()
}

/// Writes several files that belong together. None appears at its path before all are written.
///
/// # Errors
/// See [`FileError`]. Where one cannot be written, none is.
pub fn write_together(files: &[(&Path, &[u8], Mode)], overwrite: Overwrite) -> Result<(), FileError> {
    let mut written = Vec::with_capacity(files.len());
    for (path, bytes, mode) in files {
        let mut file = AtomicFile::create(path, *mode, overwrite)?;
        file.write_all(bytes).map_err(|source| FileError::io(path, source))?;
        written.push(file);
    }
    written.into_iter().try_for_each(AtomicFile::commit)
}

/// A file that appears at its path when it is committed; dropped before, it was never there.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    directory: PathBuf,
    overwrite: Overwrite,
    temporary: NamedTempFile,
}

impl AtomicFile {
    /// Begins to write what shall stand at `path`.
    ///
    /// # Errors
    /// When `path` is a symbolic link or no regular file, exists and may not be replaced, or its directory cannot be
    /// written.
    pub fn create(path: &Path, mode: Mode, overwrite: Overwrite) -> Result<Self, FileError> {
        let directory = match (path.parent(), path.file_name()) {
            (Some(parent), Some(_)) if parent.as_os_str().is_empty() => PathBuf::from("."),
            (Some(parent), Some(_)) => parent.to_owned(),
            _ => return Err(FileError::NoName { path: path.into() }),
        };
        check_target(path, overwrite)?;
        let temporary = temporary_in(&directory, mode).map_err(|source| FileError::io(path, source))?;
        Ok(Self { path: path.into(), directory, overwrite, temporary })
    }

    /// Syncs what was written and puts it at its path.
    ///
    /// # Errors
    /// As [`create`](Self::create): the path is looked at again.
    pub fn commit(self) -> Result<(), FileError> {
        let Self { path, directory, overwrite, temporary } = self;
        temporary.as_file().sync_all().map_err(|source| FileError::io(&path, source))?;
        check_target(&path, overwrite)?;
        let persisted = match overwrite {
            Overwrite::Never => temporary.persist_noclobber(&path),
            Overwrite::Replace => temporary.persist(&path),
        };
        match persisted {
            Ok(_) => sync_directory(&directory).map_err(|source| FileError::io(&path, source)),
            Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => {
                Err(FileError::Exists { path })
            }
            Err(failed) => Err(FileError::io(&path, failed.error)),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.as_file_mut().flush()
    }
}

fn check_target(path: &Path, overwrite: Overwrite) -> Result<(), FileError> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(FileError::io(path, source)),
    };
    if metadata.is_symlink() {
        return Err(FileError::Symlink { path: path.into() });
    }
    if !metadata.is_file() {
        return Err(FileError::NotRegular { path: path.into(), kind: kind(metadata.file_type()) });
    }
    match overwrite {
        Overwrite::Never => Err(FileError::Exists { path: path.into() }),
        Overwrite::Replace => Ok(()),
    }
}

/// A temporary file in `directory`, removed when it is dropped.
pub(crate) fn temporary_in(directory: &Path, mode: Mode) -> io::Result<NamedTempFile> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(match mode {
            Mode::Private0600 => 0o600,
            Mode::Default => 0o666,
        });
    }
    #[cfg(not(unix))]
    let _ = mode;
    // Opened here, since errors of `tempfile` itself name the temporary file, which nobody asked for.
    Builder::new().prefix(".countersign-").make_in(directory, |path| options.open(path))
}

/// Makes a rename in `directory` survive a loss of power. File systems that cannot sync a directory need no help.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(directory)?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result,
    }
}

/// Reads to the end, piece by piece, in constant memory; gives how many bytes there were.
///
/// # Errors
/// When reading fails; an interruption is no failure.
pub fn read_pieces(reader: &mut impl Read, mut each: impl FnMut(&[u8])) -> io::Result<u64> {
    const BUFFER: usize = 128 << 10;
    let mut buffer = vec![0; BUFFER];
    let mut length = 0_u64;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(length),
            Ok(count) => {
                each(&buffer[..count]);
                length += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Reads a regular file of at most `limit` bytes. Symbolic links are followed (Kubernetes mounts secrets as such).
///
/// # Errors
/// When it is not there, is no regular file, or has more bytes.
pub fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    // Looked at before it is opened: opening a pipe waits for a writer.
    let before = fs::metadata(path).map_err(|source| FileError::io(path, source))?;
    require_regular(path, before.file_type())?;
    let mut file = File::open(path).map_err(|source| FileError::io(path, source))?;
    let metadata = file.metadata().map_err(|source| FileError::io(path, source))?;
    require_regular(path, metadata.file_type())?;
    read_open(&mut file, metadata.len(), limit, path)
}

/// How a file below a directory is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    /// For reading.
    Read,
    /// For reading and writing; it is made where it is not there.
    Lock,
}

/// Opens a file by names below `root`. No symbolic link below `root` is followed, not even one that was put there a moment
/// ago, and no pipe is waited for. What was opened need not be a regular file.
#[cfg(unix)]
pub(crate) fn open_below(root: &Path, names: &[&str], how: Open) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open, openat};

    #[cfg(target_os = "linux")]
    const SEARCH: OFlags = OFlags::PATH;
    #[cfg(not(target_os = "linux"))]
    const SEARCH: OFlags = OFlags::RDONLY;
    let (name, directories) = names.split_last().ok_or(io::ErrorKind::NotFound)?;
    let search = SEARCH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut directory = open(root, search, Mode::empty())?;
    for name in directories {
        directory = openat(&directory, *name, search | OFlags::NOFOLLOW, Mode::empty())?;
    }
    let how = match how {
        Open::Read => OFlags::RDONLY,
        Open::Lock => OFlags::RDWR | OFlags::CREATE,
    };
    let flags = how | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(openat(&directory, *name, flags, Mode::from_raw_mode(0o666))?.into())
}

/// Opens a file by names below `root`.
#[cfg(not(unix))]
pub(crate) fn open_below(root: &Path, names: &[&str], how: Open) -> io::Result<File> {
    let path = names.iter().fold(root.to_owned(), |path, name| path.join(name));
    let lock = how == Open::Lock;
    File::options().read(true).write(lock).create(lock).truncate(false).open(path)
}

/// The rest of an open file of at most `limit` bytes; `length` is what it is said to have, `path` what it is called.
///
/// # Errors
/// When it has more bytes or cannot be read.
pub(crate) fn read_open(file: &mut File, length: u64, limit: u64, path: &Path) -> Result<Vec<u8>, FileError> {
    let too_large = || FileError::TooLarge { path: path.into(), limit };
    if length > limit {
        return Err(too_large());
    }
    // Room for all of it at once: no copies of a key are left behind by a buffer that grows.
    let mut bytes = Vec::with_capacity(usize::try_from(length).map_err(|_| too_large())? + 1);
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|source| FileError::io(path, source))?;
    if bytes.len() as u64 > limit { Err(too_large()) } else { Ok(bytes) }
}

fn require_regular(path: &Path, file_type: FileType) -> Result<(), FileError> {
    if file_type.is_file() {
        Ok(())
    } else {
        Err(FileError::NotRegular { path: path.into(), kind: kind(file_type) })
    }
}

/// What a file that is not regular is, in words.
pub(crate) fn kind(file_type: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if file_type.is_fifo() {
            return "a pipe";
        } else if file_type.is_socket() {
            return "a socket";
        } else if file_type.is_block_device() || file_type.is_char_device() {
            return "a device";
        }
    }
    if file_type.is_dir() {
        "a directory"
    } else if file_type.is_symlink() {
        "a symbolic link"
    } else {
        "something else"
    }
}

#[cfg(test)]
mod tests;
