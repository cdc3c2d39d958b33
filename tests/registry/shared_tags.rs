//! Many writers and one tag, on registries that know no conditional requests. That nothing is lost in any order of
//! requests is tested beside the protocol itself; here are the requests that it makes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign_core::media_type;
use countersign_core::oci::{Annotations, Descriptor, RawManifest};
use countersign_core::reference::Tag;
use countersign_core::source::registry::RegistryOptions;
use countersign_core::source::shared_tag::layered;
use countersign_core::source::{SharedTag, Source};
use testkit::registry::{Action, Fault, Options, Registry};

use crate::common::{PATH, client, code, referrer, seed, settings, start};
use crate::referrers::API;

fn without_api() -> Options {
    Options { referrers_api: false, ..Options::default() }
}

fn signature(number: usize) -> RawManifest {
    let mut layer = Descriptor::of(media_type::SIMPLE_SIGNING, b"payload");
    layer.annotations = Some(Annotations::from([("signature".into(), number.to_string())]));
    layered(vec![layer], None, media_type::OCI_MANIFEST).unwrap().0
}

fn tags(registry: &Registry) -> Vec<String> {
    registry.contents().repositories[PATH].tags.keys().cloned().collect()
}

/// Clocks of writers differ; by the registry's all of them judge each other's markers.
#[tokio::test]
async fn markers_are_dated_by_the_registrys_clock() {
    let registry = Registry::start(Options { deletes_tags: false, ..without_api() });
    let image = seed(&registry, "v1");
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    for skew in [-86_400, 86_400] {
        let there = tags(&registry);
        let now = jiff::Timestamp::from_second(now + skew).unwrap();
        let source = client(&registry, RegistryOptions { now, ..settings() });
        source.put_referrer(&image.digest, &referrer(Some(&image.digest), 1)).await.unwrap();
        let stem = format!("{}.", Tag::attached(&image.digest, ""));
        let new = tags(&registry).into_iter().find(|tag| tag.starts_with(&stem) && !there.contains(tag));
        let new = new.expect("a marker that cannot be removed");
        let second = i64::from_str_radix(&new[stem.len()..stem.len() + 8], 16).unwrap();
        assert!((now.as_second() - skew - second).abs() < 600, "{skew}: {second}");
    }
}

/// A registry that does not list tags says nothing about who else is at work.
#[tokio::test]
async fn without_a_listing_nothing_is_promised() {
    for (status, code_of) in [(404, "STORE_PROTOCOL"), (403, "STORE_FORBIDDEN"), (405, "STORE_STATUS")] {
        let (registry, source) = start(without_api());
        let image = seed(&registry, "v1");
        registry.fault(Fault::status("GET", "tags/list", status));
        let written = source.put_referrer(&image.digest, &referrer(Some(&image.digest), 1)).await;
        assert_eq!(code(written), code_of, "{status}");
        assert!(tags(&registry).iter().any(|tag| tag.len() > 100), "the marker stays");
    }
}

/// crane's registry cuts a listing at the number that was asked for, and names no next page.
#[tokio::test]
async fn a_listing_that_is_cut_is_asked_for_the_rest() {
    let (registry, source) = start(Options { links_tags: false, ..without_api() });
    let image = seed(&registry, "v1");
    for number in 0..2_100 {
        registry.change(|contents| {
            let repository = contents.repository(PATH);
            repository.put(Some(&format!("t{number}")), &image.media_type, &image.bytes);
        });
    }
    assert_eq!(source.tags().await.unwrap().len(), 2_101);
}

/// threat model, row 28: twelve signers at once.
#[tokio::test]
async fn twelve_pushers_are_all_found() {
    for options in [
        Options { latency: Duration::from_millis(3), ..without_api() },
        Options { latency: Duration::from_millis(3), deletes_tags: false, page: 2, ..without_api() },
        Options { manifests_go_with_tags: true, ..without_api() },
        Options { latency: Duration::from_millis(3), ..Options::default() },
    ] {
        let registry = Registry::start(options);
        let image = seed(&registry, "v1");
        let manifests: Vec<_> = (0..12).map(|number| referrer(Some(&image.digest), number)).collect();
        let writers: Vec<_> = manifests.iter().map(|_| client(&registry, settings())).collect();
        let writes = writers
            .iter()
            .zip(&manifests)
            .map(|(writer, manifest)| writer.put_referrer(&image.digest, manifest));
        for written in futures_util::future::join_all(writes).await {
            written.unwrap();
        }
        let reader = client(&registry, settings());
        let found = reader.referrers(&image.digest, API).await.unwrap().descriptors;
        assert_eq!(found.len(), 12);
        for entry in found {
            assert!(reader.manifest(&entry.digest.into()).await.unwrap().is_some());
            assert_eq!(entry.artifact_type.as_deref(), Some("application/x"));
            assert!(entry.annotation("n").is_some());
        }
    }
}

/// threat model, row 27: twelve signers at once on cosign's tag.
#[tokio::test]
async fn twelve_legacy_signers_are_all_found() {
    let registry = Registry::start(Options { latency: Duration::from_millis(3), ..without_api() });
    let image = seed(&registry, "v1");
    let shared = Tag::attached(&image.digest, ".sig");
    registry.change(|contents| contents.repository(PATH).put_blob(b"payload"));
    let writers: Vec<_> = (0..12).map(|number| (client(&registry, settings()), signature(number))).collect();
    for (writer, addition) in &writers {
        let config = addition.parse().unwrap().manifest().unwrap().config.clone();
        let content = layered(
            addition.parse().unwrap().manifest().unwrap().layers.clone(),
            None,
            media_type::OCI_MANIFEST,
        )
        .unwrap()
        .1
        .1;
        writer.put_blob(&config, countersign_core::source::BlobContent::from(content), None).await.unwrap();
    }
    let writes = writers.iter().map(|(writer, one)| writer.add_to_tag(&shared, SharedTag::LegacyLayers, one));
    for written in futures_util::future::join_all(writes).await {
        written.unwrap();
    }
    let read = client(&registry, settings()).manifest(&shared.into()).await.unwrap().unwrap();
    assert_eq!(read.parse().unwrap().manifest().unwrap().layers.len(), 12);
}

#[tokio::test]
async fn one_writer_leaves_no_marker() {
    let (registry, source) = start(without_api());
    let image = seed(&registry, "v1");
    source.put_referrer(&image.digest, &referrer(Some(&image.digest), 1)).await.unwrap();
    assert_eq!(tags(&registry), [Tag::attached(&image.digest, "").to_string(), "v1".into()]);
}

/// threat model, row 29: what a crash left behind is merged by the next writer.
#[tokio::test]
async fn what_a_crash_left_is_merged() {
    let (registry, source) = start(without_api());
    let image = seed(&registry, "v1");
    let shared = Tag::attached(&image.digest, "");
    registry.fault(Fault::status("PUT", &format!("manifests/{shared}$"), 403));
    let (lost, found) = (referrer(Some(&image.digest), 1), referrer(Some(&image.digest), 2));
    assert_eq!(code(source.put_referrer(&image.digest, &lost).await), "STORE_FORBIDDEN");
    assert!(source.referrers(&image.digest, API).await.unwrap().descriptors.is_empty());
    registry.behave();
    source.put_referrer(&image.digest, &found).await.unwrap();
    assert_eq!(source.referrers(&image.digest, API).await.unwrap().descriptors.len(), 2);
}

/// threat model, row 23: a write whose answer is lost is looked at again.
#[tokio::test]
async fn a_write_without_an_answer_is_looked_at() {
    for action in [Action::Reset, Action::ResetAfter, Action::Answer(502, vec![], String::new())] {
        let (registry, source) = start(without_api());
        let image = seed(&registry, "v1");
        let shared = Tag::attached(&image.digest, "");
        registry.fault(Fault::on("PUT", &format!("manifests/{shared}$"), action).times(1));
        source.put_referrer(&image.digest, &referrer(Some(&image.digest), 1)).await.unwrap();
        assert_eq!(source.referrers(&image.digest, API).await.unwrap().descriptors.len(), 1);
        // The lost write may still come: the marker stays for whoever writes next.
        assert_eq!(tags(&registry).len(), 3);
    }
}

/// threat model, row 20: a tag that holds something else is not overwritten.
#[tokio::test]
async fn what_is_no_index_is_not_overwritten() {
    let (registry, source) = start(without_api());
    let image = seed(&registry, "v1");
    let shared = Tag::attached(&image.digest, "");
    seed(&registry, shared.as_str());
    let put = source.put_referrer(&image.digest, &referrer(Some(&image.digest), 1)).await;
    assert_eq!(code(put), "MANIFEST_MEDIA_TYPE_UNKNOWN");
    assert_eq!(registry.contents().repositories[PATH].tags[shared.as_str()], image.digest);
}
