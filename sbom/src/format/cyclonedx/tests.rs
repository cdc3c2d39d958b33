use serde_json::{Value, json};

use crate::format::{CycloneDxVersion, Format, samples, write};

fn json(version: CycloneDxVersion) -> Value {
    let bytes = write(&samples::inventory(), Format::CycloneDxJson(version), &samples::making()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn named<'a>(bom: &'a Value, name: &str) -> &'a Value {
    bom["components"].as_array().unwrap().iter().find(|component| component["name"] == name).unwrap()
}

#[test]
fn the_head_names_the_subject() {
    let bom = json(CycloneDxVersion::V1_6);
    assert_eq!(bom["metadata"]["timestamp"], "2026-01-02T03:04:05Z");
    let subject = &bom["metadata"]["component"];
    assert_eq!(subject["type"], "container");
    assert_eq!(subject["version"], "v1");
    assert_eq!(subject["purl"], subject["bom-ref"]);
    assert_eq!(subject["properties"][2]["name"], "countersign:layer:1");
    assert_eq!(bom["compositions"], json!([{"aggregate": "incomplete", "assemblies": [subject["bom-ref"]]}]));
    assert_eq!(bom["metadata"]["properties"][0]["value"], "/opt/broken & <torn>.jar");
    assert_eq!(bom["components"][0]["type"], "operating-system");
}

#[test]
fn licences_have_the_form_that_their_kind_asks_for() {
    let bom = json(CycloneDxVersion::V1_6);
    let acknowledged = |mut value: Value| {
        value["acknowledgement"] = "declared".into();
        value
    };
    let text = "GPL-3.0-or-later AND (MIT OR GPL-2.0-only WITH Classpath-exception-2.0)";
    assert_eq!(named(&bom, "bash")["licenses"], json!([acknowledged(json!({"expression": text}))]));
    let names = named(&bom, "libc6")["licenses"].as_array().unwrap();
    assert_eq!(names.len(), 4);
    assert_eq!(names[2]["license"], acknowledged(json!({"id": "GPL-2.0-only"})));
    assert_eq!(names[3]["license"], acknowledged(json!({"name": "MIT OR ISC"})));
    assert_eq!(json(CycloneDxVersion::V1_5)["components"][1]["licenses"], json!([{"expression": text}]));
}

#[test]
fn the_graph_has_the_subject_at_its_root_and_reaches_everything() {
    let bom = json(CycloneDxVersion::V1_4);
    let graph = bom["dependencies"].as_array().unwrap();
    let needs = |reference: &Value| {
        graph.iter().find(|node| node["ref"] == *reference).unwrap()["dependsOn"].as_array().unwrap().clone()
    };
    let root = needs(&bom["metadata"]["component"]["bom-ref"]);
    let owned = &named(&bom, "pyyaml")["bom-ref"];
    assert!(!root.contains(owned));
    assert!(needs(&named(&bom, "python3-yaml")["bom-ref"]).contains(owned));
    assert!(needs(&named(&bom, "bash")["bom-ref"]).contains(&named(&bom, "libc6")["bom-ref"]));
    assert_eq!(graph.len(), bom["components"].as_array().unwrap().len() + 1);
    assert_eq!(root.len(), graph.len() - 2);
}

#[test]
fn each_version_tells_where_a_component_lies_in_its_own_way() {
    let path = "/app/node_modules/@babel/core/package.json";
    let new = json(CycloneDxVersion::V1_5);
    assert_eq!(named(&new, "core")["evidence"]["occurrences"][0]["location"], path);
    assert_eq!(new["metadata"]["tools"]["components"][0]["name"], "countersign");
    let old = json(CycloneDxVersion::V1_4);
    assert_eq!(named(&old, "core")["evidence"], Value::Null);
    let property = json!({"name": "countersign:location:0:path", "value": path});
    assert_eq!(named(&old, "core")["properties"][0], property);
    assert_eq!(old["metadata"]["tools"][0]["version"], "0.1.0");
    assert_eq!(old["metadata"]["lifecycles"], Value::Null);
}
