//! The next page of a listing (RFC 8288, `Link: <URL>; rel="next"`).

use std::collections::HashSet;

use http::{HeaderMap, header};
use url::Url;

use super::address::same_origin;
use super::problem::{place, protocol};
use crate::limits;
use crate::source::{Result, SourceError};

/// Walks the pages of one listing: within one origin, each page once, a bounded number of them.
#[derive(Debug, Default)]
pub(super) struct Pages {
    seen: HashSet<String>,
}

impl Pages {
    /// The page after the one at `url`, where its answer names one.
    ///
    /// # Errors
    /// When the next page is at another origin, was seen already, or is one too many (threat model, row 4).
    pub(super) fn next(&mut self, url: &Url, headers: &HeaderMap) -> Result<Option<Url>> {
        self.seen.insert(url.as_str().to_owned());
        let Some(next) = next_link(headers) else { return Ok(None) };
        let next = url
            .join(&next)
            .map_err(|_| protocol(place(url), "the Link to the next page of the listing is no URL"))?;
        if !same_origin(url, &next) {
            return Err(protocol(place(url), "the next page of the listing is on another host"));
        }
        if self.seen.contains(next.as_str()) {
            return Err(protocol(place(url), "the pages of the listing go round in a circle"));
        }
        if self.seen.len() >= limits::PAGES_PER_LISTING {
            let limit = limits::PAGES_PER_LISTING as u64;
            return Err(SourceError::Limit {
                place: place(url),
                what: "number of pages of a listing",
                limit,
            });
        }
        Ok(Some(next))
    }
}

fn next_link(headers: &HeaderMap) -> Option<String> {
    headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok()).find_map(next_of_value)
}

fn next_of_value(value: &str) -> Option<String> {
    let mut rest = value;
    while let Some(start) = rest.find('<') {
        let after = &rest[start + 1..];
        let end = after.find('>')?;
        let (target, tail) = (&after[..end], &after[end + 1..]);
        let parameters = &tail[..tail.find('<').unwrap_or(tail.len())];
        if parameters.split([';', ',']).any(is_next) {
            return Some(target.to_owned());
        }
        rest = tail;
    }
    None
}

fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let value = value.trim().trim_matches('"');
    name.trim().eq_ignore_ascii_case("rel")
        && value.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found() {
        for (value, expected) in [
            (r#"</v2/a?n=1>; rel="next""#, Some("/v2/a?n=1")),
            ("</v2/a>;rel=next", Some("/v2/a")),
            (r#"<x>; rel="prev", </v2/b>; title="y"; rel="last next""#, Some("/v2/b")),
            (r#"<x>; rel="prev""#, None),
            ("x", None),
            ("<x", None),
            ("", None),
        ] {
            assert_eq!(next_of_value(value).as_deref(), expected, "{value}");
        }
    }

    /// threat model, row 4.
    #[test]
    fn circles_and_other_hosts_are_refused() {
        let url: Url = "http://host/v2/a/tags/list".parse().unwrap();
        let headers = |link: &str| HeaderMap::from_iter([(header::LINK, link.parse().unwrap())]);
        let mut pages = Pages::default();
        for link in ["<http://other/v2/a>; rel=next", "<https://host/v2/a>; rel=next", "<>; rel=next"] {
            assert!(pages.next(&url, &headers(link)).is_err(), "{link}");
        }
        let next = pages.next(&url, &headers("<?n=2>; rel=next")).unwrap().unwrap();
        assert_eq!(next.as_str(), "http://host/v2/a/tags/list?n=2");
        assert!(pages.next(&next, &headers("</v2/a/tags/list>; rel=next")).is_err());
    }
}
