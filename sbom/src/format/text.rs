//! What a document can hold of a text that came from an image.
//!
//! Names, paths and addresses in an image are whatever someone put there. Formats want them to be one line, an address
//! to be a URI, a digest to have its length; what is not so is mended where that loses nothing, else left out.

use crate::inventory::{Component, Inventory};
use crate::purl::percent;

/// A text on one line: what breaks lines and what controls terminals becomes a space.
pub(super) fn line(text: &str) -> String {
    let spaced =
        text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c });
    spaced.collect::<String>().trim().to_owned()
}

/// What could not be read, a line for each; `None` if nothing is missing.
pub(super) fn lacks(inventory: &Inventory) -> Option<String> {
    let lines = inventory.incomplete.iter().map(|entry| line(&format!("{}: {}", entry.path, entry.why)));
    let lines = lines.collect::<Vec<_>>().join("\n");
    (!lines.is_empty()).then(|| format!("Incomplete. What could not be read, and is missing:\n{lines}"))
}

/// The web address, if it is one that every format can hold: an absolute URI of the web (RFC 3986).
pub(super) fn web_address(text: Option<&str>) -> Option<&str> {
    let text = text?.trim();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (name, port) = host.split_once(':').unwrap_or((host, "80"));
    let host_is_sound = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.contains('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        && port.parse::<u16>().is_ok();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&b);
    let escapes_are_sound = rest.split('%').skip(1).all(|after| {
        after.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let one_fragment = rest.matches('#').count() <= 1;
    (host_is_sound && rest.bytes().all(allowed) && escapes_are_sound && one_fragment).then_some(text)
}

/// Digests by the names that CycloneDX has for algorithms, in lower case; without those that no format knows, or that
/// have another length than their algorithm gives.
pub(super) fn hashes(component: &Component) -> impl Iterator<Item = (&'static str, String)> {
    const KNOWN: [(&str, usize); 5] =
        [("MD5", 32), ("SHA-1", 40), ("SHA-256", 64), ("SHA-384", 96), ("SHA-512", 128)];
    component.hashes.iter().filter_map(|(algorithm, digits)| {
        let (name, length) = *KNOWN.iter().find(|(name, _)| name == algorithm)?;
        let sound = digits.len() == length && digits.bytes().all(|b| b.is_ascii_hexdigit());
        sound.then(|| (name, digits.to_ascii_lowercase()))
    })
}

/// A package URL, or what stands for one, with only such bytes as any URI can have. What is a package URL stays as it is.
pub(super) fn uri(text: &str) -> String {
    percent(text, |b| b.is_ascii_graphic() && !b"\"<>\\^`{|}[]".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::samples;

    #[test]
    fn web_addresses_are_told_from_what_only_looks_like_one() {
        for good in ["https://www.gnu.org/software/bash/", "http://a.b:8080/c?d=e%20f#g", " http://x.y/ "] {
            assert_eq!(web_address(Some(good)), Some(good.trim()));
        }
        let bad = [
            "ftp://x/",
            "https://",
            "https://x y/",
            "http://x/%zz",
            "http://x/%1",
            "http://x/<",
            "x",
            "http://x:p/",
        ];
        for bad in bad {
            assert_eq!(web_address(Some(bad)), None, "{bad}");
        }
        assert_eq!(web_address(Some("http://x.y/#a#b")), None);
        assert_eq!(web_address(None), None);
    }

    #[test]
    fn digests_of_another_length_are_left_out() {
        let mut component = samples::component("a", "1");
        for (algorithm, digits) in
            [("SHA-1", "AB".repeat(20)), ("SHA-256", "ab".repeat(31)), ("CRC", "00".into())]
        {
            component.hashes.insert(algorithm.to_owned(), digits);
        }
        assert_eq!(hashes(&component).collect::<Vec<_>>(), [("SHA-1", "ab".repeat(20))]);
    }

    #[test]
    fn texts_lose_what_their_place_cannot_hold() {
        assert_eq!(line("a\nb\u{7}c \u{2028}"), "a b c");
        assert_eq!(uri("pkg:deb/a@1%2B2?x=y z#\u{1}"), "pkg:deb/a@1%2B2?x=y%20z#%01");
    }
}
