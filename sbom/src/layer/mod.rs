//! One layer: what it has, and what it hides of those below it (OCI image specification 1.1, "Changesets").
//!
//! A layer says the same in whatever image it is, so it is read alone: layers can be read at the same time, and what was
//! read can be kept by the layer's digest ([`cache`](crate::cache)). [`Reading`] makes one from entries; [`stream`] gives
//! it those of a tar.

mod compression;
pub mod stream;

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use crate::catalog::{self, Content, FileName};
use crate::fact::Fact;
use crate::inventory::Incomplete;
use crate::limits;
use crate::paths;

/// What a layer shows, and what it hides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// The facts of its files, by absolute path; files that show nothing are left out.
    pub found: BTreeMap<String, Vec<Fact>>,
    /// What could not be read.
    pub incomplete: Vec<Incomplete>,
    /// Symbolic links at the root, `/lib` to `/usr/lib`.
    pub links: BTreeMap<String, String>,
    /// What lower layers have at these paths, and below them, is gone.
    pub hides: Vec<String>,
    /// What lower layers have below these paths is gone.
    pub empties: Vec<String>,
}

/// A layer that is being read, entry by entry.
#[derive(Debug, Default)]
pub struct Reading {
    layer: Layer,
    /// Bytes of the paths in it.
    bytes: usize,
    /// Nothing is below it that it could hide.
    lowest: bool,
    /// The file that is looked at.
    buffer: Vec<u8>,
}

/// The paths of one layer take more memory than is given to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the names of all files are longer than {} bytes", limits::NAME_BYTES)]
pub struct TooManyNames;

impl From<TooManyNames> for io::Error {
    fn from(error: TooManyNames) -> Self {
        Self::other(error)
    }
}

impl Reading {
    /// One below which nothing is: what it hides is not kept.
    pub fn lowest() -> Self {
        Self { lowest: true, ..Self::default() }
    }

    /// A whiteout: a name that begins with `.wh.`. `false` when it is none.
    ///
    /// # Errors
    /// [`TooManyNames`], as of every entry.
    pub fn whiteout(&mut self, path: &str) -> Result<bool, TooManyNames> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        match name.strip_prefix(".wh.") {
            None => return Ok(false),
            Some(".wh..opq") => {
                let folder = if folder.is_empty() { "/" } else { folder };
                self.count(folder)?;
                self.layer.empties.push(folder.to_owned());
            }
            Some(hidden) => self.hide(&format!("{folder}/{hidden}"))?,
        }
        Ok(true)
    }

    /// A symbolic link: it hides what was there.
    ///
    /// # Errors
    /// [`TooManyNames`].
    pub fn symbolic_link(&mut self, path: &str, target: &str) -> Result<(), TooManyNames> {
        self.special(path)?;
        if path.matches('/').count() == 1 {
            self.layer.links.insert(path.to_owned(), format!("/{}", target.trim_start_matches('/')));
        }
        Ok(())
    }

    /// A device, a pipe, a socket: it hides what was there, and shows nothing.
    ///
    /// # Errors
    /// [`TooManyNames`].
    pub fn special(&mut self, path: &str) -> Result<(), TooManyNames> {
        self.hide(path)?;
        self.forget(path);
        Ok(())
    }

    /// A second name of a file of the same layer.
    ///
    /// # Errors
    /// [`TooManyNames`].
    pub fn hard_link(&mut self, path: &str, target: &str) -> Result<(), TooManyNames> {
        self.hide(path)?;
        if let Some(facts) = self.layer.found.get(target).cloned() {
            self.layer.found.insert(path.to_owned(), facts);
        }
        Ok(())
    }

    /// Whether a file has to be read: whatever it is, it hides what was there.
    ///
    /// # Errors
    /// [`TooManyNames`].
    pub fn wants(&mut self, file: &FileName<'_>) -> Result<bool, TooManyNames> {
        self.special(file.path)?;
        let wanted = catalog::ALL.iter().any(|cataloger| (cataloger.wants)(file));
        if wanted && file.size > limits::FILE_BYTES {
            self.lacks(file.path, format!("is larger than {} bytes", limits::FILE_BYTES));
            return Ok(false);
        }
        Ok(wanted)
    }

    /// Looks at a file that [`wants`](Self::wants) asked for.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn look(&mut self, file: &FileName<'_>, content: &mut dyn Content) -> io::Result<()> {
        let mut facts = Vec::new();
        for said in catalog::look(file, content, &mut self.buffer)? {
            match said {
                Ok(found) => facts.extend(found),
                Err(error) => self.lacks(file.path, error.to_string()),
            }
        }
        if !facts.is_empty() {
            self.layer.found.insert(file.path.to_owned(), facts);
        }
        Ok(())
    }

    /// Says that something could not be read.
    pub fn lacks(&mut self, path: &str, why: String) {
        self.layer.incomplete.push(Incomplete { path: path.to_owned(), why });
    }

    /// Ends the layer.
    pub fn finish(self) -> Layer {
        self.layer
    }

    /// What lower layers have at this path is gone.
    fn hide(&mut self, path: &str) -> Result<(), TooManyNames> {
        if !self.lowest {
            self.count(path)?;
            self.layer.hides.push(path.to_owned());
        }
        Ok(())
    }

    /// What an earlier entry of the same layer had at this path is gone.
    fn forget(&mut self, path: &str) {
        paths::remove(&mut self.layer.found, path);
        paths::remove(&mut self.layer.links, path);
    }

    fn count(&mut self, path: &str) -> Result<(), TooManyNames> {
        self.bytes += path.len() + size_of::<String>();
        if self.bytes > limits::NAME_BYTES { Err(TooManyNames) } else { Ok(()) }
    }
}
