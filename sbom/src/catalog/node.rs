//! Node's installed packages: `node_modules/NAME/package.json` (docs.npmjs.com, package.json).
//!
//! A package is installed where its folder is a direct child of `node_modules`, or of a scope in it. A `package.json`
//! deeper within a package is one of its tests, or only tells which kind of modules a folder has.

use serde_json::Value;

use super::parse::{self, present, string};
use super::{Cataloger, FileName, Reads, Unreadable};
use crate::fact::{Ecosystem, Fact, Package};

/// Node's installed packages.
pub static CATALOGER: Cataloger = Cataloger { name: "node", wants, reads: Reads::Whole(look) };

fn wants(file: &FileName<'_>) -> bool {
    let Some(folder) = file.path.strip_suffix("/package.json") else { return false };
    let Some((parent, name)) = folder.rsplit_once('/') else { return false };
    let parent = match parent.rsplit_once('/') {
        Some((above, scope)) if scope.starts_with('@') => above,
        _ => parent,
    };
    // Debian keeps what it packages in /usr/share/nodejs.
    !name.starts_with('@')
        && (parent.ends_with("/node_modules") || parent == "/usr/share/nodejs" || parent == "/usr/lib/nodejs")
}

fn look(_: &FileName<'_>, data: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let json = parse::json("package.json", data)?;
    let (Some(name), Some(version)) = (string(&json, "name"), string(&json, "version")) else {
        return Ok(Vec::new());
    };
    let Some(mut package) = named(name, version) else { return Ok(Vec::new()) };
    package.licenses = licenses(&json);
    package.supplier = json.get("author").and_then(person);
    package.description = string(&json, "description").map(str::to_owned);
    package.homepage = string(&json, "homepage").map(str::to_owned);
    package.depends = ["dependencies", "optionalDependencies", "peerDependencies"]
        .into_iter()
        .flat_map(|member| parse::names(json.get(member)))
        .map(str::to_owned)
        .collect();
    package.depends.sort();
    package.depends.dedup();
    Ok(vec![Fact::Package(package)])
}

/// A package by its name with its scope, if that is one; a version may be missing.
pub(super) fn named(name: &str, version: &str) -> Option<Package> {
    let (namespace, name) = match name.split_once('/') {
        Some((scope, name)) if scope.starts_with('@') => (Some(scope), name),
        _ => (None, name),
    };
    let is_version = version.is_empty() || parse::is_name(version);
    if !namespace.is_none_or(parse::is_name) || !parse::is_name(name) || !is_version {
        return None;
    }
    let mut package = Package::new(Ecosystem::Npm, name, version);
    package.namespace = namespace.map(str::to_owned);
    Some(package)
}

/// `"license": "MIT"`, or what came before it: `{"type": "MIT"}` there, or in a list `licenses`.
pub(super) fn licenses(json: &Value) -> Vec<String> {
    ["license", "licenses"]
        .into_iter()
        .filter_map(|member| json.get(member))
        .map(|value| match value {
            Value::Array(many) => many.iter().filter_map(license).collect(),
            one => license(one).into_iter().collect(),
        })
        .find(|found: &Vec<String>| !found.is_empty())
        .unwrap_or_default()
}

fn license(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => present(text),
        object => string(object, "type").or_else(|| string(object, "name")),
    };
    text.map(str::to_owned)
}

/// `"NAME <MAIL> (URL)"`, or an object of these.
fn person(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            present(text.split_once(" (").map_or(text.as_str(), |(name, _)| name)).map(str::to_owned)
        }
        object => {
            let name = string(object, "name")?;
            Some(string(object, "email").map_or_else(|| name.to_owned(), |email| format!("{name} <{email}>")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::catalog::parse::testing::{file, lines, packages, survives};

    const PATH: &str = "/app/node_modules/x/package.json";

    #[test]
    fn files() {
        for (path, wanted) in [
            (PATH, true),
            ("/app/node_modules/@s/x/package.json", true),
            ("/app/node_modules/.pnpm/x@1.0.0/node_modules/x/package.json", true),
            ("/app/node_modules/x/node_modules/y/package.json", true),
            ("/usr/share/nodejs/abbrev/package.json", true),
            ("/usr/share/nodejs/@types/node/package.json", true),
            ("/app/package.json", false),
            ("/app/node_modules/package.json", false),
            ("/app/node_modules/@s/package.json", false),
            ("/app/node_modules/x/test/package.json", false),
            ("/app/node_modules/x/dist/esm/package.json", false),
            ("/app/node_modules/x/package-lock.json", false),
            ("package.json", false),
        ] {
            assert_eq!(wants(&file(path, 0)), wanted, "{path}");
        }
    }

    #[test]
    fn everything_that_it_tells() {
        let found = packages(
            &CATALOGER,
            PATH,
            br#"{"name": "@babel/core", "version": "7.0.0-beta.1", "license": "MIT", "description": "Compiler",
                 "homepage": "https://babel.dev", "author": {"name": "A", "email": "a@b", "url": "u"},
                 "dependencies": {"semver": "^6", "@babel/types": "*"}, "devDependencies": {"jest": "1"},
                 "optionalDependencies": {"fsevents": "1"}}"#,
        );
        let mut expected = Package::new(Ecosystem::Npm, "core", "7.0.0-beta.1");
        expected.namespace = Some("@babel".into());
        expected.licenses = vec!["MIT".into()];
        expected.description = Some("Compiler".into());
        expected.homepage = Some("https://babel.dev".into());
        expected.supplier = Some("A <a@b>".into());
        expected.depends = vec!["@babel/types".into(), "fsevents".into(), "semver".into()];
        assert_eq!(found, [expected]);
    }

    #[test]
    fn forms_of_licences() {
        for (member, expected) in [
            (r#""license": "(MIT OR Apache-2.0)""#, vec!["(MIT OR Apache-2.0)"]),
            (r#""license": {"type": "ISC", "url": "u"}"#, vec!["ISC"]),
            (r#""licenses": [{"type": "MIT"}, {"type": "GPL-2.0"}]"#, vec!["MIT", "GPL-2.0"]),
            (r#""licenses": ["MIT"]"#, vec!["MIT"]),
            (r#""license": ["MIT", 1]"#, vec!["MIT"]),
            (r#""license": null, "licenses": {"type": "MIT"}"#, vec!["MIT"]),
            (r#""license": false"#, vec![]),
            (r#""license": " ""#, vec![]),
        ] {
            let found = packages(
                &CATALOGER,
                PATH,
                format!(r#"{{"name":"x","version":"1.0.0",{member}}}"#).as_bytes(),
            );
            assert_eq!(found[0].licenses, expected, "{member}");
        }
    }

    #[test]
    fn what_shows_nothing() {
        for text in [
            r#"{"type": "module"}"#,
            r#"{"name": "x"}"#,
            r#"{"name": "x", "version": 1}"#,
            r#"{"name": "", "version": "1"}"#,
            r#"{"name": "a b", "version": "1"}"#,
            r#"{"name": "@a/", "version": "1"}"#,
            "[]",
            "\u{feff}1",
        ] {
            assert_eq!(packages(&CATALOGER, PATH, text.as_bytes()), [], "{text}");
        }
    }

    #[test]
    fn hostile() {
        survives(
            &CATALOGER,
            PATH,
            br#"{"name":"@a/b","version":"1","licenses":[{"type":"x"}],"author":"a (b)","dependencies":{"c":1}}"#,
        );
        let deep = "[".repeat(1 << 19);
        assert!(matches!(look(&file(PATH, deep.len()), deep.as_bytes()), Err(Unreadable::Malformed { .. })));
    }

    /// The same packages as `npm ls` finds in npm itself.
    #[test]
    fn as_npm_lists() {
        let Some(npm) = ["/usr/lib/node_modules/npm", "/usr/local/lib/node_modules/npm"]
            .into_iter()
            .find(|folder| Path::new(folder).is_dir())
        else {
            crate::testing::left_out("npm");
            return;
        };
        let Ok(output) = Command::new("npm").args(["ls", "--all", "--json"]).current_dir(npm).output() else {
            crate::testing::left_out("npm");
            return;
        };
        let tree: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut listed = BTreeSet::new();
        of_tree(&tree, &mut listed);
        let mut found = BTreeSet::new();
        of_folder(&Path::new(npm).join("node_modules"), &mut found);
        assert!(found.len() > 50, "{found:?}");
        assert_eq!(found, listed);
    }

    fn of_tree(tree: &Value, listed: &mut BTreeSet<String>) {
        for (name, node) in tree["dependencies"].as_object().into_iter().flatten() {
            // What is optional and not installed has no version.
            if let Some(version) = string(node, "version") {
                listed.insert(format!("{name} {version}"));
            }
            of_tree(node, listed);
        }
    }

    fn of_folder(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_str().unwrap();
            if path.is_dir() {
                of_folder(&path, found);
            } else if wants(&file(name, 0)) {
                found.extend(lines(&packages(&CATALOGER, name, &std::fs::read(name).unwrap())));
            }
        }
    }
}
