//! Debian's names of licences as those of SPDX.
//!
//! Debian's names are those of the machine-readable copyright format 1.0 (section 7.1): short names, in any case, with
//! a version that needs no `.0`, and a `+` for "or any later version". What has no exact counterpart has none here:
//! `BSD`, `GPL` without a version, `public-domain`, exceptions.

/// Licences of which SPDX has the two forms `-only` and `-or-later`, with their versions.
const FAMILIES: &[(&str, &[&str])] = &[
    ("GPL", &["1.0", "2.0", "3.0"]),
    ("LGPL", &["2.0", "2.1", "3.0"]),
    ("AGPL", &["1.0", "3.0"]),
    ("GFDL", &["1.1", "1.2", "1.3"]),
];

/// Debian's name in lower case, SPDX's identifier.
const NAMES: &[(&str, &str)] = &[
    ("0bsd", "0BSD"),
    ("afl-2.1", "AFL-2.1"),
    ("afl-3.0", "AFL-3.0"),
    ("apache-1.0", "Apache-1.0"),
    ("apache-1.1", "Apache-1.1"),
    ("apache-2.0", "Apache-2.0"),
    ("artistic-2.0", "Artistic-2.0"),
    ("bsd-1-clause", "BSD-1-Clause"),
    ("bsd-2-clause", "BSD-2-Clause"),
    ("bsd-3-clause", "BSD-3-Clause"),
    ("bsd-4-clause", "BSD-4-Clause"),
    ("bsl-1.0", "BSL-1.0"),
    ("cc-by-3.0", "CC-BY-3.0"),
    ("cc-by-4.0", "CC-BY-4.0"),
    ("cc-by-sa-3.0", "CC-BY-SA-3.0"),
    ("cc-by-sa-4.0", "CC-BY-SA-4.0"),
    ("cc0", "CC0-1.0"),
    ("cc0-1.0", "CC0-1.0"),
    ("cddl", "CDDL-1.0"),
    ("cddl-1.0", "CDDL-1.0"),
    ("cddl-1.1", "CDDL-1.1"),
    ("cpl-1.0", "CPL-1.0"),
    ("curl", "curl"),
    ("efl-1.0", "EFL-1.0"),
    ("efl-2.0", "EFL-2.0"),
    ("epl-1.0", "EPL-1.0"),
    ("epl-2.0", "EPL-2.0"),
    ("expat", "MIT"),
    ("isc", "ISC"),
    ("lppl-1.0", "LPPL-1.0"),
    ("lppl-1.1", "LPPL-1.1"),
    ("lppl-1.2", "LPPL-1.2"),
    ("lppl-1.3a", "LPPL-1.3a"),
    ("lppl-1.3c", "LPPL-1.3c"),
    ("mit", "MIT"),
    ("mpl-1.0", "MPL-1.0"),
    ("mpl-1.1", "MPL-1.1"),
    ("mpl-2.0", "MPL-2.0"),
    ("ncsa", "NCSA"),
    ("ofl-1.0", "OFL-1.0"),
    ("ofl-1.1", "OFL-1.1"),
    ("openssl", "OpenSSL"),
    ("postgresql", "PostgreSQL"),
    ("python-2.0", "Python-2.0"),
    ("qpl-1.0", "QPL-1.0"),
    ("unlicense", "Unlicense"),
    ("w3c", "W3C"),
    ("x11", "X11"),
    ("zlib", "Zlib"),
    ("zope-1.1", "ZPL-1.1"),
    ("zope-2.0", "ZPL-2.0"),
    ("zope-2.1", "ZPL-2.1"),
];

/// What is longer is no list of names.
const SYNOPSIS_BYTES: usize = 1000;

/// The SPDX expression of a `License:` line, if every part of it has an exact counterpart.
///
/// "and" binds tighter than "or"; a comma before one of them makes it bind looser than what stands without.
pub(super) fn expression(synopsis: &str) -> Option<String> {
    if synopsis.len() > SYNOPSIS_BYTES {
        return None;
    }
    let mut parts = synopsis.split(',').map(str::trim);
    let mut whole = conjunction(parts.next()?)?;
    for part in parts {
        let (operator, operands) = part.split_once(char::is_whitespace)?;
        let operator = self::operator(operator)?;
        whole = format!("{} {operator} {}", grouped(&whole), grouped(&conjunction(operands)?));
    }
    Some(whole)
}

fn conjunction(part: &str) -> Option<String> {
    let mut words = part.split_whitespace();
    let mut expression = identifier(words.next()?)?;
    while let Some(word) = words.next() {
        let operator = operator(word)?;
        expression = format!("{expression} {operator} {}", identifier(words.next()?)?);
    }
    Some(expression)
}

fn grouped(expression: &str) -> String {
    if expression.contains(' ') { format!("({expression})") } else { expression.to_owned() }
}

fn operator(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "and" => Some("AND"),
        "or" => Some("OR"),
        _ => None,
    }
}

/// The SPDX identifier of a Debian short name.
pub(super) fn identifier(name: &str) -> Option<String> {
    let (bare, later) = match name.strip_suffix('+') {
        Some(bare) => (bare, true),
        None => (name, false),
    };
    if let Some(identifier) = family(bare, later) {
        return Some(identifier);
    }
    let bare = bare.to_ascii_lowercase();
    let whole = format!("{bare}.0");
    let (_, identifier) = NAMES
        .iter()
        .find(|(debian, _)| *debian == bare)
        .or_else(|| NAMES.iter().find(|(debian, _)| *debian == whole))?;
    // SPDX's operator `+` means what Debian's does.
    Some(if later { format!("{identifier}+") } else { (*identifier).to_owned() })
}

fn family(bare: &str, later: bool) -> Option<String> {
    let (bare, later) = match (bare.strip_suffix("-or-later"), bare.strip_suffix("-only")) {
        (Some(bare), _) if !later => (bare, true),
        (_, Some(bare)) if !later => (bare, false),
        _ => (bare, later),
    };
    let (name, version) = bare.rsplit_once('-')?;
    let (name, invariants) = match name.len().checked_sub(4).and_then(|at| name.split_at_checked(at)) {
        Some((name, end)) if end.eq_ignore_ascii_case("-NIV") => (name, "-no-invariants"),
        _ => (name, ""),
    };
    let (name, versions) = FAMILIES.iter().find(|(family, _)| family.eq_ignore_ascii_case(name))?;
    let whole = format!("{version}.0");
    let version = versions.iter().find(|known| **known == version || **known == whole)?;
    if !invariants.is_empty() && *name != "GFDL" {
        return None;
    }
    let form = if later { "or-later" } else { "only" };
    Some(format!("{name}-{version}{invariants}-{form}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers() {
        let cases = [
            ("GPL-2", Some("GPL-2.0-only")),
            ("GPL-2+", Some("GPL-2.0-or-later")),
            ("gpl-2.0+", Some("GPL-2.0-or-later")),
            ("LGPL-2.1", Some("LGPL-2.1-only")),
            ("LGPL-3.0-or-later", Some("LGPL-3.0-or-later")),
            ("AGPL-3", Some("AGPL-3.0-only")),
            ("GFDL-1.3+", Some("GFDL-1.3-or-later")),
            ("GFDL-NIV-1.3+", Some("GFDL-1.3-no-invariants-or-later")),
            ("GPL-NIV-3", None),
            ("GPL", None),
            ("GPL-4", None),
            ("Expat", Some("MIT")),
            ("BSD-3-clause", Some("BSD-3-Clause")),
            ("BSD", None),
            ("Apache-2", Some("Apache-2.0")),
            ("Apache-2.0", Some("Apache-2.0")),
            ("MPL-1.1+", Some("MPL-1.1+")),
            ("CC0", Some("CC0-1.0")),
            ("public-domain", None),
            ("Artistic", None),
            ("", None),
            ("+", None),
            ("é-NIV-1", None),
        ];
        for (name, expected) in cases {
            assert_eq!(identifier(name).as_deref(), expected, "{name}");
        }
    }

    // Examples of the copyright format 1.0, section 7.2.
    #[test]
    fn expressions() {
        let cases = [
            ("GPL-2+", Some("GPL-2.0-or-later")),
            ("GPL-1+ or Artistic-2", Some("GPL-1.0-or-later OR Artistic-2.0")),
            ("GPL-2+ and Expat", Some("GPL-2.0-or-later AND MIT")),
            (
                "GPL-2+ or Artistic-2.0, and BSD-3-clause",
                Some("(GPL-2.0-or-later OR Artistic-2.0) AND BSD-3-Clause"),
            ),
            ("GPL-2+ with OpenSSL exception", None),
            ("GPL-2+ or", None),
            ("GPL-2+,", None),
            ("GPL-2+, Expat", None),
            ("GPL-2+ BSD-3-clause", None),
            ("", None),
        ];
        for (synopsis, expected) in cases {
            assert_eq!(expression(synopsis).as_deref(), expected, "{synopsis}");
        }
    }
}
