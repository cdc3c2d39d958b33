//! One component of CycloneDX.

use super::model::{self, Component, Evidence, ExternalReference, LicenseChoice, Property};
use crate::fact::Ecosystem;
use crate::format::read::passed::PassedOver;
use crate::format::read::texts::{self, said};
use crate::inventory::{self, Kind, Location};

/// The component without those that it holds, and the reference of the one that it came with.
pub(super) fn read(component: Component, passed: &mut PassedOver) -> (inventory::Component, Option<String>) {
    let kind = super::kind(&component.kind);
    if kind.is_none() {
        passed.add("components[].type");
    }
    passed.add_if(component.scope.is_some_and(|scope| scope != "required"), "components[].scope");
    let supplier = component.supplier.and_then(|supplier| said(supplier.name));
    passed.add_if(supplier.is_some() && component.publisher.is_some(), "components[].publisher");
    let purl = component.purl.and_then(|text| {
        let purl = texts::purl(Some(text));
        passed.add_if(purl.is_none(), "components[].purl");
        purl
    });
    let mut read = inventory::Component {
        kind: kind.unwrap_or(Kind::Other),
        ecosystem: purl.as_deref().and_then(Ecosystem::of_purl),
        namespace: said(component.group),
        name: component.name,
        version: component.version.unwrap_or_default(),
        purl,
        cpes: said(component.cpe).into_iter().collect(),
        licenses: licenses(component.licenses, passed),
        supplier: supplier.or_else(|| said(component.publisher)),
        description: said(component.description),
        homepage: homepage(component.references, passed),
        ..inventory::Component::default()
    };
    for model::Hash { alg, content } in component.hashes {
        let place = "components[].hashes[]";
        passed.add_if(read.hashes.insert(alg, content).is_some(), place);
    }
    let occurrences = component.evidence.map(|Evidence { occurrences }| occurrences).unwrap_or_default();
    let places = occurrences.into_iter().map(|it| Location { path: it.location, layer: None });
    read.locations = places.collect();
    let owner = properties(component.properties, &mut read, passed);
    (read, owner)
}

/// Licences: of those that someone concluded only where none is declared.
fn licenses(choices: Vec<LicenseChoice>, passed: &mut PassedOver) -> Vec<String> {
    let concluded = |choice: &LicenseChoice| {
        let said = choice.license.as_ref().and_then(|license| license.acknowledgement.as_deref());
        said.or(choice.acknowledgement.as_deref()) == Some("concluded")
    };
    let all_concluded = choices.iter().all(concluded);
    let (kept, dropped): (Vec<_>, Vec<_>) =
        choices.into_iter().partition(|choice| all_concluded || !concluded(choice));
    passed.add_times("components[].licenses[]", dropped.len());
    let mut licenses = Vec::new();
    for choice in kept {
        if let Some(expression) = said(choice.expression) {
            licenses.extend(texts::licenses(&expression, |_| None));
        }
        licenses.extend(choice.license.and_then(|license| said(license.id).or_else(|| said(license.name))));
    }
    licenses
}

fn homepage(references: Vec<ExternalReference>, passed: &mut PassedOver) -> Option<String> {
    let mut homepage = None;
    for ExternalReference { kind, url } in references {
        match kind.as_str() {
            "website" if homepage.is_none() => homepage = said(Some(url)),
            _ => passed.add(&format!("components[].externalReferences[] ({kind})")),
        }
    }
    homepage
}

/// What stands in properties for want of another place; gives the reference of the owner.
fn properties(
    properties: Vec<Property>,
    component: &mut inventory::Component,
    passed: &mut PassedOver,
) -> Option<String> {
    let mut owner = None;
    for Property { name, value } in properties {
        let known = name.strip_prefix("countersign:").or_else(|| name.strip_prefix("syft:"));
        let parts: Vec<_> = known.unwrap_or_default().split(':').collect();
        match *parts.as_slice() {
            ["owner"] => owner = Some(value),
            ["cpe", _] | ["cpe23"] if component.cpes.contains(&value) => (),
            ["cpe", _] | ["cpe23"] => component.cpes.push(value),
            ["origin", _] => component.origins.push(value),
            ["location", number, "path"] => match location(component, number) {
                Some(location) => location.path = value,
                None => passed.add("components[].properties[]"),
            },
            ["location", number, "layer" | "layerID"] => match location(component, number) {
                Some(location) => location.layer = Some(value),
                None => passed.add("components[].properties[]"),
            },
            _ => passed.add("components[].properties[]"),
        }
    }
    owner
}

/// The location of this number; the next one comes into being.
fn location<'a>(component: &'a mut inventory::Component, number: &str) -> Option<&'a mut Location> {
    let number: usize = number.parse().ok()?;
    if number == component.locations.len() {
        component.locations.push(Location { path: String::new(), layer: None });
    }
    component.locations.get_mut(number)
}
