//! Paths of the files that packages own, from databases that keep folders and names apart.
//!
//! A folder is noted once for many names, so a small file can mean very many bytes: they are counted.

use crate::catalog::Unreadable;
use crate::limits;

/// How much the packages of one database may still own.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self { bytes: limits::OWNED_PATH_BYTES }
    }

    /// Adds the absolute path of a file in a folder, with or without slashes at the folder's ends, to a package's.
    pub(super) fn add(
        &mut self,
        files: &mut Vec<String>,
        folder: &str,
        name: &str,
    ) -> Result<(), Unreadable> {
        if files.len() >= limits::FILES_PER_PACKAGE {
            return exceeded("the number of a package's files", limits::FILES_PER_PACKAGE);
        }
        let folder = folder.trim_matches('/');
        let length = folder.len().saturating_add(name.len()).saturating_add(2);
        if length > limits::PATH_BYTES {
            return exceeded("the length of a package's file name", limits::PATH_BYTES);
        }
        let Some(left) = self.bytes.checked_sub(length) else {
            return exceeded("the length of all packages' file names", limits::OWNED_PATH_BYTES);
        };
        self.bytes = left;
        files.push(if folder.is_empty() { format!("/{name}") } else { format!("/{folder}/{name}") });
        Ok(())
    }
}

fn exceeded(what: &'static str, limit: usize) -> Result<(), Unreadable> {
    Err(Unreadable::Limit { what, limit: limit as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let mut files = Vec::new();
        let mut budget = Budget::new();
        for (folder, name) in [("", "x"), ("/", "x"), ("usr/bin", "y"), ("/usr/bin/", "y")] {
            budget.add(&mut files, folder, name).unwrap();
        }
        assert_eq!(files, ["/x", "/x", "/usr/bin/y", "/usr/bin/y"]);
    }

    #[test]
    fn bounds() {
        let mut budget = Budget { bytes: 10 };
        let mut files = Vec::new();
        budget.add(&mut files, "usr", "x").unwrap();
        let error = budget.add(&mut files, "usr", "y").unwrap_err();
        assert_eq!(error.to_string(), "the length of all packages' file names is more than 268435456");
        let long = "x".repeat(limits::PATH_BYTES);
        let error = Budget::new().add(&mut files, "", &long).unwrap_err();
        assert_eq!(error.to_string(), "the length of a package's file name is more than 4096");
    }
}
