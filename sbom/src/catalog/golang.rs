//! What Go's linker says of a program: its module, the modules built in, and the version of Go (`go version -m`).
//!
//! The block begins with a magic number at an address divisible by 16 (debug/buildinfo). Before Go 1.18 it holds the
//! addresses of two strings, since then the strings themselves.

use super::executable::Program;
use super::parse::{self, Packages, present};
use super::{Cataloger, FileName, Reads, Unreadable, executable};
use crate::fact::{Ecosystem, Fact, Package};

/// Programs built by Go. The name of a package is the whole path of its module; an empty version is one that the
/// program does not tell.
pub static CATALOGER: Cataloger =
    Cataloger { name: "golang", wants: executable::wants, reads: Reads::Program(look) };

const MAGIC: &[u8] = b"\xff Go buildinf:";
const HEADER_BYTES: usize = 32;
const WHAT: &str = "Go build information";

fn look(file: &FileName<'_>, program: &Program<'_, '_>) -> Result<Vec<Fact>, Unreadable> {
    let mut found = Packages::of(WHAT);
    if let Some((version, modules)) = build_info(file, program)? {
        for package in packages(&version, &modules)? {
            found.add(package)?;
        }
    }
    Ok(found.facts())
}

/// The version of Go and the text of the modules.
fn build_info(
    file: &FileName<'_>,
    program: &Program<'_, '_>,
) -> Result<Option<(String, String)>, Unreadable> {
    let named = [".go.buildinfo", "__go_buildinfo"];
    let mut sections = named.into_iter().filter_map(|name| executable::section(program, name));
    let block = match sections.find_map(block) {
        Some(block) => Some(block),
        None => executable::writable(file, program)?.into_iter().find_map(block),
    };
    Ok(block.and_then(|block| of_block(program, block)))
}

fn of_block(program: &Program<'_, '_>, block: &[u8]) -> Option<(String, String)> {
    let flags = *block.get(15)?;
    let (version, modules) = if flags & 2 == 0 {
        by_address(program, block, flags & 1 != 0)?
    } else {
        let (version, rest) = prefixed(block.get(HEADER_BYTES..)?)?;
        (version, prefixed(rest).map_or(&[][..], |(modules, _)| modules))
    };
    Some((
        String::from_utf8_lossy(version).into_owned(),
        String::from_utf8_lossy(between_marks(modules)).into_owned(),
    ))
}

/// The block, from its magic number on.
fn block(data: &[u8]) -> Option<&[u8]> {
    let at = data.chunks_exact(16).position(|chunk| chunk.starts_with(MAGIC))?;
    data.get(at * 16..)
}

/// A string behind its length (a varint of encoding/binary), and what follows.
fn prefixed(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0_u64;
    for (at, byte) in data.iter().enumerate().take(9) {
        length |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return data.get(at + 1..)?.split_at_checked(usize::try_from(length).ok()?);
        }
    }
    None
}

/// The strings whose addresses the block holds.
fn by_address<'data>(
    program: &Program<'data, '_>,
    block: &[u8],
    big_endian: bool,
) -> Option<(&'data [u8], &'data [u8])> {
    let width = usize::from(*block.get(14)?);
    let number = |bytes: &[u8]| match (width, big_endian) {
        (4, false) => bytes.try_into().ok().map(u32::from_le_bytes).map(u64::from),
        (4, true) => bytes.try_into().ok().map(u32::from_be_bytes).map(u64::from),
        (8, false) => bytes.try_into().ok().map(u64::from_le_bytes),
        (8, true) => bytes.try_into().ok().map(u64::from_be_bytes),
        _ => None,
    };
    let string = |at: usize| {
        let header = number(block.get(at..at + width)?)?;
        let header = executable::at_address(program, header, 2 * width as u64)?;
        let (address, length) = header.split_at_checked(width)?;
        executable::at_address(program, number(address)?, number(length)?)
    };
    Some((string(16)?, string(16 + width).unwrap_or_default()))
}

/// The linker puts 16 bytes before the modules and 16 after, so that they can be found in a core dump.
fn between_marks(modules: &[u8]) -> &[u8] {
    match modules.len().checked_sub(17) {
        Some(end) if end >= 16 && modules[end] == b'\n' => &modules[16..end],
        _ => &[],
    }
}

/// A line `mod`, `dep` or `=>`.
struct Module {
    path: String,
    version: String,
}

fn packages(go: &str, text: &str) -> Result<Vec<Package>, Unreadable> {
    let mut modules: Vec<Module> = Vec::new();
    let mut has_main = false;
    for line in text.lines() {
        let mut parts = line.split('\t');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(kind @ ("mod" | "dep")), Some(path), version) => {
                has_main |= kind == "mod";
                modules
                    .push(Module { path: path.to_owned(), version: version.unwrap_or_default().to_owned() });
            }
            (Some("=>"), Some(path), version) => {
                if let Some(module) = modules.last_mut() {
                    replace(module, path, version.unwrap_or_default());
                }
            }
            _ => {}
        }
        parse::bounded(WHAT, modules.len())?;
    }
    if let (true, Some(main)) = (has_main, modules.first_mut()) {
        main.version = main_version(main, text);
    }
    let mut packages: Vec<Package> = modules
        .into_iter()
        .filter(|module| parse::is_name(&module.path))
        .map(|module| {
            let version = if module.version == "(devel)" { "" } else { &module.version };
            Package::new(Ecosystem::Golang, module.path, version)
        })
        .collect();
    packages.extend(standard_library(go));
    if has_main && let Some((main, others)) = packages.split_first_mut() {
        main.depends = others.iter().map(|package| package.name.clone()).collect();
        main.depends.sort();
        main.depends.dedup();
    }
    Ok(packages)
}

/// What was built in the place of a module. Where that is a folder it keeps its name, but no release of it is there.
fn replace(module: &mut Module, path: &str, version: &str) {
    if !path.starts_with(['.', '/']) && !version.is_empty() {
        path.clone_into(&mut module.path);
    }
    version.clone_into(&mut module.version);
}

/// A program built from a work tree has the version `(devel)`. Its makers may have set a variable to the version, and
/// Go may tell of the commit: since 1.24 it writes that as a pseudo-version itself (go.dev/ref/mod).
fn main_version(module: &Module, text: &str) -> String {
    if module.version != "(devel)" && !module.version.is_empty() {
        return module.version.clone();
    }
    let setting = |name: &str| {
        text.lines()
            .filter_map(|line| line.strip_prefix("build\t")?.split_once('='))
            .find_map(|(key, value)| (key == name).then(|| value.trim_matches('"')))
    };
    if let Some(version) = setting("-ldflags").and_then(|flags| version_of_flags(flags, &module.path)) {
        return version;
    }
    let Some(revision) = setting("vcs.revision").and_then(present) else { return String::new() };
    let time = setting("vcs.time").unwrap_or_default().chars().filter(char::is_ascii_digit);
    let (time, revision): (String, String) = (time.take(14).collect(), revision.chars().take(12).collect());
    let dirty = if setting("vcs.modified") == Some("true") { "+dirty" } else { "" };
    if time.len() == 14 { format!("v0.0.0-{time}-{revision}{dirty}") } else { format!("{revision}{dirty}") }
}

/// `-X main.version=1.2.3`, or of another variable `version` of the module; two that differ tell nothing.
fn version_of_flags(flags: &str, module: &str) -> Option<String> {
    let mut found: Option<&str> = None;
    for word in flags.split_whitespace().map(|word| word.trim_matches(['\'', '"', '\\'])) {
        let Some((variable, value)) = word.strip_prefix("-X=").unwrap_or(word).split_once('=') else {
            continue;
        };
        let Some((package, name)) = variable.rsplit_once('.') else { continue };
        let is_own =
            package == "main" || package.strip_prefix(module).is_some_and(|rest| rest.starts_with('/'));
        let numbers = value.strip_prefix('v').unwrap_or(value);
        if !is_own
            || !name.eq_ignore_ascii_case("version")
            || !numbers.starts_with(|c: char| c.is_ascii_digit())
        {
            continue;
        }
        if found.is_some_and(|other| other != numbers) {
            return None;
        }
        found = Some(numbers);
    }
    found.map(|numbers| format!("v{numbers}"))
}

/// `go1.22.1`, `go1.22.1 X:boringcrypto`, `devel go1.23-0123456 Mon Jan...`.
fn standard_library(go: &str) -> Option<Package> {
    let version = go.split_whitespace().find_map(|word| word.strip_prefix("go"))?;
    parse::is_name(version).then(|| Package::new(Ecosystem::Golang, "stdlib", version))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::catalog::parse::testing::{file, lines, look as look_at, packages as shown, survives};

    /// An ELF file with one writable segment, which holds these bytes at this address.
    fn elf(address: u64, content: &[u8]) -> Vec<u8> {
        let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
        for number in [address, 64, 0] {
            elf.extend(number.to_le_bytes());
        }
        elf.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        elf.extend([1, 0, 0, 0, 6, 0, 0, 0]);
        for number in [128, address, address, content.len() as u64, content.len() as u64, 16] {
            elf.extend(u64::to_le_bytes(number));
        }
        elf.resize(128, 0);
        elf.extend(content);
        elf
    }

    fn marked(modules: &str) -> Vec<u8> {
        [&[b'<'; 16][..], modules.as_bytes(), &[b'>'; 16]].concat()
    }

    fn inline(version: &str, modules: &str) -> Vec<u8> {
        let modules = marked(modules);
        let mut block = [&[0; 16][..], MAGIC, &[8, 2], &[0; 16]].concat();
        block.push(u8::try_from(version.len()).unwrap());
        block.extend(version.bytes());
        block.extend([(modules.len() & 0x7f) as u8 | 0x80, u8::try_from(modules.len() >> 7).unwrap()]);
        block.extend(modules);
        elf(0x1000, &block)
    }

    fn pointers(version: &str, modules: &str) -> Vec<u8> {
        let modules = marked(modules);
        let mut block = [MAGIC, &[8, 0]].concat();
        let words = [
            0x1020,
            0x1030,
            0x1040,
            version.len() as u64,
            0x1040 + version.len() as u64,
            modules.len() as u64,
        ];
        words.iter().for_each(|word| block.extend(word.to_le_bytes()));
        block.extend(version.bytes());
        block.extend(modules);
        elf(0x1000, &block)
    }

    const MODULES: &str = "path\texample.org/x/cmd/x\nmod\texample.org/x\tv1.2.3\th1:abc=\n\
                           dep\tgithub.com/a/b\tv0.1.0\n=>\tgithub.com/c/b\tv0.2.0\th1:x=\n\
                           dep\tgithub.com/l/ocal\tv1.0.0\n=>\t./local\t(devel)\t\n\
                           dep\tgopkg.in/yaml.v3\tv3.0.1\th1:y=\nbuild\t-compiler=gc\n";

    #[test]
    fn both_forms() {
        for program in [inline("go1.22.1", MODULES), pointers("go1.22.1", MODULES)] {
            let found = shown(&CATALOGER, "/bin/x", &program);
            assert_eq!(
                lines(&found),
                [
                    "example.org/x v1.2.3",
                    "github.com/c/b v0.2.0",
                    "github.com/l/ocal ",
                    "gopkg.in/yaml.v3 v3.0.1",
                    "stdlib 1.22.1"
                ]
            );
            assert_eq!(
                found[0].depends,
                ["github.com/c/b", "github.com/l/ocal", "gopkg.in/yaml.v3", "stdlib"]
            );
        }
    }

    /// A Mach-O file for several processors (mach-o/fat.h) of which one is built from another version.
    #[test]
    fn several_programs() {
        let programs = [inline("go1.22.1", MODULES), inline("go1.22.2", "mod\texample.org/x\tv1.2.3\n")];
        let mut universal = [0xcafe_babe_u32, 2].map(u32::to_be_bytes).concat();
        let mut offset = 48;
        for program in &programs {
            let arch = [0x0100_0007, 3, offset, program.len() as u32, 0];
            universal.extend(arch.map(u32::to_be_bytes).concat());
            offset += program.len() as u32;
        }
        universal.extend(programs.concat());
        let found = lines(&shown(&CATALOGER, "/bin/x", &universal));
        assert_eq!(found.len(), 7, "{found:?}");
        assert_eq!([&found[4], &found[6]], ["stdlib 1.22.1", "stdlib 1.22.2"]);
        survives(&CATALOGER, "/bin/x", &universal);
    }

    #[test]
    fn versions_of_main() {
        let commit = "build\tvcs.revision=0123456789abcdef0123\n";
        for (version, settings, expected) in [
            ("v1.0.0", commit, "v1.0.0"),
            ("(devel)", "", ""),
            ("(devel)", commit, "0123456789ab"),
            (
                "(devel)",
                &format!("{commit}build\tvcs.time=2024-02-03T04:05:06Z\n"),
                "v0.0.0-20240203040506-0123456789ab",
            ),
            ("(devel)", &format!("{commit}build\t-ldflags=\"-s -X main.version=1.2.3\"\n"), "v1.2.3"),
            ("(devel)", "build\t-ldflags=\"-X=x.org/x/build.Version=v4.5\"\n", "v4.5"),
            ("(devel)", "build\t-ldflags=\"-X 'x.org/x/a.version=1.0' -X main.version=2.0\"\n", ""),
            ("(devel)", "build\t-ldflags=\"-X x.org/xy/a.version=1.0 -X main.version=dev\"\n", ""),
            ("v1.0.0", "build\t-ldflags=\"-X main.version=2.0\"\n", "v1.0.0"),
            ("(devel)", &format!("{commit}build\tvcs.modified=true\n"), "0123456789ab+dirty"),
        ] {
            let program = inline("go1.22.1", &format!("mod\tx.org/x\t{version}\t\n{settings}"));
            assert_eq!(shown(&CATALOGER, "/bin/x", &program)[0].version, expected, "{version} {settings}");
        }
    }

    #[test]
    fn versions_of_go() {
        for (version, expected) in [
            ("go1.22.1", Some("1.22.1")),
            ("go1.21.0 X:boringcrypto", Some("1.21.0")),
            ("devel go1.23-01ab Mon Jan 1", Some("1.23-01ab")),
            ("go", None),
            ("", None),
        ] {
            assert_eq!(
                standard_library(version).map(|package| package.version).as_deref(),
                expected,
                "{version}"
            );
        }
    }

    #[test]
    fn what_shows_nothing() {
        for data in [&b"#!/bin/sh\n"[..], b"", b"\x7fELF", MAGIC, &elf(0, b"\xff Go buildinf:")] {
            assert_eq!(look_at(&CATALOGER, &file("/bin/x", data.len()), data), Ok(Vec::new()));
        }
    }

    #[test]
    fn hostile() {
        survives(&CATALOGER, "/bin/x", &inline("go1.22.1", MODULES));
        survives(&CATALOGER, "/bin/x", &pointers("go1.22.1", MODULES));
        let many = "dep\ta.b/c\tv1\n".repeat(crate::limits::PACKAGES_PER_FILE + 1);
        assert!(matches!(packages("go1.2", &many), Err(Unreadable::Limit { .. })));
    }

    /// The same modules as `go version -m` tells of programs that Go builds here, for each form of executable.
    #[test]
    fn as_go_tells() {
        if !Command::new("go").arg("version").output().is_ok_and(|output| output.status.success()) {
            crate::testing::left_out("go");
            return;
        }
        let folder = std::env::temp_dir().join(format!("countersign-golang-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("dep")).unwrap();
        for (name, text) in [
            (
                "go.mod",
                "module example.org/main\ngo 1.18\nrequire example.org/dep v1.0.0\nreplace example.org/dep => ./dep\n",
            ),
            ("main.go", "package main\nimport \"example.org/dep\"\nfunc main() { println(dep.X) }\n"),
            ("dep/go.mod", "module example.org/dep\ngo 1.18\n"),
            ("dep/dep.go", "package dep\nvar X = 1\n"),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        for system in ["linux", "windows", "darwin"] {
            let program = folder.join(system);
            let built = Command::new("go")
                .args(["build", "-ldflags=-s -w", "-o"])
                .arg(&program)
                .env("GOOS", system)
                .env("CGO_ENABLED", "0")
                .env("GOFLAGS", "-mod=mod")
                .current_dir(&folder)
                .status();
            if !built.is_ok_and(|status| status.success()) {
                crate::testing::left_out(format_args!("go for {system}"));
                continue;
            }
            compare(&program);
        }
        std::fs::remove_dir_all(folder).unwrap();
        if let Some(gofmt) =
            ["/usr/local/go/bin/gofmt", "/usr/lib/go/bin/gofmt"].iter().find(|p| Path::new(p).exists())
        {
            compare(Path::new(gofmt));
        }
    }

    fn compare(program: &Path) {
        let told = Command::new("go").args(["version", "-m"]).arg(program).output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        let mut expected = BTreeSet::new();
        let (_, go) = told.lines().next().unwrap().rsplit_once(": go").unwrap();
        expected.insert(format!("stdlib {go}"));
        for line in told.lines() {
            if let [kind @ ("mod" | "dep"), path, version, ..] =
                line.trim_start().split('\t').collect::<Vec<_>>()[..]
            {
                let version = if kind == "mod" && version != "(devel)" { version } else { "" };
                expected.insert(format!("{path} {version}"));
            }
        }
        let data = std::fs::read(program).unwrap();
        for end in (0..data.len()).step_by(data.len() / 64 + 1) {
            let _ = look_at(&CATALOGER, &file("/bin/x", end), &data[..end]);
        }
        let found: BTreeSet<String> = lines(&shown(&CATALOGER, "/bin/x", &data)).into_iter().collect();
        assert_eq!(found, expected, "{}\n{told}", program.display());
    }
}
