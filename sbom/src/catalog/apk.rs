//! Alpine's packages: what apk notes of them, in `lib/apk/db/installed`.
//!
//! The format is that of an apk index with files added: one paragraph for a package, lines of a letter, a colon and a
//! value; `F:` begins a folder, and the `R:` after it are its files. Letters that are not known here are passed over.

use crate::catalog::names::Budget;
use crate::catalog::{Cataloger, FileName, Reads, Unreadable};
use crate::fact::{Ecosystem, Fact, Package};
use crate::limits;

/// The database of installed packages of apk.
pub static CATALOGER: Cataloger = Cataloger { name: "apk", wants, reads: Reads::Whole(look) };

fn wants(file: &FileName<'_>) -> bool {
    matches!(file.path, "/lib/apk/db/installed" | "/usr/lib/apk/db/installed")
}

fn look(_: &FileName<'_>, content: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let text = String::from_utf8_lossy(content);
    let mut facts = Vec::new();
    let mut budget = Budget::new();
    let mut record = Record::default();
    // A last empty line ends the last package.
    for line in text.lines().chain([""]) {
        if let Some((letter, value)) = line.split_once(':') {
            record.read(letter, value.trim_end(), &mut budget)?;
        } else if line.trim().is_empty()
            && let Some(package) = std::mem::take(&mut record).package(&mut budget)?
        {
            if facts.len() >= limits::PACKAGES_PER_FILE {
                let limit = limits::PACKAGES_PER_FILE as u64;
                return Err(Unreadable::Limit { what: "the number of apk packages", limit });
            }
            facts.push(Fact::Package(package));
        }
    }
    Ok(facts)
}

/// One paragraph, as far as it was read.
#[derive(Default)]
struct Record<'a> {
    any: bool,
    name: &'a str,
    version: &'a str,
    architecture: &'a str,
    origin: &'a str,
    license: &'a str,
    maintainer: &'a str,
    url: &'a str,
    description: &'a str,
    depends: &'a str,
    provides: &'a str,
    folder: &'a str,
    files: Vec<String>,
}

impl<'a> Record<'a> {
    fn read(&mut self, letter: &str, value: &'a str, budget: &mut Budget) -> Result<(), Unreadable> {
        self.any = true;
        match letter {
            "P" => self.name = value,
            "V" => self.version = value,
            "A" => self.architecture = value,
            "o" => self.origin = value,
            "L" => self.license = value,
            "m" => self.maintainer = value,
            "U" => self.url = value,
            "T" => self.description = value,
            "D" => self.depends = value,
            "p" => self.provides = value,
            "F" => self.folder = value,
            "R" => budget.file(&mut self.files, self.folder, value)?,
            _ => {}
        }
        Ok(())
    }

    /// The package; `None` if nothing was read.
    fn package(self, budget: &mut Budget) -> Result<Option<Package>, Unreadable> {
        if !self.any {
            return Ok(None);
        }
        if self.name.is_empty() || self.version.is_empty() {
            let why = format!("a package (name {:?}) lacks its name or its version", self.name);
            return Err(Unreadable::Malformed { what: "apk database", why });
        }
        let mut package = Package::new(Ecosystem::Apk, self.name, self.version);
        if !self.architecture.is_empty() {
            package.qualifiers.insert("arch".to_owned(), self.architecture.to_owned());
        }
        if !self.origin.is_empty() && self.origin != self.name {
            package.qualifiers.insert("upstream".to_owned(), self.origin.to_owned());
        }
        let unless_empty = |value: &str| if value.is_empty() { None } else { Some(value.to_owned()) };
        package.licenses = unless_empty(self.license).into_iter().collect();
        package.supplier = unless_empty(self.maintainer);
        package.homepage = unless_empty(self.url);
        package.description = unless_empty(self.description);
        package.depends = budget.distinct(names(self.depends))?;
        package.provides = budget.distinct(names(self.provides))?;
        package.files = self.files;
        Ok(Some(package))
    }
}

/// The names in a list of dependencies, without versions (`so:libc.so.6=1`, `busybox>1.2`, `x~1`) and without those
/// that must not be there (`!x`).
fn names(dependencies: &str) -> impl Iterator<Item = &str> {
    dependencies
        .split_whitespace()
        .filter(|dependency| !dependency.starts_with('!'))
        .filter_map(|dependency| dependency.split(['=', '<', '>', '~', '@']).next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<Vec<Fact>, Unreadable> {
        look(&FileName { path: "/lib/apk/db/installed", mode: 0o644, size: 0 }, content.as_bytes())
    }

    const INSTALLED: &str = "\
C:Q1eVpkasfqZAukAXFYbgwt4xAMEOgGw=
P:musl-utils
V:1.2.4-r2
A:x86_64
S:37047
I:135168
T:the musl c library (libc) implementation
U:https://musl.libc.org/
L:MIT AND BSD-2-Clause AND GPL-2.0-or-later
o:musl
m:Timo Teräs <timo.teras@iki.fi>
t:1695650010
c:f4ff9cc8d0e5b2e0a2bd8e8a0d1a7e2c0e9a8b1d
D:scanelf so:libc.musl-x86_64.so.1 musl>=1.2 !uclibc-utils musl~1
p:cmd:getconf=1.2.4-r2 libc-utils=1
r:libiconv
F:
R:top
F:sbin
R:ldconfig
a:0:0:755
Z:Q1Kja2+POZKxEkUOZqwSjC6kmaED4=
F:usr
F:usr/bin
M:0:0:1777
R:getconf

P:tiny
V:1-r0
";

    #[test]
    fn packages() {
        let mut expected = Package::new(Ecosystem::Apk, "musl-utils", "1.2.4-r2");
        expected.qualifiers =
            [("arch", "x86_64"), ("upstream", "musl")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        expected.licenses = vec!["MIT AND BSD-2-Clause AND GPL-2.0-or-later".into()];
        expected.supplier = Some("Timo Teräs <timo.teras@iki.fi>".into());
        expected.description = Some("the musl c library (libc) implementation".into());
        expected.homepage = Some("https://musl.libc.org/".into());
        expected.depends = ["scanelf", "so:libc.musl-x86_64.so.1", "musl"].map(String::from).into();
        expected.provides = ["cmd:getconf", "libc-utils"].map(String::from).into();
        expected.files = ["/top", "/sbin/ldconfig", "/usr/bin/getconf"].map(String::from).into();
        let tiny = Package::new(Ecosystem::Apk, "tiny", "1-r0");
        assert_eq!(read(INSTALLED).unwrap(), [Fact::Package(expected), Fact::Package(tiny)]);
    }

    #[test]
    fn nothing() {
        for content in ["", "\n\n", "no letters here"] {
            assert_eq!(read(content).unwrap(), [], "{content:?}");
        }
    }

    #[test]
    fn incomplete_packages() {
        for content in ["P:x\n", "V:1\n\nP:x\nV:1\n", "P:\nV:1\n", "T:x"] {
            let error = read(content).unwrap_err();
            assert!(matches!(error, Unreadable::Malformed { what: "apk database", .. }), "{content:?}");
        }
    }

    #[test]
    fn truncated_anywhere() {
        for (end, _) in INSTALLED.char_indices() {
            let _ = read(&INSTALLED[..end]);
        }
    }

    #[test]
    fn too_much() {
        let many = "P:x\nV:1\n\n".repeat(limits::PACKAGES_PER_FILE + 1);
        assert_eq!(read(&many).unwrap_err().to_string(), "the number of apk packages is more than 100000");
        let long = format!("P:x\nV:1\nF:{}\n{}", "f".repeat(4000), "R:x\n".repeat(70_000));
        assert!(matches!(read(&long), Err(Unreadable::Limit { .. })));
    }

    #[test]
    fn paths() {
        let wanted = |path| wants(&FileName { path, mode: 0o644, size: 1 });
        assert!(wanted("/lib/apk/db/installed"));
        assert!(wanted("/usr/lib/apk/db/installed"));
        assert!(!wanted("/lib/apk/db/scripts.tar"));
    }
}
