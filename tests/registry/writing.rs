//! Blobs and manifests into a registry that lies, and what it costs.

use countersign_core::digest::Digest;
use countersign_core::media_type;
use countersign_core::oci::Descriptor;
use countersign_core::source::registry::RegistryOptions;
use countersign_core::source::{BlobContent, Source};
use testkit::registry::{Action, Fault, Options};

use crate::common::{PATH, code, referrer, seed, settings, start, start_with, tag};
use crate::referrers::API;

fn bytes(content: &[u8]) -> BlobContent {
    BlobContent::from(content.to_vec())
}

fn reader(content: &[u8]) -> BlobContent {
    BlobContent::Reader(Box::new(std::io::Cursor::new(content.to_vec())))
}

fn of(content: &[u8]) -> Descriptor {
    Descriptor::of("application/octet-stream", content)
}

fn large() -> Vec<u8> {
    (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn lines(registry: &testkit::registry::Registry) -> Vec<String> {
    let log = registry.log();
    log.iter().map(|entry| format!("{} {}", entry.method, entry.path.split('/').nth(4).unwrap())).collect()
}

#[tokio::test]
async fn blobs_take_few_requests() {
    let at_once = Options::default();
    let in_two = Options { takes_blob_at_once: false, ..Options::default() };
    let (small, big) = (b"small".to_vec(), large());
    for (options, content, expected) in
        [(&at_once, &small, 1), (&in_two, &small, 2), (&at_once, &big, 3), (&in_two, &big, 3)]
    {
        for content_of in [bytes, reader] {
            let (registry, source) = start(options.clone());
            source.put_blob(&of(content), content_of(content), None).await.unwrap();
            let stored = registry.contents().repositories[PATH].blobs[&of(content).digest].clone();
            assert!(stored == content);
            let once_more =
                usize::from(expected == 1 && matches!(content_of(content), BlobContent::Reader(_)));
            assert_eq!(registry.count(), expected + once_more, "{:?}", registry.requests());
        }
    }
    let (registry, source) = start(at_once);
    registry.change(|contents| contents.repository(PATH).put_blob(&big));
    registry.change(|contents| contents.repository(PATH).put_blob(b"{}"));
    source.put_blob(&of(&big), reader(&big), None).await.unwrap();
    source.put_blob(&of(b"{}"), bytes(b"{}"), None).await.unwrap();
    assert_eq!(lines(&registry), ["HEAD blobs", "POST blobs"]);
}

#[tokio::test]
async fn blobs_are_mounted() {
    for mounts in [true, false] {
        let (registry, source) = start(Options { mounts, ..Options::default() });
        registry.change(|contents| contents.repository("other").put_blob(&large()));
        source.put_blob(&of(&large()), bytes(&large()), Some("other")).await.unwrap();
        assert_eq!(registry.count(), if mounts { 1 } else { 2 });
        assert!(registry.contents().repositories[PATH].blobs.contains_key(&of(&large()).digest));
    }
    let (registry, source) = start(Options::default());
    registry.fault(Fault::status("POST", "mount=", 405));
    source.put_blob(&of(b"x"), bytes(b"x"), Some("other")).await.unwrap();
    assert_eq!(registry.count(), 3);
}

#[tokio::test]
async fn large_blobs_go_in_pieces() {
    let content: Vec<u8> = std::iter::repeat_n(large(), 15).flatten().collect();
    let settings = RegistryOptions { single_upload: 1000, ..settings() };
    for content_of in [bytes, reader] {
        let (registry, source) =
            start_with(Options { min_piece: Some(17 << 20), ..Options::default() }, settings.clone());
        source.put_blob(&of(&content), content_of(&content), None).await.unwrap();
        assert_eq!(lines(&registry), ["HEAD blobs", "POST blobs", "PATCH blobs", "PATCH blobs", "PUT blobs"]);
        assert_eq!(registry.log()[2].length, Some(17 << 20));
    }
    let (registry, source) = start(Options { max_request: 16 << 20, ..Options::default() });
    source.put_blob(&of(&content), bytes(&content), None).await.unwrap();
    assert!(registry.contents().repositories[PATH].blobs[&of(&content).digest] == content);
    let (_registry, source) =
        start_with(Options { min_piece: Some(1 << 40), ..Options::default() }, settings);
    assert_eq!(code(source.put_blob(&of(&content), bytes(&content), None).await), "LIMIT_CONTENT");
}

/// threat model, row 7, the other way: what is sent is what the descriptor says, or nothing is stored.
#[tokio::test]
async fn what_is_no_content_of_the_descriptor_is_not_stored() {
    let mut other = large();
    other[7] ^= 1;
    let mut longer = large();
    longer.push(0);
    let shorter = large()[1..].to_vec();
    for single_upload in [1 << 30, 1000] {
        for content in [&other, &longer, &shorter] {
            for content_of in [bytes, reader] {
                let settings = RegistryOptions { single_upload, ..settings() };
                let (registry, source) = start_with(Options::default(), settings);
                assert!(source.put_blob(&of(&large()), content_of(content), None).await.is_err());
                let contents = registry.contents();
                assert!(contents.repositories.values().all(|repository| repository.blobs.is_empty()));
            }
        }
    }
}

/// threat model, row 23: a session that breaks is followed by another one.
#[tokio::test]
async fn broken_uploads_begin_again() {
    let in_two = Options { takes_blob_at_once: false, ..Options::default() };
    for action in [
        Action::Reset,
        Action::ResetAfter,
        Action::Answer(500, vec![], String::new()),
        Action::Answer(404, vec![], String::new()),
        Action::Answer(429, vec![], String::new()),
    ] {
        for content in [b"small".to_vec(), large()] {
            let (registry, source) = start(in_two.clone());
            registry.fault(Fault::on("PUT", "uploads", action.clone()).times(2));
            source.put_blob(&of(&content), bytes(&content), None).await.unwrap();
            assert!(registry.contents().repositories[PATH].blobs.contains_key(&of(&content).digest));
        }
    }
    let (registry, source) = start(in_two);
    registry.fault(Fault::status("PUT", "uploads", 503));
    assert_eq!(code(source.put_blob(&of(b"x"), bytes(b"x"), None).await), "STORE_STATUS");
    assert_eq!(code(source.put_blob(&of(b"x"), reader(b"x"), None).await), "STORE_STATUS");
}

/// threat model, row 24: a registry that says it stored something else.
#[tokio::test]
async fn what_was_stored_is_what_was_sent() {
    let (registry, source) = start(Options::default());
    seed(&registry, "v1");
    let other = Digest::sha256(b"other").to_string();
    registry.fault(Fault::on("*", "", Action::Headers(vec![("docker-content-digest", other)])));
    assert_eq!(code(source.put_blob(&of(b"x"), bytes(b"x"), None).await), "CONTENT_DIGEST_MISMATCH");
    assert_eq!(
        code(source.put_blob(&of(&large()), bytes(&large()), Some("o")).await),
        "CONTENT_DIGEST_MISMATCH"
    );
    assert_eq!(code(source.put_manifest(&tag("v2"), &referrer(None, 1)).await), "CONTENT_DIGEST_MISMATCH");
}

#[tokio::test]
async fn what_is_there_is_deleted() {
    let (registry, source) = start(Options::default());
    let manifest = seed(&registry, "v1");
    assert!(source.delete(&tag("v1")).await.unwrap());
    assert!(!source.delete(&tag("v1")).await.unwrap());
    assert!(source.delete(&manifest.digest.into()).await.unwrap());
    assert_eq!(source.manifest(&manifest.digest.into()).await.unwrap(), None);
    let (registry, source) =
        start(Options { deletes_tags: false, deletes_manifests: false, ..Options::default() });
    seed(&registry, "v1");
    assert_eq!(code(source.delete(&tag("v1")).await), "STORE_UNSUPPORTED");
    assert_eq!(code(source.delete(&manifest.digest.into()).await), "STORE_UNSUPPORTED");
}

/// What one signature costs: the image, what is there already, two blobs, the manifest, and looking that it is there.
async fn sign(options: Options, first: bool) -> Vec<String> {
    let (registry, source) = start(options);
    let image = seed(&registry, "v1");
    if first {
        registry.change(|contents| contents.repository(PATH).blobs.clear());
    }
    source.manifest(&tag("v1")).await.unwrap().unwrap();
    source.referrers(&image.digest, API).await.unwrap();
    source.put_blob(&Descriptor::of(media_type::OCI_EMPTY, b"{}"), bytes(b"{}"), None).await.unwrap();
    source.put_blob(&of(b"bundle"), bytes(b"bundle"), None).await.unwrap();
    source.put_referrer(&image.digest, &referrer(Some(&image.digest), 1)).await.unwrap();
    assert_eq!(source.referrers(&image.digest, API).await.unwrap().descriptors.len(), 1);
    let mut lines = lines(&registry);
    // The last one is the test's.
    lines.pop();
    lines
}

#[tokio::test]
async fn a_signature_takes_few_requests() {
    let api = Options::default();
    let api_in_two = Options { takes_blob_at_once: false, ..api.clone() };
    let without = Options { referrers_api: false, ..api.clone() };
    let distribution = Options { takes_blob_at_once: false, deletes_tags: false, ..without.clone() };
    for (options, first, most) in [
        (&api, false, 6),
        (&api, true, 6),
        (&api_in_two, false, 7),
        (&api_in_two, true, 8),
        (&without, false, 11),
        (&without, true, 11),
        (&distribution, false, 11),
        (&distribution, true, 12),
    ] {
        let requests = sign(options.clone(), first).await;
        assert_eq!(requests.len(), most, "{requests:?}");
    }
}

/// distribution 2.8 does not see a blob for a moment that another client is sending as well.
#[tokio::test]
async fn a_manifest_is_sent_again_when_a_blob_is_out_of_sight() {
    let (registry, source) = start(Options::default());
    let manifest = seed(&registry, "v1");
    let body = r#"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]}"#;
    let unseen = || Action::Answer(400, vec![("content-type", "application/json".into())], body.into());
    registry.fault(Fault::on("PUT", "/manifests/v2", unseen()).times(2));
    source.put_manifest(&tag("v2"), &manifest).await.unwrap();
    registry.fault(Fault::on("PUT", "/manifests/v3", unseen()));
    assert_eq!(code(source.put_manifest(&tag("v3"), &manifest).await), "STORE_STATUS");
}
