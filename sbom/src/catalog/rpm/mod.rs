//! rpm's packages: its databases, and the list that distributions without rpm leave in its place.
//!
//! rpm has had three kinds of databases, each of which maps a number to the `header` of a package: `berkeley`,
//! `ndb`, `sqlite`. Which it is tells the content, whatever the file's name.

mod berkeley;
mod header;
mod manifest;
mod ndb;
#[cfg(test)]
mod real_databases;
mod sqlite;
#[cfg(test)]
mod testing;

use std::fmt::Write;

use crate::catalog::names::Budget;
use crate::catalog::{Cataloger, FileName, Reads, Unreadable};
use crate::fact::{Ecosystem, Fact, Package};
use crate::limits;
use header::{Header, Tag};

/// The database of rpm.
pub static CATALOGER: Cataloger = Cataloger { name: "rpm", wants, reads: Reads::Whole(look) };

pub use manifest::CATALOGER as MANIFEST_CATALOGER;

/// What takes the header of a package.
type Visit<'v> = dyn FnMut(&[u8]) -> Result<(), Unreadable> + 'v;

/// `usr/lib/sysimage` is where rpm 4.17 has moved to, `usr/share` where OSTree keeps it.
const FOLDERS: [&str; 3] = ["/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm"];

fn wants(file: &FileName<'_>) -> bool {
    file.path.rsplit_once('/').is_some_and(|(folder, name)| {
        FOLDERS.contains(&folder) && matches!(name, "Packages" | "Packages.db" | "rpmdb.sqlite")
    })
}

fn look(_: &FileName<'_>, content: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let headers = match content {
        [] => return Ok(Vec::new()),
        _ if sqlite::is(content) => sqlite::headers,
        _ if ndb::is(content) => ndb::headers,
        _ if berkeley::is(content) => berkeley::headers,
        _ => return Err(malformed("neither Berkeley DB nor ndb nor SQLite")),
    };
    let mut facts = Vec::new();
    let mut budget = Budget::new();
    headers(content, &mut |bytes| {
        let header = Header::read(bytes).map_err(malformed)?;
        if let Some(package) = package(&header, &mut budget)? {
            facts.push(Fact::Package(package));
        }
        within_bounds(facts.len())
    })?;
    Ok(facts)
}

fn malformed(why: impl Into<String>) -> Unreadable {
    Unreadable::Malformed { what: "rpm database", why: why.into() }
}

fn within_bounds(packages: usize) -> Result<(), Unreadable> {
    if packages > limits::PACKAGES_PER_FILE {
        let limit = limits::PACKAGES_PER_FILE as u64;
        return Err(Unreadable::Limit { what: "the number of rpm packages", limit });
    }
    Ok(())
}

/// The package of a header; `None` if it is a key that rpm trusts, which it keeps as a package.
fn package(header: &Header<'_>, budget: &mut Budget) -> Result<Option<Package>, Unreadable> {
    let string =
        |tag| header.string(tag).map(|string| string.filter(|string| is_some(string))).map_err(malformed);
    let Some(name) = string(Tag::Name)? else { return Err(malformed("a package has no name")) };
    if name == "gpg-pubkey" {
        return Ok(None);
    }
    let Some(version) = string(Tag::Version)? else {
        return Err(malformed(format!("{name} has no version")));
    };
    let epoch = header.numbers(Tag::Epoch).map_err(malformed)?.first().map(u32::to_string);
    let release = string(Tag::Release)?.unwrap_or_default();
    let mut package = described(name, &version, &release, epoch, string(Tag::Arch)?, string(Tag::SourceRpm)?);
    if let Some(module) = string(Tag::ModularityLabel)? {
        // What Red Hat's package URLs have, and scanners look for.
        package.qualifiers.insert("rpmmod".to_owned(), module);
    }
    package.licenses = string(Tag::License)?.into_iter().collect();
    package.supplier = string(Tag::Vendor)?;
    package.description = string(Tag::Summary)?;
    package.homepage = string(Tag::Url)?;
    if let Some(sum) = header.bytes(Tag::SigMd5).map_err(malformed)?.filter(|sum| sum.len() == 16) {
        package.hashes.insert("MD5".to_owned(), hexadecimal(sum));
    }
    let names = |tag| header.strings(tag).map_err(malformed);
    package.depends = budget.distinct(names(Tag::RequireName)?.iter().map(String::as_str).filter(is_name))?;
    package.provides = budget.distinct(names(Tag::ProvideName)?.iter().map(String::as_str))?;
    package.files = files(header, budget)?;
    Ok(Some(package))
}

/// A package with what both kinds of sources tell of it.
fn described(
    name: String,
    version: &str,
    release: &str,
    epoch: Option<String>,
    architecture: Option<String>,
    source: Option<String>,
) -> Package {
    let before = epoch.iter().map(|epoch| format!("{epoch}:"));
    let after = Some(release).filter(|release| !release.is_empty()).map(|release| format!("-{release}"));
    let version = before.chain([version.to_owned()]).chain(after).collect::<String>();
    let mut package = Package::new(Ecosystem::Rpm, name, version);
    let qualifiers = [("arch", architecture), ("epoch", epoch), ("upstream", source)];
    package.qualifiers =
        qualifiers.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
    package
}

/// Whether a string is there: rpm writes `(none)` where it has no value.
fn is_some(string: &str) -> bool {
    !string.is_empty() && string != "(none)"
}

/// Whether a requirement is a name, and neither a feature of rpm itself nor a condition (`(a if b)`).
fn is_name(requirement: &&str) -> bool {
    !requirement.starts_with("rpmlib(") && !requirement.starts_with('(')
}

/// The files of a package: names, each with the number of its folder; of packages from before rpm 4, whole paths.
fn files(header: &Header<'_>, budget: &mut Budget) -> Result<Vec<String>, Unreadable> {
    let names = header.strings(Tag::BaseNames).map_err(malformed)?;
    let folders = header.strings(Tag::DirNames).map_err(malformed)?;
    let indexes = header.numbers(Tag::DirIndexes).map_err(malformed)?;
    if names.len() != indexes.len() {
        let counts = format!("{} files in {} folders", names.len(), indexes.len());
        return Err(malformed(format!("a package has {counts}")));
    }
    let mut files = Vec::new();
    for (name, index) in names.iter().zip(indexes) {
        let folder = usize::try_from(index).ok().and_then(|index| folders.get(index));
        let folder = folder.ok_or_else(|| malformed("a package has a file in no folder"))?;
        budget.file(&mut files, folder, name)?;
    }
    if names.is_empty() {
        for path in header.strings(Tag::OldFileNames).map_err(malformed)? {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
            budget.file(&mut files, folder, name)?;
        }
    }
    Ok(files)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
