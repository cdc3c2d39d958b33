//! Reading a directory as the root of a filesystem. No link is followed.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use globset::GlobSet;

use crate::catalog::FileName;
use crate::limits;
use crate::tree::Tree;

/// What of the running system is in no image.
const NOT_OF_A_ROOT: [&str; 4] = ["/proc", "/sys", "/dev", "/run"];

/// Lays a directory on the tree, but for what `exclude` matches: a path from the root, or one of this machine.
///
/// # Errors
/// When the directory itself cannot be read. What cannot be read inside of it is named in the tree.
pub fn read(tree: &mut Tree, root: &Path, exclude: &GlobSet) -> io::Result<()> {
    let mut laying = tree.lay(None);
    let mut folders = vec![String::new()];
    let mut count = 0;
    fs::read_dir(root)?;
    while let Some(folder) = folders.pop() {
        let names = match names(&root.join(folder.trim_start_matches('/'))) {
            Ok(names) => names,
            Err(error) => {
                laying.lacks(&folder, error.to_string());
                continue;
            }
        };
        for name in names {
            let path = format!("{folder}/{}", name.to_string_lossy());
            let here = root.join(folder.trim_start_matches('/')).join(&name);
            count += 1;
            if count > limits::LAYER_ENTRIES {
                return Err(io::Error::other(format!("more than {} files", limits::LAYER_ENTRIES)));
            }
            if exclude.is_match(&path) || exclude.is_match(&here) {
                continue;
            }
            let metadata = match fs::symlink_metadata(&here) {
                Ok(metadata) => metadata,
                Err(error) => {
                    laying.lacks(&path, error.to_string());
                    continue;
                }
            };
            if metadata.is_dir() {
                if root != Path::new("/") || !NOT_OF_A_ROOT.contains(&path.as_str()) {
                    folders.push(path);
                }
            } else if metadata.is_symlink() {
                match fs::read_link(&here) {
                    Ok(target) => laying.other(&path, false, Some(&target.to_string_lossy())),
                    Err(error) => laying.lacks(&path, error.to_string()),
                }
            } else if metadata.is_file() {
                let file = FileName { path: &path, mode: mode(&metadata), size: metadata.len() };
                if laying.wants(&file) {
                    match content(&here) {
                        Ok(content) => laying.look(&file, &content),
                        Err(error) => laying.lacks(&path, error.to_string()),
                    }
                }
            }
        }
    }
    laying.finish();
    Ok(())
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
