//! What of a document an inventory has no place for.

use std::collections::BTreeMap;

use serde_ignored::Path;

use crate::format::text;
use crate::limits;

/// Where places beyond [`limits::PLACES_PASSED_OVER`] are counted.
const ELSEWHERE: &str = "...";

/// Places, and how often something stood there.
#[derive(Default)]
pub(super) struct PassedOver(BTreeMap<String, usize>);

impl PassedOver {
    /// Counts one place.
    pub(super) fn add(&mut self, place: &str) {
        self.add_times(place, 1);
    }

    /// Counts a place, if there is something.
    pub(super) fn add_if(&mut self, there: bool, place: &str) {
        if there {
            self.add(place);
        }
    }

    pub(super) fn add_times(&mut self, place: &str, times: usize) {
        // Whatever is in a document must not reach a terminal as it is.
        let printable = place.contains(char::is_control).then(|| text::line(place));
        let place = short(printable.as_deref().unwrap_or(place));
        let full = self.0.len() >= limits::PLACES_PASSED_OVER && !self.0.contains_key(place);
        let place = if full { ELSEWHERE } else { place };
        match self.0.get_mut(place) {
            Some(count) => *count += times,
            None if times > 0 => drop(self.0.insert(place.to_owned(), times)),
            None => (),
        }
    }

    /// Counts a key of JSON.
    pub(super) fn add_key(&mut self, path: &Path<'_>) {
        let mut place = String::new();
        write_pattern(path, &mut place);
        self.add(&place);
    }

    pub(super) fn finish(self) -> BTreeMap<String, usize> {
        self.0
    }
}

/// At most [`limits::PLACE_BYTES`] of the name of a place.
fn short(place: &str) -> &str {
    let mut end = place.len().min(limits::PLACE_BYTES);
    while !place.is_char_boundary(end) {
        end -= 1;
    }
    &place[..end]
}

/// The path without the numbers of elements, `components[].pedigree`.
fn write_pattern(path: &Path<'_>, out: &mut String) {
    match path {
        Path::Root => (),
        Path::Seq { parent, .. } => {
            write_pattern(parent, out);
            out.push_str("[]");
        }
        Path::Map { parent, key } => {
            write_pattern(parent, out);
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(short(key));
        }
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            write_pattern(parent, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_in_number_and_length() {
        let mut passed = PassedOver::default();
        for number in 0..limits::PLACES_PASSED_OVER + 5 {
            passed.add(&format!("{number:04}{}", "é".repeat(200)));
        }
        passed.add_times("nothing", 0);
        let all = passed.finish();
        assert_eq!(all.len(), limits::PLACES_PASSED_OVER + 1);
        assert_eq!(all[ELSEWHERE], 5);
        assert!(all.keys().all(|place| place.len() <= limits::PLACE_BYTES));
    }
}
