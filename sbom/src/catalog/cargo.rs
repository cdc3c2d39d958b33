//! Rust programs that were built by cargo-auditable: the section `.dep-v0` holds the dependencies as JSON, packed by
//! zlib (github.com/rust-secure-code/cargo-auditable, PARSING.md).

use std::io::Read;

use serde::Deserialize;

use super::executable::Program;
use super::parse::{self, Packages};
use super::{Cataloger, FileName, Reads, Unreadable, executable};
use crate::fact::{Ecosystem, Fact, Package};
use crate::limits;

/// Rust programs built by cargo-auditable. What only took part in the build is left out.
pub static CATALOGER: Cataloger =
    Cataloger { name: "cargo", wants: executable::wants, reads: Reads::Program(look) };

const WHAT: &str = "cargo-auditable data";

#[derive(Deserialize)]
struct Auditable {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    dependencies: Vec<usize>,
}

/// When a package is needed. What a later version adds is no kind that runs.
#[derive(Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Runtime,
    #[serde(other)]
    Build,
}

fn look(_: &FileName<'_>, program: &Program<'_, '_>) -> Result<Vec<Fact>, Unreadable> {
    let mut found = Packages::of(WHAT);
    if let Some(section) = executable::section(program, ".dep-v0") {
        for package in packages(&unpacked(section)?)? {
            found.add(package)?;
        }
    }
    Ok(found.facts())
}

fn unpacked(section: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut json = Vec::new();
    flate2::read::ZlibDecoder::new(section)
        .take(limits::AUDITABLE_BYTES + 1)
        .read_to_end(&mut json)
        .map_err(|error| malformed(&error))?;
    if json.len() as u64 > limits::AUDITABLE_BYTES {
        return Err(Unreadable::Limit { what: WHAT, limit: limits::AUDITABLE_BYTES });
    }
    Ok(json)
}

fn packages(json: &[u8]) -> Result<Vec<Package>, Unreadable> {
    let auditable: Auditable = serde_json::from_slice(json).map_err(|error| malformed(&error))?;
    let crates = auditable.packages;
    parse::bounded(WHAT, crates.len())?;
    let runtime = |package: &&Crate| package.kind == Kind::Runtime;
    let mut edges = 0;
    let mut found = Vec::new();
    for one in
        crates.iter().filter(runtime).filter(|one| parse::is_name(&one.name) && parse::is_name(&one.version))
    {
        let mut package = Package::new(Ecosystem::Cargo, &one.name, &one.version);
        edges += one.dependencies.len();
        parse::bounded(WHAT, edges)?;
        let needed = one.dependencies.iter().filter_map(|index| crates.get(*index)).filter(runtime);
        package.depends = needed.map(|needed| needed.name.clone()).collect();
        package.depends.sort();
        package.depends.dedup();
        found.push(package);
    }
    Ok(found)
}

fn malformed(error: &dyn std::error::Error) -> Unreadable {
    Unreadable::Malformed { what: WHAT, why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;
    use crate::catalog::parse::testing::{file, lines, look as look_at, packages as shown, survives};

    /// An ELF file with the section `.dep-v0` (System V ABI: file header, contents, names, section headers).
    fn elf(content: &[u8]) -> Vec<u8> {
        let names = b"\0.dep-v0\0.shstrtab\0";
        let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
        let table = 64 + content.len() + names.len();
        for number in [0, 0, table as u64] {
            elf.extend(u64::to_le_bytes(number));
        }
        elf.extend([0, 0, 0, 0, 64, 0, 56, 0, 0, 0, 64, 0, 3, 0, 2, 0]);
        elf.extend(content);
        elf.extend(names);
        elf.extend([0; 64]);
        for (name, kind, offset, size) in
            [(1_u32, 1_u32, 64, content.len()), (9, 3, 64 + content.len(), names.len())]
        {
            elf.extend(name.to_le_bytes());
            elf.extend(kind.to_le_bytes());
            for number in [0, 0, offset as u64, size as u64, 0, 1, 0] {
                elf.extend(u64::to_le_bytes(number));
            }
        }
        elf
    }

    fn packed(json: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(json).unwrap();
        elf(&encoder.finish().unwrap())
    }

    const JSON: &[u8] = br#"{"packages":[
        {"name":"adler","version":"0.2.3","source":"registry"},
        {"name":"app","version":"0.1.0","source":"local","dependencies":[0,2,3,99],"root":true},
        {"name":"cc","version":"1.0.0","source":"crates.io","kind":"build","dependencies":[0]},
        {"name":"x","version":"1.0.0-rc.1","source":"git","kind":"runtime"},
        {"name":"y","version":"1.0.0","source":"git","kind":"development"}],"format":8}"#;

    #[test]
    fn runtime_packages() {
        let found = shown(&CATALOGER, "/bin/x", &packed(JSON));
        assert_eq!(lines(&found), ["adler 0.2.3", "app 0.1.0", "x 1.0.0-rc.1"]);
        assert_eq!(found[1].depends, ["adler", "x"]);
    }

    #[test]
    fn what_cannot_be_read() {
        for (data, expected) in [
            (packed(b"{}"), "malformed cargo-auditable data: missing field `packages` at line 1 column 2"),
            (elf(b"no zlib"), "malformed cargo-auditable data: corrupt deflate stream"),
            (packed(&vec![b' '; 20 << 20]), "cargo-auditable data is more than 16777216"),
        ] {
            let error = look_at(&CATALOGER, &file("/bin/x", data.len()), &data).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        let many = vec!["0"; limits::PACKAGES_PER_FILE + 1].join(",");
        let many = format!(r#"{{"packages":[{{"name":"a","version":"1","dependencies":[{many}]}}]}}"#);
        assert!(matches!(packages(many.as_bytes()), Err(Unreadable::Limit { .. })));
    }

    #[test]
    fn hostile() {
        survives(&CATALOGER, "/bin/x", &packed(JSON));
    }
}
