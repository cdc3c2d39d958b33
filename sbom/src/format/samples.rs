//! An inventory that has everything which is hard to write. The suite `tests/sbom` gives it to validators.

use super::{
    Component, Distribution, Ecosystem, Incomplete, Inventory, Kind, Location, Making, Origin, Subject,
};

/// How the samples are made.
pub(super) fn making() -> Making {
    Making { now: "2026-01-02T03:04:05.678Z".parse().expect("a time"), tool_version: "0.1.0".to_owned() }
}

/// A component of which only the name and the version are known.
pub(super) fn component(name: &str, version: &str) -> Component {
    Component {
        kind: Kind::Application,
        ecosystem: Some(Ecosystem::Generic),
        name: name.to_owned(),
        version: version.to_owned(),
        purl: Some(format!("pkg:generic/{name}@{version}")),
        ..Component::default()
    }
}

fn layer(number: u8) -> String {
    format!("sha256:{}", format!("{number:02x}").repeat(32))
}

fn at(path: &str, in_layer: u8) -> Vec<Location> {
    vec![Location { path: path.to_owned(), layer: Some(layer(in_layer)) }]
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn debian(name: &str, version: &str, encoded: &str) -> Component {
    Component {
        kind: Kind::Library,
        ecosystem: Some(Ecosystem::Deb),
        purl: Some(format!("pkg:deb/debian/{name}@{encoded}?arch=amd64&distro=debian-12")),
        supplier: Some("Debian GNU Libc Maintainers <debian-glibc@lists.debian.org>".to_owned()),
        locations: at("/var/lib/dpkg/status", 1),
        ..component(name, version)
    }
}

fn language(
    ecosystem: Ecosystem,
    namespace: Option<&str>,
    name: &str,
    version: &str,
    purl: &str,
) -> Component {
    let namespace = namespace.map(str::to_owned);
    Component {
        kind: Kind::Library,
        ecosystem: Some(ecosystem),
        namespace,
        purl: Some(purl.to_owned()),
        ..component(name, version)
    }
}

fn system() -> Vec<Component> {
    let bash = Component {
        licenses: texts(&["GPL-3.0-or-later AND (MIT or GPL-2.0-only with Classpath-exception-2.0)"]),
        description: Some("GNU <Bourne> & \"Again\" SHell\u{1b}[31m ]]> \u{fffe} </text> é".to_owned()),
        homepage: Some("https://www.gnu.org/software/bash/?a=b&c=d".to_owned()),
        cpes: texts(&["cpe:2.3:a:gnu:bash:5.2.15:*:*:*:*:*:*:*", "cpe:/a:gnu:bash:5.2.15", "not one"]),
        ..debian("bash", "5.2.15-2+b7", "5.2.15-2%2Bb7")
    };
    let libc = Component {
        licenses: texts(&[
            "LGPL-2.1+",
            "public domain,\nsee </text> <COPYING> & \u{1}",
            "GPL-2.0-only",
            "MIT OR ISC",
        ]),
        homepage: Some("not an address".to_owned()),
        cpes: texts(&[r"cpe:2.3:a:gnu:glibc\+\+:2.36:*:*:*:*:*:*:*"]),
        origins: texts(&["https://example.org/one & two", "urn:uuid:00000000-0000-8000-8000-000000000000"]),
        ..debian("libc6", "2.36-9+deb12u7", "2.36-9%2Bdeb12u7")
    };
    let python = Component {
        licenses: texts(&["LicenseRef-own AND MIT"]),
        supplier: Some("Jane (the maintainer) <jane@example.org>\n".to_owned()),
        ..debian("python3-yaml", "6.0-3+b2", "6.0-3%2Bb2")
    };
    vec![bash, libc, python]
}

fn languages() -> Vec<Component> {
    let jar = "/opt/app.war:/WEB-INF/lib/commons lang<3>.jar";
    let maven = Component {
        licenses: texts(&["Apache-2.0"]),
        hashes: [
            ("SHA-1", "ab".repeat(20)),
            ("SHA-256", "cd".repeat(32)),
            ("SHA-512", "ef".repeat(64)),
            ("SHA3-256", "01".repeat(32)),
            ("BLAKE2b-512", "23".repeat(64)),
        ]
        .map(|(name, digits)| (name.to_owned(), digits))
        .into(),
        locations: at(jar, 2),
        ..language(
            Ecosystem::Maven,
            Some("org.apache.commons"),
            "commons-lang3",
            "3.12.0",
            "pkg:maven/org.apache.commons/commons-lang3@3.12.0",
        )
    };
    let go = Component {
        locations: at("/usr/bin/server", 2),
        ..language(
            Ecosystem::Golang,
            Some("golang.org/x"),
            "text",
            "v0.14.0",
            "pkg:golang/golang.org/x/text@v0.14.0#unicode/norm",
        )
    };
    let yaml = Component {
        licenses: texts(&["MIT"]),
        locations: at("/usr/lib/python3/dist-packages/PyYAML-6.0.egg-info", 1),
        owner: Some(2),
        ..language(Ecosystem::Pypi, None, "pyyaml", "6.0", "pkg:pypi/pyyaml@6.0")
    };
    let ms = |path: &str| Component {
        licenses: texts(&["MIT"]),
        locations: at(path, 2),
        ..language(Ecosystem::Npm, None, "ms", "2.1.3", "pkg:npm/ms@2.1.3")
    };
    let scoped = Component {
        licenses: texts(&["MIT", "ISC"]),
        supplier: Some("Babel".to_owned()),
        locations: [at("/app/node_modules/@babel/core/package.json", 2), at("/app/package-lock.json", 2)]
            .concat(),
        ..language(Ecosystem::Npm, Some("@babel"), "core", "7.24.0", "pkg:npm/%40babel/core@7.24.0")
    };
    vec![
        go,
        maven,
        scoped,
        ms("/app/node_modules/debug/node_modules/ms/package.json"),
        ms("/app/node_modules/ms/package.json"),
        yaml,
    ]
}

/// What another document says of itself.
pub(super) fn origin() -> Origin {
    let authors = texts(&["Acme (the company) <sbom@example.org>", "Jane Doe"]);
    Origin {
        organizations: authors[..1].iter().cloned().collect(),
        authors,
        tools: texts(&["syft-1.2.3", "a tool & more"]),
        ..Origin::default()
    }
}

/// An image of Debian with packages of five ecosystems.
pub(super) fn inventory() -> Inventory {
    let components: Vec<_> = system().into_iter().chain(languages()).collect();
    Inventory {
        subject: Subject {
            name: "registry.example/team/Shop".to_owned(),
            version: Some("v1".to_owned()),
            supplier: Some("Team <Shop> (tools & more) <shop@example.org>".to_owned()),
            digest: Some(format!("sha256:{}", "0123456789abcdef".repeat(4))),
            purl: None,
            platform: Some("linux/amd64".to_owned()),
            layers: vec![layer(1), layer(2)],
        },
        distribution: Some(Distribution {
            id: "debian".to_owned(),
            version_id: Some("12".to_owned()),
            pretty_name: Some("Debian GNU/Linux 12 (bookworm)".to_owned()),
            supplier: Some("Debian GNU/Linux".to_owned()),
            id_like: Vec::new(),
            cpe: Some("cpe:/o:debian:debian_linux:12".to_owned()),
        }),
        dependencies: vec![(0, 1), (1, 0), (2, 1), (5, 7)],
        incomplete: vec![Incomplete {
            path: "/opt/broken & <torn>.jar".to_owned(),
            why: "not an archive: expected \"PK\",\ngot \u{0}".to_owned(),
        }],
        components,
    }
}

/// A directory in which nothing was found.
pub(super) fn empty() -> Inventory {
    Inventory { subject: Subject { name: "folder".to_owned(), ..Subject::default() }, ..Inventory::default() }
}
