//! What a document does not hold of the inventory that it was made of.
//!
//! No table says so, which could be wrong: the document is read again, and what is not there is lost. Texts that a format
//! holds in another form (on one line, in small letters) are not.

use std::collections::{BTreeMap, BTreeSet};

use super::license::{self, License};
use super::read::{Origin, Read, ReadError, read};
use super::text;
use crate::fact::Distribution;
use crate::inventory::{Component, Incomplete, Inventory, Subject};

/// A part of an inventory that a document does not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// The part: `components[].hashes`, `subject.platform`, `dependencies`.
    pub place: &'static str,
    /// How many components, relationships or documents lack it.
    pub count: usize,
}

/// What `document` does not hold of what it was made of, sorted by its place.
///
/// # Errors
/// When the document cannot be read.
pub fn losses(of: &Read, document: &[u8]) -> Result<Vec<Loss>, ReadError> {
    let read = read(document)?;
    let mut lost = Lost::default();
    lost.inventory(&of.inventory, &read.inventory);
    lost.origin(&of.origin, &read.origin);
    Ok(lost.0.into_iter().map(|(place, count)| Loss { place, count }).collect())
}

#[derive(Default)]
struct Lost(BTreeMap<&'static str, usize>);

impl Lost {
    fn count(&mut self, place: &'static str, count: usize) {
        if count > 0 {
            *self.0.entry(place).or_default() += count;
        }
    }

    /// Counts what was there, and is another thing or nothing now.
    fn unless(&mut self, place: &'static str, kept: bool) {
        self.count(place, usize::from(!kept));
    }

    /// Parentheses mean an address in SPDX: the name has none.
    fn supplier(&mut self, place: &'static str, was: Option<&String>, is: Option<&String>) {
        let form = |text: Option<&String>| text.map(|text| text.replace('(', "[").replace(')', "]"));
        self.text(place, form(was).as_ref(), form(is).as_ref());
    }

    fn text(&mut self, place: &'static str, was: Option<&String>, is: Option<&String>) {
        let form = |text: Option<&String>| text.map(|text| text::line(text)).filter(|text| !text.is_empty());
        let was = form(was);
        self.unless(place, was.is_none() || was == form(is));
    }

    // Every structure is taken apart whole: a field that is new does not compile until it is here.
    fn inventory(&mut self, was: &Inventory, is: &Inventory) {
        let Inventory { subject, distribution, components, dependencies, incomplete } = was;
        self.subject(subject, &is.subject);
        match (distribution, &is.distribution) {
            (Some(was), Some(is)) => self.distribution(was, is),
            (was, _) => self.unless("distribution", was.is_none()),
        }
        self.count("components", components.len().saturating_sub(is.components.len()));
        components.iter().zip(&is.components).for_each(|(was, is)| self.component(was, is));
        let kept: BTreeSet<_> = is.dependencies.iter().collect();
        // That an owner needs what it brought follows from its being the owner.
        let owner = |index: usize| components.get(index).and_then(|component| component.owner);
        let meaningful = dependencies.iter().filter(|(from, to)| from != to && owner(*to) != Some(*from));
        self.count("dependencies", meaningful.filter(|pair| !kept.contains(pair)).count());
        let said = |entry: &Incomplete| text::line(&format!("{}: {}", entry.path, entry.why));
        let kept: BTreeSet<_> = is.incomplete.iter().map(said).collect();
        self.count("incomplete", incomplete.iter().filter(|entry| !kept.contains(&said(entry))).count());
    }

    fn subject(&mut self, was: &Subject, is: &Subject) {
        let Subject { name, version, supplier, digest, purl, platform, layers } = was;
        self.text("subject.name", Some(name), Some(&is.name));
        self.text("subject.version", version.as_ref(), is.version.as_ref());
        self.supplier("subject.supplier", supplier.as_ref(), is.supplier.as_ref());
        self.text("subject.digest", digest.as_ref(), is.digest.as_ref());
        self.unless("subject.purl", purl.as_ref().is_none_or(|purl| Some(text::uri(purl)) == is.purl));
        self.text("subject.platform", platform.as_ref(), is.platform.as_ref());
        self.unless("subject.layers", layers.is_empty() || *layers == is.layers);
    }

    fn distribution(&mut self, was: &Distribution, is: &Distribution) {
        let Distribution { id, version_id, pretty_name, supplier, id_like, cpe } = was;
        self.text("distribution.id", Some(id), Some(&is.id));
        self.text("distribution.version_id", version_id.as_ref(), is.version_id.as_ref());
        self.text("distribution.pretty_name", pretty_name.as_ref(), is.pretty_name.as_ref());
        self.supplier("distribution.supplier", supplier.as_ref(), is.supplier.as_ref());
        self.unless("distribution.id_like", id_like.is_empty() || *id_like == is.id_like);
        self.text("distribution.cpe", cpe.as_ref(), is.cpe.as_ref());
    }

    fn component(&mut self, was: &Component, is: &Component) {
        // The ecosystem is what the package URL says.
        #[rustfmt::skip]
        let Component {
            kind, ecosystem: _, namespace, name, version, purl, cpes, licenses, supplier, description, homepage, hashes,
            locations, owner, origins,
        } = was;
        self.unless("components[].kind", *kind == is.kind);
        self.text("components[].namespace", namespace.as_ref(), is.namespace.as_ref());
        if *namespace == is.namespace {
            self.text("components[].name", Some(name), Some(&is.name));
        }
        self.text("components[].version", Some(version), Some(&is.version));
        self.unless("components[].purl", purl.as_ref().is_none_or(|purl| Some(text::uri(purl)) == is.purl));
        self.unless("components[].cpes", cpes.iter().all(|cpe| is.cpes.contains(cpe)));
        self.unless("components[].licenses", terms(licenses).is_subset(&terms(&is.licenses)));
        self.supplier("components[].supplier", supplier.as_ref(), is.supplier.as_ref());
        self.text("components[].description", description.as_ref(), is.description.as_ref());
        self.text("components[].homepage", homepage.as_ref(), is.homepage.as_ref());
        let kept = |(name, digits): (&String, &String)| {
            is.hashes.get(name).is_some_and(|kept| kept.eq_ignore_ascii_case(digits))
        };
        self.unless("components[].hashes", hashes.iter().all(kept));
        let paths = locations.iter().map(|location| text::line(&location.path));
        self.unless(
            "components[].locations",
            paths.eq(is.locations.iter().map(|location| text::line(&location.path))),
        );
        let layers = locations.iter().map(|location| &location.layer);
        let has_layers = locations.iter().any(|location| location.layer.is_some());
        let same_layers = layers.eq(is.locations.iter().map(|location| &location.layer));
        self.unless("components[].locations[].layer", !has_layers || same_layers);
        self.unless("components[].owner", owner.is_none() || *owner == is.owner);
        self.unless("components[].origins", origins.is_empty() || *origins == is.origins);
    }

    fn origin(&mut self, was: &Origin, is: &Origin) {
        // The format is another one, and so is the identifier: it is another document. Phases are counted where they are
        // read.
        let Origin { format: _, identifier: _, created: _, authors, organizations: _, tools, phases: _ } =
            was;
        let (kept_authors, kept_tools) = (forms(&is.authors), forms(&is.tools));
        self.count("authors", forms(authors).difference(&kept_authors).count());
        self.count("tools", forms(tools).difference(&kept_tools).count());
    }
}

fn forms(texts: &[String]) -> BTreeSet<String> {
    let form = |text: &String| text::line(text).replace('(', "[").replace(')', "]");
    texts.iter().map(form).filter(|text| !text.is_empty()).collect()
}

/// Licences by what they mean: each that applies for itself, operators in capitals.
fn terms(licenses: &[String]) -> BTreeSet<String> {
    let terms = licenses.iter().flat_map(|text| license::conjuncts(text));
    let form = |term| match License::of(term)? {
        License::Id(id) => Some(id.to_owned()),
        License::Expression { text, .. } => Some(text),
        License::Text(text) => Some(text.split_whitespace().collect::<Vec<_>>().join(" ")),
    };
    terms.filter_map(form).collect()
}
