//! Maps by absolute path.

use std::collections::BTreeMap;
use std::ops::Bound;

/// Where a link leads, as an absolute path: the root is its own parent.
pub(crate) fn linked(path: &str, target: &str) -> String {
    let folder =
        if target.starts_with('/') { "" } else { path.rsplit_once('/').map_or("", |(folder, _)| folder) };
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Takes away what is at this path, and below it.
pub(crate) fn remove<T>(map: &mut BTreeMap<String, T>, path: &str) {
    map.remove(path);
    empty(map, path);
}

/// Takes away what is below this path. Nearly always that is nothing, and a layer has very many entries: only what is
/// there is looked at.
pub(crate) fn empty<T>(map: &mut BTreeMap<String, T>, path: &str) {
    let below = below(path);
    let from = (Bound::Included(below.as_str()), Bound::Unbounded);
    let there = map.range::<str, _>(from).take_while(|(path, _)| path.starts_with(&below));
    let there: Vec<_> = there.map(|(path, _)| path.clone()).collect();
    there.iter().for_each(|path| {
        map.remove(path);
    });
}

/// What every path below this one begins with.
pub(crate) fn below(path: &str) -> String {
    if path == "/" { path.to_owned() } else { format!("{path}/") }
}
