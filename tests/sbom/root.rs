//! The SBOM of a whole Debian with packages of many languages, against what the programs say that installed them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use testkit::{Sandbox, peer};

/// What is compared of a component: `TYPE/NAME@VERSION`, of a distribution's package also ` ARCHITECTURE`.
pub(crate) type Names = BTreeSet<String>;

/// The image with the tag, as the program names it.
fn image(tag: &str) -> Option<String> {
    Some(format!("oci:{}:{tag}", peer("DEBIAN_LAYOUT")?.display()))
}

fn root() -> Option<String> {
    Some(format!("dir:{}", peer("DEBIAN_ROOT")?.display()))
}

pub(crate) fn generated(sandbox: &Sandbox, source: &str) -> Value {
    let made = sandbox.countersign(["sbom", "generate", source, "-o", "cyclonedx-json"]).succeeds();
    serde_json::from_str(&made.stdout).expect("JSON")
}

fn listed(sandbox: &Sandbox, source: &str) -> Vec<Value> {
    let made = sandbox.countersign(["sbom", "list", source, "-o", "json"]).succeeds();
    serde_json::from_str(&made.stdout).expect("JSON")
}

pub(crate) fn components(document: &Value) -> impl Iterator<Item = &Value> {
    document["components"].as_array().expect("components").iter().filter(|one| one["purl"].is_string())
}

/// The value of a property of a component.
pub(crate) fn property<'a>(component: &'a Value, name: &str) -> Option<&'a str> {
    component["properties"].as_array()?.iter().find(|property| property["name"] == name)?["value"].as_str()
}

/// A package URL without what only tells where it is from; Trivy writes an epoch as a qualifier.
pub(crate) fn name_of(purl: &str) -> String {
    let (path, qualifiers) = purl.split_once('?').unwrap_or((purl, ""));
    let qualifiers: BTreeMap<_, _> = qualifiers.split('&').filter_map(|one| one.split_once('=')).collect();
    let path = path.trim_start_matches("pkg:").replace("deb/debian/", "deb/");
    let (name, version) = path.rsplit_once('@').unwrap_or((&path, ""));
    let epoch = qualifiers.get("epoch").map(|epoch| format!("{epoch}:")).unwrap_or_default();
    let arch = qualifiers.get("arch").map(|arch| format!(" {arch}")).unwrap_or_default();
    format!("{name}@{epoch}{version}{arch}").replace("%2B", "+").replace("%40", "@")
}

pub(crate) fn names<'a>(components: impl Iterator<Item = &'a Value>) -> Names {
    components.map(|component| name_of(component["purl"].as_str().expect("a purl"))).collect()
}

#[test]
fn the_layers_come_to_the_same_as_the_root() {
    let (sandbox, Some(root), Some(image)) = (Sandbox::new(), root(), image("app")) else { return };
    let (mut of_root, mut of_image) = (listed(&sandbox, &root), listed(&sandbox, &image));
    let layers = layers_by_path(&of_image);
    for component in of_root.iter_mut().chain(&mut of_image) {
        for location in component["locations"].as_array_mut().expect("locations") {
            location.as_object_mut().expect("a location").remove("layer");
        }
    }
    assert_eq!(of_image, of_root);
    // The same goes for what they need and whom they belong to.
    let (of_root, of_image) = (generated(&sandbox, &root), generated(&sandbox, &image));
    let needs = |document: &Value| document["dependencies"].as_array().expect("dependencies")[1..].to_vec();
    assert_eq!(needs(&of_image), needs(&of_root));
    // Each layer has brought something: Debian, languages, changes, and the folder that hides another.
    let all: Vec<_> = (0..)
        .map_while(|number| {
            property(&of_image["metadata"]["component"], &format!("countersign:layer:{number}"))
        })
        .collect();
    for (path, number) in [
        ("/usr/lib/python3/dist-packages/ply-3.11.egg-info/PKG-INFO", 0),
        ("/usr/local/bin/greet", 1),
        ("/var/lib/dpkg/status", 2),
        ("/srv/shop/shop.ear", 3),
    ] {
        assert_eq!(layers.get(path).map(String::as_str), all.get(number).copied(), "{path}");
    }
    assert_eq!(all.len(), 4);
}

fn layers_by_path(components: &[Value]) -> BTreeMap<String, String> {
    let locations =
        components.iter().flat_map(|component| component["locations"].as_array().expect("locations"));
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    locations.map(|location| (text(&location["path"]), text(&location["layer"]))).collect()
}

#[test]
fn what_a_later_layer_removes_was_there() {
    let (sandbox, Some(before), Some(after)) = (Sandbox::new(), image("debian"), image("app")) else {
        return;
    };
    let (before, after) = (generated(&sandbox, &before), generated(&sandbox, &after));
    let (before, after) = (names(components(&before)), names(components(&after)));
    let gone: Vec<_> =
        before.difference(&after).map(|name| name.split('@').next().expect("a name")).collect();
    assert_eq!(gone, ["deb/python3-yaml", "pypi/pyyaml"]);
}

/// What the program that installed them says is there, by the file that holds its words.
fn told(lists: &Path, file: &str) -> Names {
    let text = std::fs::read_to_string(lists.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let lines = || text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let json = || serde_json::from_str::<Value>(&text).expect("JSON");
    match file {
        "dpkg.txt" => lines().map(|words| format!("deb/{}@{} {}", words[0], words[1], words[2])).collect(),
        "pip-venv.json" | "pip-debian.json" => {
            listed_by_name("pypi", &json()).map(|name| normal(&name)).collect()
        }
        "composer.json" => listed_by_name("composer", &json()["installed"]).collect(),
        "npm.json" => {
            let mut names = Names::new();
            nested(&json(), &mut names);
            names
        }
        "gem.txt" => lines().map(|words| format!("gem/{}@{}", words[0], words[1])).collect(),
        "cargo.txt" => {
            lines().map(|words| format!("cargo/{}@{}", words[0], words[1].trim_start_matches('v'))).collect()
        }
        "go.txt" => lines().filter_map(|words| of_go(&words)).collect(),
        "maven.txt" => lines().filter_map(|words| of_maven(words.first()?)).collect(),
        other => panic!("{other}"),
    }
}

fn listed_by_name(kind: &str, list: &Value) -> impl Iterator<Item = String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let name = |one: &Value| format!("{kind}/{}@{}", text(&one["name"]), text(&one["version"]));
    list.as_array().expect("a list").iter().map(name).collect::<Vec<_>>().into_iter()
}

/// The name of a project as PyPI compares them (PEP 503).
fn normal(name: &str) -> String {
    let (project, version) = name.split_once('@').expect("a version");
    format!("{}@{version}", project.to_lowercase().replace(['.', '_'], "-"))
}

/// npm's tree.
fn nested(node: &Value, names: &mut Names) {
    for (name, child) in node["dependencies"].as_object().into_iter().flatten() {
        names.insert(format!("npm/{name}@{}", child["version"].as_str().expect("a version")));
        nested(child, names);
    }
}

/// A line of `go version -m`: a module, or the program, which was made by a Go of this version.
fn of_go(words: &[&str]) -> Option<String> {
    match words {
        ["mod", name, "(devel)"] => Some(format!("golang/{name}@")),
        ["dep", name, version, _] => Some(format!("golang/{name}@{version}")),
        [program, go] if program.ends_with(':') => {
            Some(format!("golang/stdlib@{}", go.strip_prefix("go").expect("a version of Go")))
        }
        _ => None,
    }
}

/// A line of `mvn dependency:list`: GROUP:ARTIFACT:jar:VERSION:SCOPE.
fn of_maven(word: &str) -> Option<String> {
    match word.split(':').collect::<Vec<_>>()[..] {
        [group, artifact, "jar", version, _] => Some(format!("maven/{group}/{artifact}@{version}")),
        _ => None,
    }
}

#[test]
fn each_kind_is_what_its_own_program_says() {
    let (sandbox, Some(image), Some(layout)) = (Sandbox::new(), image("app"), peer("DEBIAN_LAYOUT")) else {
        return;
    };
    let lists = layout.with_file_name("lists");
    let document = generated(&sandbox, &image);
    let found = names(components(&document));
    for (kind, files, besides) in [
        ("deb", vec!["dpkg.txt"], None),
        ("pypi", vec!["pip-venv.json", "pip-debian.json"], None),
        ("npm", vec!["npm.json"], None),
        ("gem", vec!["gem.txt"], None),
        ("composer", vec!["composer.json"], None),
        ("cargo", vec!["cargo.txt"], None),
        ("golang", vec!["go.txt"], None),
        // Maven lists what the project needs, not the project.
        ("maven", vec!["maven.txt"], Some("maven/com.example/shop@1.2.0")),
    ] {
        let mut expected: Names = files.iter().flat_map(|file| told(&lists, file)).collect();
        expected.extend(besides.map(str::to_owned));
        let of_kind: Names =
            found.iter().filter(|name| name.starts_with(&format!("{kind}/"))).cloned().collect();
        assert!(expected.len() > 1, "{kind}: {expected:?}");
        assert_eq!(of_kind, expected, "{kind}");
    }
}

/// Nobody lists programs that are known by their bytes, but dpkg knows the version of what each came with.
#[test]
fn programs_are_of_the_versions_of_their_packages() {
    let (sandbox, Some(image)) = (Sandbox::new(), image("app")) else { return };
    let document = generated(&sandbox, &image);
    let mut seen = Vec::new();
    for component in
        components(&document).filter(|one| one["purl"].as_str().unwrap().starts_with("pkg:generic/"))
    {
        let owner = name_of(property(component, "countersign:owner").expect("a package has it"));
        let version = owner.split_once('@').expect("a version").1;
        let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
        assert!(upstream.starts_with(component["version"].as_str().expect("a version")), "{component}");
        seen.push(component["name"].as_str().expect("a name"));
    }
    for name in ["bash", "glibc", "openssl", "perl", "php", "python", "ruby", "zlib"] {
        assert!(seen.contains(&name), "{name}: {seen:?}");
    }
}

/// NTIA's minimum elements (2021). The versions and suppliers that are missing stand in no file of the image: a program of
/// Go that was built from a folder, programs of Rust and Go that name only what they are made of, packages without an author.
#[test]
fn the_minimum_elements_are_there_where_the_image_has_them() {
    let (sandbox, Some(debian), Some(app)) = (Sandbox::new(), image("debian"), image("app")) else { return };
    let Some(validators) = peer("SBOM_VALIDATORS") else { return };
    let lacking = |source: &str| {
        sandbox.countersign(["sbom", "generate", source, "-o", "spdx-json=made.json"]).succeeds();
        sandbox.run(&validators, ["ntia=made.json"]).stdout.trim().to_owned()
    };
    assert_eq!(lacking(&debian), "");
    let suppliers = [
        ["com.example:shop", "count", "example.com/greet", "example/greeting", "example/letters"].as_slice(),
        ["golang.org/x/text", "itoa", "memchr", "ms", "ms", "rsc.io/quote", "rsc.io/sampler", "stdlib"]
            .as_slice(),
    ];
    let expected = format!(
        "ntia=made.json: componentVersions: example.com/greet\nntia=made.json: componentSuppliers: {}",
        suppliers.concat().join(", ")
    );
    assert_eq!(lacking(&app), expected);
}

/// What is true of the samples is true of hundreds of real packages.
#[test]
fn every_format_of_a_real_image_is_valid() {
    let (sandbox, Some(app), Some(validators)) = (Sandbox::new(), image("app"), peer("SBOM_VALIDATORS"))
    else {
        return;
    };
    let formats = ["cyclonedx-json@1.6", "cyclonedx-xml@1.6", "spdx-json@2.3", "spdx-json@3.0", "swid"];
    let files: Vec<_> = formats.iter().map(|format| format!("{format}={format}.document")).collect();
    let outputs = files.iter().flat_map(|file| ["-o", file]);
    sandbox.countersign(["sbom", "generate", app.as_str()].into_iter().chain(outputs)).succeeds();
    // Perl's own licence is on SPDX's list since 3.27; the list that the validator has is an older one.
    let old = String::from_utf8(sandbox.read("spdx-json@2.3.document")).expect("text");
    assert!(old.contains("Artistic-dist"), "{old}");
    sandbox.write("spdx-json@2.3.document", old.replace("Artistic-dist", "Artistic-1.0-Perl"));
    let run = sandbox.run(&validators, &files);
    assert_eq!(run.stdout.trim(), "", "{}", run.stderr);
    run.succeeds();
}
