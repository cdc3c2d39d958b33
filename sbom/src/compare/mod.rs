//! Two inventories beside each other.
//!
//! What is the same package is decided by [`identity`], on package URLs and as leniently as generators differ.
//! [`diff`](mod@diff) says what changed from one inventory to another; [`truth`] says whether a document tells the truth
//! about what was looked at.

pub mod diff;
pub mod identity;
pub mod truth;

use std::collections::BTreeMap;

use identity::Package;

/// Pairs what has the same key, in the order of the two lists; gives the pairs, and what is left of each list.
fn pairs<'a, K: Ord>(
    one: Vec<Package<'a>>,
    other: Vec<Package<'a>>,
    key: impl Fn(&Package<'a>) -> K,
) -> (Vec<(Package<'a>, Package<'a>)>, Vec<Package<'a>>, Vec<Package<'a>>) {
    let mut groups: BTreeMap<K, (Vec<_>, Vec<_>)> = BTreeMap::new();
    one.into_iter().for_each(|package| groups.entry(key(&package)).or_default().0.push(package));
    other.into_iter().for_each(|package| groups.entry(key(&package)).or_default().1.push(package));
    let (mut paired, mut left, mut right) = (Vec::new(), Vec::new(), Vec::new());
    for (one, other) in groups.into_values() {
        let both = one.len().min(other.len());
        let (mut one, mut other) = (one.into_iter(), other.into_iter());
        paired.extend(one.by_ref().zip(other.by_ref()).take(both));
        left.extend(one);
        right.extend(other);
    }
    (paired, left, right)
}
