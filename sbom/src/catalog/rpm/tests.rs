use super::header::made::{self, Value};
use super::*;

fn read(bytes: &[u8]) -> Result<Option<Package>, Unreadable> {
    package(&Header::read(bytes).map_err(malformed)?, &mut Budget::new())
}

fn whole() -> Vec<u8> {
    made::header(&[
        (Tag::SigMd5, Value::Bytes(&[0xab; 16])),
        (Tag::Name, Value::String("perl-libs")),
        (Tag::Version, Value::String("5.26.3")),
        (Tag::Release, Value::String("416.el8")),
        (Tag::Epoch, Value::Numbers(&[4])),
        (Tag::Summary, Value::Strings(&["The libraries", "Die Bibliotheken"])),
        (Tag::Vendor, Value::String("CentOS")),
        (Tag::License, Value::String("GPL+ or Artistic")),
        (Tag::Url, Value::String("http://www.perl.org/")),
        (Tag::Arch, Value::String("x86_64")),
        (Tag::SourceRpm, Value::String("perl-5.26.3-416.el8.src.rpm")),
        (Tag::ProvideName, Value::Strings(&["perl-libs", "libperl.so()(64bit)", "perl-libs"])),
        (
            Tag::RequireName,
            Value::Strings(&["/bin/sh", "libc.so.6()", "libc.so.6()", "rpmlib(X)", "(a if b)"]),
        ),
        (Tag::DirIndexes, Value::Numbers(&[1, 0])),
        (Tag::BaseNames, Value::Strings(&["perl", "top"])),
        (Tag::DirNames, Value::Strings(&["/", "/usr/lib/"])),
        (Tag::ModularityLabel, Value::String("perl:5.26:1:2")),
    ])
}

#[test]
fn all_of_a_package() {
    let mut expected = Package::new(Ecosystem::Rpm, "perl-libs", "4:5.26.3-416.el8");
    let qualifiers = [
        ("arch", "x86_64"),
        ("epoch", "4"),
        ("rpmmod", "perl:5.26:1:2"),
        ("upstream", "perl-5.26.3-416.el8.src.rpm"),
    ];
    expected.qualifiers = qualifiers.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    expected.licenses = vec!["GPL+ or Artistic".into()];
    expected.supplier = Some("CentOS".into());
    expected.description = Some("The libraries".into());
    expected.homepage = Some("http://www.perl.org/".into());
    expected.hashes.insert("MD5".into(), "ab".repeat(16));
    expected.depends = ["/bin/sh", "libc.so.6()"].map(String::from).into();
    expected.provides = ["perl-libs", "libperl.so()(64bit)"].map(String::from).into();
    expected.files = ["/usr/lib/perl", "/top"].map(String::from).into();
    assert_eq!(read(&whole()).unwrap(), Some(expected));
}

#[test]
fn little_of_a_package() {
    let bytes = made::header(&[
        (Tag::Name, Value::String("x")),
        (Tag::Version, Value::String("1")),
        (Tag::Vendor, Value::String("(none)")),
        (Tag::OldFileNames, Value::Strings(&["/usr/bin/x", "/y"])),
    ]);
    let mut expected = Package::new(Ecosystem::Rpm, "x", "1");
    expected.files = ["/usr/bin/x", "/y"].map(String::from).into();
    assert_eq!(read(&bytes).unwrap(), Some(expected));
}

#[test]
fn keys_are_no_packages() {
    assert_eq!(read(&made::package("gpg-pubkey")).unwrap(), None);
}

#[test]
fn packages_that_are_wrong() {
    let named = (Tag::Name, Value::String("x"));
    let version = || (Tag::Version, Value::String("1"));
    let cases = [
        (made::header(&[version()]), "a package has no name"),
        (made::header(&[named]), "x has no version"),
        (
            made::header(&[
                (Tag::Name, Value::String("x")),
                version(),
                (Tag::BaseNames, Value::Strings(&["a", "b"])),
                (Tag::DirIndexes, Value::Numbers(&[0])),
            ]),
            "a package has 2 files in 1 folders",
        ),
        (
            made::header(&[
                (Tag::Name, Value::String("x")),
                version(),
                (Tag::BaseNames, Value::Strings(&["a"])),
                (Tag::DirIndexes, Value::Numbers(&[1])),
                (Tag::DirNames, Value::Strings(&["/"])),
            ]),
            "a package has a file in no folder",
        ),
        (made::header(&[(Tag::Name, Value::Numbers(&[1]))]), "Name of a header is of type 4"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(read(&bytes).unwrap_err().to_string(), format!("malformed rpm database: {expected}"));
    }
}

#[test]
fn broken_anywhere() {
    let bytes = whole();
    testing::broken_anywhere(&bytes, bytes.len(), read);
}

#[test]
fn files_that_are_no_database() {
    let file = FileName { path: "/var/lib/rpm/Packages", mode: 0o644, size: 0 };
    assert_eq!(look(&file, b"").unwrap(), []);
    let error = look(&file, b"something else").unwrap_err();
    assert_eq!(error.to_string(), "malformed rpm database: neither Berkeley DB nor ndb nor SQLite");
}

#[test]
fn paths() {
    let cases = [
        ("/var/lib/rpm/Packages", true),
        ("/var/lib/rpm/rpmdb.sqlite", true),
        ("/usr/lib/sysimage/rpm/Packages.db", true),
        ("/usr/share/rpm/rpmdb.sqlite", true),
        ("/var/lib/rpm/rpmdb.sqlite-wal", false),
        ("/var/lib/rpm/Index.db", false),
        ("/var/lib/rpm/x/Packages", false),
    ];
    for (path, expected) in cases {
        assert_eq!(wants(&FileName { path, mode: 0o644, size: 1 }), expected, "{path}");
    }
}
