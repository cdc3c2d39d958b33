//! Listings of referrers.

use countersign_core::digest::Digest;
use countersign_core::limits;
use countersign_core::media_type::OCI_INDEX;
use countersign_core::outcome::Outcome;
use countersign_core::reference::Tag;
use countersign_core::source::registry::{ReferrersMode, RegistryOptions};
use countersign_core::source::{ReferrersFrom, SharedTag, Source};
use testkit::registry::{Action, Fault, Options};

use crate::common::{PATH, code, referrer, seed, settings, start, start_with};

/// The usual listing.
pub(crate) const API: ReferrersFrom = ReferrersFrom::Store;

fn without_api() -> Options {
    Options { referrers_api: false, ..Options::default() }
}

fn digests(referrers: &countersign_core::source::Referrers) -> Vec<Digest> {
    referrers.descriptors.iter().map(|descriptor| descriptor.digest).collect()
}

#[tokio::test]
async fn the_api_is_read_page_by_page() {
    let (registry, source) = start(Options { page: 2, ..Options::default() });
    let image = seed(&registry, "v1");
    let mut expected = Vec::new();
    for number in 0..5 {
        let manifest = referrer(Some(&image.digest), number);
        registry
            .change(|contents| contents.repository(PATH).put(None, &manifest.media_type, &manifest.bytes));
        expected.push(manifest.digest);
    }
    expected.sort();
    let listed = source.referrers(&image.digest, API).await.unwrap();
    assert!(listed.reliable);
    assert_eq!(digests(&listed), expected);
    assert_eq!(listed.descriptors[0].artifact_type.as_deref(), Some("application/x"));
    assert_eq!(registry.count(), 3);
}

/// The first signature of `--repository` goes into a repository that nothing was pushed to yet.
#[tokio::test]
async fn a_repository_that_is_not_there_yet_is_not_taken_for_a_missing_api() {
    let (registry, source) = start(Options::default());
    let image = seed(&registry, "v1");
    let unknown = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known"}]}"#;
    let answer = Action::Answer(404, vec![("content-type", "application/json".into())], unknown.into());
    registry.fault(Fault::on("GET", "/referrers/", answer).times(1));
    assert!(source.referrers(&image.digest, API).await.unwrap().descriptors.is_empty());
    source.put_referrer(&image.digest, &referrer(Some(&image.digest), 1)).await.unwrap();
    assert_eq!(source.tags().await.unwrap(), ["v1".parse().unwrap()], "no fallback tag");
}

/// The mode that takes no fallback tag signs into such a repository, and finds nothing in it.
#[tokio::test]
async fn a_repository_that_is_not_there_yet_has_no_referrers() {
    let settings = RegistryOptions { referrers: ReferrersMode::Oci11, ..settings() };
    let (registry, source) = start_with(Options::default(), settings);
    let image = seed(&registry, "v1");
    let unknown = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known"}]}"#;
    let answer = Action::Answer(404, vec![("content-type", "application/json".into())], unknown.into());
    registry.fault(Fault::on("GET", "/referrers/", answer).times(2));
    assert!(source.referrers(&image.digest, API).await.unwrap().descriptors.is_empty());
    let manifest = referrer(Some(&image.digest), 1);
    source.put_referrer(&image.digest, &manifest).await.unwrap();
    assert_eq!(digests(&source.referrers(&image.digest, API).await.unwrap()), [manifest.digest]);
    assert_eq!(source.tags().await.unwrap(), ["v1".parse().unwrap()], "no fallback tag");
}

/// threat model, row 18: only 404 leads to the fallback tag; everything else is an error.
#[tokio::test]
async fn only_404_means_that_there_is_no_api() {
    for (status, expected) in [
        (401, "STORE_UNAUTHORIZED"),
        (403, "STORE_FORBIDDEN"),
        (429, "STORE_THROTTLED"),
        (500, "STORE_STATUS"),
        (503, "STORE_STATUS"),
        (400, "STORE_UNSUPPORTED"),
        (405, "STORE_UNSUPPORTED"),
        (204, "STORE_STATUS"),
    ] {
        let (registry, source) = start(Options::default());
        let image = seed(&registry, "v1");
        registry.fault(Fault::status("GET", "referrers", status));
        let error = source.referrers(&image.digest, API).await.unwrap_err();
        assert_eq!(error.code(), expected, "{status}");
        assert!(registry.requests().iter().all(|line| line.contains("/referrers/")));
        if matches!(status, 400 | 405) {
            assert!(error.to_string().contains("--registry-referrers-mode legacy"), "{error}");
        }
    }
}

/// threat model, row 18: what is no listing leaves the question open. It is neither an empty one nor a refusal.
#[tokio::test]
async fn what_is_no_listing_is_an_error() {
    let (registry, source) = start(Options::default());
    let image = seed(&registry, "v1");
    for (kind, body) in [
        ("text/html", "<html>"),
        ("application/json", r#"{"schemaVersion":2,"manifests":[]}"#),
        (OCI_INDEX, "{"),
        (OCI_INDEX, ""),
        (OCI_INDEX, r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#),
        (OCI_INDEX, r#"{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"md5:abc","size":1}]}"#),
    ] {
        let answer = Action::Answer(200, vec![("content-type", kind.into())], body.into());
        registry.fault(Fault::on("GET", "referrers", answer));
        let error = source.referrers(&image.digest, API).await.unwrap_err();
        assert_eq!((error.code(), error.outcome()), ("STORE_PROTOCOL", Outcome::Undecided), "{kind} {body}");
        registry.behave();
    }
    let entry = r#"{"mediaType":"x","digest":"sha256:DIGEST","size":1}"#.replace("DIGEST", &"0".repeat(64));
    let entries = vec![entry; limits::INDEX_ENTRIES + 1].join(",");
    let body = format!(r#"{{"schemaVersion":2,"manifests":[{entries}]}}"#);
    registry.fault(Fault::on(
        "GET",
        "referrers",
        Action::Answer(200, vec![("content-type", OCI_INDEX.into())], body),
    ));
    let error = source.referrers(&image.digest, API).await.unwrap_err();
    assert_eq!((error.code(), error.outcome()), ("LIMIT_INDEX_ENTRIES", Outcome::Refused));
}

/// threat model, row 4: a hundred thousand referrers.
#[tokio::test]
async fn referrers_are_counted() {
    let (registry, source) = start(Options { page: 100, ..Options::default() });
    let image = seed(&registry, "v1");
    for number in 0..=limits::ENTRIES_PER_IMAGE {
        let manifest = referrer(Some(&image.digest), number);
        registry
            .change(|contents| contents.repository(PATH).put(None, &manifest.media_type, &manifest.bytes));
    }
    assert_eq!(code(source.referrers(&image.digest, API).await), "LIMIT_CONTENT");
}

#[tokio::test]
async fn modes_decide_where_is_looked() {
    for (mode, api, expected) in [
        (ReferrersMode::Auto, true, vec!["referrers"]),
        (ReferrersMode::Auto, false, vec!["referrers", "manifests", "manifests"]),
        (ReferrersMode::Legacy, true, vec!["manifests", "manifests"]),
        (ReferrersMode::Oci11, true, vec!["referrers"]),
    ] {
        let settings = RegistryOptions { referrers: mode, ..settings() };
        let (registry, source) = start_with(Options { referrers_api: api, ..Options::default() }, settings);
        let image = seed(&registry, "v1");
        source.referrers(&image.digest, API).await.unwrap();
        if expected.len() > 1 {
            source.referrers(&image.digest, API).await.unwrap();
        }
        let asked: Vec<_> =
            registry.requests().iter().map(|line| line.split('/').nth(4).unwrap().to_owned()).collect();
        assert_eq!(asked, expected, "{mode:?}");
    }
    let settings = RegistryOptions { referrers: ReferrersMode::Oci11, ..settings() };
    let (registry, source) = start_with(without_api(), settings);
    let image = seed(&registry, "v1");
    assert_eq!(code(source.referrers(&image.digest, API).await), "STORE_UNSUPPORTED");
    assert_eq!(
        code(source.put_referrer(&image.digest, &referrer(Some(&image.digest), 1)).await),
        "STORE_UNSUPPORTED"
    );
}

/// threat model, rows 19 and 20: the fallback tag can be looked at beside the API, is not believed, and must be an index.
#[tokio::test]
async fn the_fallback_tag_is_looked_at_with_care() {
    let (registry, source) = start(Options::default());
    let image = seed(&registry, "v1");
    let stem = Tag::attached(&image.digest, "");
    let manifest = referrer(Some(&image.digest), 1);
    let index = SharedTag::ReferrersIndex.merge(None, std::slice::from_ref(&manifest)).unwrap().manifest;
    registry.change(|contents| contents.repository(PATH).put(Some(stem.as_str()), OCI_INDEX, &index.bytes));
    assert!(source.referrers(&image.digest, API).await.unwrap().descriptors.is_empty());
    let old = source.referrers(&image.digest, ReferrersFrom::FallbackTag).await.unwrap();
    assert!(!old.reliable);
    assert_eq!(digests(&old), [manifest.digest]);
    registry.change(|contents| {
        contents.repository(PATH).put(Some(stem.as_str()), &manifest.media_type, &manifest.bytes);
    });
    let error = source.referrers(&image.digest, ReferrersFrom::FallbackTag).await.unwrap_err();
    assert_eq!(error.code(), "MANIFEST_MEDIA_TYPE_UNKNOWN");
}

/// A listing that comes a moment after the manifest was taken.
#[tokio::test]
async fn a_listing_may_come_late() {
    let (registry, source) = start(Options::default());
    let image = seed(&registry, "v1");
    let manifest = referrer(Some(&image.digest), 1);
    let empty = r#"{"schemaVersion":2,"manifests":[]}"#.to_owned();
    let answer = Action::Answer(200, vec![("content-type", OCI_INDEX.into())], empty);
    registry.fault(Fault::on("GET", "referrers", answer.clone()).times(3));
    source.put_referrer(&image.digest, &manifest).await.unwrap();
    assert_eq!(registry.requests().iter().filter(|line| line.contains("/referrers/")).count(), 4);
    registry.fault(Fault::on("GET", "referrers", answer));
    let error = source.put_referrer(&image.digest, &manifest).await.unwrap_err();
    assert!(error.to_string().contains("does not show it"), "{error}");
}
