//! Declared licences as one expression, with the texts that it refers to.

use std::collections::BTreeMap;

use countersign_core::digest::Digest;

use super::slug;
use crate::format::license::{self, License};

/// The texts of licences that are not on SPDX's list, by `LicenseRef-NAME`.
#[derive(Default)]
pub(super) struct Texts(pub(super) BTreeMap<String, LicenseText>);

/// A licence that is not on SPDX's list.
pub(super) struct LicenseText {
    pub(super) name: String,
    pub(super) text: String,
}

/// An expression, and what of [`Texts`] is in it.
pub(super) struct Declared {
    pub(super) expression: String,
    pub(super) references: Vec<String>,
}

impl Texts {
    /// The licences of one component as an expression: all of them apply. `None` where there are none.
    pub(super) fn declared(&mut self, licenses: &[String]) -> Option<Declared> {
        let licenses = license::of_all(licenses);
        let mut references = Vec::new();
        let terms: Vec<_> = licenses.iter().map(|license| self.term(license, &mut references)).collect();
        let expression = match licenses.as_slice() {
            [] => return None,
            [License::Expression { text, .. }] => text.clone(),
            _ => terms.join(" AND "),
        };
        Some(Declared { expression, references })
    }

    fn term(&mut self, license: &License<'_>, used: &mut Vec<String>) -> String {
        if let License::Expression { references, .. } = license {
            for name in references {
                let text =
                    format!("The package names this licence {name}, and does not have its text at hand.");
                self.0.entry(name.clone()).or_insert(LicenseText { name: name.clone(), text });
                used.push(name.clone());
            }
        }
        if let License::Text(text) = license {
            let id = text_id(text);
            let name = crate::format::text::line(text);
            self.0.insert(id.clone(), LicenseText { name, text: (*text).to_owned() });
            used.push(id.clone());
            return id;
        }
        license.term().map(std::borrow::Cow::into_owned).unwrap_or_default()
    }
}

/// `LicenseRef-` with the beginning of the text, and its digest.
fn text_id(text: &str) -> String {
    let digest = Digest::sha256(text.as_bytes()).hex();
    let beginning: String = slug(text).chars().take(24).collect();
    let joint = if beginning.is_empty() || beginning.ends_with('-') { "" } else { "-" };
    format!("LicenseRef-{beginning}{joint}{}", &digest[..16])
}
