//! Lock files: what a project asks for, each package in the one version that was chosen.
//!
//! They do not show that anything is installed, so what they say is [`Fact::Locked`], and [`locked`](crate::locked)
//! decides later whether it counts. What a project has only for its own development is left out where the file tells
//! it, and so is what is optional: it may not be there. The project's own packages are what is looked at, and are left out
//! as well.

pub mod cargo;
pub mod composer;
pub mod npm;

use super::parse::Packages;
use super::{FileName, Unreadable};
use crate::fact::{Fact, Package};

/// Whether a file is a lock file of a project: those of packages that were unpacked into it tell nothing of it.
fn is(file: &FileName<'_>, name: &str) -> bool {
    let unpacked = |folder: &str| matches!(folder, "node_modules" | "vendor");
    file.path.rsplit_once('/').is_some_and(|(folder, last)| last == name && !folder.split('/').any(unpacked))
}

/// What a lock file says.
fn locked(what: &'static str, packages: Vec<Package>) -> Result<Vec<Fact>, Unreadable> {
    let mut found = Packages::of(what);
    for package in packages {
        found.add(package)?;
    }
    let locked = |fact| match fact {
        Fact::Package(package) => Fact::Locked(package),
        other => other,
    };
    Ok(found.facts().into_iter().map(locked).collect())
}

#[cfg(test)]
pub(super) mod testing {
    use crate::catalog::parse::testing::{file, look};
    use crate::catalog::{Cataloger, Unreadable};
    use crate::fact::{Fact, Package};

    /// The packages that a lock file asks for; panics where it says anything else, or is not wanted.
    pub(super) fn packages(
        cataloger: &Cataloger,
        path: &str,
        data: &[u8],
    ) -> Result<Vec<Package>, Unreadable> {
        let name = file(path, data.len());
        assert!((cataloger.wants)(&name), "{path} is not wanted");
        let package = |fact| match fact {
            Fact::Locked(package) => package,
            other => panic!("{other:?}"),
        };
        Ok(look(cataloger, &name, data)?.into_iter().map(package).collect())
    }
}
