//! What this program writes is read as the same inventory, as far as the format holds it.

use super::{Read, read};
use crate::format::{Format, Loss, convert, losses, samples, write};
use crate::inventory::{Inventory, Kind};

fn sample() -> Read {
    Read { inventory: samples::inventory(), origin: samples::origin(), ..Read::default() }
}

/// What each family of formats is known not to hold of the sample, which has everything that is hard to hold.
fn expected(format: Format) -> Vec<(&'static str, usize)> {
    let everywhere = [("components[].homepage", 1)];
    let of_family: &[(&str, usize)] = match format {
        Format::CycloneDxJson(_) => &[],
        // Characters that XML cannot hold.
        Format::CycloneDxXml(_) => {
            &[("components[].description", 1), ("components[].licenses", 1), ("incomplete", 1)]
        }
        Format::SpdxJson(_) => &[("components[].cpes", 1)],
        // A mark that ends a text cannot stand in one.
        Format::SpdxTagValue => {
            &[("components[].cpes", 1), ("components[].description", 1), ("components[].licenses", 1)]
        }
        Format::Swid => &[
            ("authors", 2),
            ("components[].cpes", 2),
            ("components[].description", 1),
            ("components[].hashes", 1),
            ("components[].licenses", 3),
            ("components[].locations[].layer", 9),
            ("components[].origins", 1),
            ("distribution.cpe", 1),
            ("subject.layers", 1),
            ("subject.platform", 1),
            ("tools", 2),
        ],
    };
    let mut all: Vec<_> = everywhere.into_iter().chain(of_family.iter().copied()).collect();
    all.sort_unstable();
    all
}

fn lost(losses: &[Loss]) -> Vec<(&'static str, usize)> {
    losses.iter().map(|loss| (loss.place, loss.count)).collect()
}

#[test]
fn what_is_written_is_read_as_far_as_the_format_holds_it() {
    for format in Format::ALL {
        let sample = sample();
        let written = convert(&sample, format, &samples::making()).unwrap();
        let again = read(written.as_slice()).unwrap_or_else(|error| panic!("{format}: {error}"));
        assert_eq!(again.passed_over, [].into(), "{format}");
        assert_eq!(again.inventory.subject.digest, sample.inventory.subject.digest, "{format}");
        assert_eq!(again.inventory.components.len(), sample.inventory.components.len(), "{format}");
        assert_eq!(lost(&losses(&sample, &written).unwrap()), expected(format), "{format}");
        assert!(again.origin.tools.contains(&"countersign-0.1.0".to_owned()), "{format}: {:?}", again.origin);
        assert_eq!(
            again.origin.created.map(|time| time.to_string()).as_deref(),
            Some("2026-01-02T03:04:05Z"),
            "{format}"
        );
    }
}

#[test]
fn what_was_read_is_written_and_read_as_the_same() {
    for inventory in [samples::inventory(), samples::empty()] {
        for format in Format::ALL {
            let once = read(write(&inventory, format, &samples::making()).unwrap().as_slice()).unwrap();
            let written = write(&once.inventory, format, &samples::making()).unwrap();
            let twice = read(written.as_slice()).unwrap();
            assert_eq!(twice.inventory, once.inventory, "{format}");
            assert_eq!(twice.passed_over, [].into(), "{format}");
        }
    }
}

#[test]
fn from_any_format_to_any_other_only_what_is_told_is_lost() {
    let sample = sample();
    for from in Format::ALL {
        let first = read(convert(&sample, from, &samples::making()).unwrap().as_slice()).unwrap();
        for to in Format::ALL {
            let written = convert(&first, to, &samples::making()).unwrap();
            let second = read(written.as_slice()).unwrap();
            let names = |inventory: &Inventory| {
                inventory
                    .components
                    .iter()
                    .map(|component| (component.purl.clone(), component.version.clone()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(names(&second.inventory), names(&first.inventory), "{from} to {to}");
            let lost = lost(&losses(&first, &written).unwrap());
            let allowed = expected(to);
            let known = |place: &str| {
                place == "components[].kind" || allowed.iter().any(|(known, _)| *known == place)
            };
            assert!(lost.iter().all(|(place, _)| known(place)), "{from} to {to}: {lost:?}");
        }
    }
}

#[test]
fn the_empty_inventory_is_read_as_it_was() {
    for format in Format::ALL {
        let empty = Read { inventory: samples::empty(), ..Read::default() };
        let written = write(&empty.inventory, format, &samples::making()).unwrap();
        assert_eq!(lost(&losses(&empty, &written).unwrap()), [], "{format}");
        assert_eq!(read(written.as_slice()).unwrap().inventory, empty.inventory, "{format}");
    }
}

/// A loss that is there is told: the table above cannot be short because nothing is compared.
#[test]
fn every_part_that_changes_is_told() {
    let sample = sample();
    let other = Read { inventory: Inventory::default(), ..Read::default() };
    let written = convert(&other, Format::default(), &samples::making()).unwrap();
    let places: Vec<_> = losses(&sample, &written).unwrap().into_iter().map(|loss| loss.place).collect();
    assert!(
        ["authors", "components", "dependencies", "distribution", "incomplete", "tools"]
            .iter()
            .all(|it| places.contains(it)),
        "{places:?}"
    );
    let mut changed = sample.clone();
    for component in &mut changed.inventory.components {
        *component = crate::inventory::Component { kind: Kind::Device, ..Default::default() };
    }
    let written = convert(&changed, Format::default(), &samples::making()).unwrap();
    let lost = lost(&losses(&sample, &written).unwrap());
    let count = |place: &str| lost.iter().find(|(known, _)| *known == place).map(|(_, count)| *count);
    for (place, expected) in [
        ("components[].kind", 9),
        ("components[].name", 6),
        ("components[].namespace", 3),
        ("components[].version", 9),
        ("components[].purl", 9),
        ("components[].cpes", 2),
        ("components[].licenses", 8),
        ("components[].supplier", 4),
        ("components[].description", 1),
        ("components[].homepage", 2),
        ("components[].hashes", 1),
        ("components[].locations", 9),
        ("components[].locations[].layer", 9),
        ("components[].owner", 1),
        ("components[].origins", 1),
    ] {
        assert_eq!(count(place), Some(expected), "{place} in {lost:?}");
    }
}
