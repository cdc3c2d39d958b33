//! What embedded SBOMs tell, beside what was found: a package that both know is one component, and says which documents
//! tell of it. What only a document tells has no other location than the document.

use std::collections::HashMap;

use crate::compare::identity::{Identity, Package};
use crate::inventory::{Component, Location};

/// Components, and how they depend on one another.
type Graph = (Vec<Component>, Vec<(usize, usize)>);

/// The components of one identity and version: the index of each, and its processor.
type Known = HashMap<(Identity, String), Vec<(usize, Option<String>)>>;

/// Adds what documents tell, each with the place of the document. Components stay sorted by their package URLs.
pub(crate) fn join((mut components, dependencies): Graph, told: Vec<(Location, &Component)>) -> Graph {
    if told.is_empty() {
        return (components, dependencies);
    }
    let mut known = Known::new();
    components.iter().enumerate().for_each(|(index, component)| know(&mut known, index, component));
    for (location, told) in told {
        let component = component(told, location);
        match same(&known, &component).and_then(|index| components.get_mut(index)) {
            Some(found) => add(found, component),
            None => {
                know(&mut known, components.len(), &component);
                components.push(component);
            }
        }
    }
    sorted((components, dependencies))
}

fn know(known: &mut Known, index: usize, component: &Component) {
    if let Ok(Package { identity, version, architecture, .. }) = Package::of(component) {
        known.entry((identity, version)).or_default().push((index, architecture));
    }
}

/// The same package for the same processor, as far as both tell.
fn same(known: &Known, component: &Component) -> Option<usize> {
    let Package { identity, version, architecture, .. } = Package::of(component).ok()?;
    let fits = |other: &Option<String>| other.is_none() || architecture.is_none() || *other == architecture;
    let (index, _) = known.get(&(identity, version))?.iter().find(|(_, other)| fits(other))?;
    Some(*index)
}

/// What a document tells, at the place of the document.
fn component(told: &Component, location: Location) -> Component {
    Component { origins: vec![location.path.clone()], locations: vec![location], ..told.clone() }
}

/// What was found comes first: a document fills in what nothing else tells.
fn add(found: &mut Component, told: Component) {
    found.origins.extend(told.origins);
    found.locations.extend(told.locations);
    found.origins.sort();
    found.origins.dedup();
    found.locations.sort();
    found.locations.dedup();
    if found.cpes.is_empty() {
        found.cpes = told.cpes;
    }
    if found.licenses.is_empty() {
        found.licenses = told.licenses;
    }
    found.supplier = found.supplier.take().or(told.supplier);
    found.description = found.description.take().or(told.description);
    found.homepage = found.homepage.take().or(told.homepage);
}

fn sorted((components, dependencies): Graph) -> Graph {
    let mut order: Vec<usize> = (0..components.len()).collect();
    order.sort_by(|one, other| components[*one].purl.cmp(&components[*other].purl));
    let mut place = vec![0; order.len()];
    order.iter().enumerate().for_each(|(new, old)| place[*old] = new);
    let mut placed: Vec<(usize, Component)> = place.iter().copied().zip(components).collect();
    placed.sort_by_key(|(place, _)| *place);
    let components = placed
        .into_iter()
        .map(|(_, component)| Component { owner: component.owner.map(|owner| place[owner]), ..component });
    let mut dependencies: Vec<_> =
        dependencies.into_iter().map(|(from, to)| (place[from], place[to])).collect();
    dependencies.sort_unstable();
    (components.collect(), dependencies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Ecosystem;

    fn told(purl: &str) -> Component {
        Component {
            ecosystem: Ecosystem::of_purl(purl),
            purl: Some(purl.into()),
            name: "x".into(),
            version: "1".into(),
            licenses: vec!["MIT".into()],
            supplier: Some("Told".into()),
            ..Component::default()
        }
    }

    fn at(path: &str) -> Location {
        Location { path: path.into(), layer: None }
    }

    fn found(purl: &str, owner: Option<usize>) -> Component {
        let locations = vec![at("/found")];
        Component {
            purl: Some(purl.into()),
            owner,
            locations,
            supplier: Some("Found".into()),
            ..Component::default()
        }
    }

    #[test]
    fn what_both_know_is_one_component() {
        let components = vec![
            found("pkg:apk/wolfi/x@1?arch=x86_64&distro=wolfi-20230201", None),
            found("pkg:npm/x@1", Some(0)),
        ];
        let of_apk = told("pkg:apk/wolfi/x@1?arch=x86_64");
        let (other, extra) = (told("pkg:apk/wolfi/x@1?arch=aarch64"), told("pkg:bitnami/x@1"));
        let all = vec![(at("/a"), &of_apk), (at("/b"), &extra), (at("/a"), &other), (at("/c"), &extra)];
        let (joined, dependencies) = join((components, vec![(0, 1)]), all);
        let shown: Vec<_> = joined
            .iter()
            .map(|it| (it.purl.as_deref().unwrap(), it.origins.join(" "), it.supplier.as_deref().unwrap()))
            .collect();
        assert_eq!(
            shown,
            [
                ("pkg:apk/wolfi/x@1?arch=aarch64", "/a".to_owned(), "Told"),
                ("pkg:apk/wolfi/x@1?arch=x86_64&distro=wolfi-20230201", "/a".to_owned(), "Found"),
                ("pkg:bitnami/x@1", "/b /c".to_owned(), "Told"),
                ("pkg:npm/x@1", String::new(), "Found"),
            ]
        );
        assert_eq!((joined[3].owner, dependencies), (Some(1), vec![(1, 3)]));
        assert_eq!(joined[1].licenses, ["MIT"]);
        assert_eq!(joined[1].locations, [at("/a"), at("/found")]);
    }
}
