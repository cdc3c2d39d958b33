//! Reading a directory as the root of a filesystem. No link is followed.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
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
        let here = self.root.join(folder.trim_start_matches('/'));
        let names = match names(&here) {
            Ok(names) => names,
            Err(error) => {
                self.reading.lacks(folder, error.to_string());
                return Ok(());
            }
        };
        self.count += names.len();
        if self.count > limits::LAYER_ENTRIES {
            return Err(io::Error::other(format!("more than {} files", limits::LAYER_ENTRIES)));
        }
        for name in names {
            let path = format!("{folder}/{}", name.to_string_lossy());
            let here = here.join(name);
            if !self.exclude.is_match(&path)
                && !self.exclude.is_match(&here)
                && let Err(error) = self.entry(&path, &here)
            {
                self.reading.lacks(&path, error.to_string());
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: &str, here: &Path) -> io::Result<()> {
        let metadata = fs::symlink_metadata(here)?;
        if metadata.is_dir() {
            if self.root != Path::new("/") || !NOT_OF_A_ROOT.contains(&path) {
                self.folders.push(path.to_owned());
            }
        } else if metadata.is_symlink() {
            let target = fs::read_link(here)?;
            self.reading.symbolic_link(path, &target.to_string_lossy())?;
        } else if metadata.is_file() {
            let file = FileName { path, mode: mode(&metadata), size: metadata.len() };
            if self.reading.wants(&file)? {
                let content = content(here)?;
                self.reading.look(&file, &content);
            }
        }
        Ok(())
    }
}

/// What is in a folder, in order.
fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn content(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    fs::File::open(path)?.take(limits::FILE_BYTES).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions())
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0o755
}
