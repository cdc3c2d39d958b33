//! Names that databases of packages give in great number: paths of files, dependencies.
//!
//! A folder that is noted once for many files lets a small database mean very many bytes, and a short name takes more
//! memory than its length: both are counted.

use std::collections::HashSet;

use crate::catalog::Unreadable;
use crate::limits;

/// What a name takes besides its bytes.
const OVERHEAD: usize = 32;

/// How many names a database may still give.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self { bytes: limits::NAME_BYTES }
    }

    fn spend(&mut self, length: usize) -> Result<(), Unreadable> {
        let Some(left) = self.bytes.checked_sub(length.saturating_add(OVERHEAD)) else {
            return exceeded("the length of all names in a database of packages", limits::NAME_BYTES);
        };
        self.bytes = left;
        Ok(())
    }

    /// Adds a file of a package: its absolute path. The folder may have slashes at its ends, or be none.
    pub(super) fn file(
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
        self.spend(length)?;
        files.push(if folder.is_empty() { format!("/{name}") } else { format!("/{folder}/{name}") });
        Ok(())
    }

    /// These names, in their order, each once; empty ones are none.
    pub(super) fn distinct<'a>(
        &mut self,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<String>, Unreadable> {
        let mut seen = HashSet::new();
        let mut distinct = Vec::new();
        for name in names {
            if !name.is_empty() && seen.insert(name) {
                self.spend(name.len())?;
                distinct.push(name.to_owned());
            }
        }
        Ok(distinct)
    }
}

fn exceeded<T>(what: &'static str, limit: usize) -> Result<T, Unreadable> {
    Err(Unreadable::Limit { what, limit: limit as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files() {
        let mut files = Vec::new();
        let mut budget = Budget::new();
        for (folder, name) in [("", "x"), ("/", "x"), ("usr/bin", "y"), ("/usr/bin/", "y")] {
            budget.file(&mut files, folder, name).unwrap();
        }
        assert_eq!(files, ["/x", "/x", "/usr/bin/y", "/usr/bin/y"]);
    }

    #[test]
    fn distinct_names() {
        let names = Budget::new().distinct(["b", "a", "", "b"].into_iter()).unwrap();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn bounds() {
        let mut budget = Budget { bytes: 80 };
        let mut files = Vec::new();
        budget.file(&mut files, "usr", "x").unwrap();
        let expected = "the length of all names in a database of packages is more than 268435456";
        assert_eq!(budget.distinct(["a", "b"].into_iter()).unwrap_err().to_string(), expected);
        assert_eq!(budget.file(&mut files, "usr", "y").unwrap_err().to_string(), expected);
        let long = "x".repeat(limits::PATH_BYTES);
        let error = Budget::new().file(&mut files, "", &long).unwrap_err();
        assert_eq!(error.to_string(), "the length of a package's file name is more than 4096");
    }
}
