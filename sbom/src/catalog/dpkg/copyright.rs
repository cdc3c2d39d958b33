//! Licences in the `copyright` files of Debian's packages.
//!
//! Files of the machine-readable format 1.0 name them. Of the others nothing is guessed from their prose: they name the
//! texts of `/usr/share/common-licenses` that they refer to. Such a reference doesn't say "or later", so a name with
//! two readings stays as it stands.

use std::collections::HashSet;

use crate::catalog::Unreadable;
use crate::limits;

use super::fields::{Paragraph, paragraphs};
use super::spdx;

const COMMON: &str = "/usr/share/common-licenses/";

/// The licences, in the order in which they appear, each once.
pub(super) fn licenses(text: &str) -> Result<Vec<String>, Unreadable> {
    let mut found = Found::default();
    if paragraphs(text).next().is_some_and(|first| is_machine_readable(&first)) {
        // The header and what speaks of files; stanzas that hold a licence's text alone only spell out those.
        named(&mut found, paragraphs(text).enumerate().filter(speaks_of_files))?;
        if found.licenses.is_empty() {
            named(&mut found, paragraphs(text).enumerate())?;
        }
    }
    if found.licenses.is_empty() {
        referred(&mut found, text)?;
    }
    Ok(found.licenses)
}

#[derive(Default)]
struct Found {
    licenses: Vec<String>,
    seen: HashSet<String>,
}

impl Found {
    fn add(&mut self, license: String) -> Result<(), Unreadable> {
        if self.seen.contains(&license) {
            return Ok(());
        }
        if self.licenses.len() >= limits::LICENSES_PER_FILE {
            let limit = limits::LICENSES_PER_FILE as u64;
            return Err(Unreadable::Limit { what: "the number of licences in a file", limit });
        }
        self.seen.insert(license.clone());
        self.licenses.push(license);
        Ok(())
    }
}

fn is_machine_readable(header: &Paragraph<'_>) -> bool {
    header.value("Format").or_else(|| header.value("Format-Specification")).is_some()
}

fn speaks_of_files((index, paragraph): &(usize, Paragraph<'_>)) -> bool {
    *index == 0 || paragraph.value("Files").is_some()
}

fn named<'a>(
    found: &mut Found,
    stanzas: impl Iterator<Item = (usize, Paragraph<'a>)>,
) -> Result<(), Unreadable> {
    for synopsis in stanzas.filter_map(|(_, paragraph)| paragraph.line("License")) {
        let words: Vec<&str> = synopsis.split_whitespace().collect();
        let synopsis = words.join(" ");
        found.add(spdx::expression(&synopsis).unwrap_or(synopsis))?;
    }
    Ok(())
}

fn referred(found: &mut Found, text: &str) -> Result<(), Unreadable> {
    for (at, _) in text.match_indices(COMMON) {
        let after = text.get(at.saturating_add(COMMON.len())..).unwrap_or_default();
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+')));
        let name = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        let name = name.trim_end_matches(['.', '-']);
        if name.is_empty() {
            continue;
        }
        // The GNU licences are named by version, and have the forms `-only` and `-or-later`.
        let exact = spdx::identifier(name).filter(|identifier| !identifier.ends_with("-only"));
        found.add(exact.unwrap_or_else(|| name.to_owned()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_readable() {
        let text = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n\
            Files: *\nCopyright: 1995 A\nLicense: Zlib\n\n\
            Files: amiga/*\nCopyright: B\nLicense:  GPL-2+ with   OpenSSL exception\n text\n\n\
            Files: x\nLicense: Zlib\n\n\
            License: Zlib\n Permission is granted\n\nLicense: public-domain\n";
        assert_eq!(licenses(text).unwrap(), ["Zlib", "GPL-2+ with OpenSSL exception"]);
    }

    #[test]
    fn machine_readable_with_licenses_alone() {
        let text = "Format-Specification: http://svn.debian.org/dep5\n\n\
            License: GPL-2\n See /usr/share/common-licenses/GPL-2.\n";
        assert_eq!(licenses(text).unwrap(), ["GPL-2.0-only"]);
    }

    #[test]
    fn prose() {
        let cases: &[(&str, &[&str])] = &[
            ("On Debian systems see `/usr/share/common-licenses/GPL-2'.", &["GPL-2"]),
            ("in /usr/share/common-licenses/LGPL-2.1.\n", &["LGPL-2.1"]),
            ("/usr/share/common-licenses/Apache-2.0, /usr/share/common-licenses/Apache-2.0", &["Apache-2.0"]),
            ("/usr/share/common-licenses/BSD and /usr/share/common-licenses/GPL", &["BSD", "GPL"]),
            ("/usr/share/common-licenses/", &[]),
            ("This is free software.", &[]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(licenses(text).unwrap(), *expected, "{text}");
        }
    }

    #[test]
    fn too_many() {
        let text: String = (0..=limits::LICENSES_PER_FILE).map(|n| format!("{COMMON}L{n} ")).collect();
        let error = licenses(&text).unwrap_err();
        assert_eq!(error.to_string(), "the number of licences in a file is more than 1000");
    }
}
