//! SBOMs against those of Trivy: of a whole Debian with packages of many languages, and of what apk noted of an Alpine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use regex::Regex;
use serde_json::Value;
use testkit::{Sandbox, peer};

use crate::root::{components, generated, name_of, names, property};

/// Whose entry the other lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Ours,
    Trivys,
}

/// Every difference to Trivy's SBOM: what (a regular expression of the whole name) and why. Each is needed.
const DIFFERENCES: [(Side, &str, &str); 13] = [
    (
        Side::Ours,
        "gem/.* of deb/.*",
        "Trivy does not tell what a Debian package brings; it has it once, as that package",
    ),
    (Side::Ours, "pypi/ply@.* of deb/.*", "the same, of Python"),
    (Side::Ours, "generic/.* of deb/.*", "Trivy knows no program by its bytes"),
    (Side::Ours, "cargo/.*", "its packages of Rust are of the type rustbinary, which no package URL has"),
    (Side::Trivys, "rustbinary/count@.*", "the program itself, see above"),
    (Side::Trivys, "rustbinary/(itoa|memchr)@.*", "what it is made of, see above"),
    (
        Side::Ours,
        "golang/example.com/greet@",
        "this Trivy tells what a program of Go is made of, not the program",
    ),
    (Side::Ours, "golang/stdlib@.*", "this Trivy does not count Go's own library among it"),
    (
        Side::Ours,
        "maven/com.example/shop@1.2.0",
        "Trivy looks into no archive of Java without its database: the war",
    ),
    (Side::Ours, "maven/(?:org|commons).*", "the same: the jars in it"),
    (Side::Ours, "pypi/jaraco-functools@.*", "the name as PyPI compares names (PEP 503)"),
    (Side::Trivys, "pypi/jaraco.functools@.*", "the name as its author writes it"),
    (
        Side::Trivys,
        "npm/talk@2.0.1",
        "the project that packages were installed for: it is no installed package",
    ),
];

/// Trivy's SBOM, which it makes without a network if no archive of Java is there.
pub(crate) fn trivys(sandbox: &Sandbox, source: &[&str]) -> Option<Value> {
    let trivy = peer("TRIVY")?;
    let mut words = source.to_vec();
    words.extend(["--offline-scan", "--quiet", "--skip-files", "**/*.[jwe]ar", "--format", "cyclonedx"]);
    words.extend(["--cache-dir", "trivy"]);
    Some(serde_json::from_str(&sandbox.run(&trivy, words).succeeds().stdout).expect("JSON"))
}

/// What one of the two lacks. Of ours, what came with a Debian package is followed by that.
fn differences(ours: &Value, theirs: &Value) -> Vec<(Side, String)> {
    let (our_names, their_names) = (names(components(ours)), names(components(theirs)));
    assert!(our_names.intersection(&their_names).count() > 150);
    let extra = |component: &Value| {
        let name = name_of(component["purl"].as_str().expect("a purl"));
        let owner = property(component, "countersign:owner").map(|owner| format!(" of {}", name_of(owner)));
        (!their_names.contains(&name)).then(|| (Side::Ours, format!("{name}{}", owner.unwrap_or_default())))
    };
    let missing = their_names.difference(&our_names).map(|name| (Side::Trivys, name.clone()));
    components(ours).filter_map(extra).chain(missing).collect()
}

#[test]
fn every_difference_to_trivy_is_explained() {
    let (sandbox, Some(root), Some(layout)) = (Sandbox::new(), peer("DEBIAN_ROOT"), peer("DEBIAN_LAYOUT"))
    else {
        return;
    };
    let (root, layout) = (root.display().to_string(), format!("{}:app", layout.display()));
    let rows: Vec<_> = DIFFERENCES
        .iter()
        .map(|(side, name, _)| (*side, Regex::new(&format!("^(?:{name})$")).expect("an expression")))
        .collect();
    for (source, theirs) in [
        (format!("dir:{root}"), ["rootfs", &root].as_slice()),
        (format!("oci:{layout}"), ["image", "--input", &layout].as_slice()),
    ] {
        let Some(theirs) = trivys(&sandbox, theirs) else { return };
        let mut used = BTreeSet::new();
        for (side, name) in differences(&generated(&sandbox, &source), &theirs) {
            let explains = |row: &usize| rows[*row].0 == side && rows[*row].1.is_match(&name);
            let by: Vec<_> = (0..rows.len()).filter(explains).collect();
            assert_eq!(by.len(), 1, "{source}: {side:?}: {name}: explained by {by:?}");
            used.extend(by);
        }
        let unused: Vec<_> =
            (0..rows.len()).filter(|row| !used.contains(row)).map(|row| DIFFERENCES[row]).collect();
        assert_eq!(unused, [], "{source}: nothing differs like this");
    }
}

/// From which source a package of Debian is made, which is what advisories name.
#[test]
fn trivy_names_the_same_sources() {
    let (sandbox, Some(root)) = (Sandbox::new(), peer("DEBIAN_ROOT")) else { return };
    let Some(theirs) = trivys(&sandbox, &["rootfs", &root.display().to_string()]) else { return };
    let ours = generated(&sandbox, &format!("dir:{}", root.display()));
    let debian = |document: &Value, source: fn(&Value) -> String| -> BTreeMap<String, String> {
        let debian = components(document).filter(|one| one["purl"].as_str().unwrap().starts_with("pkg:deb/"));
        debian.map(|one| (name_of(one["purl"].as_str().unwrap()), source(one))).collect()
    };
    assert_eq!(debian(&ours, our_source), debian(&theirs, their_source));
}

/// The qualifier `upstream`: NAME, or NAME@VERSION where the source has another version; the package itself without one.
fn our_source(component: &Value) -> String {
    let (name, version) = (component["name"].as_str().unwrap(), component["version"].as_str().unwrap());
    let purl = component["purl"].as_str().unwrap();
    let upstream = purl.split_once("upstream=").map(|(_, rest)| rest.split('&').next().unwrap());
    let upstream =
        upstream.map(|it| it.replace("%40", "@").replace("%2B", "+")).unwrap_or_else(|| name.to_owned());
    if upstream.contains('@') { upstream } else { format!("{upstream}@{version}") }
}

fn their_source(component: &Value) -> String {
    let of = |name| property(component, &format!("aquasecurity:trivy:{name}"));
    let epoch = of("SrcEpoch").map(|epoch| format!("{epoch}:")).unwrap_or_default();
    let release = of("SrcRelease").map(|release| format!("-{release}")).unwrap_or_default();
    format!("{}@{epoch}{}{release}", of("SrcName").unwrap(), of("SrcVersion").unwrap())
}

/// What needs what, of packages of one kind.
fn needs(document: &Value, kind: &str) -> BTreeSet<(String, String)> {
    let of_kind = components(document).filter(|one| name_of(one["purl"].as_str().unwrap()).starts_with(kind));
    let named: BTreeMap<_, _> = of_kind
        .map(|one| (one["bom-ref"].as_str().unwrap(), name_of(one["purl"].as_str().unwrap())))
        .collect();
    let all = document["dependencies"].as_array().expect("dependencies").iter();
    let edges = all.flat_map(|one| {
        let to = one["dependsOn"].as_array().into_iter().flatten();
        to.map(|to| (one["ref"].as_str().unwrap(), to.as_str().unwrap()))
    });
    edges.filter_map(|(from, to)| Some((named.get(from)?.clone(), named.get(to)?.clone()))).collect()
}

/// The values of a field of dpkg's by package.
fn fields(root: &Path, field: &str) -> BTreeMap<String, String> {
    let status = std::fs::read_to_string(root.join("var/lib/dpkg/status")).expect("dpkg's status");
    let value = |paragraph: &str, field: &str| {
        let start = format!("{field}: ");
        paragraph.lines().find_map(|line| line.strip_prefix(&start)).map(str::to_owned)
    };
    status.split("\n\n").filter_map(|it| Some((value(it, "Package")?, value(it, field)?))).collect()
}

/// Trivy reads `Depends` and the names of packages; `Pre-Depends`, `NAME:any` and what packages provide it does not.
#[test]
fn what_packages_need_is_what_trivy_says_and_more() {
    let (sandbox, Some(root)) = (Sandbox::new(), peer("DEBIAN_ROOT")) else { return };
    let Some(theirs) = trivys(&sandbox, &["rootfs", &root.display().to_string()]) else { return };
    let ours = needs(&generated(&sandbox, &format!("dir:{}", root.display())), "deb/");
    let theirs = needs(&theirs, "deb/");
    assert!(theirs.len() > 200, "{theirs:?}");
    assert_eq!(theirs.difference(&ours).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    let (before, provided) = (fields(&root, "Pre-Depends"), fields(&root, "Provides"));
    let depends = fields(&root, "Depends");
    let words = |text: Option<&String>| -> BTreeSet<String> {
        let names = text.map(String::as_str).unwrap_or_default().split([',', '|']);
        names.filter_map(|name| name.trim().split([' ', ':', '(']).next()).map(str::to_owned).collect()
    };
    for (from, to) in ours.difference(&theirs) {
        let bare = |name: &str| name.trim_start_matches("deb/").split('@').next().unwrap().to_owned();
        let (from, to) = (bare(from), bare(to));
        let (before, after) = (words(before.get(&from)), words(depends.get(&from)));
        let virtually =
            words(provided.get(&to)).iter().any(|name| before.contains(name) || after.contains(name));
        let of_any = depends.get(&from).is_some_and(|depends| depends.contains(&format!("{to}:any")));
        assert!(before.contains(&to) || virtually || of_any, "{from} needs {to}");
    }
}

/// Names, versions, architectures, sources, licences and dependencies of an Alpine.
#[test]
fn an_alpine_is_what_trivy_says() {
    let (sandbox, Some(database)) = (Sandbox::new(), peer("APK_DATABASE")) else { return };
    for folder in ["root/etc", "root/lib/apk/db"] {
        std::fs::create_dir_all(sandbox.path(folder)).expect("a folder");
    }
    let database = std::fs::read(database.join("lib/apk/db/installed")).expect("a database");
    sandbox.write("root/lib/apk/db/installed", database);
    sandbox.write("root/etc/os-release", "ID=alpine\nNAME=\"Alpine Linux\"\nVERSION_ID=3.16.0\n");
    sandbox.write("root/etc/alpine-release", "3.16.0\n");
    let Some(theirs) = trivys(&sandbox, &["rootfs", "root"]) else { return };
    let ours = generated(&sandbox, "dir:root");
    let sources = |document: &Value, source: fn(&Value) -> String| -> BTreeMap<String, String> {
        components(document).map(|one| (name_of(one["purl"].as_str().unwrap()), source(one))).collect()
    };
    let expected = sources(&theirs, their_source);
    assert_eq!(expected.len(), 14);
    assert_eq!(sources(&ours, our_source), expected);
    assert_eq!(needs(&ours, "apk/"), needs(&theirs, "apk/"));
}
