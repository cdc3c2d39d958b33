//! What README and the book say is true: every command in them is run, and every list in them is whole.

mod codes;
mod pages;
mod reference;
mod report;
mod sbom_report;
mod session;

use std::path::{Path, PathBuf};

/// Reads a file of the project.
fn read(path: impl AsRef<Path>) -> String {
    let path = testkit::project().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every page: the README, and those under `docs/`, by their paths in the project.
fn all_pages() -> Vec<PathBuf> {
    let mut pages = vec![PathBuf::from("README.md")];
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(testkit::project().join(&folder)).expect("a folder of the book") {
            let path = folder.join(entry.expect("an entry").file_name());
            if testkit::project().join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}
