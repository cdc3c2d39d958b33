//! Layers on one another: what is left of each file's facts once all layers are there (OCI image specification 1.1,
//! "Changesets").
//!
//! Only what shows something is kept. An entry of a later layer takes away the facts of the same path, a whiteout those of
//! what it hides, an opaque directory those of all that lower layers have in it.

use std::collections::{BTreeMap, BTreeSet};

use crate::fact::Fact;
use crate::layer::Layer;
use crate::paths;

/// What a file showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The facts.
    pub facts: Vec<Fact>,
    /// The digest of the layer that brought it.
    pub layer: Option<String>,
}

/// A root filesystem, as far as it shows packages.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// What is left, by absolute path.
    pub found: BTreeMap<String, Found>,
    /// What could not be read, by absolute path, and why.
    pub incomplete: BTreeMap<String, BTreeSet<String>>,
    /// Symbolic links to directories at the root, `/lib` to `/usr/lib`: databases name files by either.
    pub links: BTreeMap<String, String>,
}

impl Tree {
    /// Lays a layer on those that are there.
    pub fn lay(&mut self, digest: Option<&str>, layer: Layer) {
        let Layer { found, incomplete, links, hides, directories, empties } = layer;
        hides.iter().for_each(|path| self.remove(path));
        for path in &directories {
            self.found.remove(path);
            self.links.remove(path);
        }
        empties.iter().for_each(|path| self.empty(path));
        let layer = digest.map(str::to_owned);
        let found = found.into_iter().map(|(path, facts)| (path, Found { facts, layer: layer.clone() }));
        self.found.extend(found);
        self.links.extend(links);
        for lacks in incomplete {
            self.incomplete.entry(lacks.path).or_default().insert(lacks.why);
        }
    }

    /// Takes away what is at this path, and below it.
    fn remove(&mut self, path: &str) {
        paths::remove(&mut self.found, path);
        paths::remove(&mut self.links, path);
        paths::remove(&mut self.incomplete, path);
    }

    /// Takes away what is below this path.
    fn empty(&mut self, path: &str) {
        paths::empty(&mut self.found, path);
        paths::empty(&mut self.links, path);
        paths::empty(&mut self.incomplete, path);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::catalog::FileName;
    use crate::layer::Reading;

    fn file(path: &str) -> FileName<'_> {
        FileName { path, mode: 0o644, size: 10 }
    }

    /// Lays a layer of os-release files and whiteouts.
    fn lay(tree: &mut Tree, name: &str, entries: &[&str]) {
        let mut reading = Reading::default();
        for entry in entries {
            if reading.whiteout(entry).unwrap() {
                continue;
            }
            let file = file(entry);
            if reading.wants(&file).unwrap() {
                reading.look(&file, &mut Cursor::new(format!("ID={name}\n").as_bytes())).unwrap();
            }
        }
        tree.lay(Some(name), reading.finish());
    }

    fn paths(tree: &Tree) -> Vec<(&str, &str)> {
        tree.found
            .iter()
            .map(|(path, found)| (path.as_str(), found.layer.as_deref().unwrap_or_default()))
            .collect()
    }

    const OS: &str = "/etc/os-release";
    const USR: &str = "/usr/lib/os-release";

    #[test]
    fn later_layers_replace_and_hide() {
        let mut tree = Tree::default();
        lay(&mut tree, "one", &[OS, USR]);
        assert_eq!(paths(&tree), [(OS, "one"), (USR, "one")]);
        lay(&mut tree, "two", &[OS]);
        assert_eq!(paths(&tree), [(OS, "two"), (USR, "one")]);
        lay(&mut tree, "three", &["/usr/.wh.lib"]);
        assert_eq!(paths(&tree), [(OS, "two")]);
        // An opaque directory hides what lower layers have, wherever it stands in its own.
        lay(&mut tree, "four", &[USR, "/usr/lib/.wh..wh..opq", "/.wh.etc"]);
        assert_eq!(paths(&tree), [(USR, "four")]);
    }

    #[test]
    fn what_is_no_file_any_more_shows_nothing() {
        let mut tree = Tree::default();
        lay(&mut tree, "one", &[OS, USR]);
        let mut reading = Reading::default();
        reading.symbolic_link(OS, "../usr/lib/os-release").unwrap();
        reading.symbolic_link("/lib", "usr/lib").unwrap();
        tree.lay(None, reading.finish());
        assert_eq!(paths(&tree), [(USR, "one")]);
        assert_eq!(tree.links, [("/lib".to_owned(), "/usr/lib".to_owned())].into());
    }

    /// What stands twice in one layer is what stands last.
    #[test]
    fn a_later_entry_of_the_same_layer_replaces_an_earlier_one() {
        let mut reading = Reading::default();
        for path in [OS, "/usr/lib/os-release"] {
            assert!(reading.wants(&file(path)).unwrap());
            reading.look(&file(path), &mut Cursor::new(b"ID=x\n".as_slice())).unwrap();
        }
        reading.special(OS).unwrap();
        reading.symbolic_link("/usr", "other").unwrap();
        let layer = reading.finish();
        assert_eq!(layer.found.len(), 0);
        assert_eq!(layer.hides, [OS, USR, OS, "/usr"]);
    }
}
