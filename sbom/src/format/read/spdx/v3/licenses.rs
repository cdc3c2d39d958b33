//! Licences of SPDX 3: elements that others refer to.

use std::collections::{HashMap, HashSet};

use super::model::Element;
use crate::format::read::spdx::licenses::Texts;

/// Expressions by identifier, and the texts that they refer to.
pub(super) struct Licenses {
    pub(super) expressions: HashMap<String, String>,
    pub(super) texts: Texts,
}

impl Licenses {
    pub(super) fn of(graph: &[Element]) -> Self {
        let text = |element: &Element| Some((element.id()?.to_owned(), element.license_text.clone()?));
        let by_id: HashMap<_, _> = graph.iter().filter_map(text).collect();
        let (mut expressions, mut texts) = (HashMap::new(), Texts::default());
        let mut referred = HashSet::new();
        for element in graph {
            if let (Some(id), Some(expression)) = (element.id(), &element.expression) {
                expressions.insert(id.to_owned(), expression.clone());
            }
            for entry in &element.custom {
                if let (Some(key), Some(text)) =
                    (&entry.key, entry.value.as_ref().and_then(|value| by_id.get(value)))
                {
                    texts.insert(key.clone(), text.clone());
                    referred.extend(entry.value.clone());
                }
            }
        }
        // A text may also be declared itself.
        for (id, text) in by_id.into_iter().filter(|(id, _)| !referred.contains(id)) {
            expressions.insert(id.clone(), id.clone());
            texts.insert(id, text);
        }
        Self { expressions, texts }
    }
}
