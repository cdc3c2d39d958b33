//! The time in which a key or an authority is trusted (sigstore/protobuf-specs, `TimeRange`).

use std::fmt;

use jiff::Timestamp;

/// A closed interval: both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub start: Timestamp,
    /// The last moment; `None` where the key is still in use.
    pub end: Option<Timestamp>,
}

impl Window {
    /// Whether the moment belongs to it.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.start <= time && self.end.is_none_or(|end| time <= end)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.end {
            Some(end) => write!(f, "from {} to {end}", self.start),
            None => write!(f, "from {} on", self.start),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_belong_to_it() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let window = Window { start: at(10), end: Some(at(20)) };
        for (second, expected) in [(9, false), (10, true), (20, true), (21, false)] {
            assert_eq!(window.contains(at(second)), expected, "{second}");
        }
        assert_eq!(window.to_string(), "from 1970-01-01T00:00:10Z to 1970-01-01T00:00:20Z");
        let open = Window { end: None, ..window };
        assert!(open.contains(at(i64::from(u32::MAX))));
        assert_eq!(open.to_string(), "from 1970-01-01T00:00:10Z on");
    }
}
