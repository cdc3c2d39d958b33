//! Python's installed packages.
//!
//! A wheel is installed with a folder `NAME-VERSION.dist-info`, an older package with a folder or file `*.egg-info`.
//! `METADATA` and `PKG-INFO` in them are headers as those of a mail (Core Metadata 2.4, packaging.python.org).

use super::parse::{self, present};
use super::{Cataloger, FileName, Reads, Unreadable};
use crate::fact::{Ecosystem, Fact, Package};

/// Python's installed packages.
pub static CATALOGER: Cataloger = Cataloger { name: "python", wants, reads: Reads::Whole(look) };

fn wants(file: &FileName<'_>) -> bool {
    let Some((folder, name)) = file.path.rsplit_once('/') else { return false };
    match name {
        "METADATA" => folder.ends_with(".dist-info"),
        "PKG-INFO" => folder.ends_with(".egg-info") || folder.ends_with(".egg/EGG-INFO"),
        _ => name.ends_with(".egg-info"),
    }
}

fn look(_: &FileName<'_>, data: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let text = parse::text("package metadata", data)?;
    let headers = headers(&text);
    let first = |name: &str| all(&headers, name).next();
    let (Some(name), Some(version)) = (first("Name"), first("Version")) else { return Ok(Vec::new()) };
    if !parse::is_name(name) || !parse::is_name(version) {
        return Ok(Vec::new());
    }
    let mut package = Package::new(Ecosystem::Pypi, normalized(name), version);
    package.licenses = licenses(&headers);
    package.supplier = ["Maintainer", "Author", "Maintainer-email", "Author-email"]
        .into_iter()
        .find_map(first)
        .map(str::to_owned);
    package.description = first("Summary").map(str::to_owned);
    package.homepage = first("Home-page").or_else(|| project_url(&headers)).map(str::to_owned);
    package.depends = depends(&headers);
    Ok(vec![Fact::Package(package)])
}

/// The headers: names and values, with continued lines joined by a space. They end at the first empty line.
fn headers(text: &str) -> Vec<(&str, String)> {
    let mut headers: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push('\n');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim(), value.trim().to_owned()));
        }
    }
    headers
}

/// The values of a header that say something: old tools write `UNKNOWN` where nothing is known.
fn all<'a>(headers: &'a [(&str, String)], name: &str) -> impl Iterator<Item = &'a str> {
    headers
        .iter()
        .filter(move |(header, _)| header.eq_ignore_ascii_case(name))
        .filter_map(|(_, value)| present(value))
        .filter(|value| *value != "UNKNOWN")
}

/// PEP 503: in lower case, with each run of `-`, `_` and `.` as one `-`.
fn normalized(name: &str) -> String {
    let mut normalized = String::with_capacity(name.len());
    for character in name.chars() {
        if !matches!(character, '-' | '_' | '.') {
            normalized.push(character.to_ascii_lowercase());
        } else if !normalized.ends_with('-') {
            normalized.push('-');
        }
    }
    normalized
}

/// An expression (PEP 639) before classifiers before the free text, which is often the whole text of a licence.
fn licenses(headers: &[(&str, String)]) -> Vec<String> {
    if let Some(expression) = all(headers, "License-Expression").next() {
        return vec![expression.to_owned()];
    }
    let classified: Vec<&str> = all(headers, "Classifier")
        .filter_map(|classifier| classifier.strip_prefix("License :: "))
        .map(|classifier| classifier.strip_prefix("OSI Approved :: ").unwrap_or(classifier))
        .filter(|name| *name != "OSI Approved")
        .collect();
    let text = all(headers, "License").find(|text| text.len() <= 200 && !text.contains('\n'));
    match text {
        Some(text) if classified.iter().all(|name| identifier(name).is_none()) => vec![text.to_owned()],
        _ => classified.into_iter().map(|name| identifier(name).unwrap_or(name).to_owned()).collect(),
    }
}

/// The SPDX identifier of a classifier that names one licence in one version.
fn identifier(classifier: &str) -> Option<&'static str> {
    CLASSIFIERS.iter().find(|(name, _)| *name == classifier).map(|(_, identifier)| *identifier)
}

const CLASSIFIERS: &[(&str, &str)] = &[
    ("Apache Software License", "Apache-2.0"),
    ("Blue Oak Model License (BlueOak-1.0.0)", "BlueOak-1.0.0"),
    ("Boost Software License 1.0 (BSL-1.0)", "BSL-1.0"),
    ("CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "CC0-1.0"),
    ("CEA CNRS Inria Logiciel Libre License, version 2.1 (CeCILL-2.1)", "CECILL-2.1"),
    ("Common Development and Distribution License 1.0 (CDDL-1.0)", "CDDL-1.0"),
    ("Eclipse Public License 1.0 (EPL-1.0)", "EPL-1.0"),
    ("Eclipse Public License 2.0 (EPL-2.0)", "EPL-2.0"),
    ("European Union Public Licence 1.1 (EUPL 1.1)", "EUPL-1.1"),
    ("European Union Public Licence 1.2 (EUPL 1.2)", "EUPL-1.2"),
    ("GNU Affero General Public License v3", "AGPL-3.0-only"),
    ("GNU Affero General Public License v3 or later (AGPLv3+)", "AGPL-3.0-or-later"),
    ("GNU General Public License v2 (GPLv2)", "GPL-2.0-only"),
    ("GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"),
    ("GNU General Public License v3 (GPLv3)", "GPL-3.0-only"),
    ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"),
    ("GNU Lesser General Public License v2 (LGPLv2)", "LGPL-2.0-only"),
    ("GNU Lesser General Public License v2 or later (LGPLv2+)", "LGPL-2.0-or-later"),
    ("GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
    ("GNU Lesser General Public License v3 or later (LGPLv3+)", "LGPL-3.0-or-later"),
    ("Historical Permission Notice and Disclaimer (HPND)", "HPND"),
    ("ISC License (ISCL)", "ISC"),
    ("MIT License", "MIT"),
    ("MIT No Attribution License (MIT-0)", "MIT-0"),
    ("Mozilla Public License 1.0 (MPL)", "MPL-1.0"),
    ("Mozilla Public License 1.1 (MPL 1.1)", "MPL-1.1"),
    ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
    ("Python Software Foundation License", "PSF-2.0"),
    ("SIL Open Font License 1.1 (OFL-1.1)", "OFL-1.1"),
    ("The Unlicense (Unlicense)", "Unlicense"),
    ("Universal Permissive License (UPL)", "UPL-1.0"),
    ("University of Illinois/NCSA Open Source License", "NCSA"),
    ("W3C License", "W3C"),
    ("Zero-Clause BSD (0BSD)", "0BSD"),
    ("zlib/libpng License", "Zlib"),
];

/// `Project-URL: Homepage, https://...`
fn project_url<'a>(headers: &'a [(&str, String)]) -> Option<&'a str> {
    all(headers, "Project-URL").find_map(|value| {
        let (label, url) = value.split_once(',')?;
        label.trim().eq_ignore_ascii_case("homepage").then(|| present(url)).flatten()
    })
}

/// Names of what is required; what only an extra requires is not.
fn depends(headers: &[(&str, String)]) -> Vec<String> {
    let mut names: Vec<String> = all(headers, "Requires-Dist")
        .filter(|requirement| !requirement.split_once(';').is_some_and(|(_, marker)| mentions_extra(marker)))
        .filter_map(|requirement| {
            let end = requirement
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
                .unwrap_or(requirement.len());
            present(&requirement[..end]).map(normalized)
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

fn mentions_extra(marker: &str) -> bool {
    marker.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| word == "extra")
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::catalog::parse::testing::{file, lines, packages, survives};

    const PATH: &str = "/usr/lib/python3/dist-packages/Foo_Bar-1.0.dist-info/METADATA";

    #[test]
    fn files() {
        for (path, wanted) in [
            (PATH, true),
            ("/x/foo.egg-info/PKG-INFO", true),
            ("/x/foo.egg-info", true),
            ("/x/foo-1.egg/EGG-INFO/PKG-INFO", true),
            ("/x/foo.egg-info/requires.txt", false),
            ("/x/METADATA", false),
            ("/x/PKG-INFO", false),
            ("METADATA", false),
        ] {
            assert_eq!(wants(&file(path, 0)), wanted, "{path}");
        }
    }

    #[test]
    fn everything_that_it_tells() {
        let found = packages(
            &CATALOGER,
            PATH,
            b"Metadata-Version: 2.1\r\nName: Foo_Bar..Baz\r\nVersion: 1.0rc1\r\nSummary: A thing\r\n\
              Home-page: https://example.org\r\nAuthor: A. Nother\r\nMaintainer: UNKNOWN\r\n\
              License: whatever\r\nClassifier: License :: OSI Approved :: MIT License\r\n\
              Classifier: License :: OSI Approved\r\nClassifier: Topic :: Utilities\r\n\
              Requires-Dist: Zope.Interface>=1\r\nRequires-Dist: requests[socks] (>=2) ; python_version < \"3\"\r\n\
              Requires-Dist: pytest; extra == 'test'\r\n\r\nName: not a header\r\n",
        );
        let mut expected = Package::new(Ecosystem::Pypi, "foo-bar-baz", "1.0rc1");
        expected.description = Some("A thing".into());
        expected.homepage = Some("https://example.org".into());
        expected.supplier = Some("A. Nother".into());
        expected.licenses = vec!["MIT".into()];
        expected.depends = vec!["requests".into(), "zope-interface".into()];
        assert_eq!(found, [expected]);
    }

    #[test]
    fn which_licence() {
        for (headers, expected) in [
            ("License-Expression: MIT OR Apache-2.0\nLicense: x", vec!["MIT OR Apache-2.0"]),
            ("License: BSD-3-Clause", vec!["BSD-3-Clause"]),
            ("License: UNKNOWN", vec![]),
            ("License: Copyright\n        of many lines", vec![]),
            (
                "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: OSI Approved :: zlib/libpng License",
                vec!["MIT", "Zlib"],
            ),
            ("Classifier: License :: OSI Approved :: BSD License", vec!["BSD License"]),
            (
                "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: OSI Approved :: BSD License",
                vec!["MIT", "BSD License"],
            ),
            ("License: Zope\nClassifier: License :: OSI Approved :: BSD License", vec!["Zope"]),
        ] {
            let found = packages(&CATALOGER, PATH, format!("Name: x\nVersion: 1\n{headers}\n").as_bytes());
            assert_eq!(found[0].licenses, expected, "{headers}");
        }
    }

    #[test]
    fn what_shows_nothing() {
        for text in
            ["", "Name: x", "Version: 1", "Name: a b\nVersion: 1", "\nName: x\nVersion: 1", "\u{0}\u{1}: :"]
        {
            assert_eq!(packages(&CATALOGER, PATH, text.as_bytes()), [], "{text}");
        }
    }

    #[test]
    fn hostile() {
        survives(
            &CATALOGER,
            PATH,
            b"Name: x\nVersion: 1\nProject-URL: Homepage, http://a\nRequires-Dist: a[b];extra=='c'\n d\n",
        );
        let long = vec![b'a'; usize::try_from(crate::limits::TEXT_BYTES).unwrap() + 1];
        assert!(matches!(look(&file(PATH, long.len()), &long), Err(Unreadable::Limit { .. })));
    }

    /// The same packages as `pip list` finds where it runs.
    #[test]
    fn as_pip_lists() {
        let script = "import json,sysconfig;print(json.dumps(sysconfig.get_paths()['purelib']))";
        let Some(folder) = output("python3", &["-c", script]) else { return };
        let folder: String = serde_json::from_str(&folder).unwrap();
        let Some(listed) = output(
            "python3",
            &["-m", "pip", "--disable-pip-version-check", "list", "--format=json", "--path", &folder],
        ) else {
            return;
        };
        let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
        let mut listed: Vec<String> = listed
            .iter()
            .map(|package| {
                format!(
                    "{} {}",
                    normalized(package["name"].as_str().unwrap()),
                    package["version"].as_str().unwrap()
                )
            })
            .collect();
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            for path in [path.join("METADATA"), path.join("PKG-INFO"), path.join("EGG-INFO/PKG-INFO"), path] {
                let name = path.to_str().unwrap();
                if Path::new(name).is_file() && wants(&file(name, 0)) {
                    found.extend(lines(&packages(&CATALOGER, name, &std::fs::read(name).unwrap())));
                }
            }
        }
        listed.sort();
        found.sort();
        assert_eq!(found, listed);
    }

    fn output(program: &str, arguments: &[&str]) -> Option<String> {
        let output =
            Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
        if output.is_none() {
            crate::testing::left_out(program);
        }
        output.and_then(|output| String::from_utf8(output.stdout).ok())
    }
}
