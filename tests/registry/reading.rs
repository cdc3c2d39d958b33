//! Manifests, blobs and tags from a registry that lies.

use std::time::Duration;

use axum::body::Bytes;
use countersign_core::digest::Digest;
use countersign_core::limits;
use countersign_core::oci::Descriptor;
use countersign_core::source::Source;
use testkit::registry::{Action, Fault, Options};
use tokio::io::AsyncReadExt;

use crate::common::{PATH, code, impatient, seed, settings, start, start_with, tag};

const BLOB: &[u8] = b"the content of a blob";

fn blob() -> Descriptor {
    Descriptor::of("application/octet-stream", BLOB)
}

fn header(method: &'static str, path: &str, name: &'static str, value: &str) -> Fault {
    Fault::on(method, path, Action::Headers(vec![(name, value.into())]))
}

#[tokio::test]
async fn what_is_there_is_read() {
    let (registry, source) = start(Options { page: 2, ..Options::default() });
    let manifest = seed(&registry, "v1");
    registry.change(|contents| contents.repository(PATH).put_blob(BLOB));
    assert_eq!(source.manifest(&tag("v1")).await.unwrap().unwrap(), manifest);
    assert_eq!(source.manifest(&manifest.digest.into()).await.unwrap().unwrap(), manifest);
    assert_eq!(source.manifest(&tag("v2")).await.unwrap(), None);
    assert_eq!(source.resolve(&tag("v1")).await.unwrap(), Some(manifest.descriptor()));
    assert_eq!(source.resolve(&tag("v2")).await.unwrap(), None);
    assert_eq!(source.blob(&blob(), 100).await.unwrap(), BLOB);
    let mut read = Vec::new();
    source.blob_reader(&blob()).await.unwrap().read_to_end(&mut read).await.unwrap();
    assert_eq!(read, BLOB);
    assert!(source.has_blob(&blob()).await.unwrap());
    for name in ["a", "b", "c", "d"] {
        seed(&registry, name);
    }
    let tags: Vec<_> = source.tags().await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(tags, ["a", "b", "c", "d", "v1"]);
    assert!(registry.log().iter().all(|entry| entry.path != "/v2/"));
}

/// threat model, row 1: a body without end, and one that comes a byte at a time.
#[tokio::test]
async fn bodies_without_end_are_cut() {
    let (registry, source) = start_with(Options::default(), impatient());
    let manifest = seed(&registry, "v1");
    registry.change(|contents| contents.repository(PATH).put_blob(BLOB));
    registry.fault(Fault::on("GET", "manifests|referrers|tags|blobs", Action::Endless));
    assert_eq!(code(source.manifest(&tag("v1")).await), "LIMIT_CONTENT");
    assert_eq!(code(source.tags().await), "LIMIT_CONTENT");
    assert_eq!(code(source.referrers(&manifest.digest, super::referrers::API).await), "LIMIT_CONTENT");
    assert_eq!(code(source.blob(&blob(), 100).await), "CONTENT_SIZE_MISMATCH");
    let mut reader = source.blob_reader(&blob()).await.unwrap();
    assert!(reader.read_to_end(&mut Vec::new()).await.unwrap_err().to_string().contains("expected 21"));
    registry.behave();
    for action in [Action::Drip(Duration::from_millis(100)), Action::Hang] {
        registry.fault(Fault::on("GET", "", action));
        assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_TIMEOUT");
        assert_eq!(code(source.blob(&blob(), 100).await), "STORE_TIMEOUT");
        registry.behave();
    }
}

/// threat model, row 1: a stream that stalls ends with an error.
#[tokio::test]
async fn a_stream_that_stalls_is_given_up() {
    let (registry, source) = start_with(Options::default(), impatient());
    registry.change(|contents| contents.repository(PATH).put_blob(BLOB));
    registry.fault(Fault::on("GET", "blobs", Action::Drip(Duration::from_millis(100))));
    let mut reader = source.blob_reader(&blob()).await.unwrap();
    let error = reader.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

/// threat model, row 4: the size that a descriptor claims buys no time, be it true or not.
#[tokio::test]
async fn a_claimed_size_buys_no_time() {
    let (registry, source) = start_with(Options::default(), impatient());
    // At the slowest rate that is waited for it would take more than a minute, as it comes much longer.
    let content = vec![0; 1 << 20];
    let true_claim = Descriptor::of("application/octet-stream", &content);
    let large_claim = Descriptor::new("application/octet-stream", true_claim.digest, 100 << 20);
    registry.change(|contents| contents.repository(PATH).put_blob(&content));
    registry.fault(Fault::on("GET", "blobs", Action::Drip(Duration::from_millis(10))));
    let work = async {
        for claim in [&true_claim, &large_claim] {
            assert_eq!(code(source.blob(claim, u64::MAX).await), "STORE_TIMEOUT");
        }
        let mut reader = source.blob_reader(&true_claim).await.unwrap();
        let error = reader.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    };
    tokio::time::timeout(Duration::from_secs(40), work).await.expect("an end");
}

/// threat model, row 2: manifests up to 4 MiB are taken, larger ones not, however the length is given.
#[tokio::test]
async fn manifests_have_a_largest_size() {
    let (registry, source) = start(Options::default());
    seed(&registry, "v1");
    let limit = usize::try_from(limits::MANIFEST_BYTES).unwrap();
    for (size, taken) in [(limit, true), (limit + 1, false)] {
        let bytes = vec![b' '; size];
        registry.change(|contents| contents.repository(PATH).put(Some("large"), "application/x", &bytes));
        let read = source.manifest(&tag("large")).await;
        assert_eq!(read.map(|manifest| manifest.unwrap().bytes.len()).ok(), taken.then_some(size));
    }
    assert_eq!(code(source.manifest(&tag("large")).await), "LIMIT_CONTENT");
    assert_eq!(code(source.resolve(&tag("large")).await), "LIMIT_CONTENT");
    registry.fault(Fault::on("GET", "manifests/v1", Action::Truncate(10)));
    assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_UNREACHABLE");
}

/// threat model, row 3: the size in the descriptor is looked at before anything is asked for.
#[tokio::test]
async fn what_is_too_large_is_not_asked_for() {
    let (registry, source) = start(Options::default());
    for size in [101, u64::MAX >> 1, u64::MAX] {
        let descriptor = Descriptor::new("x", Digest::sha256(BLOB), size);
        assert_eq!(code(source.blob(&descriptor, 100).await), "LIMIT_CONTENT");
    }
    assert_eq!(registry.count(), 0);
}

/// threat model, row 4: listings that go on for ever, in a circle, or elsewhere.
#[tokio::test]
async fn listings_end() {
    let (registry, source) = start(Options::default());
    seed(&registry, "v1");
    for link in ["</v2/acme/app/tags/list?n=1000>; rel=next", "<http://other.example/>; rel=\"next\""] {
        registry.fault(header("GET", "tags/list", "link", link));
        assert_eq!(code(source.tags().await), "STORE_PROTOCOL", "{link}");
        registry.behave();
    }
    for page in 0..=limits::PAGES_PER_LISTING {
        let link = format!("</v2/acme/app/tags/list?page={page}>; rel=next");
        registry.fault(header("GET", "tags/list", "link", &link).times(1));
    }
    assert_eq!(code(source.tags().await), "LIMIT_CONTENT");
}

/// threat model, row 5: what is compressed by the way is refused.
#[tokio::test]
async fn compressed_answers_are_refused() {
    let (registry, source) = start(Options::default());
    seed(&registry, "v1");
    registry.change(|contents| contents.repository(PATH).put_blob(BLOB));
    registry.fault(header("GET", "", "content-encoding", "gzip"));
    assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_PROTOCOL");
    assert_eq!(code(source.blob(&blob(), 100).await), "STORE_PROTOCOL");
}

/// threat model, row 6: other bytes than those of the digest, and digests that lie.
#[tokio::test]
async fn manifests_are_those_of_their_digest() {
    let (registry, source) = start(Options::default());
    let manifest = seed(&registry, "v1");
    let other = Digest::sha256(b"other").to_string();
    registry.fault(header("*", "manifests", "docker-content-digest", &other));
    assert_eq!(code(source.manifest(&manifest.digest.into()).await), "CONTENT_DIGEST_MISMATCH");
    assert_eq!(code(source.manifest(&tag("v1")).await), "CONTENT_DIGEST_MISMATCH");
    assert_eq!(code(source.resolve(&manifest.digest.into()).await), "CONTENT_DIGEST_MISMATCH");
    registry.behave();
    registry.fault(Fault::on("GET", "manifests", Action::Body(Bytes::from_static(b"{}"))));
    assert_eq!(code(source.manifest(&manifest.digest.into()).await), "CONTENT_DIGEST_MISMATCH");
    registry.behave();
    registry.fault(header("*", "manifests", "docker-content-digest", "md5:abc"));
    assert_eq!(source.manifest(&tag("v1")).await.unwrap(), Some(manifest.clone()));
    assert_eq!(source.resolve(&tag("v1")).await.unwrap(), Some(manifest.descriptor()));
    registry.behave();
    registry.fault(header("*", "manifests", "docker-content-digest", "sha256:ABC"));
    assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_PROTOCOL");
}

/// threat model, row 7: other bytes than those of the descriptor, more or fewer of them.
#[tokio::test]
async fn blobs_are_those_of_their_descriptor() {
    let (registry, source) = start(Options::default());
    registry.change(|contents| contents.repository(PATH).put_blob(BLOB));
    for (body, expected) in [
        (&b"THE CONTENT OF A BLOB"[..], "CONTENT_DIGEST_MISMATCH"),
        (b"the content of a blob!", "CONTENT_SIZE_MISMATCH"),
        (b"the content of a blo", "CONTENT_SIZE_MISMATCH"),
        (b"", "CONTENT_SIZE_MISMATCH"),
    ] {
        registry.fault(Fault::on("GET", "blobs", Action::Body(Bytes::from_static(body))));
        assert_eq!(code(source.blob(&blob(), 100).await), expected);
        let streamed = match source.blob_reader(&blob()).await {
            Err(error) => error.code(),
            Ok(mut reader) => {
                let error = reader.read_to_end(&mut Vec::new()).await.unwrap_err();
                error.downcast::<countersign_core::source::SourceError>().unwrap().code()
            }
        };
        assert_eq!(streamed, expected);
        registry.behave();
    }
    let gone = Descriptor::of("x", b"gone");
    assert_eq!(code(source.blob(&gone, 100).await), "NOT_FOUND");
    assert!(!source.has_blob(&gone).await.unwrap());
}

/// threat model, row 9: the media type that is served must be the one inside; none, or a strange one, is no lie.
#[tokio::test]
async fn media_types_agree() {
    let (registry, source) = start(Options::default());
    let manifest = seed(&registry, "v1");
    for kind in ["", "text/plain", "application/json; charset=utf-8"] {
        registry.fault(header("*", "manifests", "content-type", kind));
        assert_eq!(source.manifest(&tag("v1")).await.unwrap().unwrap(), manifest, "{kind}");
        assert_eq!(source.resolve(&tag("v1")).await.unwrap().unwrap(), manifest.descriptor(), "{kind}");
        registry.behave();
    }
    let other = countersign_core::media_type::DOCKER_MANIFEST;
    registry.fault(header("*", "manifests", "content-type", other));
    let read = source.manifest(&tag("v1")).await.unwrap().unwrap();
    assert_eq!(read.parse().unwrap_err().code(), "MANIFEST_MEDIA_TYPE_MISMATCH");
    registry.behave();
    let with_parameter = format!("{}; charset=utf-8", manifest.media_type);
    registry.fault(header("*", "manifests", "content-type", &with_parameter));
    assert_eq!(source.manifest(&tag("v1")).await.unwrap().unwrap(), manifest);
}

/// threat model, row 14: what a descriptor says about other places is not looked at.
#[tokio::test]
async fn urls_and_inline_data_are_not_looked_at() {
    let (registry, source) = start(Options::default());
    registry.change(|contents| contents.repository(PATH).put_blob(BLOB));
    let mut descriptor = blob();
    descriptor.other.insert("urls".into(), serde_json::json!(["http://169.254.169.254/"]));
    descriptor.other.insert("data".into(), serde_json::json!("bGllcw=="));
    assert_eq!(source.blob(&descriptor, 100).await.unwrap(), BLOB);
    assert_eq!(registry.count(), 1);
}

/// threat model, row 17: a web page is no registry, and says nothing about images.
#[tokio::test]
async fn a_web_page_is_no_answer() {
    let (registry, source) = start(Options::default());
    let page = Action::Answer(404, vec![("content-type", "text/html".into())], "<html>".into());
    registry.fault(Fault::on("GET", "", page));
    assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_PROTOCOL");
}

/// threat model, rows 25 and 26: after the tag was resolved, the digest is asked for, and what moves does not matter.
#[tokio::test]
async fn a_tag_that_moves_changes_nothing() {
    let (registry, source) = start(Options::default());
    let manifest = seed(&registry, "v1");
    let resolved = source.resolve(&tag("v1")).await.unwrap().unwrap();
    registry.change(|contents| contents.repository(PATH).put(Some("v1"), "application/x", b"{\"moved\":1}"));
    assert_eq!(source.manifest(&resolved.digest.into()).await.unwrap(), Some(manifest));
}

/// threat model, row 79: what a registry says is cut and escaped.
#[tokio::test]
async fn what_a_registry_says_is_escaped() {
    let (registry, source) = start(Options::default());
    let body = r#"{"errors":[{"code":"DENIED","message":"\u001b[31mred\u202e"}]}"#.to_owned();
    registry.fault(Fault::on("GET", "", Action::Answer(403, vec![], body)));
    let text = source.manifest(&tag("v1")).await.unwrap_err().to_string();
    assert!(text.ends_with(r"DENIED: \u{1b}[31mred\u{202e}"), "{text}");
}

/// threat model, row 22: https where https is wanted; nothing falls back to plain http by itself.
#[tokio::test]
async fn plain_http_is_for_this_machine() {
    let (registry, _) = start(Options::default());
    let port = registry.host().rsplit_once(':').unwrap().1;
    // A name that is no loopback name, spoken to through a proxy that is our registry.
    let proxied = |allow_http| {
        let mut settings = impatient();
        settings.proxy.http_proxy = Some(format!("http://127.0.0.1:{port}"));
        settings.proxy.https_proxy = Some(format!("http://127.0.0.1:{port}"));
        settings.allow_http = allow_http;
        countersign_core::source::registry::Registry::new(settings)
            .repository("registry.example:5000/acme/app".parse().unwrap())
    };
    seed(&registry, "v1");
    assert!(proxied(false).manifest(&tag("v1")).await.is_err());
    assert!(registry.log().iter().all(|entry| entry.method == "CONNECT"), "{:?}", registry.log());
    assert!(proxied(true).manifest(&tag("v1")).await.unwrap().is_some());
}

/// threat model, row 22: a certificate authority for a registry of this machine means TLS.
#[tokio::test]
async fn a_certificate_authority_means_tls() {
    let (registry, _) = start(Options::default());
    seed(&registry, "v1");
    let mut options = impatient();
    options.certificate_authorities = Some(b"no certificate".to_vec());
    let source = super::common::client(&registry, options);
    assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_SETTINGS");
    let source = super::common::client(&registry, settings());
    assert!(source.manifest(&tag("v1")).await.unwrap().is_some());
}
