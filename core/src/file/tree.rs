//! The files of a directory, by name and digest: what a statement about a directory is about.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use super::FileError;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::limits;

/// What a directory holds, at any depth. Directories themselves, empty ones too, are not counted.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The SHA-256 of every regular file by its path from the directory, with `/` between its parts.
    pub files: BTreeMap<String, Digest>,
    /// The paths of what can be no subject: links, pipes, devices, and names that are no text.
    pub others: Vec<String>,
}

impl Tree {
    /// Reads every file below `root` but those in `skip`. Links are not followed.
    ///
    /// # Errors
    /// When something cannot be read, or there is more than [`limits::STATEMENT_SUBJECTS`] allow.
    pub fn read(root: &Path, skip: &[&Path]) -> Result<Self, FileError> {
        let io = |source| FileError::io(root, source);
        let root_path = fs::canonicalize(root).map_err(io)?;
        let skip: Vec<_> = skip.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
        let (mut tree, mut folders) = (Self::default(), vec![root_path.clone()]);
        while let Some(folder) = folders.pop() {
            let failed = |source| FileError::io(&folder, source);
            for entry in fs::read_dir(&folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
                match kind.is_dir() {
                    true => folders.push(path),
                    false if skip.contains(&path) => {}
                    false => tree.add(&root_path, &path, kind.is_file())?,
                }
                tree.bound(root, folders.len())?;
            }
        }
        tree.others.sort();
        Ok(tree)
    }

    fn add(&mut self, root: &Path, path: &Path, is_file: bool) -> Result<(), FileError> {
        match name(root, path) {
            Some(name) if is_file => {
                self.files.insert(name, digest(path)?);
            }
            _ => self.others.push(path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()),
        }
        Ok(())
    }

    fn bound(&self, root: &Path, folders: usize) -> Result<(), FileError> {
        const LIMIT: usize = limits::STATEMENT_SUBJECTS;
        match self.files.len().max(self.others.len()).max(folders) > LIMIT {
            true => Err(FileError::TooMany { path: root.into(), limit: LIMIT }),
            false => Ok(()),
        }
    }
}

/// The path from the root; `None` when it is no text.
fn name(root: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components();
    let parts: Option<Vec<_>> = parts.map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

fn digest(path: &Path) -> Result<Digest, FileError> {
    let failed = |source| FileError::io(path, source);
    let mut hasher = Hasher::new(Algorithm::Sha256);
    super::read_pieces(&mut File::open(path).map_err(failed)?, |piece| hasher.update(piece))
        .map_err(failed)?;
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_their_path_and_digest_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("sub/deep/empty")).unwrap();
        for (name, text) in [("b", "b"), ("sub/a", "a"), ("sub/deep/c", ""), ("bundle.json", "{}")] {
            fs::write(at(name), text).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink("/", at("sub/link")).unwrap();
        let tree = Tree::read(folder.path(), &[&at("sub/../bundle.json"), &at("not there")]).unwrap();
        let files: Vec<_> = tree.files.iter().map(|(name, digest)| (name.as_str(), *digest)).collect();
        let sha256 = Digest::sha256;
        assert_eq!(files, [("b", sha256(b"b")), ("sub/a", sha256(b"a")), ("sub/deep/c", sha256(b""))]);
        assert_eq!(tree.others, if cfg!(unix) { vec!["sub/link"] } else { vec![] });
        assert_eq!(Tree::read(&at("none"), &[]).unwrap_err().code(), "FILE_IO");
    }

    #[test]
    fn as_many_files_as_a_statement_may_have() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=limits::STATEMENT_SUBJECTS {
            fs::write(folder.path().join(number.to_string()), "").unwrap();
        }
        let error = Tree::read(folder.path(), &[]).unwrap_err();
        assert_eq!(error.code(), "LIMIT_FILES", "{error}");
    }
}
