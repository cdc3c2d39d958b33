//! What several catalogers need to read texts and JSON.

use std::collections::HashSet;

use serde_json::Value;

use super::Unreadable;
use crate::fact::{Fact, Package};
use crate::limits;

/// A text file: UTF-8 with foreign bytes replaced, without a byte order mark.
///
/// # Errors
/// It passes [`limits::TEXT_BYTES`].
pub(super) fn text<'a>(what: &'static str, data: &'a [u8]) -> Result<std::borrow::Cow<'a, str>, Unreadable> {
    if data.len() as u64 > limits::TEXT_BYTES {
        return Err(Unreadable::Limit { what, limit: limits::TEXT_BYTES });
    }
    Ok(String::from_utf8_lossy(data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data)))
}

/// A JSON file.
///
/// # Errors
/// It passes [`limits::TEXT_BYTES`] or [`limits::JSON_NODES`], or is no JSON.
pub(super) fn json(what: &'static str, data: &[u8]) -> Result<Value, Unreadable> {
    let text = text(what, data)?;
    if text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() > limits::JSON_NODES {
        return Err(Unreadable::Limit { what, limit: limits::JSON_NODES as u64 });
    }
    serde_json::from_str(&text).map_err(|error| Unreadable::Malformed { what, why: error.to_string() })
}

/// Refuses more packages than [`limits::PACKAGES_PER_FILE`].
///
/// # Errors
/// There are more.
pub(super) fn bounded(what: &'static str, packages: usize) -> Result<(), Unreadable> {
    if packages > limits::PACKAGES_PER_FILE {
        return Err(Unreadable::Limit { what, limit: limits::PACKAGES_PER_FILE as u64 });
    }
    Ok(())
}

/// The packages of a file in which one may be met several times.
pub(super) struct Packages {
    what: &'static str,
    seen: HashSet<String>,
    facts: Vec<Fact>,
}

impl Packages {
    /// None yet, of this kind of file.
    pub(super) fn of(what: &'static str) -> Self {
        Self { what, seen: HashSet::new(), facts: Vec::new() }
    }

    /// Adds a package, unless one with the same name, version and content is there.
    ///
    /// # Errors
    /// There are more than [`limits::PACKAGES_PER_FILE`].
    pub(super) fn add(&mut self, package: Package) -> Result<(), Unreadable> {
        let Package { namespace, name, version, hashes, .. } = &package;
        if self.seen.insert(format!("{namespace:?}\n{name}\n{version}\n{hashes:?}")) {
            bounded(self.what, self.seen.len())?;
            self.facts.push(Fact::Package(package));
        }
        Ok(())
    }

    /// Tells that a part of the file could not be read.
    pub(super) fn incomplete(&mut self, part: &str, why: &Unreadable) {
        self.facts.push(Fact::Incomplete { part: part.to_owned(), why: why.to_string() });
    }

    /// What was added, in its order.
    pub(super) fn facts(self) -> Vec<Fact> {
        self.facts
    }
}

/// A member that is a string with something in it, trimmed.
pub(super) fn string<'a>(object: &'a Value, member: &str) -> Option<&'a str> {
    object.get(member).and_then(Value::as_str).and_then(present)
}

/// The names of an object's members.
pub(super) fn names(object: Option<&Value>) -> impl Iterator<Item = &str> {
    object.and_then(Value::as_object).into_iter().flat_map(|members| members.keys().map(String::as_str))
}

/// A text with something in it, trimmed.
pub(super) fn present(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// Bytes of the name of a package.
pub(super) const NAME_BYTES: usize = 512;

/// Whether a text can be the name of a package: short, visible, of one word.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= NAME_BYTES && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Objects take a hundred times their text, and the stack is no place for them (threat model, row 85).
    #[test]
    fn json_that_is_large_or_deep() {
        let many = format!("[{}0]", "{\"\":0},".repeat(limits::JSON_NODES));
        let limit = limits::JSON_NODES as u64;
        assert_eq!(json("x", many.as_bytes()), Err(Unreadable::Limit { what: "x", limit }));
        let deep = "[".repeat(limits::JSON_NODES);
        assert!(matches!(json("x", deep.as_bytes()), Err(Unreadable::Malformed { .. })));
    }
}

/// What tests of several catalogers need.
#[cfg(test)]
pub(super) mod testing {
    use std::io::Cursor;

    use crate::catalog::{Cataloger, FileName, Look, Reads, executable};
    use crate::fact::{Fact, Package};

    /// A file name with the mode of a program.
    pub(in crate::catalog) fn file(path: &str, size: usize) -> FileName<'_> {
        FileName { path, mode: 0o755, size: size as u64 }
    }

    /// What a cataloger says of a file.
    pub(in crate::catalog) fn look(cataloger: &Cataloger, file: &FileName<'_>, data: &[u8]) -> Look {
        match cataloger.reads {
            Reads::Whole(look) => look(file, data),
            Reads::Program(look) => {
                let mut said = Vec::new();
                executable::each(&mut Cursor::new(data), &mut |program| said.push(look(file, program)))
                    .unwrap();
                Ok(said.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
            }
        }
    }

    /// The packages that a file shows; panics where the cataloger does not want it or can't read it.
    pub(in crate::catalog) fn packages(cataloger: &Cataloger, path: &str, data: &[u8]) -> Vec<Package> {
        let name = file(path, data.len());
        assert!((cataloger.wants)(&name), "{path} is not wanted");
        look(cataloger, &name, data)
            .unwrap()
            .into_iter()
            .filter_map(|fact| match fact {
                Fact::Package(package) => Some(package),
                _ => None,
            })
            .collect()
    }

    /// `[namespace/]name version` of each.
    pub(in crate::catalog) fn lines(packages: &[Package]) -> Vec<String> {
        packages
            .iter()
            .map(|package| {
                let namespace = package.namespace.as_ref().map(|n| format!("{n}/")).unwrap_or_default();
                format!("{namespace}{} {}", package.name, package.version)
            })
            .collect()
    }

    /// Looks at every beginning of a file, and at the file with each byte of it changed.
    pub(in crate::catalog) fn survives(cataloger: &Cataloger, path: &str, data: &[u8]) {
        for end in 0..data.len() {
            let _ = look(cataloger, &file(path, end), &data[..end]);
        }
        let mut changed = data.to_vec();
        for at in 0..data.len() {
            for byte in [0, 0x22, 0xff, data[at] ^ 0x80] {
                changed[at] = byte;
                let _ = look(cataloger, &file(path, changed.len()), &changed);
            }
            changed[at] = data[at];
        }
    }
}
