//! Which distribution this is: `os-release`.
//!
//! The format is that of os-release(5): assignments as a shell reads them, without expansion. Where a key is assigned
//! twice the last one holds; a line that is no assignment is passed over.

use crate::catalog::{Cataloger, FileName, Reads, Unreadable};
use crate::fact::{Distribution, Fact};

/// `/etc/os-release` and `/usr/lib/os-release`.
pub static CATALOGER: Cataloger = Cataloger { name: "os-release", wants, reads: Reads::Whole(look) };

fn wants(file: &FileName<'_>) -> bool {
    matches!(file.path, "/etc/os-release" | "/usr/lib/os-release")
}

fn look(_: &FileName<'_>, content: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let text = String::from_utf8_lossy(content);
    let mut distribution = Distribution::default();
    let (mut any, mut name) = (false, None);
    for (key, value) in text.lines().filter_map(assignment) {
        any = true;
        let value = Some(value).filter(|value| !value.is_empty());
        match key {
            "ID" => distribution.id = value.unwrap_or_default(),
            "VERSION_ID" => distribution.version_id = value,
            "PRETTY_NAME" => distribution.pretty_name = value,
            "VENDOR_NAME" => distribution.supplier = value,
            "NAME" => name = value,
            "ID_LIKE" => {
                distribution.id_like =
                    value.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
            }
            "CPE_NAME" => distribution.cpe = value,
            _ => {}
        }
    }
    if !any {
        return Ok(Vec::new());
    }
    if distribution.id.is_empty() {
        // os-release(5), ID: "If not set, a default of "ID=linux" may be used."
        distribution.id = "linux".to_owned();
    }
    distribution.supplier = distribution.supplier.or(name);
    Ok(vec![Fact::Distribution(distribution)])
}

/// The key and the value of a line, unless it is blank, a comment, or nothing that a shell would take for an assignment.
fn assignment(line: &str) -> Option<(&str, String)> {
    let (key, value) = line.trim().split_once('=')?;
    let named = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if named { Some((key, unquoted(value)?)) } else { None }
}

/// What a shell makes of one word: quotes of both kinds, and backslashes. `None` if a quote stays open or something
/// follows the word.
fn unquoted(word: &str) -> Option<String> {
    let mut value = String::with_capacity(word.len());
    let mut characters = word.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' => loop {
                match characters.next()? {
                    '\'' => break,
                    other => value.push(other),
                }
            },
            '"' => loop {
                match characters.next()? {
                    '"' => break,
                    '\\' => match characters.next()? {
                        escaped @ ('"' | '$' | '\\' | '`') => value.push(escaped),
                        other => value.extend(['\\', other]),
                    },
                    other => value.push(other),
                }
            },
            '\\' => value.push(characters.next()?),
            blank if blank.is_whitespace() => {
                let rest = characters.as_str().trim_start();
                return if rest.is_empty() || rest.starts_with('#') { Some(value) } else { None };
            }
            other => value.push(other),
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Vec<Fact> {
        let file = FileName { path: "/etc/os-release", mode: 0o644, size: 0 };
        look(&file, content).unwrap()
    }

    #[test]
    fn debian() {
        let facts = read(
            b"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n",
        );
        let expected = Distribution {
            id: "debian".into(),
            version_id: Some("12".into()),
            pretty_name: Some("Debian GNU/Linux 12 (bookworm)".into()),
            supplier: Some("Debian GNU/Linux".into()),
            ..Distribution::default()
        };
        assert_eq!(facts, [Fact::Distribution(expected)]);
    }

    #[test]
    fn what_derives_from_others() {
        let facts = read(
            b"NAME=\"Rocky Linux\"\nVENDOR_NAME=RESF\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID='9.0'\nCPE_NAME=\"cpe:/o:rocky:rocky:9::baseos\"",
        );
        let expected = Distribution {
            id: "rocky".into(),
            version_id: Some("9.0".into()),
            supplier: Some("RESF".into()),
            id_like: vec!["rhel".into(), "centos".into(), "fedora".into()],
            cpe: Some("cpe:/o:rocky:rocky:9::baseos".into()),
            ..Distribution::default()
        };
        assert_eq!(facts, [Fact::Distribution(expected)]);
    }

    #[test]
    fn values() {
        let cases = [
            ("plain", Some("plain")),
            ("\"two words\"", Some("two words")),
            ("'two words'", Some("two words")),
            (r#""a \"quoted\" \$word \\ \`""#, Some("a \"quoted\" $word \\ `")),
            (r#""a \n stays""#, Some(r"a \n stays")),
            (r"'no \escape'", Some(r"no \escape")),
            (r"a\ b", Some("a b")),
            ("\"a\"b'c'", Some("abc")),
            ("", Some("")),
            ("a # a comment", Some("a")),
            ("a command", None),
            ("\"open", None),
            ("'open", None),
            ("\\", None),
            ("\"\\", None),
        ];
        for (word, expected) in cases {
            assert_eq!(unquoted(word).as_deref(), expected, "{word}");
        }
    }

    #[test]
    fn lines_that_are_no_assignments() {
        for line in ["", "# ID=x", "ID", "=x", "1D=x", "I D=x", "ID-X=y"] {
            assert_eq!(assignment(line), None, "{line}");
        }
        assert_eq!(read(b"nothing here\n"), []);
        assert_eq!(read(b"\xff\xfe\n"), []);
    }

    #[test]
    fn defaults_and_repetition() {
        let id = |content| match read(content).pop() {
            Some(Fact::Distribution(distribution)) => (distribution.id, distribution.version_id),
            other => panic!("{other:?}"),
        };
        assert_eq!(id(b"VERSION_ID=1"), ("linux".into(), Some("1".into())));
        assert_eq!(id(b"ID=a\nID=b\r\n"), ("b".into(), None));
        assert_eq!(id(b"ID=a\nVERSION_ID=\n"), ("a".into(), None));
    }

    #[test]
    fn paths() {
        let wanted = |path| wants(&FileName { path, mode: 0o644, size: 1 });
        assert!(wanted("/etc/os-release"));
        assert!(wanted("/usr/lib/os-release"));
        assert!(!wanted("/root/etc/os-release"));
    }
}
