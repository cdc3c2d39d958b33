//! Debian's packages: what dpkg notes of them.
//!
//! - `var/lib/dpkg/status`, and `status.d/NAME` of images that were put together without dpkg: packages (deb822(5),
//!   deb-control(5)).
//! - `var/lib/dpkg/info/NAME[:ARCHITECTURE].list` and `.md5sums`: the files that a package owns.
//! - `usr/share/doc/NAME/copyright`: licences (`copyright`).

mod copyright;
mod fields;
mod spdx;

use std::collections::HashSet;

use crate::catalog::names::Budget;
use crate::catalog::{Cataloger, FileName, Reads, Unreadable};
use crate::fact::{Ecosystem, Fact, Package};
use crate::limits;
use fields::{Paragraph, paragraphs};

/// What dpkg notes of packages.
pub static CATALOGER: Cataloger = Cataloger { name: "dpkg", wants, reads: Reads::Whole(look) };

enum Kind<'a> {
    Status,
    List(&'a str),
    Checksums(&'a str),
    Copyright(&'a str),
}

fn kind<'a>(file: &FileName<'a>) -> Option<Kind<'a>> {
    let path = file.path.strip_prefix('/')?;
    if path == "var/lib/dpkg/status" {
        return Some(Kind::Status);
    }
    let (folder, name) = path.rsplit_once('/')?;
    match folder {
        "var/lib/dpkg/status.d" => match name.strip_suffix(".md5sums") {
            Some(package) => Some(Kind::Checksums(package)),
            None => Some(Kind::Status),
        },
        "var/lib/dpkg/info" => match name.rsplit_once('.')? {
            (package, "list") => Some(Kind::List(package)),
            (package, "md5sums") => Some(Kind::Checksums(package)),
            _ => None,
        },
        _ if name == "copyright" => {
            let package = folder.strip_prefix("usr/share/doc/")?;
            if package.contains('/') { None } else { Some(Kind::Copyright(package)) }
        }
        _ => None,
    }
}

fn wants(file: &FileName<'_>) -> bool {
    kind(file).is_some()
}

fn look(file: &FileName<'_>, content: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let Some(kind) = kind(file) else { return Ok(Vec::new()) };
    let text = String::from_utf8_lossy(content);
    let owns = |package: &str, files: Vec<String>| Fact::Owns { package: package.to_owned(), files };
    match kind {
        Kind::Status => packages(&text),
        Kind::List(package) => Ok(vec![owns(package, listed(&text)?)]),
        Kind::Checksums(package) => Ok(vec![owns(package, summed(&text)?)]),
        Kind::Copyright(package) => {
            let licenses = copyright::licenses(&text)?;
            let package = package.to_owned();
            Ok(if licenses.is_empty() { Vec::new() } else { vec![Fact::License { package, licenses }] })
        }
    }
}

fn packages(text: &str) -> Result<Vec<Fact>, Unreadable> {
    let mut facts = Vec::new();
    let mut budget = Budget::new();
    for paragraph in paragraphs(text) {
        if facts.len() >= limits::PACKAGES_PER_FILE {
            let limit = limits::PACKAGES_PER_FILE as u64;
            return Err(Unreadable::Limit { what: "the number of dpkg packages", limit });
        }
        if let Some(name) = paragraph.value("Package")
            && is_installed(&paragraph)
        {
            facts.push(Fact::Package(package(name, &paragraph, &mut budget)?));
        }
    }
    Ok(facts)
}

/// Whether files of the package are there: dpkg(1), "Package states". Without dpkg there is no state, only packages.
fn is_installed(paragraph: &Paragraph<'_>) -> bool {
    let state = paragraph.value("Status").and_then(|status| status.split_whitespace().nth(2));
    !matches!(state, Some("not-installed" | "config-files"))
}

fn package(name: &str, paragraph: &Paragraph<'_>, budget: &mut Budget) -> Result<Package, Unreadable> {
    let Some(version) = paragraph.value("Version") else {
        return Err(Unreadable::Malformed { what: "dpkg status", why: format!("{name} has no version") });
    };
    let mut package = Package::new(Ecosystem::Deb, name, version);
    if let Some(architecture) = paragraph.value("Architecture") {
        package.qualifiers.insert("arch".to_owned(), architecture.to_owned());
    }
    if let Some(source) = paragraph.value("Source").and_then(|source| upstream(source, name, version)) {
        package.qualifiers.insert("upstream".to_owned(), source);
    }
    let owned = |value: &str| value.to_owned();
    package.supplier = paragraph.value("Maintainer").map(owned);
    package.homepage = paragraph.value("Homepage").map(owned);
    package.description = paragraph.line("Description").map(owned);
    let needed = ["Pre-Depends", "Depends"].into_iter().filter_map(|field| paragraph.value(field));
    package.depends = budget.distinct(needed.flat_map(names))?;
    package.provides = budget.distinct(paragraph.value("Provides").into_iter().flat_map(names))?;
    Ok(package)
}

/// `NAME` or `NAME@VERSION` of a source package, unless it is called as the binary package is (deb-control(5), Source:
/// `NAME` or `NAME (VERSION)`).
fn upstream(source: &str, name: &str, version: &str) -> Option<String> {
    let (source, source_version) = match source.split_once('(') {
        Some((source, rest)) => (source.trim(), rest.trim_end().trim_end_matches(')').trim()),
        None => (source, ""),
    };
    match source_version {
        "" if source == name => None,
        "" => Some(source.to_owned()),
        _ if source == name && source_version == version => None,
        _ => Some(format!("{source}@{source_version}")),
    }
}

/// The names in a list of relations; of alternatives the first (deb-control(5), Depends).
fn names(relations: &str) -> impl Iterator<Item = &str> {
    relations.split(',').filter_map(|relation| {
        let first = relation.split('|').next()?.trim_start();
        first.split([' ', '\t', '\n', '(', ':', '[', '<']).next()
    })
}

/// The files of a `.list`: absolute paths, one a line. Folders that hold others of the list are no files.
fn listed(text: &str) -> Result<Vec<String>, Unreadable> {
    let paths = || text.lines().filter(|path| path.starts_with('/') && *path != "/.");
    within_bounds(paths())?;
    let folders: HashSet<&str> =
        paths().filter_map(|path| path.rsplit_once('/')).map(|(folder, _)| folder).collect();
    Ok(paths().filter(|path| !folders.contains(path)).map(str::to_owned).collect())
}

/// The files of a `.md5sums`: a checksum, two blanks, and a path from the root.
fn summed(text: &str) -> Result<Vec<String>, Unreadable> {
    within_bounds(text.lines())?;
    let paths = text.lines().filter_map(|line| line.split_once(' ')).map(|(_, path)| path.trim_start());
    let paths = paths.map(|path| path.trim_start_matches("./").trim_start_matches('/'));
    Ok(paths.filter(|path| !path.is_empty()).map(|path| format!("/{path}")).collect())
}

fn within_bounds<'a>(paths: impl Iterator<Item = &'a str>) -> Result<(), Unreadable> {
    if paths.count() > limits::FILES_PER_PACKAGE {
        let limit = limits::FILES_PER_PACKAGE as u64;
        return Err(Unreadable::Limit { what: "the number of a package's files", limit });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
