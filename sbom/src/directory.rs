//! Reading a directory as the root of a filesystem. No link is followed.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;

use globset::GlobSet;

use crate::catalog::FileName;
use crate::layer::{Layer, Reading};
use crate::limits;

/// What of the running system is in no image.
const NOT_OF_A_ROOT: [&str; 4] = ["/proc", "/sys", "/dev", "/run"];

/// Reads a directory as if it were a layer, but for what `exclude` matches: a path from the root, or one of this machine.
///
/// # Errors
/// When the directory itself cannot be read, or has too many files. What cannot be read inside of it is named in what is
/// read.
pub fn read(root: &Path, exclude: &GlobSet) -> io::Result<Layer> {
    fs::read_dir(root)?;
    let mut walk = Walk { root, exclude, reading: Reading::lowest(), folders: vec![String::new()], count: 0 };
    while let Some(folder) = walk.folders.pop() {
        walk.folder(&folder)?;
    }
    Ok(walk.reading.finish())
}

/// A walk through a directory.
struct Walk<'a> {
    root: &'a Path,
    exclude: &'a GlobSet,
    reading: Reading,
    /// What is still to be walked through.
    folders: Vec<String>,
    count: usize,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &str) -> io::Result<()> {
        let entries = match entries(&self.root.join(folder.trim_start_matches('/'))) {
            Ok(entries) => entries,
            Err(error) => {
                self.reading.lacks(folder, error.to_string())?;
                return Ok(());
            }
        };
        self.count += entries.len();
        if self.count > limits::LAYER_ENTRIES {
            return Err(io::Error::other(format!("more than {} files", limits::LAYER_ENTRIES)));
        }
        for entry in entries {
            let name = entry.file_name();
            let path = format!("{folder}/{}", name.to_string_lossy());
            if name.to_str().is_none() {
                // Another one may look the same.
                self.reading.lacks(&path, "has a name that is not in UTF-8".into())?;
                continue;
            }
            if !self.is_excluded(&path, &entry)
                && let Err(error) = self.entry(&path, &entry)
            {
                self.reading.lacks(&path, error.to_string())?;
            }
        }
        Ok(())
    }

    fn is_excluded(&self, path: &str, entry: &DirEntry) -> bool {
        !self.exclude.is_empty() && (self.exclude.is_match(path) || self.exclude.is_match(entry.path()))
    }

    fn entry(&mut self, path: &str, entry: &DirEntry) -> io::Result<()> {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if self.root != Path::new("/") || !NOT_OF_A_ROOT.contains(&path) {
                self.folders.push(path.to_owned());
            }
        } else if kind.is_symlink() {
            let target = fs::read_link(entry.path())?;
            self.reading.symbolic_link(path, &target.to_string_lossy())?;
        } else if kind.is_file() {
            let metadata = entry.metadata()?;
            let file = FileName { path, mode: mode(&metadata), size: metadata.len() };
            if self.reading.wants(&file)? {
                self.reading.look(&file, &mut fs::File::open(entry.path())?)?;
            }
        }
        Ok(())
    }
}

/// What is in a folder, in order.
fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_cached_key(DirEntry::file_name);
    Ok(entries)
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions())
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0o755
}
