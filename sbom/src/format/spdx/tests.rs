use serde_json::{Value, json};

use super::Supplier;
use crate::format::{Format, SpdxVersion, samples, write};

fn sample(format: Format) -> Vec<u8> {
    write(&samples::inventory(), format, &samples::making()).unwrap()
}

fn document(version: SpdxVersion) -> Value {
    serde_json::from_slice(&sample(Format::SpdxJson(version))).unwrap()
}

fn package<'a>(document: &'a Value, name: &str) -> &'a Value {
    document["packages"].as_array().unwrap().iter().find(|package| package["name"] == name).unwrap()
}

#[test]
fn the_document_describes_its_subject() {
    let document = document(SpdxVersion::V2_3);
    let namespace = document["documentNamespace"].as_str().unwrap();
    assert!(namespace.starts_with("https://spdx.org/spdxdocs/registry.example-team-Shop-"), "{namespace}");
    assert_eq!(document["creationInfo"]["created"], "2026-01-02T03:04:05Z");
    let subject = package(&document, "registry.example/team/Shop");
    assert_eq!(subject["checksums"][0]["checksumValue"], "0123456789abcdef".repeat(4));
    assert_eq!(subject["primaryPackagePurpose"], "CONTAINER");
    let describes = json!({
        "spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": subject["SPDXID"],
    });
    assert_eq!(document["relationships"][0], describes);
    assert!(document["comment"].as_str().unwrap().contains("\n/opt/broken & <torn>.jar: not an archive"));
}

#[test]
fn packages_are_related_as_they_are_in_the_inventory() {
    let document = document(SpdxVersion::V2_3);
    let id = |name| &package(&document, name)["SPDXID"];
    let related = |from: &Value, kind: &str, to: &Value| {
        let wanted = json!({"spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to});
        document["relationships"].as_array().unwrap().contains(&wanted)
    };
    let subject = json!("SPDXRef-Subject");
    assert!(related(&subject, "CONTAINS", id("debian")));
    assert!(related(&subject, "CONTAINS", id("org.apache.commons:commons-lang3")));
    assert!(related(&subject, "CONTAINS", &json!("NOASSERTION")));
    assert!(related(id("python3-yaml"), "CONTAINS", id("pyyaml")));
    assert!(!related(&subject, "CONTAINS", id("pyyaml")));
    assert!(related(id("bash"), "DEPENDS_ON", id("libc6")));
    assert!(related(id("@babel/core"), "DEPENDS_ON", &document["packages"][9]["SPDXID"]));
}

#[test]
fn what_is_no_licence_of_the_list_has_its_text_in_the_document() {
    let document = document(SpdxVersion::V2_3);
    let declared = package(&document, "libc6")["licenseDeclared"].as_str().unwrap();
    let of_text = declared
        .strip_prefix("LGPL-2.1-or-later AND ")
        .and_then(|rest| rest.strip_suffix(" AND GPL-2.0-only AND (MIT OR ISC)"));
    let infos = document["hasExtractedLicensingInfos"].as_array().unwrap();
    let text =
        |id: &str| infos.iter().find(|info| info["licenseId"] == id).map(|info| &info["extractedText"]);
    assert_eq!(
        text(of_text.unwrap()),
        Some(&json!("public domain,\nsee </text> <COPYING> & \u{1}")),
        "{declared}"
    );
    assert!(text("LicenseRef-own").is_some());
    assert_eq!(package(&document, "golang.org/x/text")["licenseDeclared"], "NOASSERTION");
}

#[test]
fn suppliers_are_taken_apart() {
    let cases = [
        ("A B <a@b.org>", "A B", Some("a@b.org")),
        ("A (the b) <a@b.org>\n", "A [the b]", Some("a@b.org")),
        ("<a@b.org>", "a@b.org", Some("a@b.org")),
        ("A <b>", "A <b>", None),
        ("A", "A", None),
    ];
    for (text, name, email) in cases {
        let supplier = Supplier::of(text).unwrap();
        assert_eq!((supplier.name.as_str(), supplier.email.as_deref()), (name, email), "{text}");
    }
    assert!(Supplier::of(" \n").is_none());
}

#[test]
fn no_value_ends_its_own_block() {
    let text = String::from_utf8(sample(Format::SpdxTagValue)).unwrap();
    assert_eq!(text.matches("<text>").count(), text.matches("</text>").count());
    let known = |line: &str| {
        line.split_once(": ").is_some_and(|(tag, _)| tag.bytes().all(|b| b.is_ascii_alphabetic()))
    };
    let mut inside = false;
    for line in text.lines().filter(|line| !line.is_empty()) {
        assert!(inside || known(line), "{line}");
        inside = (inside || line.contains("<text>")) && !line.contains("</text>");
    }
    assert!(text.contains("\nPackageChecksum: SHA512: efef"));
    assert!(text.contains("\nRelationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-Subject\n"));
}

fn of_type<'a>(graph: &'a Value, kind: &str) -> Vec<&'a Value> {
    graph["@graph"].as_array().unwrap().iter().filter(|node| node["type"] == kind).collect()
}

#[test]
fn the_graph_has_one_document_of_one_sbom_of_the_subject() {
    let graph = document(SpdxVersion::V3_0);
    let [document] = of_type(&graph, "SpdxDocument")[..] else { panic!("{graph}") };
    let [sbom] = of_type(&graph, "software_Sbom")[..] else { panic!("{graph}") };
    assert_eq!(document["rootElement"], json!([sbom["spdxId"]]));
    let packages = of_type(&graph, "software_Package");
    assert_eq!(sbom["rootElement"], json!([packages[0]["spdxId"]]));
    assert_eq!(packages.len(), 11);
    assert_eq!(packages[0]["software_primaryPurpose"], "container");
    let contains = of_type(&graph, "Relationship");
    let contains = contains.iter().find(|it| it["from"] == packages[0]["spdxId"]).unwrap();
    assert_eq!(contains["completeness"], "incomplete");
    assert_eq!(contains["to"].as_array().unwrap().len(), 9);
}

#[test]
fn every_identifier_of_the_graph_is_another_and_every_reference_is_one() {
    let graph = document(SpdxVersion::V3_0);
    let nodes = graph["@graph"].as_array().unwrap();
    let ids: Vec<_> = nodes.iter().filter_map(|node| node["spdxId"].as_str()).collect();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
    for relation in of_type(&graph, "Relationship") {
        let ends = relation["to"].as_array().unwrap().iter().chain([&relation["from"]]);
        ends.for_each(|end| assert!(ids.contains(&end.as_str().unwrap()), "{end}"));
    }
    let own = of_type(&graph, "simplelicensing_LicenseExpression");
    let own =
        own.iter().find(|it| it["simplelicensing_licenseExpression"] == "LicenseRef-own AND MIT").unwrap();
    let text = own["simplelicensing_customIdToUri"][0]["value"].as_str().unwrap();
    assert!(text.ends_with("#LicenseRef-own") && ids.contains(&text), "{text}");
}
