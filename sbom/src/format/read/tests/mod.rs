use serde_json::{Value, json};

mod damage;
mod errors;
mod foreign;
mod round_trip;

use super::{Read, ReadError, read, texts};
use crate::inventory::{Component, Kind};

fn of(document: &Value) -> Result<Read, ReadError> {
    read(document.to_string().as_bytes())
}

fn entry(purl: Option<&str>, name: &str, version: &str, licenses: &[&str]) -> Component {
    let licenses = licenses.iter().map(|license| (*license).to_owned()).collect();
    let purl = purl.map(str::to_owned);
    Component { licenses, ..texts::component(Kind::Library, name.to_owned(), Some(version.to_owned()), purl) }
}

fn digest() -> String {
    format!("sha256:{}", "0123456789abcdef".repeat(4))
}

#[test]
fn cyclonedx_is_read_with_what_is_nested() {
    let document = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.2", "version": 1, "services": [{"name": "x"}],
        "metadata": {"tools": [{"name": "t"}], "component": {"type": "container", "name": "i",
            "purl": format!("pkg:oci/i@{}?arch=amd64", digest().replace(':', "%3A"))}},
        "components": [
            {"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1",
             "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "odd"}}],
             "components": [{"type": "library", "name": "b", "version": "2", "licenses": [{"expression": "MIT OR ISC"}]}]},
            {"type": "file", "name": "/etc/passwd"},
        ],
    });
    let Read { inventory, .. } = of(&document).unwrap();
    assert_eq!(inventory.subject.digest.unwrap(), digest());
    let held = Component { owner: Some(0), ..entry(None, "b", "2", &["MIT OR ISC"]) };
    assert_eq!(inventory.components, [entry(Some("pkg:npm/a@1"), "a", "1", &["MIT", "odd"]), held]);
}

#[test]
fn spdx_is_read_without_its_subject() {
    let document = json!({
        "spdxVersion": "SPDX-2.2", "SPDXID": "SPDXRef-DOCUMENT", "name": "i",
        "relationships": [
            {"spdxElementId": "SPDXRef-i", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-a"},
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-i"},
        ],
        "documentDescribes": ["SPDXRef-i"],
        "packages": [
            {"SPDXID": "SPDXRef-i", "name": "i", "versionInfo": digest()},
            {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1", "licenseDeclared": "NOASSERTION",
             "licenseConcluded": "MIT", "externalRefs": [
                {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a"},
                {"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/a@1"}]},
        ],
    });
    let Read { inventory, .. } = of(&document).unwrap();
    assert_eq!(inventory.subject.digest.unwrap(), digest());
    let expected =
        Component { cpes: vec!["cpe:2.3:a".to_owned()], ..entry(Some("pkg:npm/a@1"), "a", "1", &["MIT"]) };
    assert_eq!(inventory.components, [expected]);
}

#[test]
fn syft_is_read_in_its_old_and_its_new_form() {
    let url = "https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-16.0.0.json";
    let new = json!({
        "artifacts": [{"name": "a", "version": "1", "purl": "pkg:npm/a@1", "locations": [{"path": "/x"}],
            "licenses": [{"value": "mit", "spdxExpression": "MIT"}, {"value": "odd", "spdxExpression": ""}]}],
        "source": {"type": "image", "metadata": {"manifestDigest": digest(), "layers": []}},
        "schema": {"version": "16.0.0", "url": url},
    });
    let old = json!({
        "artifacts": [{"name": "a", "version": "1", "purl": "pkg:npm/a@1", "licenses": ["MIT", "odd"]}],
        "source": {"type": "image", "target": {"manifestDigest": digest()}},
        "schema": {"version": "3.0.0", "url": url},
    });
    for document in [new, old] {
        let Read { inventory, .. } = of(&document).unwrap();
        assert_eq!(inventory.subject.digest.unwrap(), digest());
        let locations = inventory.components[0].locations.clone();
        let expected = Component { locations, ..entry(Some("pkg:npm/a@1"), "a", "1", &["MIT", "odd"]) };
        assert_eq!(inventory.components, [expected]);
    }
    let folder =
        json!({"artifacts": [], "source": {"type": "directory", "target": "/x"}, "schema": {"url": url}});
    let Read { inventory, .. } = of(&folder).unwrap();
    assert_eq!(inventory, crate::inventory::Inventory::default());
}
