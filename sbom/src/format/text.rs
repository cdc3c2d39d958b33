//! What a document can hold of a text that came from an image.
//!
//! Names, paths and addresses in an image are whatever someone put there. Formats want them to be one line, an address
//! to be a URI, a digest to have its length; what is not so is mended where that loses nothing, else left out.

use std::sync::LazyLock;

use regex::Regex;

use crate::inventory::{Component, Inventory};
use crate::purl::percent;

/// A text on one line: what breaks lines and what controls terminals becomes a space.
pub(super) fn line(text: &str) -> String {
    let spaced =
        text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c });
    spaced.collect::<String>().trim().to_owned()
}

/// What stands before the files that show a component.
pub(super) const FOUND: &str = "Found in: ";

/// What stands before the platform of an image.
pub(super) const PLATFORM: &str = "Platform: ";

/// What stands before the layers of an image.
pub(super) const LAYERS: &str = "Layers, the lowest first: ";

/// What stands before what could not be read.
pub(super) const LACKS: &str = "Incomplete. What could not be read, and is missing:\n";

/// What stands before the documents that tell of a component, where several were merged.
pub(super) const TOLD: &str = "Told of in: ";

/// What could not be read, a line for each; `None` if nothing is missing.
pub(super) fn lacks(inventory: &Inventory) -> Option<String> {
    let lines = inventory.incomplete.iter().map(|entry| line(&format!("{}: {}", entry.path, entry.why)));
    let lines = lines.collect::<Vec<_>>().join("\n");
    (!lines.is_empty()).then(|| format!("{LACKS}{lines}"))
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

/// An algorithm of digests, by its names in every format.
pub(super) struct HashName {
    /// In an inventory, and in CycloneDX.
    pub(super) name: &'static str,
    /// In SPDX 2.3 (section 7.10).
    pub(super) spdx: &'static str,
    /// In SPDX 3 (`Core/HashAlgorithm`).
    pub(super) spdx3: &'static str,
    /// How many hexadecimal digits its digests have.
    digits: usize,
}

const fn hash_name(name: &'static str, spdx: &'static str, spdx3: &'static str, digits: usize) -> HashName {
    HashName { name, spdx, spdx3, digits }
}

/// The algorithms that all formats know.
pub(super) const HASHES: [HashName; 12] = [
    hash_name("MD5", "MD5", "md5", 32),
    hash_name("SHA-1", "SHA1", "sha1", 40),
    hash_name("SHA-256", "SHA256", "sha256", 64),
    hash_name("SHA-384", "SHA384", "sha384", 96),
    hash_name("SHA-512", "SHA512", "sha512", 128),
    hash_name("SHA3-256", "SHA3-256", "sha3_256", 64),
    hash_name("SHA3-384", "SHA3-384", "sha3_384", 96),
    hash_name("SHA3-512", "SHA3-512", "sha3_512", 128),
    hash_name("BLAKE2b-256", "BLAKE2b-256", "blake2b256", 64),
    hash_name("BLAKE2b-384", "BLAKE2b-384", "blake2b384", 96),
    hash_name("BLAKE2b-512", "BLAKE2b-512", "blake2b512", 128),
    hash_name("BLAKE3", "BLAKE3", "blake3", 64),
];

/// Digests in lower case; without those of an algorithm that no format knows, or of another length than theirs.
pub(super) fn hashes(component: &Component) -> impl Iterator<Item = (&'static HashName, String)> {
    component.hashes.iter().filter_map(|(algorithm, digits)| {
        let name = HASHES.iter().find(|known| known.name == algorithm)?;
        let sound = digits.len() == name.digits && digits.bytes().all(|b| b.is_ascii_hexdigit());
        sound.then(|| (name, digits.to_ascii_lowercase()))
    })
}

/// A package URL, or what stands for one, with only such bytes as any URI can have. What is a package URL stays as it is.
pub(super) fn uri(text: &str) -> String {
    percent(text, |b| b.is_ascii_graphic() && !b"\"<>\\^`{|}[]".contains(&b))
}

/// A name in the NVD's dictionary, by the form that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cpe {
    /// The URI of CPE 2.2.
    V2_2,
    /// The formatted string of CPE 2.3.
    V2_3,
}

impl Cpe {
    /// Which of the two a text is, by the patterns that CycloneDX and SPDX share (NISTIR 7695, section 6); `None` for
    /// neither.
    pub(super) fn of(text: &str) -> Option<Self> {
        static V2_2: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"^[cC][pP][eE]:/[AHOaho](:[A-Za-z0-9._\-~%]*){0,6}$").ok());
        static V2_3: LazyLock<Option<Regex>> = LazyLock::new(|| {
            let part = r##"(:(((\?*|\*?)([a-zA-Z0-9\-._]|(\\[\\*?!"#$%&'()+,/:;<=>@\[\]^`{|}~]))+(\?*|\*?))|[*\-]))"##;
            let language = r"(:(([a-zA-Z]{2,3}(-([a-zA-Z]{2}|[0-9]{3}))?)|[*\-]))";
            Regex::new(&format!(r"^cpe:2\.3:[aho*\-]{part}{{5}}{language}{part}{{4}}$")).ok()
        });
        let is = |pattern: &LazyLock<Option<Regex>>| {
            pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
        };
        match text.len() {
            0..=1000 if is(&V2_2) => Some(Self::V2_2),
            0..=1000 if is(&V2_3) => Some(Self::V2_3),
            _ => None,
        }
    }
}

/// A name and an address, of `Name <address@example.org>`. What is no address stays in the name.
pub(super) fn party(text: &str) -> (String, Option<String>) {
    let text = line(text);
    match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, email)) if is_email(email) => (name.trim().to_owned(), Some(email.to_owned())),
        _ => (text, None),
    }
}

fn is_email(text: &str) -> bool {
    let sound = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b))
    };
    text.split_once('@').is_some_and(|(name, host)| sound(name) && sound(host))
}

/// The documents that tell of a component, where several were merged.
pub(super) fn told_in(component: &Component) -> Option<String> {
    (!component.origins.is_empty()).then(|| line(&format!("{TOLD}{}", component.origins.join("; "))))
}

/// The name and the version of a tool, of `NAME-VERSION`.
pub(super) fn tool(text: &str) -> (&str, Option<&str>) {
    let is_version = |text: &str| text.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    let split = text.match_indices('-').find(|(at, _)| *at > 0 && is_version(&text[at + 1..]));
    split.map_or((text, None), |(at, _)| (&text[..at], Some(&text[at + 1..])))
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
        let kept: Vec<_> = hashes(&component).map(|(algorithm, digits)| (algorithm.name, digits)).collect();
        assert_eq!(kept, [("SHA-1", "ab".repeat(20))]);
    }

    #[test]
    fn names_of_the_dictionary_are_told_apart() {
        for (text, kind) in [
            ("cpe:/o:debian:debian_linux:12", Some(Cpe::V2_2)),
            ("cpe:2.3:a:gnu:bash:5.2.15:*:*:*:*:*:*:*", Some(Cpe::V2_3)),
            (r"cpe:2.3:a:gnu:libstdc\+\+6:12.2:*:*:*:*:*:*:*", Some(Cpe::V2_3)),
            ("cpe:2.3:a:gnu:libstdc++6:12.2:*:*:*:*:*:*:*", None),
            ("cpe:2.3:a", None),
            ("cpe:/", None),
            ("bash", None),
        ] {
            assert_eq!(Cpe::of(text), kind, "{text}");
        }
    }

    #[test]
    fn tools_have_their_version_after_a_hyphen() {
        for (text, parts) in [
            ("syft-1.0.0", ("syft", Some("1.0.0"))),
            ("spdx-sbom-generator-v0.0.1-rc", ("spdx-sbom-generator", Some("v0.0.1-rc"))),
            ("trivy", ("trivy", None)),
            ("-1", ("-1", None)),
        ] {
            assert_eq!(tool(text), parts);
        }
    }

    #[test]
    fn texts_lose_what_their_place_cannot_hold() {
        assert_eq!(line("a\nb\u{7}c \u{2028}"), "a b c");
        assert_eq!(uri("pkg:deb/a@1%2B2?x=y z#\u{1}"), "pkg:deb/a@1%2B2?x=y%20z#%01");
    }
}
