//! The list of packages of images that were put together with rpm but have no database of it (Azure Linux, formerly
//! CBL-Mariner, "distroless"): `var/lib/rpmmanifest/container-manifest-2`.
//!
//! One package a line, ten fields with tabs between them, as `rpm -qa` writes them with the format `%{NAME}`,
//! `%{VERSION}-%{RELEASE}`, `%{INSTALLTIME}`, `%{BUILDTIME}`, `%{VENDOR}`, `%{EPOCH}`, `%{SIZE}`, `%{ARCH}`,
//! `%{EPOCHNUM}`, `%{SOURCERPM}`.

use super::{described, is_some, within_bounds};
use crate::catalog::{Cataloger, FileName, Reads, Unreadable};
use crate::fact::Fact;

/// The list of packages that stands for rpm's database.
pub static CATALOGER: Cataloger = Cataloger { name: "rpm-manifest", wants, reads: Reads::Whole(look) };

fn wants(file: &FileName<'_>) -> bool {
    file.path == "/var/lib/rpmmanifest/container-manifest-2"
}

fn look(_: &FileName<'_>, content: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let text = String::from_utf8_lossy(content);
    let mut facts = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split('\t').take(11).collect();
        let [name, version, _, _, vendor, epoch, _, architecture, _, source] = fields.as_slice() else {
            return Err(malformed(format!("a line of {} fields", fields.len())));
        };
        if *name == "gpg-pubkey" {
            continue;
        }
        let Some((version, release)) = version.rsplit_once('-').filter(|_| is_some(name)) else {
            return Err(malformed(format!("{name} of the version {version}")));
        };
        let owned = |value: &str| Some(value.to_owned()).filter(|value| is_some(value));
        let mut package =
            described((*name).to_owned(), version, release, owned(epoch), owned(architecture), owned(source));
        package.supplier = owned(vendor);
        facts.push(Fact::Package(package));
        within_bounds(facts.len())?;
    }
    Ok(facts)
}

fn malformed(why: String) -> Unreadable {
    Unreadable::Malformed { what: "rpm manifest", why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{Ecosystem, Package};

    fn read(content: &[u8]) -> Result<Vec<Fact>, Unreadable> {
        look(&FileName { path: "/var/lib/rpmmanifest/container-manifest-2", mode: 0o644, size: 0 }, content)
    }

    const MANIFEST: &str = "\
rel\t2.0-12.cm2\t1653816591\t1653753130\tMicrosoft Corporation\t(none)\t580\tnoarch\t0\trel-2.0-12.cm2.src.rpm
x-y\t1-2-3\t1\t1\t(none)\t4\t1\tx86_64\t4\t(none)

gpg-pubkey\t1-1\t1\t1\t(none)\t(none)\t0\t(none)\t0\t(none)
";

    #[test]
    fn packages() {
        let mut first = Package::new(Ecosystem::Rpm, "rel", "2.0-12.cm2");
        let source = ("upstream", "rel-2.0-12.cm2.src.rpm");
        first.qualifiers = [("arch", "noarch"), source].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        first.supplier = Some("Microsoft Corporation".into());
        let mut second = Package::new(Ecosystem::Rpm, "x-y", "4:1-2-3");
        second.qualifiers =
            [("arch", "x86_64"), ("epoch", "4")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        assert_eq!(read(MANIFEST.as_bytes()).unwrap(), [Fact::Package(first), Fact::Package(second)]);
    }

    #[test]
    fn lines_that_are_wrong() {
        let cases = [
            ("x", "a line of 1 fields"),
            ("x\t1-1\t1\t1\tv\t0\t1\ta\t0", "a line of 9 fields"),
            ("x\t1-1\t1\t1\tv\t0\t1\ta\t0\ts\tmore\tmore", "a line of 11 fields"),
            ("x\t1\t1\t1\tv\t0\t1\ta\t0\ts", "x of the version 1"),
            ("\t1-1\t1\t1\tv\t0\t1\ta\t0\ts", " of the version 1-1"),
        ];
        for (line, expected) in cases {
            let error = read(line.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), format!("malformed rpm manifest: {expected}"));
        }
    }

    #[test]
    fn truncated_anywhere() {
        for end in 0..MANIFEST.len() {
            let _ = read(&MANIFEST.as_bytes()[..end]);
        }
    }
}
