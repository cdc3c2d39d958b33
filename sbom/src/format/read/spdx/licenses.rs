//! The texts of licences that a document holds, by the names that its expressions have for them.

use std::cell::Cell;
use std::collections::HashMap;

use crate::format::read::texts;

/// Texts by `LicenseRef-NAME`.
#[derive(Default)]
pub(super) struct Texts(HashMap<String, (String, Cell<bool>)>);

impl Texts {
    pub(super) fn insert(&mut self, name: String, text: String) {
        // A text that this program made for want of one says no more than its name.
        if !text.contains(&name) {
            self.0.insert(name, (text, Cell::new(false)));
        }
    }

    /// What an expression declares: the licences that all apply, in place of a name its text.
    pub(super) fn licenses(&self, expression: &str) -> Vec<String> {
        texts::licenses(expression, |name| {
            self.0.get(name).map(|(text, used)| {
                used.set(true);
                text.as_str()
            })
        })
    }

    /// How many texts stand in no place of their own: they are parts of expressions, or nobody's.
    pub(super) fn unused(&self) -> usize {
        self.0.values().filter(|(_, used)| !used.get()).count()
    }
}
