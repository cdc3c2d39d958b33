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
    /// Its directories: files and links that lower layers have at these paths are gone.
    pub directories: Vec<String>,
    /// What lower layers have below these paths is gone.
    pub empties: Vec<String>,
}

/// A layer that is being read, entry by entry.
#[derive(Debug)]
pub struct Reading {
    layer: Layer,
    /// Bytes that may still be kept of names: of what it hides, and of what could not be read.
    names: usize,
    /// Bytes that its files may still show.
    shown: usize,
    /// Nothing is below it that it could hide.
    lowest: bool,
    /// The file that is looked at.
    buffer: Vec<u8>,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            layer: Layer::default(),
            names: limits::NAME_BYTES,
            shown: limits::LAYER_FACT_BYTES,
            lowest: false,
            buffer: Vec::new(),
        }
    }
}

/// A layer takes more than is given to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is more than {limit}")]
pub struct Exceeded {
    /// What is bounded.
    pub what: &'static str,
    /// The bound.
    pub limit: u64,
}

impl From<Exceeded> for io::Error {
    fn from(error: Exceeded) -> Self {
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
    /// [`Exceeded`], as of every entry.
    pub fn whiteout(&mut self, path: &str) -> Result<bool, Exceeded> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        match name.strip_prefix(".wh.") {
            None => return Ok(false),
            Some(".wh..opq") => {
                let folder = if folder.is_empty() { "/" } else { folder };
                self.count(folder.len())?;
                self.layer.empties.push(folder.to_owned());
            }
            Some("" | "." | "..") => self.lacks(path, "is a whiteout of nothing".into())?,
            Some(hidden) => self.hide(&format!("{folder}/{hidden}"))?,
        }
        Ok(true)
    }

    /// A symbolic link: it hides what was there.
    ///
    /// # Errors
    /// [`Exceeded`].
    pub fn symbolic_link(&mut self, path: &str, target: &str) -> Result<(), Exceeded> {
        self.special(path)?;
        if catalog::loses(path, &paths::linked(path, target)) {
            self.lacks(path, format!("is a link to {target}, which is not followed"))?;
        }
        if path.matches('/').count() == 1 {
            self.layer.links.insert(path.to_owned(), format!("/{}", target.trim_start_matches('/')));
        }
        Ok(())
    }

    /// A device, a pipe, a socket: it hides what was there, and shows nothing.
    ///
    /// # Errors
    /// [`Exceeded`].
    pub fn special(&mut self, path: &str) -> Result<(), Exceeded> {
        self.hide(path)?;
        self.forget(path);
        Ok(())
    }

    /// A second name of a file of the same layer.
    ///
    /// # Errors
    /// [`Exceeded`].
    pub fn hard_link(&mut self, path: &str, target: &str) -> Result<(), Exceeded> {
        let facts = self.layer.found.get(target).cloned();
        self.special(path)?;
        match facts {
            Some(facts) => self.show(path, facts),
            None if catalog::loses(path, target) => {
                self.lacks(path, format!("is a second name of {target}, which was not looked into"))
            }
            None => Ok(()),
        }
    }

    /// A directory: it is merged with the one below, and hides what else was there.
    ///
    /// # Errors
    /// [`Exceeded`].
    pub fn directory(&mut self, path: &str) -> Result<(), Exceeded> {
        self.layer.found.remove(path);
        self.layer.links.remove(path);
        if !self.lowest {
            self.count(path.len())?;
            self.layer.directories.push(path.to_owned());
        }
        Ok(())
    }

    /// Whether a file has to be read: whatever it is, it hides what was there.
    ///
    /// # Errors
    /// [`Exceeded`].
    pub fn wants(&mut self, file: &FileName<'_>) -> Result<bool, Exceeded> {
        self.special(file.path)?;
        let wanted = catalog::is_wanted(file);
        if wanted && file.size > limits::FILE_BYTES {
            self.lacks(file.path, format!("is larger than {} bytes", limits::FILE_BYTES))?;
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
                Err(error) => self.lacks(file.path, error.to_string())?,
            }
        }
        if !facts.is_empty() {
            self.show(file.path, facts)?;
        }
        Ok(())
    }

    /// Says that something could not be read.
    ///
    /// # Errors
    /// [`Exceeded`].
    pub fn lacks(&mut self, path: &str, why: String) -> Result<(), Exceeded> {
        self.count(path.len() + why.len())?;
        self.layer.incomplete.push(Incomplete { path: path.to_owned(), why });
        Ok(())
    }

    /// Ends the layer.
    pub fn finish(self) -> Layer {
        self.layer
    }

    /// What lower layers have at this path is gone.
    fn hide(&mut self, path: &str) -> Result<(), Exceeded> {
        if !self.lowest {
            self.count(path.len())?;
            self.layer.hides.push(path.to_owned());
        }
        Ok(())
    }

    /// What an earlier entry of the same layer had at this path is gone.
    fn forget(&mut self, path: &str) {
        paths::remove(&mut self.layer.found, path);
        paths::remove(&mut self.layer.links, path);
    }

    /// Keeps what a file shows. Each fact is told with the path, and hard links tell it again.
    fn show(&mut self, path: &str, facts: Vec<Fact>) -> Result<(), Exceeded> {
        let bytes = facts.iter().map(|fact| path.len() + fact.bytes()).sum();
        self.shown = self.shown.checked_sub(bytes).ok_or(Exceeded {
            what: "what the files of a layer show, in bytes,",
            limit: limits::LAYER_FACT_BYTES as u64,
        })?;
        self.layer.found.insert(path.to_owned(), facts);
        Ok(())
    }

    fn count(&mut self, bytes: usize) -> Result<(), Exceeded> {
        self.names = self.names.checked_sub(bytes + size_of::<String>()).ok_or(Exceeded {
            what: "the length of all names, in bytes,",
            limit: limits::NAME_BYTES as u64,
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const STATUS: &str = "/var/lib/dpkg/status";

    fn status(reading: &mut Reading) {
        let content = b"Package: a\nStatus: install ok installed\nVersion: 1\n";
        let file = FileName { path: STATUS, mode: 0o644, size: content.len() as u64 };
        assert!(reading.wants(&file).unwrap());
        reading.look(&file, &mut Cursor::new(content.as_slice())).unwrap();
    }

    /// One database under a million names is a million databases (threat model, row 87).
    #[test]
    fn hard_links_count() {
        let mut reading = Reading { shown: 4 * size_of::<Fact>(), ..Reading::default() };
        status(&mut reading);
        let links: Vec<_> = ["/a", "/b", "/c"].map(|link| reading.hard_link(link, STATUS)).into();
        let limit = limits::LAYER_FACT_BYTES as u64;
        let exceeded = Exceeded { what: "what the files of a layer show, in bytes,", limit };
        assert_eq!(links, [Ok(()), Ok(()), Err(exceeded)]);
        // What is linked to nothing shows nothing.
        assert_eq!(reading.hard_link("/d", "/nothing"), Ok(()));
        assert_eq!(reading.finish().found.into_keys().collect::<Vec<_>>(), ["/a", "/b", STATUS]);
    }

    /// Names count, of whatever is kept of an entry (threat model, row 87).
    #[test]
    fn names_count() {
        type Entry = fn(&mut Reading) -> Result<(), Exceeded>;
        let entries: [Entry; 5] = [
            |reading| reading.special("/d"),
            |reading| reading.symbolic_link("/l", "x"),
            |reading| reading.whiteout("/.wh.x").map(|_| ()),
            |reading| reading.whiteout("/x/.wh..wh..opq").map(|_| ()),
            |reading| reading.lacks("../x", "leads out of the root".into()),
        ];
        for (number, entry) in entries.into_iter().enumerate() {
            let mut reading = Reading { names: 3 * size_of::<String>(), ..Reading::default() };
            let error = (0..1000).find_map(|_| entry(&mut reading).err());
            assert_eq!(error.map(|error| error.limit), Some(limits::NAME_BYTES as u64), "{number}");
        }
    }
}
