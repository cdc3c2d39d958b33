//! SBOMs that came with software, at the places where distributors put them: Bitnami's `/opt/bitnami/NAME/.spdx-NAME.spdx`,
//! those of Wolfi's and Chainguard's packages in `/var/lib/db/sbom`, and what is in `/usr/share/sbom`.
//!
//! A document anywhere else may be anything, such as an example of a program that writes SBOMs. Of what a document tells
//! only installed packages count: those of ecosystems that are known, and Bitnami's own. The sources that something was
//! built from are none.

use super::{Cataloger, FileName, Reads, Unreadable, parse};
use crate::fact::{Ecosystem, Fact};
use crate::format::read::read;
use crate::inventory::{Component, Kind, Subject};
use crate::limits;
use crate::purl::PackageUrl;

/// SBOMs that came with software.
pub static CATALOGER: Cataloger = Cataloger { name: "embedded", wants, reads: Reads::Whole(look) };

const WHAT: &str = "embedded SBOM";

fn wants(file: &FileName<'_>) -> bool {
    let Some((folder, name)) = file.path.rsplit_once('/') else { return false };
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    match folder {
        "/var/lib/db/sbom" => ends(&[".spdx.json"]),
        "/usr/share/sbom" => ends(&[".spdx.json", ".spdx", ".cdx.json"]),
        _ => folder.starts_with("/opt/bitnami/") && name.starts_with(".spdx-") && ends(&[".spdx"]),
    }
}

fn look(_: &FileName<'_>, data: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    if data.len() as u64 > limits::TEXT_BYTES {
        return Err(Unreadable::Limit { what: WHAT, limit: limits::TEXT_BYTES });
    }
    let read = read(data).map_err(|error| Unreadable::Malformed { what: WHAT, why: error.to_string() })?;
    parse::bounded(WHAT, read.inventory.components.len())?;
    let about = about(read.inventory.subject);
    let told = about.into_iter().chain(read.inventory.components).filter_map(told);
    let lacks = read.inventory.incomplete.into_iter();
    let lacks = lacks.map(|lacks| Fact::Incomplete {
        part: lacks.path.trim_start_matches('/').to_owned(),
        why: lacks.why,
    });
    Ok(told.map(|told| Fact::Told(Box::new(told))).chain(lacks).collect())
}

/// What a document is about is installed as well: it lies beside it.
fn about(subject: Subject) -> Option<Component> {
    let Subject { name, version, supplier, purl, .. } = subject;
    purl.is_some().then(|| Component {
        name,
        version: version.unwrap_or_default(),
        supplier,
        purl,
        ..Component::default()
    })
}

/// What counts of a component; where it lies in the document's image is not where it lies here.
fn told(component: Component) -> Option<Component> {
    let purl = component.purl.as_deref()?;
    let parsed: PackageUrl = purl.parse().ok()?;
    let ecosystem = Ecosystem::of_purl(purl);
    let is_package = match ecosystem {
        Some(ecosystem) => ecosystem != Ecosystem::Generic,
        None => parsed.kind == "bitnami",
    };
    let is_source = matches!(parsed.qualifier("arch"), Some("source" | "src"));
    if !is_package
        || is_source
        || component.version.is_empty()
        || !matches!(component.kind, Kind::Library | Kind::Application | Kind::Framework)
    {
        return None;
    }
    let (locations, origins) = (Vec::new(), Vec::new());
    Some(Component { kind: Kind::Library, ecosystem, locations, origins, owner: None, ..component })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::parse::testing::{file, look as look_at, survives};

    const PATH: &str = "/opt/bitnami/redis/.spdx-redis.spdx";

    /// In the form that Bitnami's have.
    const REDIS: &str = r#"{"SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0",
        "name": "SPDX document for Redis 7.4.0", "documentNamespace": "redis-7.4.0",
        "creationInfo": {"created": "2024-08-09T10:00:00.000Z", "creators": ["Organization: Example"]},
        "documentDescribes": ["SPDXRef-redis"], "packages": [
        {"SPDXID": "SPDXRef-redis", "name": "redis", "versionInfo": "7.4.0-0", "downloadLocation": "NOASSERTION",
         "filesAnalyzed": false, "licenseConcluded": "BSD-3-Clause", "licenseDeclared": "BSD-3-Clause", "externalRefs": [
         {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:bitnami/redis@7.4.0-0?arch=amd64&distro=debian-12"}]},
        {"SPDXID": "SPDXRef-lua", "name": "lua", "versionInfo": "5.4", "downloadLocation": "NOASSERTION", "filesAnalyzed": false,
         "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:generic/lua@5.4"}]},
        {"SPDXID": "SPDXRef-src", "name": "redis", "versionInfo": "7.4.0", "downloadLocation": "NOASSERTION", "filesAnalyzed": false,
         "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:github/redis/redis@7.4.0"}]},
        {"SPDXID": "SPDXRef-sys", "name": "golang.org/x/sys", "versionInfo": "v0.21.0", "downloadLocation": "NOASSERTION", "filesAnalyzed": false,
         "licenseDeclared": "BSD-3-Clause",
         "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:golang/golang.org/x/sys@v0.21.0"}]}]}"#;

    #[test]
    fn packages_are_told_and_sources_are_not() {
        let facts = look_at(&CATALOGER, &file(PATH, REDIS.len()), REDIS.as_bytes()).unwrap();
        let told: Vec<_> = facts
            .iter()
            .map(|fact| match fact {
                Fact::Told(told) => (told.purl.as_deref().unwrap(), told.version.as_str()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            told,
            [
                ("pkg:bitnami/redis@7.4.0-0?arch=amd64&distro=debian-12", "7.4.0-0"),
                ("pkg:golang/golang.org/x/sys@v0.21.0", "v0.21.0")
            ]
        );
    }

    #[test]
    fn places() {
        for (path, wanted) in [
            (PATH, true),
            ("/opt/bitnami/common/.spdx-gosu.spdx", true),
            ("/opt/bitnami/.spdx-x.spdx", false),
            ("/opt/bitnami/redis/doc/example.spdx", false),
            ("/srv/opt/bitnami/redis/.spdx-redis.spdx", false),
            ("/var/lib/db/sbom/openssl-3.3.0-r8.spdx.json", true),
            ("/var/lib/db/sbom/sub/x.spdx.json", false),
            ("/usr/share/sbom/app.cdx.json", true),
            ("/usr/share/sbom/README", false),
            ("/app/node_modules/x/example.cdx.json", false),
            ("/app/bom.json", false),
        ] {
            assert_eq!(wants(&file(path, 0)), wanted, "{path}");
        }
    }

    #[test]
    fn what_is_none() {
        for text in ["", "{}", "[]", "text", r#"{"bomFormat": "CycloneDX", "specVersion": "9"}"#] {
            let error = look_at(&CATALOGER, &file(PATH, text.len()), text.as_bytes()).unwrap_err();
            assert!(matches!(error, Unreadable::Malformed { what: WHAT, .. }), "{text}: {error}");
        }
        let long = vec![b' '; 33 << 20];
        let error = look_at(&CATALOGER, &file(PATH, long.len()), &long).unwrap_err();
        assert_eq!(error.to_string(), "embedded SBOM is more than 33554432");
    }

    #[test]
    fn hostile() {
        survives(&CATALOGER, PATH, br#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"a","version":"1","purl":"pkg:npm/a@1"}]}"#);
    }
}
