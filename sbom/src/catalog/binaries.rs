//! Known programs, by what their own bytes say: what was built from source and no package manager knows.
//!
//! A program is told by the name of its file and by a text in its constants that holds its version. The texts are
//! those by which the programs name themselves (`nginx -v`, a `Server:` header). Where a file has several versions of
//! one program it tells none: a wrong version is worse than none.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::executable::Program;
use super::{Cataloger, FileName, Reads, Unreadable, executable};
use crate::fact::{Ecosystem, Fact, Package};

/// Known programs.
pub static CATALOGER: Cataloger = Cataloger { name: "binaries", wants, reads: Reads::Program(look) };

/// A program that is known.
struct Known {
    /// Its name in a package URL `pkg:generic/NAME`.
    name: &'static str,
    /// Names of its files: a pattern for the whole name. What it captures must begin the version.
    file: &'static str,
    /// The text, which captures the version.
    text: &'static str,
}

const fn known(name: &'static str, file: &'static str, text: &'static str) -> Known {
    Known { name, file, text }
}

/// In a text, `\x00` stands for the end of a string of C.
const KNOWN: &[Known] = &[
    known("bash", "bash", r"@\(#\)Bash version ([0-9]+\.[0-9]+\.[0-9]+)\("),
    known("busybox", "busybox", r"BusyBox v([0-9]+\.[0-9]+\.[0-9]+)"),
    known("curl", "curl", r"\x00curl/([0-9]+\.[0-9]+\.[0-9]+)"),
    known("curl", r"libcurl[a-z-]*\.so.*", r"\x00libcurl/([0-9]+\.[0-9]+\.[0-9]+)"),
    known("expat", r"libexpat\.so.*", r"\x00expat_([0-9]+\.[0-9]+\.[0-9]+)\x00"),
    known("git", "git", r"git/([0-9]+\.[0-9]+\.[0-9]+)\x00"),
    known(
        "glibc",
        r"libc\.so\.6|libc-2\.[0-9]+\.so",
        r"GNU C Library [^\x00]{0,80} release version ([0-9]+\.[0-9]+)",
    ),
    known("haproxy", "haproxy", r" version ([0-9]+\.[0-9]+(?:\.[0-9]+|-dev[0-9]+))[^\x00,]{0,40}, released "),
    known("httpd", "httpd|apache2", r"\x00Apache/([0-9]+\.[0-9]+\.[0-9]+)"),
    known("jq", "jq", r"\x00jq-([0-9]+\.[0-9]+(?:\.[0-9]+)?)\x00"),
    known("lighttpd", "lighttpd", r"\x00lighttpd/([0-9]+\.[0-9]+\.[0-9]+)"),
    known("mariadb", "mariadbd?|mysqld?", r"\x00(?:5\.5\.5-)?([0-9]+\.[0-9]+\.[0-9]+)-MariaDB"),
    known("memcached", "memcached", r"memcached ([0-9]+\.[0-9]+\.[0-9]+)[\x00\n]"),
    known("mysql", "mysqld?", r"/mysql-([0-9]+\.[0-9]+\.[0-9]+)/"),
    known("nginx", "nginx(?:-debug)?", r"nginx version: nginx/([0-9]+\.[0-9]+\.[0-9]+)"),
    known("node", r"node(?:js)?|libnode\.so.*", r"\x00node\.js/v([0-9]+\.[0-9]+\.[0-9]+)\x00"),
    known("openresty", "nginx|openresty", r"nginx version: openresty/([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)"),
    known("openssh", "sshd?", r"\x00OpenSSH_([0-9]+\.[0-9]+p[0-9]+)"),
    known(
        "openssl",
        r"openssl|lib(?:ssl|crypto)\.so.*",
        r"\x00OpenSSL ([0-9]+\.[0-9]+\.[0-9]+[a-z]*(?:-[a-z0-9]+)?)(?:-fips)? +[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4}\x00",
    ),
    known("perl", r"perl(?:5\.[0-9.]+)?|libperl\.so.*", r"/perl5?/(5\.[0-9]+\.[0-9]+)[/\x00]"),
    known(
        "php",
        r"(?:php|php-cgi|php-fpm)[0-9.]*|libphp[0-9.]*\.so",
        r"X-Powered-By: PHP/([0-9]+\.[0-9]+\.[0-9]+)",
    ),
    known(
        "postgresql",
        "postgres",
        r"\x00PostgreSQL ([0-9]+(?:\.[0-9]+)*(?:(?:alpha|beta|rc)[0-9]+)?)[ \x00]",
    ),
    known(
        "python",
        r"python([23]\.[0-9]+)|libpython([23]\.[0-9]+)[a-z]*\.so.*",
        r"\x00([23]\.[0-9]+\.[0-9]+(?:(?:a|b|rc)[0-9]+)?)\+?\x00",
    ),
    // Its build identifier: version, host and time of the build (or only the time), changes, commit.
    known(
        "redis",
        "redis-(?:server|check-rdb|check-aof)",
        r"([1-9][0-9]*\.[0-9]+\.[0-9]{1,2})(?:[0-9a-f]{12}-)?1[0-9]{9}0[0-9a-f]{8}\x00",
    ),
    known("ruby", r"ruby[0-9.]*|libruby[^/]*\.so.*", r"\x00ruby ([0-9]+\.[0-9]+\.[0-9]+)(?:p[0-9]+)? \("),
    known("sqlite", r"sqlite3|libsqlite3\.so.*", r"\x00(3\.[0-9]+\.[0-9]+)\x00"),
    known("xz", r"xz|liblzma\.so.*", r"xz \(XZ Utils\) ([0-9]+\.[0-9]+\.[0-9]+)"),
    known("zlib", r"libz\.so.*", r" deflate ([0-9]+\.[0-9]+(?:\.[0-9]+){0,2}) Copyright "),
];

impl Known {
    /// The one version that these bytes tell.
    fn version(&self, data: &[&[u8]], beginning: &str) -> Option<String> {
        let pattern = Regex::new(&format!("(?-u){}", self.text)).ok()?;
        let mut found: Option<&[u8]> = None;
        for version in data.iter().flat_map(|data| versions(&pattern, data)) {
            if !begins(version, beginning.as_bytes()) {
                continue;
            }
            if found.is_some_and(|other| other != version) {
                return None;
            }
            found = Some(version);
        }
        found.map(|version| String::from_utf8_lossy(version).into_owned())
    }
}

/// The programs that have files of this name, and what the name tells of the version.
fn named(file: &str) -> impl Iterator<Item = (&'static Known, &str)> {
    static FILES: LazyLock<Vec<(regex::Regex, &Known)>> = LazyLock::new(|| {
        let pattern = |known: &Known| regex::Regex::new(&format!("^(?:{})$", known.file));
        KNOWN.iter().filter_map(|known| Some((pattern(known).ok()?, known))).collect()
    });
    FILES.iter().filter_map(move |(pattern, known)| {
        let captures = pattern.captures(file)?;
        Some((*known, captures.iter().skip(1).flatten().next().map_or("", |capture| capture.as_str())))
    })
}

/// Every version in the data. What ends one match may begin the next.
fn versions<'data>(pattern: &Regex, data: &'data [u8]) -> Vec<&'data [u8]> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(version) = pattern.captures_at(data, at).and_then(|captures| captures.get(1)) {
        at = version.end();
        if !found.contains(&version.as_bytes()) {
            found.push(version.as_bytes());
        }
        // Two are as good as many.
        if found.len() > 64 {
            break;
        }
    }
    found
}

/// Whether a version is `beginning.SOMETHING`.
fn begins(version: &[u8], beginning: &[u8]) -> bool {
    beginning.is_empty() || version.strip_prefix(beginning).is_some_and(|rest| rest.starts_with(b"."))
}

fn wants(file: &FileName<'_>) -> bool {
    executable::wants(file) && named(file.name()).next().is_some()
}

fn look(file: &FileName<'_>, program: &Program<'_, '_>) -> Result<Vec<Fact>, Unreadable> {
    let data = executable::constants(file, program)?;
    let found = named(file.name()).filter_map(|(known, beginning)| {
        let version = known.version(&data, beginning)?;
        Some(Fact::Package(Package::new(Ecosystem::Generic, known.name, version)))
    });
    Ok(found.collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::catalog::parse::testing::{file, lines, look as look_at, packages};

    /// What a program whose constants are these tells.
    fn told(name: &str, data: &[u8]) -> Vec<String> {
        let found = named(name).filter_map(|(known, beginning)| {
            Some(format!("{} {}", known.name, known.version(&[data], beginning)?))
        });
        found.collect()
    }

    #[test]
    fn patterns_are_valid() {
        for known in KNOWN {
            assert!(regex::Regex::new(known.file).is_ok(), "{}", known.file);
            let text = Regex::new(known.text).unwrap();
            assert_eq!(text.captures_len(), 2, "{}", known.text);
        }
        assert!(KNOWN.is_sorted_by_key(|known| known.name));
    }

    #[test]
    fn names_and_texts() {
        for (name, data, expected) in [
            ("nginx", &b"\0nginx version: nginx/1.22.1\0"[..], vec!["nginx 1.22.1"]),
            ("nginx", b"\0nginx version: openresty/1.21.4.1\0", vec!["openresty 1.21.4.1"]),
            ("nginx", b"\0nginx\0", vec![]),
            ("apache", b"\0nginx version: nginx/1.22.1\0", vec![]),
            ("python3.11", b"\x003.11.2\0", vec!["python 3.11.2"]),
            ("libpython3.13.so.1.0", b"\x003.13.0rc1+\0", vec!["python 3.13.0rc1"]),
            ("python3.11", b"\x003.1.2\0\x003.11.4\0", vec!["python 3.11.4"]),
            ("python3.11", b"\x003.11.2\0\x003.11.4\0", vec![]),
            ("python3.11", b"\x003.11.2\x003.11.4\0", vec![]),
            ("python3.11", b"\x003.11.2\0\x003.11.2\0", vec!["python 3.11.2"]),
            ("mysqld", b"\x0010.11.6-MariaDB-1\0/build/mariadb-10.11.6/x", vec!["mariadb 10.11.6"]),
            ("mysqld", b"\0/pb2/build/mysql-8.0.36/sql/x.cc\0", vec!["mysql 8.0.36"]),
            ("openssl", b"\0OpenSSL 1.1.1w  11 Sep 2023\0", vec!["openssl 1.1.1w"]),
            ("libssl.so.3", b"\0OpenSSL 3.0.0-beta2 29 Jul 2021\0", vec!["openssl 3.0.0-beta2"]),
            ("postgres", b"\0PostgreSQL 16beta1 on x86\0", vec!["postgresql 16beta1"]),
            ("ruby", b"\0ruby 3.3.0 (2023-12-25 revision 5124f9ac75)\0", vec!["ruby 3.3.0"]),
            ("php-fpm8.2", b"X-Powered-By: PHP/8.2.7\0", vec!["php 8.2.7"]),
            ("redis-server", b"A7.0.151790282056000000000\0\x002.8.7\0", vec!["redis 7.0.15"]),
            ("redis-server", b"7.2.4c0ffee00beef-1704900000000000000\0", vec!["redis 7.2.4"]),
            ("bash", b"@(#)Bash version 5.2.15(1) release GNU\0", vec!["bash 5.2.15"]),
            ("bash\n", b"@(#)Bash version 5.2.15(1) release GNU\0", vec![]),
        ] {
            assert_eq!(told(name, data), expected, "{name} {}", data.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_program() {
        let script = b"#!/bin/sh\n\0nginx version: nginx/1.22.1\0";
        assert_eq!(look_at(&CATALOGER, &file("/usr/sbin/nginx", 1), script), Ok(Vec::new()));
        assert!(!wants(&FileName { path: "/etc/init.d/nginx", mode: 0o644, size: 1 }));
        assert!(wants(&FileName { path: "/lib/libz.so.1.2.13", mode: 0o644, size: 1 }));
        assert!(!wants(&file("/usr/bin/unknown", 1)));
    }

    #[test]
    fn many_versions() {
        let data: Vec<u8> =
            (0..100_000).flat_map(|number| format!("\x003.1.{number}\0").into_bytes()).collect();
        assert_eq!(told("sqlite3", &data), Vec::<String>::new());
    }

    /// What programs of this machine say when they are asked.
    #[test]
    fn as_programs_say() {
        let mut told = 0;
        for (program, name, argument) in [
            ("/bin/bash", "bash", "--version"),
            ("/bin/busybox", "busybox", "--help"),
            ("/usr/bin/curl", "curl", "--version"),
            ("/usr/bin/git", "git", "--version"),
            ("/usr/bin/jq", "jq", "--version"),
            ("/usr/bin/node", "node", "--version"),
            ("/usr/bin/openssl", "openssl", "version"),
            ("/usr/bin/perl", "perl", "--version"),
            ("/usr/bin/php8.2", "php", "--version"),
            ("/usr/bin/python3.11", "python", "--version"),
            ("/usr/bin/sqlite3", "sqlite", "--version"),
            ("/usr/bin/ssh", "openssh", "-V"),
            ("/usr/bin/xz", "xz", "--version"),
            ("/usr/sbin/nginx", "nginx", "-v"),
        ] {
            let Ok(data) = std::fs::read(program) else {
                crate::testing::left_out(program);
                continue;
            };
            let output = Command::new(program).arg(argument).output().unwrap();
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            // It may have its version from a library.
            for line in lines(&packages(&CATALOGER, Path::new(program).to_str().unwrap(), &data)) {
                let version = line.strip_prefix(&format!("{name} ")).unwrap();
                told += 1;
                assert!(said.contains(version), "{program}: {line}: {said}");
            }
        }
        assert!(told > 0 || !Path::new("/bin/bash").exists());
    }
}
