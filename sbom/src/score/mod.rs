//! How much a document tells of what authorities ask for.
//!
//! A [`Profile`] is a list of elements, each with the section that asks for it (`profiles`). An element is about the
//! document, or about each thing in it: the subject, its distribution, its components (`part`). [`score`] counts how many of
//! them have it.
//!
//! What is counted is that something is told, never that it is true: that is the question of
//! [`compare::truth`](crate::compare::truth). An element that an inventory has no place for is not judged, and a profile that
//! asks for one is not met.

mod part;
mod profiles;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::format::read::Read;
use part::Part;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// NTIA, "The Minimum Elements For a Software Bill of Materials (SBOM)", 12 July 2021.
    Ntia,
    /// CISA, "2025 Minimum Elements for a Software Bill of Materials (SBOM)", draft for comment of August 2025.
    Cisa,
    /// BSI, Technical Guideline TR-03183-2, version 2.1.0 of August 2025.
    Bsi,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 3] = [Self::Ntia, Self::Cisa, Self::Bsi];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ntia => "NTIA minimum elements 2021",
            Self::Cisa => "CISA minimum elements 2025 (draft)",
            Self::Bsi => "BSI TR-03183-2 v2.1.0",
        }
    }
}

/// Something that a profile asks for.
struct Element {
    /// Its stable name.
    id: &'static str,
    /// What the profile calls it.
    name: &'static str,
    /// Where it is asked for.
    section: &'static str,
    /// Whether the profile is not met without it.
    required: bool,
    measure: Measure,
}

/// How an element is judged.
enum Measure {
    /// The document has it or not.
    Document(fn(&Read) -> bool),
    /// Each part has it or not; `None` for a part that cannot have it.
    Part(fn(&Part<'_>) -> Option<bool>),
    /// An inventory has no place for it.
    NotJudged,
}

/// How an element came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Its stable name.
    pub id: &'static str,
    /// What the profile calls it.
    pub name: &'static str,
    /// Where it is asked for.
    pub section: &'static str,
    /// Whether the profile is not met without it.
    pub required: bool,
    /// How many have it.
    pub have: usize,
    /// How many there are that could.
    pub of: usize,
    /// Whether all have it; `None` where it is not judged.
    pub passed: Option<bool>,
    /// The first of those that lack it.
    pub lacking: Vec<String>,
}

/// How a document came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Who asks.
    pub profile: Profile,
    /// What was asked, in the order of the profile.
    pub elements: Vec<Judged>,
    /// Whether all required elements are there; `None` where those are that could be judged.
    pub passed: Option<bool>,
    /// The mean share of those that have a required element, of the elements that could be judged: 0 to 100.
    pub percent: usize,
}

/// How many examples are kept of what lacks an element.
const EXAMPLES: usize = 5;

/// Judges a document.
pub fn score(read: &Read, profile: Profile) -> Score {
    let parts = part::parts(&read.inventory);
    let elements: Vec<_> =
        profiles::elements(profile).iter().map(|element| element.judge(read, &parts)).collect();
    let required = || elements.iter().filter(|element| element.required);
    let passed = match required().any(|element| element.passed == Some(false)) {
        true => Some(false),
        false => required().all(|element| element.passed == Some(true)).then_some(true),
    };
    let shares: Vec<_> = required()
        .filter(|element| element.passed.is_some())
        .map(|element| element.have * 100 / element.of.max(1))
        .collect();
    let percent = shares.iter().sum::<usize>() / shares.len().max(1);
    Score { profile, elements, passed, percent }
}

impl Element {
    fn judge(&self, read: &Read, parts: &[Part<'_>]) -> Judged {
        let Self { id, name, section, required, .. } = *self;
        let mut judged =
            Judged { id, name, section, required, have: 0, of: 0, passed: None, lacking: Vec::new() };
        match self.measure {
            Measure::NotJudged => return judged,
            Measure::Document(has) => (judged.have, judged.of) = (usize::from(has(read)), 1),
            Measure::Part(has) => {
                for (part, has) in parts.iter().filter_map(|part| Some((part, has(part)?))) {
                    judged.of += 1;
                    judged.have += usize::from(has);
                    if !has && judged.lacking.len() < EXAMPLES {
                        judged.lacking.push(part.shown());
                    }
                }
            }
        }
        // Where there is nothing, nothing is told.
        judged.passed = Some(judged.of > 0 && judged.have == judged.of);
        judged
    }
}
