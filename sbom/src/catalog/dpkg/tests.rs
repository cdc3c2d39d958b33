use std::collections::BTreeMap;
use std::process::Command;

use super::*;

fn read(path: &str, content: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    look(&FileName { path, mode: 0o644, size: content.len() as u64 }, content)
}

fn read_packages(content: &str) -> Vec<Package> {
    let facts = read("/var/lib/dpkg/status", content.as_bytes()).unwrap();
    facts
        .into_iter()
        .map(|fact| match fact {
            Fact::Package(package) => package,
            other => panic!("{other:?}"),
        })
        .collect()
}

const STATUS: &str = "\
Package: libc6
Status: install ok installed
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Architecture: amd64
Multi-Arch: same
Source: glibc (2.36-9)
Version: 1:2.36-9+deb12u7
Provides: libc-abi (= 1), libc-other:amd64
Depends: libgcc-s1, libcrypt1 (>= 1:4.4.10-10~),
 debconf (>= 0.5) | debconf-2.0, python3:any
Pre-Depends: dpkg, libgcc-s1
Description: GNU C Library: Shared libraries
 Contains the standard libraries.
 .
 More.
Homepage: https://www.gnu.org/software/libc/libc.html

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: never
Status: purge ok not-installed

Package: held
Status: hold ok installed
Version: 2
Source: held

Package: half
Status: install reinstreq half-configured
Version: 3
Source: other
";

#[test]
fn packages_that_are_installed() {
    let packages = read_packages(STATUS);
    let names: Vec<_> = packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["libc6", "held", "half"]);
    let mut expected = Package::new(Ecosystem::Deb, "libc6", "1:2.36-9+deb12u7");
    expected.qualifiers =
        [("arch", "amd64"), ("upstream", "glibc@2.36-9")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    expected.supplier = Some("GNU Libc Maintainers <debian-glibc@lists.debian.org>".into());
    expected.description = Some("GNU C Library: Shared libraries".into());
    expected.homepage = Some("https://www.gnu.org/software/libc/libc.html".into());
    expected.depends = ["dpkg", "libgcc-s1", "libcrypt1", "debconf", "python3"].map(String::from).into();
    expected.provides = ["libc-abi", "libc-other"].map(String::from).into();
    assert_eq!(packages[0], expected);
    assert_eq!(packages[1].qualifiers, BTreeMap::new());
    assert_eq!(packages[2].qualifiers["upstream"], "other");
}

#[test]
fn packages_without_dpkg() {
    let facts =
        read("/var/lib/dpkg/status.d/base", b"Package: base-files\nVersion: 12\nArchitecture: amd64\n")
            .unwrap();
    let mut expected = Package::new(Ecosystem::Deb, "base-files", "12");
    expected.qualifiers.insert("arch".into(), "amd64".into());
    assert_eq!(facts, [Fact::Package(expected)]);
}

#[test]
fn a_package_without_a_version() {
    let error = read("/var/lib/dpkg/status", b"Package: x\nStatus: install ok installed\n").unwrap_err();
    assert_eq!(error.to_string(), "malformed dpkg status: x has no version");
}

#[test]
fn source_packages() {
    let cases = [
        ("x", None),
        ("x (1-1)", None),
        ("x (1)", Some("x@1")),
        ("y", Some("y")),
        ("y (2)", Some("y@2")),
        ("y (2", Some("y@2")),
        ("y()", Some("y")),
    ];
    for (source, expected) in cases {
        assert_eq!(upstream(source, "x", "1-1").as_deref(), expected, "{source}");
    }
}

#[test]
fn owned_files() {
    let cases: [(&str, &str, &str, &[&str]); 4] = [
        (
            "/var/lib/dpkg/info/zlib1g:amd64.list",
            "/.\n/usr\n/usr/lib\n/usr/lib/libz.so.1\n/usr/lib/empty\n/usr/lib/with space\n",
            "zlib1g:amd64",
            &["/usr/lib/libz.so.1", "/usr/lib/empty", "/usr/lib/with space"],
        ),
        (
            "/var/lib/dpkg/info/zlib1g:amd64.md5sums",
            "0123456789abcdef0123456789abcdef  usr/lib/libz.so.1\nbad\n0123456789abcdef0123456789abcdef  a b\n",
            "zlib1g:amd64",
            &["/usr/lib/libz.so.1", "/a b"],
        ),
        ("/var/lib/dpkg/status.d/base.md5sums", "00  ./etc/host.conf\n", "base", &["/etc/host.conf"]),
        ("/var/lib/dpkg/info/python3.11.list", "", "python3.11", &[]),
    ];
    for (path, content, package, files) in cases {
        let files = files.iter().map(|file| (*file).to_owned()).collect();
        let expected = [Fact::Owns { package: package.to_owned(), files }];
        assert_eq!(read(path, content.as_bytes()).unwrap(), expected, "{path}");
    }
}

#[test]
fn copyright_files() {
    let path = "/usr/share/doc/zlib1g/copyright";
    let text = b"Format: x\nLicense: Zlib\n";
    let expected = [Fact::License { package: "zlib1g".into(), licenses: vec!["Zlib".into()] }];
    assert_eq!(read(path, text).unwrap(), expected);
    assert_eq!(read(path, b"free").unwrap(), []);
}

#[test]
fn paths() {
    let cases = [
        ("/var/lib/dpkg/status", true),
        ("/var/lib/dpkg/status-old", false),
        ("/var/lib/dpkg/status.d/base", true),
        ("/var/lib/dpkg/status.d/x/base", false),
        ("/var/lib/dpkg/info/x.list", true),
        ("/var/lib/dpkg/info/x.postinst", false),
        ("/usr/share/doc/x/copyright", true),
        ("/usr/share/doc/x/y/copyright", false),
        ("/usr/share/doc/copyright", false),
        ("var/lib/dpkg/status", false),
    ];
    for (path, expected) in cases {
        assert_eq!(wants(&FileName { path, mode: 0o644, size: 1 }), expected, "{path}");
    }
}

#[test]
fn truncated_anywhere() {
    for end in 0..STATUS.len() {
        for path in ["/var/lib/dpkg/status", "/var/lib/dpkg/info/x.list", "/usr/share/doc/x/copyright"] {
            let _ = read(path, &STATUS.as_bytes()[..end]);
        }
    }
}

#[test]
fn too_many_packages() {
    let text = "Package: x\nVersion: 1\n\n".repeat(limits::PACKAGES_PER_FILE + 1);
    let error = read("/var/lib/dpkg/status", text.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "the number of dpkg packages is more than 100000");
}

/// This machine's own database, and what dpkg says of it.
#[test]
fn as_dpkg_query_lists() {
    let format =
        "-f=${db:Status-Status}\t${Package} ${Version} ${Architecture} ${Source} ${source:Version}\n";
    let Ok(output) = Command::new("dpkg-query").args(["-W", format]).output() else {
        crate::testing::left_out("dpkg-query");
        return;
    };
    let mut expected: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter(|(state, _)| !matches!(*state, "not-installed" | "config-files"))
        .map(|(_, package)| package.to_owned())
        .collect();
    let packages = read_packages(&String::from_utf8_lossy(&std::fs::read("/var/lib/dpkg/status").unwrap()));
    let mut found: Vec<String> = packages.iter().map(line).collect();
    expected.sort();
    found.sort();
    assert!(!found.is_empty());
    assert_eq!(found, expected);
}

/// A package as the format of [`as_dpkg_query_lists`] has it: `${Source}` is the field as it stands.
fn line(package: &Package) -> String {
    let arch = &package.qualifiers["arch"];
    let upstream = package.qualifiers.get("upstream");
    let (source, version) = match upstream.map(|upstream| upstream.split_once('@').unwrap_or((upstream, "")))
    {
        Some((source, "")) => (source.to_owned(), package.version.as_str()),
        Some((source, version)) => (format!("{source} ({version})"), version),
        None => (String::new(), package.version.as_str()),
    };
    format!("{} {} {arch} {source} {version}", package.name, package.version)
}

#[test]
fn as_dpkg_lists_files() {
    let path = "/var/lib/dpkg/info/adduser.list";
    let Ok(content) = std::fs::read(path) else {
        crate::testing::left_out(path);
        return;
    };
    let facts = read(path, &content).unwrap();
    let [Fact::Owns { package, files }] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!(package, "adduser");
    assert!(files.contains(&"/usr/sbin/adduser".to_owned()));
    assert!(!files.contains(&"/usr/sbin".to_owned()));
}
