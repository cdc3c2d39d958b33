//! .NET programs: `NAME.deps.json` beside a program lists the packages that it was published with
//! (github.com/dotnet/sdk, documentation/specs/runtime-configuration-file.md).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::parse::{self, string};
use super::{Cataloger, FileName, Reads, Unreadable};
use crate::fact::{Ecosystem, Fact, Package};

/// Packages of .NET programs. Projects that were built along are left out, and so is what only compiling needed.
pub static CATALOGER: Cataloger = Cataloger { name: "dotnet", wants, reads: Reads::Whole(look) };

const WHAT: &str = "deps.json";

fn wants(file: &FileName<'_>) -> bool {
    file.path.ends_with(".deps.json")
}

fn look(_: &FileName<'_>, data: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let json = parse::json(WHAT, data)?;
    let Some(libraries) = json.get("libraries").and_then(Value::as_object) else { return Ok(Vec::new()) };
    parse::bounded(WHAT, libraries.len())?;
    let targets = targets(&json);
    Ok(libraries
        .iter()
        .filter(|(_, library)| {
            string(library, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("package"))
        })
        .filter_map(|(key, library)| package(key, library, targets.get(key.as_str()).copied()))
        .map(Fact::Package)
        .collect())
}

/// The target that runs, of those in the file: the one that is named, else all.
fn targets(json: &Value) -> BTreeMap<&str, &Value> {
    let Some(all) = json.get("targets").and_then(Value::as_object) else { return BTreeMap::new() };
    let named =
        json.get("runtimeTarget").and_then(|target| string(target, "name").or_else(|| target.as_str()));
    let chosen: Vec<&Value> = match named.and_then(|name| all.get(name)) {
        Some(target) => vec![target],
        None => all.values().collect(),
    };
    let libraries = chosen.into_iter().filter_map(Value::as_object).flatten();
    libraries.map(|(key, library)| (key.as_str(), library)).collect()
}

fn package(key: &str, library: &Value, target: Option<&Value>) -> Option<Package> {
    let (name, version) = key.split_once('/')?;
    if !parse::is_name(name) || !parse::is_name(version) {
        return None;
    }
    if target.and_then(|target| target.get("compileOnly")).and_then(Value::as_bool) == Some(true) {
        return None;
    }
    let mut package = Package::new(Ecosystem::Nuget, name, version);
    let sha512 = string(library, "sha512").and_then(|text| text.strip_prefix("sha512-"));
    if let Some(digest) =
        sha512.and_then(|text| STANDARD.decode(text).ok()).filter(|digest| digest.len() == 64)
    {
        package.hashes.insert("SHA-512".into(), hex::encode(digest));
    }
    package.depends =
        parse::names(target.and_then(|target| target.get("dependencies"))).map(str::to_owned).collect();
    package.depends.sort();
    Some(package)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::parse::testing::{file, lines, packages, survives};

    const PATH: &str = "/app/app.deps.json";

    const APP: &str = r#"{
      "runtimeTarget": {"name": ".NETCoreApp,Version=v8.0/linux-x64", "signature": ""},
      "targets": {
        ".NETCoreApp,Version=v8.0": {},
        ".NETCoreApp,Version=v8.0/linux-x64": {
          "app/1.0.0": {"dependencies": {"Serilog": "3.0.1"}, "runtime": {"app.dll": {}}},
          "Serilog.Sinks.Console/4.1.0": {"dependencies": {"Serilog": "3.0.1", "A.B": "1"}},
          "Compiled/1.0.0": {"compileOnly": true}
        }
      },
      "libraries": {
        "app/1.0.0": {"type": "project", "serviceable": false, "sha512": ""},
        "Compiled/1.0.0": {"type": "package", "serviceable": true, "sha512": ""},
        "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.0": {"type": "runtimepack", "sha512": ""},
        "Serilog/3.0.1": {"type": "package", "serviceable": true,
          "sha512": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
          "path": "serilog/3.0.1", "hashPath": "serilog.3.0.1.nupkg.sha512"},
        "Serilog.Sinks.Console/4.1.0": {"type": "Package", "serviceable": true, "sha512": "sha512-AAAA"}
      }
    }"#;

    #[test]
    fn everything_that_it_tells() {
        let found = packages(&CATALOGER, PATH, format!("\u{feff}{APP}").as_bytes());
        assert_eq!(lines(&found), ["Serilog.Sinks.Console 4.1.0", "Serilog 3.0.1"]);
        // SHA-512 of nothing.
        assert!(
            found[1].hashes["SHA-512"]
                .starts_with("cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce")
        );
        assert!(found[0].hashes.is_empty());
        assert_eq!(found[0].depends, ["A.B", "Serilog"]);
    }

    #[test]
    fn odd_ones() {
        for (text, expected) in [
            (r#"{"libraries": {"A/1": {"type": "package"}}}"#, vec!["A 1"]),
            (
                r#"{"libraries": {"A/1": {"type": "package"}}, "targets": {"x": {"A/1": {"compileOnly": true}}}}"#,
                vec![],
            ),
            (
                r#"{"libraries": {"A": {"type": "package"}, "/1": {"type": "package"}, "A/1": {}, "B/1": 1}}"#,
                vec![],
            ),
            (r#"{"libraries": []}"#, vec![]),
            ("[]", vec![]),
        ] {
            assert_eq!(lines(&packages(&CATALOGER, PATH, text.as_bytes())), expected, "{text}");
        }
        assert!(!wants(&file("/app/deps.json", 0)));
    }

    #[test]
    fn hostile() {
        survives(&CATALOGER, PATH, APP.as_bytes());
    }
}
