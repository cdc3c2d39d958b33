//! Java archives: jar, war, ear, and those within them.
//!
//! What Maven built says what it is in `META-INF/maven/GROUP/ARTIFACT/pom.properties`: several of them, where a jar has
//! others copied into it. Else the manifest tells (JAR File Specification; OSGi's headers), or the file's name.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::parse::{self, Packages, present};
use super::zip::{self, Budget};
use super::{Cataloger, FileName, Reads, Unreadable};
use crate::fact::{Ecosystem, Fact, Package};
use crate::limits;

/// Java archives.
pub static CATALOGER: Cataloger = Cataloger { name: "java", wants, reads: Reads::Whole(look) };

const ENDS: &[&str] = &[".jar", ".war", ".ear", ".rar", ".sar", ".par", ".kar", ".hpi", ".jpi", ".lpkg"];

fn is_archive(name: &str) -> bool {
    name.len() > 4 && ENDS.iter().any(|end| name.to_ascii_lowercase().ends_with(end))
}

fn wants(file: &FileName<'_>) -> bool {
    is_archive(file.name())
}

fn look(file: &FileName<'_>, data: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let mut found = Packages::of("Java archive");
    // Other programs use these endings as well (RAR archives).
    if zip::is_zip(data) {
        archive(file.name(), data, 0, &mut Budget::new(), &mut found)?;
    }
    Ok(found.facts())
}

fn archive(
    name: &str,
    data: &[u8],
    depth: usize,
    budget: &mut Budget,
    found: &mut Packages,
) -> Result<(), Unreadable> {
    if depth > limits::ARCHIVE_DEPTH {
        return Err(Unreadable::Limit { what: "archives in archives", limit: limits::ARCHIVE_DEPTH as u64 });
    }
    let entries =
        zip::entries(data, |name| is_manifest(name) || is_properties(name) || is_archive(name), budget)?;
    let (mut poms, mut manifest) = (Vec::new(), BTreeMap::new());
    for entry in entries.iter().filter(|entry| !is_archive(&entry.name)) {
        let content = match zip::read(data, entry, limits::ARCHIVE_TEXT_BYTES, budget) {
            Ok(content) => content,
            Err(why) => {
                found.incomplete(&entry.name, &why);
                continue;
            }
        };
        let text = String::from_utf8_lossy(&content);
        if is_properties(&entry.name) {
            poms.extend(Artifact::of_properties(&text));
        } else {
            manifest = main_section(&text);
        }
    }
    for package in packages(name, poms, &manifest, data) {
        found.add(package)?;
    }
    for entry in entries.iter().filter(|entry| is_archive(&entry.name)) {
        let part = entry.name.rsplit('/').next().unwrap_or(&entry.name);
        let inner = zip::read(data, entry, limits::FILE_BYTES, budget)
            .and_then(|inner| archive(part, &inner, depth + 1, budget, found));
        if let Err(why) = inner {
            found.incomplete(&entry.name, &why);
        }
        if budget.is_spent() {
            break;
        }
    }
    Ok(())
}

fn is_manifest(name: &str) -> bool {
    name.eq_ignore_ascii_case("META-INF/MANIFEST.MF")
}

fn is_properties(name: &str) -> bool {
    name.starts_with("META-INF/maven/") && name.ends_with("/pom.properties")
}

/// Maven's coordinates.
#[derive(Clone, Debug, PartialEq)]
struct Artifact {
    group: String,
    name: String,
    version: String,
}

impl Artifact {
    /// Of a pom.properties that says all three, and without a placeholder that nobody filled in.
    fn of_properties(text: &str) -> Option<Self> {
        let property = |key: &str| {
            text.lines()
                .filter_map(|line| line.split_once(['=', ':']))
                .find(|(name, _)| name.trim() == key)
                .map(|(_, value)| value.trim())
                .filter(|value| parse::is_name(value) && !value.contains("${"))
                .map(str::to_owned)
        };
        Some(Self {
            group: property("groupId")?,
            name: property("artifactId")?,
            version: property("version")?,
        })
    }

    fn package(self) -> Package {
        let mut package = Package::new(Ecosystem::Maven, self.name, self.version);
        package.namespace = present(&self.group).map(str::to_owned);
        package
    }
}

/// The archive's own package, if it can be told, and those that were copied into it.
fn packages(
    file: &str,
    mut poms: Vec<Artifact>,
    manifest: &BTreeMap<String, String>,
    data: &[u8],
) -> Vec<Package> {
    let (stem, version) = name_and_version(file);
    let told = of_manifest(stem, version, manifest);
    let own = match (poms.iter().position(|pom| pom.name == stem), &told) {
        (Some(at), _) => Some(poms.swap_remove(at)),
        // Renamed, if nothing speaks against it: some jars hold only what tells of a jar that was copied into them.
        (None, told)
            if poms.len() == 1 && told.as_ref().is_none_or(|told| is_same_release(told, &poms[0])) =>
        {
            poms.pop()
        }
        _ => told,
    };
    let own = own.map(|artifact| {
        let mut package = artifact.package();
        package.hashes.insert("SHA-1".into(), hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, data)));
        let header = |names: &[&str]| names.iter().find_map(|name| manifest.get(*name)).cloned();
        package.supplier = header(&["Implementation-Vendor", "Bundle-Vendor", "Specification-Vendor"]);
        package.homepage = header(&["Bundle-DocURL", "Implementation-URL"]);
        package.licenses = manifest.get("Bundle-License").map(|value| licenses(value)).unwrap_or_default();
        package
    });
    own.into_iter().chain(poms.into_iter().map(Artifact::package)).collect()
}

/// The headers of a manifest before its first empty line. A line that begins with a space continues the one before.
fn main_section(text: &str) -> BTreeMap<String, String> {
    let mut headers: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        if line.is_empty() {
            break;
        }
        if let Some(more) = line.strip_prefix(' ') {
            if let Some((_, value)) = headers.last_mut() {
                value.push_str(more);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name, value.trim_start().to_owned()));
        }
    }
    headers
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), present(&value)?.to_owned())))
        .collect()
}

/// What the file's name and the manifest tell. A name with a version is that of a repository, and comes first: titles
/// are often prose, and the versions of bundles are bent to OSGi's form.
fn of_manifest(stem: &str, version: Option<&str>, manifest: &BTreeMap<String, String>) -> Option<Artifact> {
    let header = |name: &str| manifest.get(name).map(String::as_str).filter(|value| parse::is_name(value));
    let bundle = header("Bundle-SymbolicName").and_then(|value| value.split(';').next());
    let named = version.map(|_| stem);
    let name = named.or_else(|| header("Implementation-Title")).unwrap_or(stem);
    let version = version
        .or_else(|| header("Implementation-Version"))
        .or_else(|| header("Bundle-Version"))
        .or_else(|| header("Specification-Version"))?;
    let group = header("Implementation-Vendor-Id")
        .or_else(|| bundle.map(|bundle| group_of_bundle(bundle, name)))
        .unwrap_or_default();
    parse::is_name(name).then(|| Artifact {
        group: group.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
    })
}

/// `org.apache.commons.lang3` of `commons-lang3` is the group `org.apache.commons`. Groups are names of domains turned
/// around: `org.opentest4j` of `opentest4j` is one whole, since nobody has the domain `org`.
fn group_of_bundle<'a>(bundle: &'a str, name: &str) -> &'a str {
    match bundle.rsplit_once('.') {
        Some((group, last)) if name.contains(last) && (name != last || group.contains('.')) => group,
        None if bundle == name => "",
        _ => bundle,
    }
}

/// Whether versions have the same numbers: OSGi writes `31.1-jre` as `31.1.0.jre`.
fn is_same_release(one: &Artifact, other: &Artifact) -> bool {
    let numbers = |version: &str| {
        let mut numbers: Vec<String> = version
            .split(|c: char| !c.is_ascii_alphanumeric())
            .map_while(|part| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.to_owned()))
            .collect();
        while numbers.last().is_some_and(|number| number == "0") {
            numbers.pop();
        }
        numbers
    };
    numbers(&one.version) == numbers(&other.version)
}

/// `"Apache-2.0";link="https://...",MIT`; a URL stays as it is.
fn licenses(header: &str) -> Vec<String> {
    header
        .split(',')
        .filter_map(|license| license.split(';').next())
        .filter_map(|license| present(license.trim().trim_matches('"')))
        .filter(|license| *license != "<<EXTERNAL>>")
        .map(str::to_owned)
        .collect()
}

/// `NAME-VERSION.jar` (Maven) or `NAME_VERSION.jar` (OSGi): a version begins with a digit, and its further parts are
/// words that versions have, so that `log4j-1.2-api-2.17.1` is the version 2.17.1 of `log4j-1.2-api`.
fn name_and_version(file: &str) -> (&str, Option<&str>) {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    // Each part is looked at once for each before it.
    if stem.len() > parse::NAME_BYTES {
        return (stem, None);
    }
    let mut last = None;
    let separator = if stem.contains('-') { '-' } else { '_' };
    for (at, _) in stem.match_indices(separator).filter(|(at, _)| *at > 0) {
        let rest = &stem[at + 1..];
        if !rest.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        if rest.split(separator).all(is_version_part) {
            return (&stem[..at], Some(rest));
        }
        // A classifier follows: `epoll-4.1.0-linux-x86_64`.
        last = Some((&stem[..at], rest.split(separator).next()));
    }
    last.unwrap_or((stem, None))
}

fn is_version_part(part: &str) -> bool {
    const WORDS: &[&str] = &[
        "alpha",
        "android",
        "b",
        "beta",
        "build",
        "cr",
        "dev",
        "final",
        "ga",
        "incubating",
        "jre",
        "m",
        "patch",
        "pre",
        "preview",
        "r",
        "rc",
        "redhat",
        "release",
        "snapshot",
        "sp",
        "v",
    ];
    let word: String = part.chars().take_while(char::is_ascii_alphabetic).collect();
    part.starts_with(|c: char| c.is_ascii_digit())
        || (WORDS.contains(&word.to_ascii_lowercase().as_str())
            && part[word.len()..].chars().all(|c| c.is_ascii_digit() || c == '.'))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::zip::testing::archive as zipped;
    use super::*;
    use crate::catalog::parse::testing::{file, lines, packages as shown, survives};

    const POM: &[u8] = b"#Generated by Maven\r\nversion=3.12.0\r\ngroupId=org.apache.commons\r\nartifactId=commons-lang3\r\n";
    const OTHER: &[u8] = b"version=1\ngroupId=g\nartifactId=other\n";
    const POM_PATH: &str = "META-INF/maven/org.apache.commons/commons-lang3/pom.properties";

    #[test]
    fn files() {
        for (path, wanted) in
            [("/a/x.jar", true), ("/a/X.WAR", true), ("/a/.jar", false), ("/a/x.zip", false)]
        {
            assert_eq!(wants(&file(path, 1)), wanted, "{path}");
        }
    }

    #[test]
    fn by_pom_properties() {
        let manifest = b"Manifest-Version: 1.0\r\nBundle-License: \"Apache-2.0\";link=\"https://a\"\r\n\
                         Implementation-Vendor: The Apache Software Foun\r\n dation\r\n\r\nName: x\r\nBundle-DocURL: no\r\n";
        let jar = zipped(&[("META-INF/MANIFEST.MF", manifest), (POM_PATH, POM)]);
        let mut expected = Package::new(Ecosystem::Maven, "commons-lang3", "3.12.0");
        expected.namespace = Some("org.apache.commons".into());
        expected.supplier = Some("The Apache Software Foundation".into());
        expected.licenses = vec!["Apache-2.0".into()];
        expected.hashes.insert("SHA-1".into(), hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &jar)));
        assert_eq!(shown(&CATALOGER, "/x/renamed.jar", &jar), [expected]);
    }

    #[test]
    fn copied_into_another() {
        let jar = zipped(&[(POM_PATH, POM), ("META-INF/maven/g/other/pom.properties", OTHER)]);
        for (name, own) in [("commons-lang3-3.12.0.jar", 1), ("all.jar", 0)] {
            let found = shown(&CATALOGER, &format!("/x/{name}"), &jar);
            assert_eq!(lines(&found), ["org.apache.commons/commons-lang3 3.12.0", "g/other 1"]);
            assert_eq!(found.iter().filter(|package| !package.hashes.is_empty()).count(), own, "{name}");
        }
    }

    #[test]
    fn by_manifest_or_name() {
        for (name, manifest, expected) in [
            (
                "x.jar",
                "Implementation-Title: slf4j-api\nImplementation-Version: 1.7.32",
                vec!["slf4j-api 1.7.32"],
            ),
            ("x.jar", "Implementation-Title: Apache X\nImplementation-Version: 1", vec!["x 1"]),
            (
                "jetty-util.jar",
                "Bundle-SymbolicName: org.eclipse.jetty.util;singleton:=true\nBundle-Version: 9.4.1",
                vec!["org.eclipse.jetty/jetty-util 9.4.1"],
            ),
            (
                "opentest4j-1.3.0.jar",
                "Bundle-SymbolicName: org.opentest4j\nBundle-Version: 1.3.0",
                vec!["org.opentest4j/opentest4j 1.3.0"],
            ),
            ("a-1.0.jar", "Implementation-Title: b\nImplementation-Vendor-Id: org.a", vec!["org.a/a 1.0"]),
            ("a-1.0.jar", "", vec!["a 1.0"]),
            ("a.jar", "Specification-Version: 3", vec!["a 3"]),
            ("a.jar", "Implementation-Title: a", vec![]),
            ("a.jar", "Implementation-Version: ${project version}", vec![]),
        ] {
            let jar = zipped(&[("META-INF/MANIFEST.MF", manifest.as_bytes())]);
            assert_eq!(lines(&shown(&CATALOGER, &format!("/x/{name}"), &jar)), expected, "{name} {manifest}");
        }
    }

    #[test]
    fn names_of_files() {
        for (name, expected) in [
            ("commons-lang3-3.12.0.jar", ("commons-lang3", Some("3.12.0"))),
            ("guava-31.1-jre.jar", ("guava", Some("31.1-jre"))),
            ("log4j-1.2-api-2.17.1.jar", ("log4j-1.2-api", Some("2.17.1"))),
            ("spring-core-6.0.0-RC1.jar", ("spring-core", Some("6.0.0-RC1"))),
            ("x-1.0-SNAPSHOT.jar", ("x", Some("1.0-SNAPSHOT"))),
            ("x-1.0-20230101.123456-1.jar", ("x", Some("1.0-20230101.123456-1"))),
            ("org.eclipse.core_3.7.0.v20110101.jar", ("org.eclipse.core", Some("3.7.0.v20110101"))),
            ("netty-epoll-4.1.0.Final-linux-x86_64.jar", ("netty-epoll", Some("4.1.0.Final"))),
            ("log4j.jar", ("log4j", None)),
            ("é-é.jar", ("é-é", None)),
            ("-1.jar", ("-1", None)),
        ] {
            assert_eq!(name_and_version(name), expected, "{name}");
        }
    }

    #[test]
    fn within_one_another() {
        let jar = zipped(&[(POM_PATH, POM)]);
        let war = zipped(&[
            ("WEB-INF/lib/commons-lang3.jar", &jar),
            ("WEB-INF/lib/b-2.0.jar", &zipped(&[])),
            ("WEB-INF/lib/broken-1.0.jar", b"PK\x03\x04"),
        ]);
        let ear = zipped(&[("x.war", &war)]);
        assert_eq!(
            lines(&shown(&CATALOGER, "/x.ear", &ear)),
            ["org.apache.commons/commons-lang3 3.12.0", "b 2.0"]
        );
        let facts = look(&file("/x.ear", 1), &ear).unwrap();
        let broken = Fact::Incomplete {
            part: "WEB-INF/lib/broken-1.0.jar".into(),
            why: "malformed zip archive: no central directory".into(),
        };
        assert!(facts.contains(&broken), "{facts:?}");
    }

    #[test]
    fn too_deep() {
        let mut jar = zipped(&[(POM_PATH, POM)]);
        for _ in 0..=limits::ARCHIVE_DEPTH {
            jar = zipped(&[("x.jar", &jar)]);
        }
        assert_eq!(
            look(&file("/x.jar", 1), &jar),
            Ok(vec![Fact::Incomplete {
                part: "x.jar".into(),
                why: "archives in archives is more than 4".into()
            }])
        );
    }

    #[test]
    fn hostile() {
        let jar = zipped(&[("META-INF/MANIFEST.MF", b"A: b\n c\n"), (POM_PATH, POM)]);
        survives(&CATALOGER, "/x/x-1.jar", &zipped(&[("a.jar", &jar)]));
        assert_eq!(look(&file("/x.rar", 1), b"Rar!\x1a\x07\x01\x00"), Ok(Vec::new()));
        let bomb = zipped(&[("META-INF/MANIFEST.MF", &vec![b' '; 3 << 20])]);
        let why = "compression ratio of an archive is more than 200".into();
        let expected = Fact::Incomplete { part: "META-INF/MANIFEST.MF".into(), why };
        assert_eq!(look(&file("/x.jar", 1), &bomb), Ok(vec![expected]));
    }

    /// Debian links each jar of Maven's to its place in a repository: `GROUP/ARTIFACT/VERSION/ARTIFACT-VERSION.jar`.
    #[test]
    fn as_a_repository_says() {
        let root = Path::new("/usr/share/maven-repo");
        let mut jars = Vec::new();
        below(root, &mut jars);
        let (mut right, mut wrong) = (0, Vec::new());
        for jar in &jars {
            let parts: Vec<&str> =
                jar.strip_prefix(root).unwrap().iter().filter_map(|part| part.to_str()).collect();
            let [group @ .., artifact, version, _] = parts.as_slice() else { continue };
            if *version == "debian" || version.contains('x') {
                continue;
            }
            let data = std::fs::read(jar).unwrap();
            let found = shown(&CATALOGER, jar.to_str().unwrap(), &data);
            let own = found.iter().find(|package| package.name == *artifact && package.version == *version);
            match own.map(|own| own.namespace.clone().unwrap_or_default()) {
                Some(namespace) if namespace == group.join(".") => right += 1,
                _ => wrong.push((jar, lines(&found))),
            }
        }
        // Where there is no pom.properties a group is only guessed.
        assert!(wrong.len() * 3 <= right, "{right} right, {wrong:#?}");
    }

    fn below(folder: &Path, jars: &mut Vec<std::path::PathBuf>) {
        for entry in folder.read_dir().into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(&path, jars);
            } else if path.extension().is_some_and(|end| end == "jar") && path.exists() {
                jars.push(path);
            }
        }
    }
}
