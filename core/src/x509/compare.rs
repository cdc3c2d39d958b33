//! Whether a name lies in a subtree of names, form by form (RFC 5280, 4.2.1.10).

use der::{Any, Tag, Tagged as _};
use x509_cert::name::{Name, RelativeDistinguishedName};

/// The answer of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    Yes,
    No,
    /// The name or the constraint is in no form that can be judged.
    Unsure,
}

impl From<bool> for Match {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

/// A DNS name in the subtree of `base`: itself, or with labels before it. A wildcard stands for every name that it
/// may stand for, so that `*.example.com` is not clear of `bar.example.com` (CVE-2025-61727).
pub(super) fn dns(name: &str, base: &str) -> Match {
    if base.is_empty() {
        return Match::Yes;
    }
    let labels = name.strip_prefix("*.");
    let (Some(host), Some(base)) = (host(labels.unwrap_or(name)), host(base)) else { return Match::Unsure };
    if host == base || is_below(&host, &base) {
        Match::Yes
    } else if labels.is_some() && is_below(&base, &host) {
        Match::Unsure
    } else {
        Match::No
    }
}

/// An email address in the subtree of `base`: a mailbox, all mailboxes of a host, or (`.example.com`) of all hosts
/// below a domain. The part before the `@` is compared exactly.
pub(super) fn email(name: &str, base: &str) -> Match {
    let Some((local, domain)) = name.rsplit_once('@').filter(|(local, _)| !local.is_empty()) else {
        return Match::Unsure;
    };
    match base.rsplit_once('@') {
        Some((base_local, base)) => match (host(domain), host(base)) {
            (Some(domain), Some(base)) => (local == base_local && domain == base).into(),
            _ => Match::Unsure,
        },
        None => host_or_below(domain, base),
    }
}

/// A URI whose host is `base`, or (`.example.com`) lies below it. One without a host that is a name is refused.
pub(super) fn uri(name: &str, base: &str) -> Match {
    let Some((_, rest)) = name.split_once("://") else { return Match::Unsure };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // Where some see the end of the host and others do not.
    if authority.contains('\\') {
        return Match::Unsure;
    }
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) => return Match::Unsure,
        None => host,
    };
    if host.parse::<std::net::Ipv4Addr>().is_ok() { Match::Unsure } else { host_or_below(host, base) }
}

/// An address within a network: as many bytes of mask as of address follow in `base`.
pub(super) fn address(name: &[u8], base: &[u8]) -> Match {
    let (network, mask) = base.split_at(base.len() / 2);
    let bits = mask.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    if !matches!(base.len(), 8 | 32) || !bits.is_sorted_by(|a, b| a >= b) {
        return Match::Unsure;
    }
    if name.len() != network.len() {
        return Match::No;
    }
    let differs = |((name, network), mask): ((&u8, &u8), &u8)| (name ^ network) & mask != 0;
    (!name.iter().zip(network).zip(mask).any(differs)).into()
}

/// A distinguished name that begins with `base`.
pub(super) fn directory(name: &Name, base: &Name) -> Match {
    if name.len() < base.len() {
        return Match::No;
    }
    all(base.iter_rdn().zip(name.iter_rdn()).map(|(base, name)| relative(base, name)))
}

/// Both have the same attributes, in whichever order.
fn relative(base: &RelativeDistinguishedName, name: &RelativeDistinguishedName) -> Match {
    if base.len() != name.len() {
        return Match::No;
    }
    all(base.iter().map(|attribute| {
        let same = name.iter().filter(|other| other.oid == attribute.oid);
        any(same.map(|other| text(&attribute.value, &other.value)))
    }))
}

/// Two values of an attribute (RFC 5280, 7.1): upper and lower case are one, so are runs of spaces. Beyond ASCII, and
/// in the old types of strings, only the same bytes are comparable.
fn text(a: &Any, b: &Any) -> Match {
    if a == b {
        return Match::Yes;
    }
    match (prepared(a), prepared(b)) {
        (Some(a), Some(b)) => (a == b).into(),
        _ => Match::Unsure,
    }
}

fn prepared(value: &Any) -> Option<String> {
    if !matches!(value.tag(), Tag::Utf8String | Tag::PrintableString | Tag::Ia5String) {
        return None;
    }
    let text = std::str::from_utf8(value.value()).ok().filter(|text| text.is_ascii())?;
    let words: Vec<_> = text.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
    Some(words.join(" "))
}

fn all(mut matches: impl Iterator<Item = Match>) -> Match {
    let mut found = Match::Yes;
    loop {
        match matches.next() {
            None => return found,
            Some(Match::No) => return Match::No,
            Some(Match::Unsure) => found = Match::Unsure,
            Some(Match::Yes) => {}
        }
    }
}

fn any(matches: impl Iterator<Item = Match>) -> Match {
    matches.fold(Match::No, |found, next| match (found, next) {
        (Match::Yes, _) | (_, Match::Yes) => Match::Yes,
        (Match::Unsure, _) | (_, Match::Unsure) => Match::Unsure,
        (Match::No, Match::No) => Match::No,
    })
}

fn host_or_below(name: &str, base: &str) -> Match {
    let below = base.strip_prefix('.');
    match (host(name), host(below.unwrap_or(base))) {
        (Some(name), Some(base)) if below.is_some() => is_below(&name, &base).into(),
        (Some(name), Some(base)) => (name == base).into(),
        _ => Match::Unsure,
    }
}

fn is_below(name: &str, base: &str) -> bool {
    name.strip_suffix(base).is_some_and(|rest| rest.ends_with('.'))
}

/// A host name in lower case without the dot of the root; `None` where it is none.
fn host(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    text.split('.').all(is_label).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use Match::{No, Unsure, Yes};

    use super::*;

    type Compare = fn(&str, &str) -> Match;

    fn check(compare: Compare, cases: &[(&str, &str, Match)]) {
        for (name, base, expected) in cases {
            assert_eq!(compare(name, base), *expected, "{name} in {base}");
        }
    }

    #[test]
    fn dns_names() {
        check(
            dns,
            &[
                ("example.com", "example.com", Yes),
                ("a.b.EXAMPLE.com", "example.COM", Yes),
                ("example.com.", "example.com", Yes),
                ("anything", "", Yes),
                ("badexample.com", "example.com", No),
                ("example.com.evil.org", "example.com", No),
                ("com", "example.com", No),
                ("*.example.com", "example.com", Yes),
                ("*.bar.example.com", "bar.example.com", Yes),
                ("*.example.com", "bar.example.com", Unsure),
                ("*.example.com", "a.bar.example.com", Unsure),
                ("*.com", "example.com", Unsure),
                ("*.example.org", "bar.example.com", No),
                ("b*r.example.com", "example.com", Unsure),
                ("a..example.com", "example.com", Unsure),
                ("example.com", ".example.com", Unsure),
                ("b\u{fc}.example.com", "example.com", Unsure),
            ],
        );
    }

    #[test]
    fn emails() {
        check(
            email,
            &[
                ("a@example.com", "example.com", Yes),
                ("a@EXAMPLE.com", "Example.com", Yes),
                ("a@sub.example.com", "example.com", No),
                ("a@sub.example.com", ".example.com", Yes),
                ("a@example.com", ".example.com", No),
                ("a@example.com", "a@example.com", Yes),
                ("A@example.com", "a@example.com", No),
                ("b@a@example.com", "example.com", Yes),
                ("example.com", "example.com", Unsure),
                ("@example.com", "example.com", Unsure),
                ("a@", "example.com", Unsure),
                ("a@example.com", "", Unsure),
            ],
        );
    }

    #[test]
    fn uris() {
        check(
            uri,
            &[
                ("https://example.com/a", "example.com", Yes),
                ("https://Example.com:443?q", "example.com", Yes),
                ("https://user:pw@example.com#f", "example.com", Yes),
                ("https://example.com@evil.org/", "example.com", No),
                ("https://evil.org/@example.com", "example.com", No),
                ("https://evil.org?@example.com", "example.com", No),
                ("spiffe://sub.example.com/x", "example.com", No),
                ("spiffe://sub.example.com/x", ".example.com", Yes),
                ("spiffe://example.com/x", ".example.com", No),
                ("https://10.0.0.1/", "example.com", Unsure),
                ("https://[::1]/", "example.com", Unsure),
                ("https://evil.org\\@example.com/", "evil.org", Unsure),
                ("https://example.com\\.evil.org/", "example.com", Unsure),
                ("urn:example:com", "example.com", Unsure),
                ("https:///x", "example.com", Unsure),
            ],
        );
    }

    #[test]
    fn directory_names() {
        let name = |text: &str| if text.is_empty() { Ok(Name::default()) } else { Name::from_str(text) };
        let compare = |a: &str, base: &str| directory(&name(a).unwrap(), &name(base).unwrap());
        // RFC 4514 writes the last part first.
        for (name, base, expected) in [
            ("CN=a,O=Example", "", Yes),
            ("CN=a,O=Example", "O=Example", Yes),
            ("CN=a,O=  EXAMPLE ", "O=example", Yes),
            ("CN=a,O=Example", "CN=a", No),
            ("O=Example", "CN=a,O=Example", No),
            ("CN=a,O=Other", "O=Example", No),
            ("CN=a,O=B\u{fc}ro", "O=B\u{fc}ro", Yes),
            ("CN=a,O=B\u{fc}ro", "O=B\u{dc}RO", Unsure),
            ("CN=a,OU=Example", "O=Example", No),
            ("CN=a+O=Example", "O=Example", No),
        ] {
            assert_eq!(compare(name, base), expected, "{name} in {base}");
        }
    }

    #[test]
    fn addresses() {
        for (name, base, expected) in [
            (&[10, 1, 2, 3][..], &[10, 0, 0, 0, 255, 0, 0, 0][..], Yes),
            (&[11, 1, 2, 3], &[10, 0, 0, 0, 255, 0, 0, 0], No),
            (&[11, 1, 2, 3], &[0; 8], Yes),
            (&[11, 1, 2, 3], &[0; 32], No),
            (&[0; 16], &[0; 32], Yes),
            (&[10, 1, 2, 3], &[10, 0, 0, 0, 255, 0, 255, 0], Unsure),
            (&[10, 1, 2, 3], &[10, 0, 0, 255, 0, 0], Unsure),
        ] {
            assert_eq!(address(name, base), expected, "{name:?} in {base:?}");
        }
    }
}
