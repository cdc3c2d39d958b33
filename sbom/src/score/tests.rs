use super::*;
use crate::fact::Distribution;
use crate::format::read::Origin;
use crate::inventory::{Component, Inventory, Subject};

/// A document in which nothing is missing that can be told.
fn full() -> Read {
    let component = Component {
        name: "bash".into(),
        version: "5.2".into(),
        purl: Some("pkg:deb/debian/bash@5.2".into()),
        supplier: Some("Someone <someone@example.org>".into()),
        licenses: vec!["MIT".into()],
        hashes: [("SHA-512".to_owned(), "ab".to_owned())].into(),
        ..Component::default()
    };
    let other = Component { name: "libc6".into(), ..component.clone() };
    Read {
        inventory: Inventory {
            components: vec![component, other],
            dependencies: vec![(0, 1)],
            ..Inventory::default()
        },
        origin: Origin {
            format: "CycloneDX 1.6".into(),
            identifier: Some("urn:uuid:0".into()),
            created: Some("2026-01-02T03:04:05Z".parse().unwrap()),
            authors: vec!["Jane <jane@example.org>".into()],
            tools: vec!["syft-1.0".into()],
            phases: vec!["build".into()],
            ..Origin::default()
        },
        ..Read::default()
    }
}

/// The elements that are not there.
fn lacking(read: &Read, profile: Profile) -> Vec<&'static str> {
    let judged = score(read, profile).elements;
    judged.iter().filter(|element| element.passed == Some(false)).map(|element| element.id).collect()
}

#[test]
fn a_full_document_passes_as_far_as_it_can_be_judged() {
    for profile in Profile::ALL {
        let score = score(&full(), profile);
        assert_eq!((lacking(&full(), profile), score.percent), (vec![], 100), "{profile:?}");
        // BSI asks for properties of files that an inventory has no place for.
        assert_eq!(score.passed, (profile != Profile::Bsi).then_some(true), "{profile:?}");
    }
}

#[test]
fn what_is_missing_is_named_by_its_element() {
    type Without = fn(&mut Read);
    type Missing = [&'static [&'static str]; 3];
    let cases: [(Without, Missing); 15] = [
        (|it| it.inventory.components[0].supplier = None, [&["supplier"], &["producer"], &["producer"]]),
        (|it| it.inventory.components[0].supplier = Some("Someone".into()), [&[], &[], &["producer"]]),
        (|it| it.inventory.components[1].name.clear(), [&["name"], &["name"], &["name"]]),
        (|it| it.inventory.components[1].version.clear(), [&["version"], &["version"], &["version"]]),
        (|it| it.inventory.components[1].purl = None, [&["identifiers"], &["identifiers"], &["identifiers"]]),
        (|it| it.inventory.components[1].licenses.clear(), [&[], &["license"], &["license"]]),
        (|it| it.inventory.components[1].hashes.clear(), [&[], &["hash"], &["hash"]]),
        (
            |it| it.inventory.components[1].hashes = [("SHA-256".to_owned(), "ab".to_owned())].into(),
            [&[], &[], &["hash"]],
        ),
        (
            |it| it.inventory.dependencies.clear(),
            [&["relationships"], &["relationships"], &["relationships"]],
        ),
        (|it| it.origin.authors.clear(), [&[], &["author"], &["author"]]),
        (|it| it.origin.tools.clear(), [&[], &["tool"], &[]]),
        (|it| it.origin.created = None, [&["timestamp"], &["timestamp"], &["timestamp"]]),
        (|it| it.origin.phases.clear(), [&[], &["context"], &[]]),
        (|it| it.origin.format = "SPDX 2.3".into(), [&[], &[], &["format"]]),
        (|it| it.origin.format = "CycloneDX 1.5".into(), [&[], &[], &["format"]]),
    ];
    for (number, (without, expected)) in cases.into_iter().enumerate() {
        let mut read = full();
        without(&mut read);
        for (profile, expected) in Profile::ALL.into_iter().zip(expected) {
            assert_eq!(lacking(&read, profile), expected, "{number} {profile:?}");
            let score = score(&read, profile);
            let failed = |it: &Judged| it.required && it.passed == Some(false);
            assert_eq!(
                score.passed == Some(false),
                score.elements.iter().any(failed),
                "{number} {profile:?}"
            );
        }
    }
}

#[test]
fn the_subject_and_its_distribution_are_parts() {
    let mut read = full();
    read.inventory.subject =
        Subject { name: "app".into(), digest: Some("sha256:ab".into()), ..Subject::default() };
    read.inventory.distribution = Some(Distribution { id: "debian".into(), ..Distribution::default() });
    let judged = score(&read, Profile::Ntia).elements;
    let counted = |id: &str| {
        let element = judged.iter().find(|element| element.id == id).unwrap();
        (element.have, element.of, element.lacking.clone())
    };
    assert_eq!(counted("name"), (4, 4, vec![]));
    assert_eq!(counted("version"), (3, 4, vec!["debian".to_owned()]));
    // A document about nothing, with nothing in it.
    assert_eq!(lacking(&Read::default(), Profile::Ntia).len(), 7);
    assert_eq!(score(&Read::default(), Profile::Ntia).percent, 0);
}
