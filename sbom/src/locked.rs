//! Whether lock files count: they tell what a project asks for, and not what is there.
//!
//! In an image or a root filesystem a lock file is left over from a build, often of another one: what is installed shows
//! itself. In a directory of sources nothing is installed, and the lock file is all that tells. Wherever the packages of a
//! project lie beside its lock file, they are what counts.

use std::collections::BTreeSet;
use std::ops::Bound;

use crate::catalog::lock::npm::{PACKAGE_LOCK, SHRINKWRAP};
use crate::fact::{Ecosystem, Fact};
use crate::paths;
use crate::tree::{Found, Tree};

/// When lock files count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockFiles {
    /// Never.
    Never,
    /// Where the tree is no root filesystem: it has neither a distribution nor packages of one. An image always is a root.
    InSources,
    /// In a root filesystem too.
    Always,
}

/// Makes packages of what lock files ask for, where they count, and forgets it elsewhere. Where the packages of a project
/// are installed beside its lock file, it never counts.
pub fn settle(tree: &mut Tree, when: LockFiles) {
    let counts = match when {
        LockFiles::Never => false,
        LockFiles::InSources => !is_root(tree),
        LockFiles::Always => true,
    };
    let counting: BTreeSet<_> =
        tree.found.keys().filter(|path| counts && !is_outdone(tree, path)).cloned().collect();
    for (path, found) in &mut tree.found {
        let is_counting = counting.contains(path);
        let settled = std::mem::take(&mut found.facts).into_iter().filter_map(|fact| match fact {
            Fact::Locked(package) => is_counting.then_some(Fact::Package(package)),
            other => Some(other),
        });
        found.facts = settled.collect();
    }
}

fn is_root(tree: &Tree) -> bool {
    tree.found.values().flat_map(|found| &found.facts).any(|fact| match fact {
        Fact::Distribution(_) => true,
        Fact::Package(package) => package.ecosystem.is_of_distribution(),
        _ => false,
    })
}

/// Whether something beside a lock file says more: the packages themselves, or the lock file that npm prefers.
fn is_outdone(tree: &Tree, path: &str) -> bool {
    let locked = |found: &Found| found.facts.iter().any(|fact| matches!(fact, Fact::Locked(_)));
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    let is_preferred = || tree.found.get(&format!("{folder}/{SHRINKWRAP}")).is_some_and(locked);
    if name == PACKAGE_LOCK && is_preferred() {
        return true;
    }
    let facts = tree.found.get(path).into_iter().flat_map(|found| &found.facts);
    let mut ecosystems = facts.filter_map(|fact| match fact {
        Fact::Locked(package) => Some(package.ecosystem),
        _ => None,
    });
    ecosystems.next().is_some_and(|ecosystem| is_installed(tree, folder, ecosystem))
}

/// Whether packages of a project are in the folder that they are installed to.
fn is_installed(tree: &Tree, folder: &str, ecosystem: Ecosystem) -> bool {
    let below = paths::below(&match ecosystem {
        Ecosystem::Npm => format!("{folder}/node_modules"),
        Ecosystem::Composer => format!("{folder}/vendor"),
        _ => return false,
    });
    let from = (Bound::Included(below.as_str()), Bound::Unbounded);
    let mut inside = tree.found.range::<str, _>(from).take_while(|(path, _)| path.starts_with(&below));
    inside.any(|(_, found)| {
        let of_it = |fact: &Fact| matches!(fact, Fact::Package(package) if package.ecosystem == ecosystem);
        found.facts.iter().any(of_it)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{Distribution, Package};

    fn package(ecosystem: Ecosystem) -> Package {
        Package::new(ecosystem, "x", "1")
    }

    /// The paths of lock files that count in a tree with these files.
    fn counting<'a>(files: &[(&'a str, Fact)], when: LockFiles) -> Vec<&'a str> {
        let found = |fact: &Fact| Found { facts: vec![fact.clone()], layer: None };
        let found = files.iter().map(|(path, fact)| ((*path).to_owned(), found(fact))).collect();
        let mut tree = Tree { found, ..Tree::default() };
        settle(&mut tree, when);
        assert!(tree.found.values().flat_map(|it| &it.facts).all(|fact| !matches!(fact, Fact::Locked(_))));
        let is_locked = |path: &str| files.iter().any(|it| it.0 == path && matches!(it.1, Fact::Locked(_)));
        let counts = |path: &&str| is_locked(path) && !tree.found[*path].facts.is_empty();
        files.iter().map(|(path, _)| *path).filter(counts).collect()
    }

    #[test]
    fn where_nothing_is_installed() {
        let locked = |ecosystem| Fact::Locked(package(ecosystem));
        let installed = |ecosystem| Fact::Package(package(ecosystem));
        let sources = [
            ("/Cargo.lock", locked(Ecosystem::Cargo)),
            ("/composer.lock", locked(Ecosystem::Composer)),
            ("/vendored/composer.lock", locked(Ecosystem::Composer)),
            ("/vendored/vendor/composer/installed.json", installed(Ecosystem::Composer)),
            ("/web/package-lock.json", locked(Ecosystem::Npm)),
            ("/web2/package-lock.json", locked(Ecosystem::Npm)),
            ("/web2/node_modules/x/package.json", installed(Ecosystem::Npm)),
            ("/web3/package-lock.json", locked(Ecosystem::Npm)),
            ("/web3/npm-shrinkwrap.json", locked(Ecosystem::Npm)),
            ("/web3/vendor/composer/installed.json", installed(Ecosystem::Composer)),
            ("/target/app", installed(Ecosystem::Cargo)),
        ];
        let all = ["/Cargo.lock", "/composer.lock", "/web/package-lock.json", "/web3/npm-shrinkwrap.json"];
        assert_eq!(counting(&sources, LockFiles::InSources), all);
        assert_eq!(counting(&sources, LockFiles::Always), all);
        assert_eq!(counting(&sources, LockFiles::Never), [""; 0]);
        for (path, fact) in [
            ("/etc/os-release", Fact::Distribution(Distribution::default())),
            ("/var/lib/dpkg/status", installed(Ecosystem::Deb)),
        ] {
            let root = [&sources[..], &[(path, fact)]].concat();
            assert_eq!(counting(&root, LockFiles::InSources), [""; 0], "{path}");
            assert_eq!(counting(&root, LockFiles::Always), all, "{path}");
        }
    }
}
