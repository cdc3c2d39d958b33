//! What is written, before the validators of those who made the formats.
//!
//! The inventories are the samples of the library's own tests: one has everything that is hard to write, one has nothing.

#[path = "../../sbom/src/format/samples.rs"]
mod samples;

mod documents;
mod images;
mod lies;
mod locks;
mod root;
mod scores;
mod swid;
mod trivy;

use countersign_sbom::fact::{Distribution, Ecosystem};
use countersign_sbom::format::read::{Origin, Read};
use countersign_sbom::format::{Format, Making, SpdxVersion, convert};
use countersign_sbom::inventory::{Component, Incomplete, Inventory, Kind, Location, Subject};
use testkit::{Run, Sandbox, peer};

/// Writes the inventory, as if another document told it, in these formats and gives all of them to the validators, each under a name of theirs.
fn validate(inventory: &Inventory, documents: &[(&str, Format)]) -> Option<Run> {
    let validators = peer("SBOM_VALIDATORS")?;
    let read = Read { inventory: inventory.clone(), origin: samples::origin(), ..Read::default() };
    let sandbox = Sandbox::new();
    let mut words = Vec::new();
    for (name, format) in documents {
        let file = format!("{format}.document");
        sandbox.write(&file, convert(&read, *format, &samples::making()).expect("a document"));
        words.push(format!("{name}={file}"));
    }
    Some(sandbox.run(&validators, words))
}

#[test]
fn every_format_is_valid() {
    for inventory in [samples::inventory(), samples::empty()] {
        let names = Format::ALL.map(|format| format.to_string());
        let documents: Vec<_> = names.iter().map(String::as_str).zip(Format::ALL).collect();
        let Some(run) = validate(&inventory, &documents) else { return };
        assert_eq!(run.stdout.trim(), "", "{}", run.stderr);
        run.succeeds();
    }
}

/// Of some packages nobody says who supplies them; everything else that NTIA asks for is there.
#[test]
fn the_minimum_elements_are_there_as_far_as_they_are_known() {
    let inventory = samples::inventory();
    let documents = [("ntia", Format::SpdxJson(SpdxVersion::V2_3))];
    let Some(run) = validate(&inventory, &documents) else { return };
    let joined = |component: &Component| match (&component.namespace, component.ecosystem) {
        (Some(group), Some(Ecosystem::Maven)) => format!("{group}:{}", component.name),
        (Some(group), _) => format!("{group}/{}", component.name),
        (None, _) => component.name.clone(),
    };
    let unknown = inventory.components.iter().filter(|component| component.supplier.is_none());
    let mut unknown: Vec<_> = unknown.map(joined).collect();
    unknown.sort();
    let expected = format!("ntia=spdx-json@2.3.document: componentSuppliers: {}", unknown.join(", "));
    assert_eq!(run.stdout.trim(), expected, "{}", run.stderr);
}
