//! npm's lock files, `package-lock.json` and `npm-shrinkwrap.json` (docs.npmjs.com, package-lock.json): versions 2 and 3
//! name packages by the folders that they go to, version 1 is a tree.
//!
//! npm's list of what it installed, `node_modules/.package-lock.json`, is not read: each package says the same in its own
//! folder, and only what is there does.

use serde_json::Value;

use super::super::parse::{self, names, string};
use super::super::{Cataloger, FileName, Reads, Unreadable, node};
use super::{is, locked};
use crate::fact::{Fact, Package};
use countersign_core::format::base64;

/// npm's lock files.
pub static CATALOGER: Cataloger = Cataloger { name: "npm-lock", wants, reads: Reads::Whole(look) };

/// The file that counts where both are there.
pub(crate) const SHRINKWRAP: &str = "npm-shrinkwrap.json";
pub(crate) const PACKAGE_LOCK: &str = "package-lock.json";

const WHAT: &str = "npm's lock file";

/// What is only there for development, or may be left out on some systems.
const NOT_FOR_ALL: [&str; 3] = ["dev", "optional", "devOptional"];

fn wants(file: &FileName<'_>) -> bool {
    is(file, PACKAGE_LOCK) || is(file, SHRINKWRAP)
}

fn look(_: &FileName<'_>, data: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let json = parse::json(WHAT, data)?;
    let mut packages = Vec::new();
    if let Some(folders) = json.get("packages").and_then(Value::as_object) {
        parse::bounded(WHAT, folders.len())?;
        packages.extend(folders.iter().filter_map(|(folder, entry)| in_folder(folder, entry)));
    } else {
        tree(&json, &mut packages)?;
    }
    locked(WHAT, packages)
}

/// Versions 2 and 3. What is in no `node_modules` is the project itself, or a part of it to which a link leads.
fn in_folder(folder: &str, entry: &Value) -> Option<Package> {
    let (_, name) = folder.rsplit_once("node_modules/")?;
    if flag(entry, "link") || !is_for_all(entry) {
        return None;
    }
    let mut package = node::named(string(entry, "name").unwrap_or(name), string(entry, "version")?)?;
    package.licenses = node::licenses(entry);
    needs(&mut package, entry, &["dependencies", "peerDependencies"]);
    Some(package)
}

/// Version 1. A version may be an address instead, `npm:NAME@VERSION` for a package under another name, or `file:` for a
/// part of the project.
fn tree(json: &Value, packages: &mut Vec<Package>) -> Result<(), Unreadable> {
    let mut left = vec![json];
    while let Some(node) = left.pop() {
        for (name, entry) in node.get("dependencies").and_then(Value::as_object).into_iter().flatten() {
            left.push(entry);
            let Some(version) = string(entry, "version").filter(|_| is_for_all(entry)) else { continue };
            let (name, version) = match version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@'))
            {
                Some(alias) => alias,
                None if version.starts_with("file:") => continue,
                None if version.contains(':') => (name.as_str(), ""),
                None => (name.as_str(), version),
            };
            if let Some(mut package) = node::named(name, version) {
                needs(&mut package, entry, &["requires"]);
                packages.push(package);
                parse::bounded(WHAT, packages.len())?;
            }
        }
        parse::bounded(WHAT, left.len())?;
    }
    Ok(())
}

fn flag(entry: &Value, member: &str) -> bool {
    entry.get(member).and_then(Value::as_bool).unwrap_or_default()
}

fn is_for_all(entry: &Value) -> bool {
    !NOT_FOR_ALL.iter().any(|member| flag(entry, member))
}

fn needs(package: &mut Package, entry: &Value, members: &[&str]) {
    package.depends = members.iter().flat_map(|member| names(entry.get(member))).map(str::to_owned).collect();
    package.depends.sort();
    package.depends.dedup();
    package.hashes.extend(string(entry, "integrity").into_iter().flat_map(digests));
}

/// Digests of the archive that the package comes in (W3C Subresource Integrity), of those that inventories have.
fn digests(integrity: &str) -> impl Iterator<Item = (String, String)> {
    integrity.split_whitespace().filter_map(|one| {
        let (algorithm, digest) = one.split_once('-')?;
        let (name, length) = match algorithm {
            "sha1" => ("SHA-1", 20),
            "sha256" => ("SHA-256", 32),
            "sha512" => ("SHA-512", 64),
            _ => return None,
        };
        let digest = base64::decode("integrity", digest).ok().filter(|digest| digest.len() == length)?;
        Some((name.to_owned(), hex::encode(digest)))
    })
}

#[cfg(test)]
mod tests;
