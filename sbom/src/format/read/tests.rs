use serde_json::{Value, json};

use super::{Read, ReadError, read, read_at_most};
use crate::format::{CycloneDxVersion, Format, SpdxVersion, samples, write};
use crate::inventory::Component;

fn of(document: &Value) -> Result<Read, ReadError> {
    read(document.to_string().as_bytes())
}

fn entry(purl: Option<&str>, name: &str, version: &str, licenses: &[&str]) -> Component {
    let licenses = licenses.iter().map(|license| (*license).to_owned()).collect();
    super::component(purl.map(str::to_owned), name.to_owned(), Some(version.to_owned()), licenses)
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
    let expected =
        [entry(Some("pkg:npm/a@1"), "a", "1", &["MIT", "odd"]), entry(None, "b", "2", &["MIT OR ISC"])];
    assert_eq!(inventory.components, expected);
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
    assert_eq!(inventory.components, [entry(Some("pkg:npm/a@1"), "a", "1", &["MIT"])]);
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
        assert_eq!(inventory.components, [entry(Some("pkg:npm/a@1"), "a", "1", &["MIT", "odd"])]);
    }
    let folder =
        json!({"artifacts": [], "source": {"type": "directory", "target": "/x"}, "schema": {"url": url}});
    let Read { inventory, .. } = of(&folder).unwrap();
    assert_eq!(inventory, crate::inventory::Inventory::default());
}

#[test]
fn what_is_written_is_read() {
    let written = samples::inventory();
    let formats = [Format::CycloneDxJson(CycloneDxVersion::V1_7), Format::SpdxJson(SpdxVersion::V2_3)];
    for format in formats {
        let Read { inventory, .. } =
            read(write(&written, format, &samples::making()).unwrap().as_slice()).unwrap();
        assert_eq!(inventory.subject.digest.unwrap(), digest(), "{format}");
        let purls = inventory.components.iter().filter_map(|component| component.purl.as_ref());
        let expected = written.components.iter().filter_map(|component| component.purl.as_ref());
        assert_eq!(purls.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let cases = [
        (json!({}), "SBOM_UNKNOWN"),
        (json!({"bomFormat": "CycloneDX", "specVersion": "1.1"}), "SBOM_UNKNOWN"),
        (json!({"bomFormat": "CycloneDX"}), "SBOM_UNKNOWN"),
        (json!({"spdxVersion": "SPDX-2.1"}), "SBOM_UNKNOWN"),
        (json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": 1}), "SBOM_MALFORMED"),
        (json!([]), "SBOM_MALFORMED"),
    ];
    for (document, code) in cases {
        assert_eq!(of(&document).unwrap_err().code(), code, "{document}");
    }
    let twice = br#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [], "components": []}"#;
    assert_eq!(read(twice.as_slice()).unwrap_err().code(), "SBOM_MALFORMED");
    assert_eq!(read(b"{} x".as_slice()).unwrap_err().code(), "SBOM_MALFORMED");
    let deep = format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "x": {}"#, "[".repeat(100_000));
    assert_eq!(read(deep.as_bytes()).unwrap_err().code(), "SBOM_MALFORMED");
}

#[test]
fn documents_are_bounded() {
    let many = format!(
        r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{}{{}}]}}"#,
        "{},".repeat(crate::limits::DOCUMENT_COMPONENTS)
    );
    assert!(matches!(read(many.as_bytes()), Err(ReadError::Components { .. })));
    let endless = std::io::Read::chain(b"{\"x\": \"".as_slice(), std::io::repeat(b'x'));
    assert!(matches!(read_at_most(endless, 1 << 16), Err(ReadError::Bytes { most: 65536 })));
}
