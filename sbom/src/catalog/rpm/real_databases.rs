//! The readers against real databases of all kinds, of which rpm itself has told the content.
//!
//! They come with the Go module `github.com/anchore/go-rpmdb`, whose tests hold what `rpm -qa` printed where each
//! database is from, and for some packages all that rpm knows of them. They are read where Go keeps its modules. Where
//! they can't be had the test is left out, unless `CI=true`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

const MODULE: &str = "github.com/anchore/go-rpmdb@v0.2.2";
/// Of the module's content, as `go.sum` has it.
const SUM: &str = "h1:44VC7mvFAxV9t5JUZYg3S9sqG+E94iZvyWACMDq9hSk=";

/// The folder of the module's package, downloaded if need be.
fn module() -> Option<PathBuf> {
    match download() {
        Ok(folder) => Some(folder),
        Err(why) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => panic!("{MODULE}: {why}"),
        Err(why) => {
            crate::testing::left_out(format_args!("{MODULE}: {why}"));
            None
        }
    }
}

fn download() -> Result<PathBuf, String> {
    let mut go = Command::new("go");
    go.args(["mod", "download", "-json", MODULE]).current_dir(std::env::temp_dir()).env("GOWORK", "off");
    let output = go.output().map_err(|error| error.to_string())?;
    let told: BTreeMap<String, String> = serde_json::from_slice(&output.stdout)
        .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    match (told.get("Dir"), told.get("Sum")) {
        (Some(folder), Some(sum)) if sum == SUM => Ok(Path::new(folder).join("pkg")),
        _ => Err(format!("{told:?}")),
    }
}

/// The packages of a database of the module.
fn packages(module: &Path, database: &str) -> Vec<Package> {
    let name = database.rsplit('/').next().unwrap();
    let path = format!("/var/lib/rpm/{name}");
    let file = FileName { path: &path, mode: 0o644, size: 0 };
    assert!(wants(&file), "{database}");
    let content = std::fs::read(module.join(database)).unwrap();
    let facts = look(&file, &content).unwrap_or_else(|error| panic!("{database}: {error}"));
    let package = |fact| if let Fact::Package(package) = fact { package } else { panic!("{fact:?}") };
    facts.into_iter().map(package).collect()
}

/// The quoted strings of a line of Go.
fn strings(line: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find('"') {
        let mut values = serde_json::Deserializer::from_str(&rest[start..]).into_iter::<String>();
        strings.push(values.next().unwrap().unwrap());
        rest = &rest[start + values.byte_offset()..];
    }
    strings
}

/// Lines of a Go file between two.
fn between<'a>(lines: impl Iterator<Item = &'a str>, from: &str, to: &str) -> Vec<&'a str> {
    lines.skip_while(|line| line.trim() != from).skip(1).take_while(|line| line.trim() != to).collect()
}

/// One package of `rpm -qa`, in lines as [`told`] makes them.
fn expected(line: &str) -> Option<[String; 11]> {
    let (epoch, rest) = line.trim().strip_prefix("{intRef(")?.split_once(')')?;
    let [name, version, release, arch, source, license, vendor, module, summary, md5, ..] =
        <[String; 12]>::try_from(strings(rest)).unwrap();
    Some([epoch.to_owned(), name, version, release, arch, source, license, vendor, module, summary, md5])
}

fn found(package: &Package) -> [String; 11] {
    let qualifier = |key: &str| package.qualifiers.get(key).cloned().unwrap_or_default();
    let epoch = qualifier("epoch");
    let version =
        if epoch.is_empty() { &package.version } else { package.version.split_once(':').unwrap().1 };
    let (version, release) = version.rsplit_once('-').unwrap();
    [
        epoch,
        package.name.clone(),
        version.to_owned(),
        release.to_owned(),
        qualifier("arch"),
        qualifier("upstream"),
        package.licenses.join(" "),
        package.supplier.clone().unwrap_or_default(),
        qualifier("rpmmod"),
        package.description.clone().unwrap_or_default(),
        package.hashes.get("MD5").cloned().unwrap_or_default(),
    ]
}

#[test]
fn packages_of_sixteen() {
    let Some(module) = module() else { return };
    let tests = std::fs::read_to_string(module.join("rpmdb_test.go")).unwrap();
    let lists = std::fs::read_to_string(module.join("rpmdb_testcase_test.go")).unwrap();
    let head = between(tests.lines(), "packageTests = []struct {", "func TestPackageList(t *testing.T) {");
    let mut databases = 0;
    let mut database = None;
    for line in head {
        if line.trim().starts_with("file: ") {
            database = strings(line).pop();
        } else if let Some(list) = line.trim().strip_prefix("pkgList: ") {
            let list = format!("{} = func() []*PackageInfo {{", list.trim().trim_end_matches("(),"));
            let mut expected: Vec<_> = between(lists.lines(), &list, "return toPackageInfo(pkgs)")
                .into_iter()
                .filter_map(expected)
                .collect();
            expected.retain(|package| package[1] != "gpg-pubkey");
            let database = database.take().unwrap();
            let mut found: Vec<_> = packages(&module, &database).iter().map(found).collect();
            expected.sort();
            found.sort();
            assert!(expected.len() > 30, "{database}: {}", expected.len());
            assert_eq!(found.len(), expected.len(), "{database}");
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!(found, expected, "{database}");
            }
            databases += 1;
        }
    }
    assert_eq!(databases, 16);
}

/// What the module's tests say of one package.
#[derive(Default)]
struct Told {
    database: String,
    name: String,
    homepage: String,
    provides: Vec<String>,
    requires: Vec<String>,
    files: Vec<String>,
}

fn told(tests: &str, lists: &str) -> Vec<Told> {
    let mut all = Vec::new();
    let mut one = Told::default();
    let mut lines = tests.lines().skip_while(|line| *line != "func TestRpmDB_Package(t *testing.T) {");
    while let Some(line) = lines.next() {
        let Some((key, value)) = line.trim().split_once(':') else { continue };
        let mut array = || {
            let rest = lines.by_ref().take_while(|line| line.trim() != "},");
            [value].into_iter().chain(rest).flat_map(strings).collect()
        };
        let string = || strings(value).pop().unwrap_or_default();
        match key {
            "pkgName" => one.name = string(),
            "file" => one.database = string(),
            "URL" => one.homepage = string(),
            "Provides" => one.provides = array(),
            "Requires" => one.requires = array(),
            "wantInstalledFileNames" => {
                let list = format!("{} = []string{{", value.trim().trim_end_matches(','));
                one.files = between(lists.lines(), &list, "}").into_iter().flat_map(strings).collect();
                all.push(std::mem::take(&mut one));
            }
            _ => {}
        }
    }
    all
}

#[test]
fn all_of_some_packages() {
    let Some(module) = module() else { return };
    let tests = std::fs::read_to_string(module.join("rpmdb_test.go")).unwrap();
    let lists = std::fs::read_to_string(module.join("rpmdb_testcase_test.go")).unwrap();
    let all = told(&tests, &lists);
    assert_eq!(all.len(), 6);
    for told in all {
        let packages = packages(&module, &told.database);
        let package = packages.iter().find(|package| package.name == told.name).unwrap();
        let name = format!("{} in {}", told.name, told.database);
        assert_eq!(package.homepage.as_deref().unwrap_or_default(), told.homepage, "{name}");
        assert_eq!(package.files, told.files, "{name}");
        assert!(!told.files.is_empty() && !told.requires.is_empty(), "{name}");
        assert_eq!(package.provides, distinct(told.provides), "{name}");
        let requires = told.requires.into_iter().filter(|name| !name.starts_with("rpmlib(")).collect();
        assert_eq!(package.depends, distinct(requires), "{name}");
    }
}

fn distinct(names: Vec<String>) -> Vec<String> {
    let mut distinct = Vec::new();
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct
}
