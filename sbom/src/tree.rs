//! Layers on one another: what is left of each file's facts once all layers are there (OCI image specification 1.1,
//! "Changesets").
//!
//! Only what shows something is kept. An entry of a later layer takes away the facts of the same path, a whiteout those of
//! what it hides, an opaque directory those of all that lower layers have in it.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::catalog::{self, FileName, Unreadable};
use crate::fact::Fact;
use crate::inventory::Incomplete;
use crate::limits;

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
    /// What could not be read.
    pub incomplete: Vec<Incomplete>,
    /// Symbolic links to directories at the root, `/lib` to `/usr/lib`: databases name files by either.
    pub links: BTreeMap<String, String>,
}

/// One layer that is being laid on a tree.
#[derive(Debug)]
pub struct Laying<'a> {
    tree: &'a mut Tree,
    layer: Option<String>,
    new: BTreeMap<String, Found>,
    incomplete: Vec<Incomplete>,
}

impl Tree {
    /// Begins a layer. What it says takes effect with [`Laying::finish`].
    pub const fn lay(&mut self, layer: Option<String>) -> Laying<'_> {
        Laying { tree: self, layer, new: BTreeMap::new(), incomplete: Vec::new() }
    }

    /// Takes away what lower layers have at this path, and below it.
    fn remove(&mut self, path: &str) {
        self.found.remove(path);
        self.links.remove(path);
        self.incomplete.retain(|other| other.path != path);
        self.empty(path);
    }

    /// Takes away what lower layers have below this path.
    fn empty(&mut self, path: &str) {
        let below = if path == "/" { path.to_owned() } else { format!("{path}/") };
        remove_below(&mut self.found, &below);
        remove_below(&mut self.links, &below);
        self.incomplete.retain(|other| !other.path.starts_with(&below));
    }
}

/// Takes away what begins so. Nearly always that is nothing, and a layer has very many entries: only what is there is
/// looked at.
fn remove_below<T>(map: &mut BTreeMap<String, T>, below: &str) {
    let from = (Bound::Included(below), Bound::Unbounded);
    let there = map.range::<str, _>(from).take_while(|(path, _)| path.starts_with(below));
    let there: Vec<_> = there.map(|(path, _)| path.clone()).collect();
    there.iter().for_each(|path| {
        map.remove(path);
    });
}

impl Laying<'_> {
    /// A whiteout: a name that begins with `.wh.`. `false` when it is none.
    pub fn whiteout(&mut self, path: &str) -> bool {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        match name.strip_prefix(".wh.") {
            None => return false,
            Some(".wh..opq") => self.tree.empty(if folder.is_empty() { "/" } else { folder }),
            Some(hidden) => self.tree.remove(&format!("{folder}/{hidden}")),
        }
        true
    }

    /// Anything but a regular file: it hides what was there, but for a directory, which is merged.
    pub fn other(&mut self, path: &str, is_directory: bool, link: Option<&str>) {
        if !is_directory {
            self.tree.remove(path);
            self.new.remove(path);
        }
        if let Some(target) = link
            && path.matches('/').count() == 1
        {
            self.tree.links.insert(path.to_owned(), format!("/{}", target.trim_start_matches('/')));
        }
    }

    /// A second name of a file of the same layer.
    pub fn hard_link(&mut self, path: &str, target: &str) {
        self.tree.remove(path);
        if let Some(found) = self.new.get(target).cloned() {
            self.new.insert(path.to_owned(), found);
        }
    }

    /// Whether a file has to be read: whatever it is, it hides what was there.
    pub fn wants(&mut self, file: &FileName<'_>) -> bool {
        self.tree.remove(file.path);
        self.new.remove(file.path);
        let wanted = catalog::ALL.iter().any(|cataloger| (cataloger.wants)(file));
        if wanted && file.size > limits::FILE_BYTES {
            self.lacks(file.path, format!("is larger than {} bytes", limits::FILE_BYTES));
            return false;
        }
        wanted
    }

    /// Looks at a file that [`wants`](Self::wants) asked for.
    pub fn look(&mut self, file: &FileName<'_>, content: &[u8]) {
        let mut facts = Vec::new();
        for cataloger in catalog::ALL.iter().filter(|cataloger| (cataloger.wants)(file)) {
            match (cataloger.look)(file, content) {
                Ok(found) => facts.extend(found),
                Err(error) => self.unreadable(file.path, &error),
            }
        }
        if !facts.is_empty() {
            let layer = self.layer.clone();
            self.new.insert(file.path.to_owned(), Found { facts, layer });
        }
    }

    fn unreadable(&mut self, path: &str, error: &Unreadable) {
        self.lacks(path, error.to_string());
    }

    /// Says that something could not be read.
    pub fn lacks(&mut self, path: &str, why: String) {
        self.incomplete.push(Incomplete { path: path.to_owned(), why });
    }

    /// Ends the layer.
    pub fn finish(self) {
        self.tree.found.extend(self.new);
        self.tree.incomplete.extend(self.incomplete);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> FileName<'_> {
        FileName { path, mode: 0o644, size: 10 }
    }

    /// Lays a layer of os-release files, whiteouts and links.
    fn lay(tree: &mut Tree, name: &str, entries: &[&str]) {
        let mut laying = tree.lay(Some(name.to_owned()));
        for entry in entries {
            if laying.whiteout(entry) {
                continue;
            }
            let file = file(entry);
            if laying.wants(&file) {
                laying.look(&file, format!("ID={name}\n").as_bytes());
            }
        }
        laying.finish();
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
        let mut laying = tree.lay(None);
        laying.other("/usr", true, None);
        laying.other(OS, false, Some("../usr/lib/os-release"));
        laying.other("/lib", false, Some("usr/lib"));
        laying.finish();
        assert_eq!(paths(&tree), [(USR, "one")]);
        assert_eq!(tree.links, [("/lib".to_owned(), "/usr/lib".to_owned())].into());
    }
}
