//! PHP packages installed by Composer: `vendor/composer/installed.json`, a list (Composer 1) or an object with a list
//! `packages` (Composer 2). A package has the members of its `composer.json` (getcomposer.org/doc/04-schema.md).

use serde_json::Value;

use super::parse::{self, string};
use super::{Cataloger, FileName, Reads, Unreadable};
use crate::fact::{Ecosystem, Fact, Package};

/// PHP packages installed by Composer.
pub static CATALOGER: Cataloger = Cataloger { name: "php", wants, reads: Reads::Whole(look) };

const WHAT: &str = "Composer's installed.json";

fn wants(file: &FileName<'_>) -> bool {
    file.path.ends_with("/composer/installed.json")
}

fn look(_: &FileName<'_>, data: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let json = parse::json(WHAT, data)?;
    let Some(packages) = json.as_array().or_else(|| json.get("packages")?.as_array()) else {
        return Ok(Vec::new());
    };
    parse::bounded(WHAT, packages.len())?;
    Ok(packages.iter().filter_map(package).map(Fact::Package).collect())
}

/// A package by the members of its `composer.json`.
pub(super) fn package(json: &Value) -> Option<Package> {
    // Metapackages consist of nothing but their requirements.
    if string(json, "type") == Some("metapackage") {
        return None;
    }
    let (vendor, name) = match string(json, "name")?.split_once('/') {
        Some((vendor, name)) => (Some(vendor), name),
        None => (None, string(json, "name")?),
    };
    let version = string(json, "version")?;
    if !vendor.is_none_or(parse::is_name) || !parse::is_name(name) || !parse::is_name(version) {
        return None;
    }
    // Composer's names know no case.
    let mut package = Package::new(Ecosystem::Composer, name.to_lowercase(), version);
    package.namespace = vendor.map(str::to_lowercase);
    package.licenses = licenses(json).into_iter().collect();
    package.supplier =
        json.get("authors").and_then(|authors| string(authors.get(0)?, "name")).map(str::to_owned);
    package.description = string(json, "description").map(str::to_owned);
    package.homepage = string(json, "homepage").map(str::to_owned);
    package.depends = others(json, &["require"]);
    package.provides = others(json, &["provide", "replace"]);
    Some(package)
}

/// One expression: of a list, anyone may be chosen.
fn licenses(json: &Value) -> Option<String> {
    match json.get("license")? {
        Value::Array(many) => {
            let many: Vec<&str> = many.iter().filter_map(Value::as_str).filter_map(parse::present).collect();
            (!many.is_empty()).then(|| many.join(" OR "))
        }
        _ => string(json, "license").map(str::to_owned),
    }
}

/// Names of packages, without those of the platform (`php`, `ext-json`, `composer-runtime-api`), which have no vendor.
fn others(json: &Value, members: &[&str]) -> Vec<String> {
    let names = members.iter().flat_map(|member| parse::names(json.get(*member)));
    let mut names: Vec<String> = names.filter(|name| name.contains('/')).map(str::to_lowercase).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::parse::testing::{file, lines, packages, survives};

    const PATH: &str = "/app/vendor/composer/installed.json";

    const MONOLOG: &str = r#"{"name": "Monolog/monolog", "version": "2.9.1", "version_normalized": "2.9.1.0",
        "require": {"php": ">=7.2", "ext-json": "*", "psr/log": "^1.0.1 || ^2.0 || ^3.0"},
        "require-dev": {"aws/aws-sdk-php": "^2.4.9"},
        "provide": {"psr/log-implementation": "1.0.0 || 2.0.0 || 3.0.0"},
        "type": "library", "license": ["MIT", "LGPL-2.1-only"], "description": "Sends your logs",
        "homepage": "https://github.com/Seldaek/monolog", "install-path": "../monolog/monolog",
        "authors": [{"name": "Jordi Boggiano", "email": "j.boggiano@seld.be"}]}"#;

    #[test]
    fn both_forms() {
        let mut expected = Package::new(Ecosystem::Composer, "monolog", "2.9.1");
        expected.namespace = Some("monolog".into());
        expected.licenses = vec!["MIT OR LGPL-2.1-only".into()];
        expected.supplier = Some("Jordi Boggiano".into());
        expected.description = Some("Sends your logs".into());
        expected.homepage = Some("https://github.com/Seldaek/monolog".into());
        expected.depends = vec!["psr/log".into()];
        expected.provides = vec!["psr/log-implementation".into()];
        for text in [format!("[{MONOLOG}]"), format!(r#"{{"packages": [{MONOLOG}], "dev": true}}"#)] {
            assert_eq!(packages(&CATALOGER, PATH, text.as_bytes()), [expected.clone()]);
        }
    }

    #[test]
    fn odd_ones() {
        for (text, expected) in [
            (
                r#"[{"name": "a/b", "version": "dev-main"}, {"name": "c", "version": "v1"}]"#,
                vec!["a/b dev-main", "c v1"],
            ),
            (r#"[{"name": "a/b"}, {"version": "1"}, 1, {"name": "/b", "version": "1"}]"#, vec![]),
            (r#"[{"name": "a/b", "version": "1", "type": "metapackage"}]"#, vec![]),
            (r#"{"packages": {}}"#, vec![]),
            ("1", vec![]),
        ] {
            assert_eq!(lines(&packages(&CATALOGER, PATH, text.as_bytes())), expected, "{text}");
        }
        for path in ["/app/composer.json", "/app/vendor/installed.json", "/app/vendor/composer/installed.php"]
        {
            assert!(!wants(&file(path, 0)), "{path}");
        }
    }

    #[test]
    fn hostile() {
        survives(&CATALOGER, PATH, format!(r#"{{"packages":[{MONOLOG}]}}"#).as_bytes());
        let many = format!("[{}]", vec!["0"; crate::limits::PACKAGES_PER_FILE + 1].join(","));
        assert!(matches!(look(&file(PATH, many.len()), many.as_bytes()), Err(Unreadable::Limit { .. })));
    }
}
