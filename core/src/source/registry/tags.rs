//! Tags: listing.

use std::collections::HashSet;

use http::{Method, StatusCode};
use serde::Deserialize;

use super::RegistrySource;
use super::auth::Access;
use super::link::Pages;
use super::problem::protocol;
use super::transport::{Answer, Call, Target};
use crate::json;
use crate::limits;
use crate::reference::Tag;
use crate::source::{Result, SourceError};

/// Tags asked for at once.
const PAGE: usize = 1000;

#[derive(Deserialize)]
struct Page {
    // Some registries write null for none.
    tags: Option<Vec<String>>,
}

impl RegistrySource {
    pub(super) async fn list_tags(&self) -> Result<Vec<Tag>> {
        let mut all = Vec::new();
        self.walk_tags(format!("tags/list?n={PAGE}"), |tags| {
            all.extend(tags);
            false
        })
        .await?;
        Ok(all)
    }

    /// The tags that begin with `prefix`, which stands behind `after` in the order of tags. Only what comes after it is
    /// asked for; a registry that does not know how sends everything, which serves as well.
    pub(super) async fn list_tags_after(&self, after: &Tag, prefix: &str) -> Result<Vec<Tag>> {
        let mut all = Vec::new();
        self.walk_tags(format!("tags/list?n={PAGE}&last={after}"), |tags| {
            // Pages in the order of bytes that have passed the prefix: nothing more is behind them.
            let in_order = tags.is_sorted() && tags.first().is_some_and(|first| first > after);
            let passed =
                tags.last().is_some_and(|last| last.as_str() > prefix && !last.as_str().starts_with(prefix));
            all.extend(tags.into_iter().filter(|tag| tag.as_str().starts_with(prefix)));
            in_order && passed
        })
        .await?;
        Ok(all)
    }

    /// Walks the pages of a listing until `page` has seen enough. A full page that names no next one may be a part that a
    /// registry has cut off: what comes behind it is asked for.
    async fn walk_tags(&self, path: String, mut page: impl FnMut(Vec<Tag>) -> bool) -> Result<()> {
        let mut pages = Pages::default();
        let mut seen = HashSet::new();
        let mut target = Target::Path(path);
        loop {
            let mut call = Call::new(Method::GET, "", Access::Pull).limit(limits::MANIFEST_BYTES);
            call.target = target;
            let answer = self.call(call).await?;
            if answer.status == StatusCode::NOT_FOUND && seen.is_empty() {
                // A repository that is not there yet has no tags.
                return Ok(());
            }
            if answer.status != StatusCode::OK {
                return Err(answer.refusal());
            }
            let (tags, length) = parse(&answer)?;
            let last = tags.last().cloned();
            let new: Vec<_> = tags.into_iter().filter(|tag| seen.insert(tag.clone())).collect();
            if seen.len() > limits::TAGS_PER_REPOSITORY {
                let limit = limits::TAGS_PER_REPOSITORY as u64;
                return Err(SourceError::Limit { place: answer.place(), what: "number of tags", limit });
            }
            let is_new = !new.is_empty();
            if page(new) {
                return Ok(());
            }
            target = match (pages.next(&answer.url, &answer.headers)?, last) {
                (Some(next), _) => Target::Url(next),
                (None, Some(last)) if length >= PAGE && is_new => {
                    Target::Path(format!("tags/list?n={PAGE}&last={last}"))
                }
                (None, _) => return Ok(()),
            };
        }
    }
}

/// The tags of a page, and how many names it had.
fn parse(answer: &Answer) -> Result<(Vec<Tag>, usize)> {
    let malformed =
        |why: String| protocol(answer.place(), format!("the listing of tags is malformed: {why}"));
    let page: Page = json::read(&answer.body).map_err(|error| malformed(error.to_string()))?;
    let tags = page.tags.unwrap_or_default();
    // Some registries list digests among the tags: what is no tag names nothing that could be asked for.
    Ok((tags.iter().filter_map(|tag| tag.parse().ok()).collect(), tags.len()))
}
