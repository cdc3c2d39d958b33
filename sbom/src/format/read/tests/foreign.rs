//! Documents as others write them: one thing in several formats is one inventory, and what has no place is counted.

use serde_json::json;

use super::{Read, digest, of, read};
use crate::inventory::{Kind, Location};

fn passed(read: &Read) -> Vec<(&str, usize)> {
    read.passed_over.iter().map(|(place, count)| (place.as_str(), *count)).collect()
}

#[test]
fn cyclonedx_is_the_same_as_json_and_as_xml() {
    let as_json = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6",
        "serialNumber": "urn:uuid:1", "version": 1,
        "metadata": {
            "timestamp": "2026-01-02T03:04:05Z",
            "lifecycles": [{"phase": "build"}],
            "tools": {"components": [{"type": "application", "group": "Acme", "name": "maker", "version": "2"}]},
            "authors": [{"name": "Jane", "email": "jane@example.org"}],
            "manufacturer": {"name": "Acme"},
            "component": {"bom-ref": "root", "type": "application", "group": "@acme", "name": "shop", "version": "1",
                "purl": "pkg:npm/%40acme/shop@1"},
        },
        "components": [
            {"bom-ref": "os", "type": "operating-system", "name": "debian", "version": "12"},
            {"bom-ref": "a", "type": "library", "group": "org.x", "name": "a", "version": "1", "scope": "optional",
             "publisher": "Them", "pedigree": {"notes": "n"}, "modified": false,
             "hashes": [{"alg": "SHA3-256", "content": "ab"}], "cpe": "cpe:2.3:a:x:a:1:*:*:*:*:*:*:*",
             "licenses": [{"license": {"id": "MIT", "acknowledgement": "declared"}},
                 {"license": {"id": "ISC", "acknowledgement": "concluded"}}],
             "externalReferences": [{"type": "website", "url": "https://x.org"}, {"type": "vcs", "url": "https://x.org/git"}],
             "properties": [{"name": "syft:location:0:layerID", "value": "sha256:1"},
                 {"name": "syft:location:0:path", "value": "/a.jar"}, {"name": "own", "value": "v"}],
             "components": [{"bom-ref": "b", "type": "machine-learning-model", "name": "b"}]},
            {"type": "file", "name": "/etc/passwd"}],
        "dependencies": [{"ref": "root", "dependsOn": ["a"]}, {"ref": "a", "dependsOn": ["b", "gone"]}],
        "vulnerabilities": [{}, {}],
    });
    let as_xml = r#"<?xml version="1.0" encoding="UTF-8"?>
        <c:bom xmlns:c="http://cyclonedx.org/schema/bom/1.6" xmlns:o="urn:other" serialNumber="urn:uuid:1" version="1">
        <c:metadata><c:timestamp>2026-01-02T03:04:05Z</c:timestamp>
          <c:lifecycles><c:lifecycle><c:phase>build</c:phase></c:lifecycle></c:lifecycles>
          <c:tools><c:components><c:component type="application"><c:group>Acme</c:group><c:name>maker</c:name>
            <c:version>2</c:version></c:component></c:components></c:tools>
          <c:authors><c:author><c:name>Jane</c:name><c:email>jane@example.org</c:email></c:author></c:authors>
          <c:component type="application" bom-ref="root"><c:group>@acme</c:group><c:name>shop</c:name>
            <c:version>1</c:version><c:purl>pkg:npm/%40acme/shop@1</c:purl></c:component>
          <c:manufacturer><c:name>Acme</c:name></c:manufacturer></c:metadata>
        <c:components>
          <c:component type="operating-system" bom-ref="os"><c:name>debian</c:name><c:version>12</c:version></c:component>
          <c:component type="library" bom-ref="a"><c:publisher>Them</c:publisher><c:group>org.x</c:group>
            <c:name><![CDATA[a]]></c:name><c:version>&#49;</c:version><c:scope>optional</c:scope>
            <c:hashes><c:hash alg="SHA3-256">ab</c:hash></c:hashes>
            <c:licenses><c:license acknowledgement="declared"><c:id>MIT</c:id></c:license>
              <c:license acknowledgement="concluded"><c:id>ISC</c:id></c:license></c:licenses>
            <c:cpe>cpe:2.3:a:x:a:1:*:*:*:*:*:*:*</c:cpe><c:modified>false</c:modified>
            <c:pedigree><c:notes>n</c:notes></c:pedigree>
            <c:externalReferences><c:reference type="website"><c:url>https://x.org</c:url></c:reference>
              <c:reference type="vcs"><c:url>https://x.org/git</c:url></c:reference></c:externalReferences>
            <c:properties><c:property name="syft:location:0:layerID">sha256:1</c:property>
              <c:property name="syft:location:0:path">/a.jar</c:property><c:property name="own">v</c:property></c:properties>
            <c:components><c:component type="machine-learning-model" bom-ref="b"><c:name>b</c:name></c:component>
            </c:components></c:component>
          <c:component type="file"><c:name>/etc/passwd</c:name></c:component></c:components>
        <c:dependencies><c:dependency ref="root"><c:dependency ref="a"/></c:dependency>
          <c:dependency ref="a"><c:dependency ref="b"/><c:dependency ref="gone"/></c:dependency></c:dependencies>
        <c:vulnerabilities/><o:vulnerabilities/>
        </c:bom>"#;
    let (json, xml) = (of(&as_json).unwrap(), read(as_xml.as_bytes()).unwrap());
    assert_eq!(xml.inventory, json.inventory);
    assert_eq!(xml.origin, json.origin);
    let [a, b] = json.inventory.components.as_slice() else { panic!("{:?}", json.inventory.components) };
    assert_eq!(a.locations, [Location { path: "/a.jar".into(), layer: Some("sha256:1".into()) }]);
    assert_eq!((a.licenses.as_slice(), a.supplier.as_deref()), (&["MIT".to_owned()][..], Some("Them")));
    assert_eq!((a.namespace.as_deref(), a.homepage.as_deref()), (Some("org.x"), Some("https://x.org")));
    assert_eq!((b.kind, b.owner), (Kind::Other, Some(0)));
    assert_eq!(json.inventory.subject.name, "@acme/shop");
    assert_eq!(json.inventory.subject.purl.as_deref(), Some("pkg:npm/%40acme/shop@1"));
    assert_eq!(json.inventory.distribution.as_ref().unwrap().id, "debian");
    assert_eq!(json.inventory.dependencies, [(0, 1)]);
    assert_eq!(json.origin.authors, ["Jane <jane@example.org>", "Acme"]);
    assert_eq!(json.origin.tools, ["Acme maker-2"]);
    let both = [
        ("components[] (file)", 1),
        ("components[].externalReferences[] (vcs)", 1),
        ("components[].licenses[]", 1),
        ("components[].properties[]", 1),
        ("components[].scope", 1),
        ("components[].type", 1),
        ("dependencies[].dependsOn[]", 1),
        ("metadata.lifecycles[]", 1),
    ];
    let of_json = [("components[].modified", 1), ("components[].pedigree", 1), ("vulnerabilities", 1)];
    let of_xml = [
        ("bom/components/component/modified", 1),
        ("bom/components/component/pedigree", 1),
        ("bom/vulnerabilities", 2),
    ];
    for (read, own) in [(&json, of_json), (&xml, of_xml)] {
        let mut expected = [&both[..], &own[..]].concat();
        expected.sort_unstable();
        assert_eq!(passed(read), expected);
    }
}

#[test]
fn spdx_is_the_same_as_json_and_as_tags_and_values() {
    let package = |id: &str, name: &str| json!({"SPDXID": id, "name": name, "downloadLocation": "NOASSERTION", "filesAnalyzed": false});
    let mut a = package("SPDXRef-a", "@babel/core");
    for (key, value) in [
        ("versionInfo", json!("1")),
        ("supplier", json!("Organization: Acme (mail@example.org)")),
        ("checksums", json!([{"algorithm": "SHA1", "checksumValue": "ab"}])),
        ("homepage", json!("https://x.org")),
        ("licenseDeclared", json!("MIT AND LicenseRef-own")),
        ("licenseConcluded", json!("MIT")),
        ("copyrightText", json!("(c) Acme")),
        (
            "externalRefs",
            json!([
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/%40babel/core@1"},
            {"referenceCategory": "OTHER", "referenceType": "odd", "referenceLocator": "x"}]),
        ),
    ] {
        a[key] = value;
    }
    let as_json = json!({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "other name",
        "documentNamespace": "https://example.org/1",
        "creationInfo": {"created": "2026-01-02T03:04:05Z", "creators":
            ["Tool: maker-1", "Organization: Acme ()", "Person: Jane (jane@example.org)"]},
        "packages": [package("SPDXRef-root", "shop"), a, package("SPDXRef-b", "b")],
        "files": [{"SPDXID": "SPDXRef-f"}, {"SPDXID": "SPDXRef-g"}],
        "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-own", "extractedText": "do as\nyou like"}],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-root"},
            {"spdxElementId": "SPDXRef-b", "relationshipType": "DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-a"},
            {"spdxElementId": "SPDXRef-a", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-f"},
            {"spdxElementId": "SPDXRef-b", "relationshipType": "CONTAINED_BY", "relatedSpdxElement": "SPDXRef-root"},
            {"spdxElementId": "SPDXRef-b", "relationshipType": "TEST_TOOL_OF", "relatedSpdxElement": "SPDXRef-a"}],
    });
    let as_tags = "# a comment\nSPDXVersion: SPDX-2.3\r\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\n\
        DocumentName: other name\nDocumentNamespace: https://example.org/1\nCreator: Tool: maker-1\n\
        Creator: Organization: Acme ()\nCreator: Person: Jane (jane@example.org)\nCreated: 2026-01-02T03:04:05Z\n\n\
        PackageName: shop\nSPDXID: SPDXRef-root\nPackageDownloadLocation: NOASSERTION\nFilesAnalyzed: false\n\n\
        PackageName: @babel/core\nSPDXID: SPDXRef-a\nPackageVersion: 1\n\
        PackageSupplier: Organization: Acme (mail@example.org)\nPackageChecksum: SHA1: ab\n\
        PackageHomePage: https://x.org\nPackageLicenseDeclared: MIT AND LicenseRef-own\nPackageLicenseConcluded: MIT\n\
        PackageCopyrightText: <text>(c) Acme</text>\nExternalRef: PACKAGE-MANAGER purl pkg:npm/%40babel/core@1\n\
        ExternalRef: OTHER odd x\n\nFileName: ./f\nSPDXID: SPDXRef-f\n\nFileName: ./g\nSPDXID: SPDXRef-g\n\n\
        PackageName: b\nSPDXID: SPDXRef-b\n\nLicenseID: LicenseRef-own\nExtractedText: <text>do as\nyou like</text>\n\n\
        Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-root\nRelationship: SPDXRef-b DEPENDENCY_OF SPDXRef-a\n\
        Relationship SPDXRef-a CONTAINS SPDXRef-f\nRelationship: SPDXRef-b CONTAINED_BY SPDXRef-root\n\
        Relationship: SPDXRef-b TEST_TOOL_OF SPDXRef-a\n";
    let (json, tags) = (of(&as_json).unwrap(), read(as_tags.as_bytes()).unwrap());
    assert_eq!(tags.inventory, json.inventory);
    assert_eq!(tags.origin, json.origin);
    let [a, b] = json.inventory.components.as_slice() else { panic!("{:?}", json.inventory.components) };
    assert_eq!((a.namespace.as_deref(), a.name.as_str()), (Some("@babel"), "core"));
    assert_eq!(a.supplier.as_deref(), Some("Acme <mail@example.org>"));
    assert_eq!(a.licenses, ["MIT", "do as\nyou like"]);
    assert_eq!(a.hashes["SHA-1"], "ab");
    assert_eq!(b.owner, None);
    assert_eq!(json.inventory.dependencies, [(0, 1)]);
    assert_eq!(json.origin.authors, ["Acme", "Jane <jane@example.org>"]);
    assert_eq!(json.origin.organizations, ["Acme".to_owned()].into());
    let both = [
        ("name", 1),
        ("packages[].copyrightText", 1),
        ("packages[].externalRefs[] (odd)", 1),
        ("packages[].licenseConcluded", 1),
        ("relationships[] (CONTAINS)", 1),
        ("relationships[] (TEST_TOOL_OF)", 1),
    ];
    for (read, own) in [(&json, ("files[]", 2)), (&tags, ("FileName", 2))] {
        let mut expected = [&both[..], &[own]].concat();
        expected.sort_unstable();
        assert_eq!(passed(read), expected);
    }
}

#[test]
fn spdx_3_is_read_from_its_graph() {
    let document = json!({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
        {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2026-01-02T03:04:05Z",
         "createdBy": ["urn:jane", "urn:bot"], "createdUsing": ["urn:tool"]},
        {"type": "Person", "spdxId": "urn:jane", "creationInfo": "_:c", "name": "Jane"},
        {"type": "SoftwareAgent", "spdxId": "urn:bot", "creationInfo": "_:c", "name": "bot"},
        {"type": "Tool", "spdxId": "urn:tool", "creationInfo": {"@id": "_:c"}, "name": "maker-1"},
        {"type": "SpdxDocument", "spdxId": "urn:doc", "creationInfo": "_:c", "rootElement": ["urn:sbom"]},
        {"type": "software_Sbom", "spdxId": "urn:sbom", "rootElement": ["urn:root"], "element": ["urn:a"]},
        {"type": "software_Package", "spdxId": "urn:root", "name": "shop", "software_primaryPurpose": "application"},
        {"type": "software_Package", "spdxId": "urn:a", "name": "a", "software_packageVersion": "1",
         "software_primaryPurpose": "framework", "suppliedBy": "urn:jane", "summary": "short",
         "software_copyrightText": "(c)",
         "externalIdentifier": [{"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": "pkg:npm/a@1"},
             {"type": "ExternalIdentifier", "externalIdentifierType": "swhid", "identifier": "x"}],
         "verifiedUsing": [{"type": "Hash", "algorithm": "sha3_256", "hashValue": "ab"}]},
        {"type": "software_File", "spdxId": "urn:f", "name": "f"},
        {"type": "simplelicensing_SimpleLicensingText", "spdxId": "urn:text", "simplelicensing_licenseText": "do"},
        {"type": "Relationship", "spdxId": "urn:r", "from": "urn:a", "relationshipType": "hasDeclaredLicense", "to": ["urn:text"]},
        {"type": "Relationship", "spdxId": "urn:s", "from": "urn:root", "relationshipType": "contains", "to": ["urn:a", "urn:f"]},
        {"type": "Relationship", "spdxId": "urn:t", "from": "urn:a", "relationshipType": "generates", "to": ["urn:f"]},
    ]});
    let read = of(&document).unwrap();
    let [a] = read.inventory.components.as_slice() else { panic!("{:?}", read.inventory.components) };
    assert_eq!((a.kind, a.purl.as_deref(), a.version.as_str()), (Kind::Framework, Some("pkg:npm/a@1"), "1"));
    assert_eq!((a.supplier.as_deref(), a.description.as_deref()), (Some("Jane"), Some("short")));
    assert_eq!((a.licenses.as_slice(), a.hashes["SHA3-256"].as_str()), (&["do".to_owned()][..], "ab"));
    assert_eq!(read.inventory.subject.name, "shop");
    assert_eq!(
        (read.origin.format.as_str(), read.origin.identifier.as_deref()),
        ("SPDX 3.0.1", Some("urn:doc"))
    );
    assert_eq!(
        (read.origin.authors.as_slice(), read.origin.tools.as_slice()),
        (&["Jane".to_owned()][..], &["maker-1".to_owned()][..])
    );
    let expected = [
        ("@graph[] (contains)", 1),
        ("@graph[] (generates)", 1),
        ("@graph[] (software_File)", 1),
        ("@graph[].externalIdentifier[] (swhid)", 1),
        ("@graph[].software_copyrightText", 1),
    ];
    assert_eq!(passed(&read), expected);
}

#[test]
fn syft_is_read_with_its_source_and_its_relationships() {
    let document = json!({
        "artifacts": [
            {"id": "1", "name": "bash", "version": "5", "type": "deb", "foundBy": "dpkg", "language": "",
             "purl": "pkg:deb/debian/bash@5", "cpes": [{"cpe": "cpe:2.3:a:b:c:1:*:*:*:*:*:*:*", "source": "x"}],
             "licenses": [{"value": "GPL-3", "spdxExpression": "", "type": "declared", "urls": []}],
             "locations": [{"path": "/var/lib/dpkg/status", "layerID": "sha256:1", "accessPath": "/x", "annotations": {}}],
             "metadataType": "dpkg", "metadata": {"package": "bash"}},
            {"id": "2", "name": "server", "type": "binary", "cpes": ["cpe:2.3:a:s:s:1:*:*:*:*:*:*:*"]},
            {"id": "3", "name": "libc"}],
        "artifactRelationships": [
            {"parent": "0", "child": "1", "type": "contains"},
            {"parent": "3", "child": "1", "type": "dependency-of"},
            {"parent": "1", "child": "2", "type": "ownership-by-file-overlap", "metadata": {"files": []}},
            {"parent": "1", "child": "f", "type": "evident-by"}],
        "files": [{"id": "f", "location": {"path": "/x"}}],
        "source": {"id": "0", "name": "shop", "version": "v1", "type": "image", "metadata": {
            "userInput": "shop:v1", "manifestDigest": digest(), "os": "linux", "architecture": "arm64", "variant": "v8",
            "layers": [{"mediaType": "x", "digest": "sha256:1", "size": 3}]}},
        "distro": {"prettyName": "Debian 12", "id": "debian", "idLike": ["x"], "versionID": "12", "homeURL": "h"},
        "descriptor": {"name": "syft", "version": "1.2.3", "configuration": {}},
        "schema": {"version": "16.0.0", "url": "https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-16.0.0.json"},
    });
    let read = of(&document).unwrap();
    let subject = &read.inventory.subject;
    assert_eq!((subject.name.as_str(), subject.version.as_deref()), ("shop", Some("v1")));
    assert_eq!((subject.platform.as_deref(), subject.layers.len()), (Some("linux/arm64/v8"), 1));
    assert_eq!(read.inventory.distribution.as_ref().unwrap().id_like, ["x"]);
    assert_eq!(read.inventory.dependencies, [(0, 2)]);
    let [bash, server, _] = read.inventory.components.as_slice() else {
        panic!("{:?}", read.inventory.components)
    };
    assert_eq!((bash.licenses.as_slice(), bash.cpes.len()), (&["GPL-3".to_owned()][..], 1));
    assert_eq!(bash.locations[0].layer.as_deref(), Some("sha256:1"));
    assert_eq!((server.kind, server.owner, server.cpes.len()), (Kind::Application, Some(0), 1));
    assert_eq!(
        (read.origin.format.as_str(), read.origin.tools.as_slice()),
        ("syft 16.0.0", &["syft-1.2.3".to_owned()][..])
    );
    for place in [
        "artifactRelationships[] (evident-by)",
        "artifacts[].metadata",
        "files[]",
        "distro.homeURL",
        "source.metadata.layers[].size",
    ] {
        assert_eq!(read.passed_over.get(place), Some(&1), "{place} in {:?}", read.passed_over);
    }
}

#[test]
fn one_tag_alone_is_a_component() {
    let tag = r#"<SoftwareIdentity xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b" xml:lang="en"
        name="ACME Roadrunner" tagId="com.acme.rrd" version="4.1.5" versionScheme="multipartnumeric" corpus="true">
        <Entity name="The ACME Corporation" regid="acme.com" role="tagCreator softwareCreator"/>
        <Entity name="Coyote" regid="coyote.com" role="distributor"/>
        <Link rel="license" href="www.gnu.org/licenses/gpl.txt"/>
        <Meta activationStatus="trial" product="Roadrunner"/>
        <Payload><File name="rrd.exe" size="1"/></Payload></SoftwareIdentity>"#;
    let read = read(tag.as_bytes()).unwrap();
    let [component] = read.inventory.components.as_slice() else { panic!("{:?}", read.inventory.components) };
    assert_eq!((component.name.as_str(), component.version.as_str()), ("ACME Roadrunner", "4.1.5"));
    assert_eq!(component.supplier.as_deref(), Some("The ACME Corporation"));
    assert_eq!(component.licenses, ["www.gnu.org/licenses/gpl.txt"]);
    assert_eq!(read.origin.authors, ["The ACME Corporation"]);
    let expected = [
        ("SoftwareIdentity/@corpus", 1),
        ("SoftwareIdentity/@xml:lang", 1),
        ("SoftwareIdentity/Entity (distributor)", 1),
        ("SoftwareIdentity/Meta/@activationStatus", 1),
        ("SoftwareIdentity/Meta/@product", 1),
        ("SoftwareIdentity/Payload", 1),
    ];
    assert_eq!(passed(&read), expected);
}
