//! From what a document says to an inventory: components by their identifiers, and how they are related.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::passed::PassedOver;
use super::{Origin, Read, ReadError};
use crate::inventory::{Component, Inventory};
use crate::limits;

/// An inventory under construction.
#[derive(Default)]
pub(super) struct Builder {
    pub(super) inventory: Inventory,
    pub(super) passed: PassedOver,
    ids: HashMap<String, usize>,
    /// What holds all components and is none: the document, its subject, the distribution.
    roots: HashSet<String>,
    /// What the subject itself needs, and where that stands.
    direct: Option<(&'static str, BTreeSet<usize>)>,
}

impl Builder {
    pub(super) fn new(passed: PassedOver) -> Self {
        Self { passed, ..Self::default() }
    }

    /// Adds a component under its identifier.
    ///
    /// # Errors
    /// When there are more components than are read.
    pub(super) fn component(&mut self, id: Option<String>, component: Component) -> Result<usize, ReadError> {
        const MOST: usize = limits::DOCUMENT_COMPONENTS;
        let index = self.inventory.components.len();
        if index >= MOST {
            return Err(ReadError::Components { most: MOST });
        }
        self.inventory.components.push(component);
        if let Some(id) = id.filter(|id| !id.is_empty()) {
            self.ids.entry(id).or_insert(index);
        }
        Ok(index)
    }

    pub(super) fn root(&mut self, id: Option<String>) {
        self.roots.extend(id);
    }

    pub(super) fn index(&self, id: &str) -> Option<usize> {
        self.ids.get(id).copied()
    }

    /// One contains another, or brought it; `place` is where that stands.
    pub(super) fn contains(&mut self, place: &str, holder: &str, held: &str) {
        let is_known = self.index(held).is_some() || self.roots.contains(held);
        match (self.index(holder), self.index(held)) {
            (Some(holder), Some(held)) => self.owns(place, holder, held),
            _ => self.passed.add_if(!(is_known && self.roots.contains(holder)), place),
        }
    }

    /// As [`Builder::contains`]: one component has one owner.
    pub(super) fn owns(&mut self, place: &str, owner: usize, owned: usize) {
        match self.inventory.components.get_mut(owned) {
            Some(component) if component.owner.is_none() && owner != owned => component.owner = Some(owner),
            Some(component) if component.owner == Some(owner) => (),
            _ => self.passed.add(place),
        }
    }

    /// One needs another.
    pub(super) fn depends(&mut self, place: &'static str, from: &str, to: &str) {
        match (self.index(from), self.index(to)) {
            (Some(from), Some(to)) if from != to => self.inventory.dependencies.push((from, to)),
            (None, Some(to)) if self.roots.contains(from) => {
                self.direct.get_or_insert_with(|| (place, BTreeSet::new())).1.insert(to);
            }
            (None, None) if self.roots.contains(from) && self.roots.contains(to) => (),
            _ => self.passed.add(place),
        }
    }

    pub(super) fn finish(mut self, origin: Origin) -> Read {
        if let Some((place, direct)) = self.direct.take() {
            let components = self.inventory.components.iter().enumerate();
            let loose = components.filter(|(_, component)| component.owner.is_none()).map(|(index, _)| index);
            // That the subject needs all that nothing else brought is what every document says.
            if !direct.iter().copied().eq(loose) {
                self.passed.add_times(place, direct.len());
            }
        }
        self.inventory.dependencies.sort_unstable();
        self.inventory.dependencies.dedup();
        Read { inventory: self.inventory, origin, passed_over: self.passed.finish() }
    }
}
