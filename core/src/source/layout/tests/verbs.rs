use tokio::io::AsyncReadExt;

use super::*;
use crate::digest::Algorithm;
use crate::oci::ImageIndex;

#[test]
fn what_is_put_is_found_by_tag_and_by_digest() {
    let (_directory, layout) = empty();
    let image = image(&layout, "v1");
    for selector in [tag("v1"), image.digest.into()] {
        assert_eq!(wait(layout.manifest(&selector)).unwrap().as_ref(), Some(&image));
        assert_eq!(wait(layout.resolve(&selector)).unwrap(), Some(image.descriptor()));
    }
    assert_eq!(wait(layout.manifest(&tag("v2"))).unwrap(), None);
    assert_eq!(wait(layout.manifest(&Digest::sha256(b"?").into())).unwrap(), None);
    let layer = Descriptor::of(media_type::OCI_LAYER, b"v1");
    assert_eq!(wait(layout.blob(&layer, 2)).unwrap(), "v1");
    assert!(wait(layout.has_blob(&layer)).unwrap());
    // A blob that is no manifest is none.
    assert_eq!(wait(layout.manifest(&layer.digest.into())).unwrap(), None);
    assert_eq!(leftovers(&layout), Vec::<PathBuf>::new());
}

#[test]
fn another_process_sees_the_same() {
    let (_directory, layout) = empty();
    let other = Layout::open(layout.path()).unwrap();
    assert_eq!(wait(other.tags()).unwrap(), []);
    image(&layout, "v1");
    assert_eq!(wait(other.tags()).unwrap(), ["v1".parse().unwrap()]);
}

#[test]
fn a_tag_that_moves_has_one_entry() {
    let (_directory, layout) = empty();
    let first = image(&layout, "v1");
    let second = manifest(&layout, "second", None);
    wait(layout.put_manifest(&tag("v1"), &second)).unwrap();
    wait(layout.put_manifest(&tag("v2"), &second)).unwrap();
    wait(layout.put_manifest(&tag("v1"), &second)).unwrap();
    assert_eq!(layout.directory.index().unwrap().manifests.len(), 2);
    assert_eq!(wait(layout.resolve(&tag("v1"))).unwrap(), Some(second.descriptor()));
    // Its blob stays, as a registry keeps a manifest that lost its tag.
    assert_eq!(wait(layout.manifest(&first.digest.into())).unwrap(), Some(first));
}

#[test]
fn unknown_fields_of_the_index_survive_a_write() {
    let (_directory, layout) = empty();
    let path = layout.path().join("index.json");
    fs::write(&path, r#"{"schemaVersion":2,"manifests":[],"annotations":{"a":"b"},"x-own":{"y":[1,2]}}"#)
        .unwrap();
    image(&layout, "v1");
    let written: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(written["x-own"], json!({"y": [1, 2]}));
    assert_eq!(written["annotations"], json!({"a": "b"}));
}

#[test]
fn a_stream_is_stored_and_read_in_pieces() {
    let (_directory, layout) = empty();
    let bytes: Vec<u8> = (0..3 * PIECE + 17).map(|n| (n % 251) as u8).collect();
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let digest = Digest::of(algorithm, &bytes);
        let descriptor = Descriptor::new(media_type::OCI_LAYER, digest, bytes.len() as u64);
        let reader = || BlobContent::Reader(Box::new(std::io::Cursor::new(bytes.clone())));
        wait(layout.put_blob(&descriptor, reader(), None)).unwrap();
        wait(layout.put_blob(&descriptor, reader(), None)).unwrap();
        assert_eq!(wait(layout.blob(&descriptor, u64::MAX)).unwrap(), bytes);
        let mut read = Vec::new();
        wait(async { layout.blob_reader(&descriptor).await.unwrap().read_to_end(&mut read).await.unwrap() });
        assert_eq!(read, bytes);
    }
    assert_eq!(leftovers(&layout), Vec::<PathBuf>::new());
}

/// threat model, row 7, on the way in.
#[test]
fn a_blob_that_is_not_what_it_should_be_is_not_stored() {
    let (_directory, layout) = empty();
    for (size, digest, code) in [
        (3, Digest::sha256(b"xyz"), "CONTENT_DIGEST_MISMATCH"),
        (2, Digest::sha256(b"abc"), "CONTENT_SIZE_MISMATCH"),
        (4, Digest::sha256(b"abc"), "CONTENT_SIZE_MISMATCH"),
    ] {
        let descriptor = Descriptor::new("x", digest, size);
        let bytes = BlobContent::from(Bytes::from_static(b"abc"));
        let stream = BlobContent::Reader(Box::new(&b"abc"[..]));
        for content in [bytes, stream] {
            let error = wait(layout.put_blob(&descriptor, content, None)).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        }
        assert!(!wait(layout.has_blob(&descriptor)).unwrap());
    }
    let endless = BlobContent::Reader(Box::new(tokio::io::repeat(0)));
    let error = wait(layout.put_blob(&Descriptor::of("x", b"abc"), endless, None)).unwrap_err();
    assert_eq!(error.code(), "CONTENT_SIZE_MISMATCH");
    assert_eq!(leftovers(&layout), Vec::<PathBuf>::new());
}

#[test]
fn a_broken_blob_is_mended_by_writing_it_again() {
    let (_directory, layout) = empty();
    let blob = put_blob(&layout, "x", b"abc");
    for broken in [&b"ab"[..], b"abd"] {
        fs::write(layout.path().join("blobs/sha256").join(blob.digest.hex()), broken).unwrap();
        assert!(wait(layout.blob(&blob, 3)).is_err());
        put_blob(&layout, "x", b"abc");
        assert_eq!(wait(layout.blob(&blob, 3)).unwrap(), "abc");
    }
}

#[test]
fn a_manifest_without_its_blobs_is_not_stored() {
    let (_directory, layout) = empty();
    let (_elsewhere, other) = empty();
    let manifest = manifest(&other, "v1", None);
    let error = wait(layout.put_manifest(&tag("v1"), &manifest)).unwrap_err();
    assert_eq!(error.code(), "NOT_FOUND", "{error}");
    let wrong: Selector = Digest::sha256(b"?").into();
    assert_eq!(wait(other.put_manifest(&wrong, &manifest)).unwrap_err().code(), "CONTENT_DIGEST_MISMATCH");
    assert_eq!(wait(layout.tags()).unwrap(), []);
}

#[test]
fn referrers_are_found_with_what_their_manifests_say() {
    let (_directory, layout) = empty();
    let (image, other) = (image(&layout, "v1"), image(&layout, "v2"));
    let referrer = manifest(&layout, "signature", Some(&image));
    wait(layout.put_referrer(&image.digest, &referrer)).unwrap();
    wait(layout.put_referrer(&image.digest, &referrer)).unwrap();
    let found = wait(layout.referrers(&image.digest, ReferrersFrom::Store)).unwrap();
    assert_eq!(found.descriptors.len(), 1);
    assert_eq!(found.descriptors[0].artifact_type.as_deref(), Some("application/x"));
    assert_eq!(notes(&layout, &image), ["signature"]);
    assert_eq!(notes(&layout, &other), Vec::<String>::new());
    let error = wait(layout.put_referrer(&other.digest, &referrer)).unwrap_err();
    assert!(error.to_string().contains("does not refer to"), "{error}");
    let fallback = wait(layout.referrers(&image.digest, ReferrersFrom::FallbackTag)).unwrap();
    assert!(fallback.descriptors.is_empty() && !fallback.reliable);
}

/// A manifest is not asked what the layout calls it.
#[test]
fn a_referrer_cannot_take_a_tag() {
    let (_directory, layout) = empty();
    let image = image(&layout, "v1");
    let mut document = manifest(&layout, "evil", Some(&image)).parse().unwrap().manifest().unwrap().clone();
    let annotations = document.annotations.get_or_insert_default();
    annotations.insert(media_type::ANNOTATION_REF_NAME.into(), "v1".into());
    annotations.insert("kind".into(), "dev.cosignproject.cosign/image".into());
    let evil = RawManifest::write(media_type::OCI_MANIFEST, &document).unwrap();
    wait(layout.put_referrer(&image.digest, &evil)).unwrap();
    assert_eq!(wait(layout.resolve(&tag("v1"))).unwrap(), Some(image.descriptor()));
    assert_eq!(layout.select(None).unwrap(), image.digest.into());
}

#[test]
fn a_fallback_index_is_merged_and_read_too() {
    let (_directory, layout) = empty();
    let image = image(&layout, "v1");
    let fallback: Tag = image.digest.tag_stem().parse().unwrap();
    for note in ["a", "b", "a"] {
        let referrer = manifest(&layout, note, Some(&image));
        wait(layout.add_to_tag(&fallback, SharedTag::ReferrersIndex, &referrer)).unwrap();
    }
    wait(layout.put_referrer(&image.digest, &manifest(&layout, "c", Some(&image)))).unwrap();
    wait(layout.put_referrer(&image.digest, &manifest(&layout, "a", Some(&image)))).unwrap();
    assert_eq!(notes(&layout, &image), ["a", "b", "c"]);
    let listed = wait(layout.referrers(&image.digest, ReferrersFrom::FallbackTag)).unwrap();
    assert_eq!(listed.descriptors.len(), 2);
    assert_eq!(layout.select(None).unwrap(), image.digest.into());
}

#[test]
fn legacy_layers_are_appended() {
    let (_directory, layout) = empty();
    let image = image(&layout, "v1");
    let signatures = Tag::attached(&image.digest, ".sig");
    for signature in ["a", "b", "a"] {
        let addition = legacy(&layout, "payload", signature);
        wait(layout.add_to_tag(&signatures, SharedTag::LegacyLayers, &addition)).unwrap();
    }
    let merged = wait(layout.manifest(&signatures.clone().into())).unwrap().unwrap();
    assert_eq!(merged.parse().unwrap().manifest().unwrap().layers.len(), 2);
    assert_eq!(wait(layout.tags()).unwrap().len(), 2);
    // The tag of an image is no place for signatures.
    let fallback = wait(layout.add_to_tag(&"v1".parse().unwrap(), SharedTag::ReferrersIndex, &merged));
    assert!(fallback.is_err());
}

#[test]
fn what_is_deleted_is_gone() {
    let (_directory, layout) = empty();
    let image = image(&layout, "v1");
    let referrer = manifest(&layout, "signature", Some(&image));
    wait(layout.put_referrer(&image.digest, &referrer)).unwrap();
    wait(layout.put_manifest(&tag("signature"), &referrer)).unwrap();
    // A tag of a referrer goes, the referrer stays.
    assert!(wait(layout.delete(&tag("signature"))).unwrap());
    assert!(!wait(layout.delete(&tag("signature"))).unwrap());
    assert_eq!(notes(&layout, &image), ["signature"]);
    assert!(wait(layout.delete(&referrer.digest.into())).unwrap());
    assert!(!wait(layout.delete(&referrer.digest.into())).unwrap());
    assert_eq!(wait(layout.manifest(&referrer.digest.into())).unwrap(), None);
    assert_eq!(notes(&layout, &image), Vec::<String>::new());
    assert!(wait(layout.delete(&tag("v1"))).unwrap());
    assert_eq!(wait(layout.tags()).unwrap(), []);
    assert!(wait(layout.delete(&image.digest.into())).unwrap());
    assert!(wait(layout.has_blob(&Descriptor::of("x", b"v1"))).unwrap(), "layers stay");
}

#[test]
fn the_platforms_of_an_index_need_no_entries() {
    let (_directory, layout) = empty();
    let platforms = [manifest(&layout, "amd64", None), manifest(&layout, "arm64", None)];
    for platform in &platforms {
        wait(layout.put_manifest(&platform.digest.into(), platform)).unwrap();
    }
    let index = ImageIndex::new(platforms.iter().map(RawManifest::descriptor).collect());
    let index = RawManifest::write(media_type::OCI_INDEX, &index).unwrap();
    wait(layout.put_manifest(&index.digest.into(), &index)).unwrap();
    assert_eq!(layout.directory.index().unwrap().manifests.len(), 1);
    assert_eq!(layout.select(None).unwrap(), index.digest.into());
    assert_eq!(wait(layout.manifest(&platforms[0].digest.into())).unwrap().as_ref(), Some(&platforms[0]));
    // What is inside an index that is listed is not taken from it.
    assert!(!wait(layout.delete(&Digest::sha256(b"?").into())).unwrap());
    wait(layout.delete(&platforms[0].digest.into())).unwrap();
    assert!(wait(layout.manifest(&platforms[0].digest.into())).unwrap().is_some());
}

#[test]
fn annotations_are_added_to_an_entry() {
    let (_directory, layout) = empty();
    let image = image(&layout, "v1");
    let kind: Annotations = [("kind".to_owned(), "dev.cosignproject.cosign/image".to_owned())].into();
    wait(layout.annotate(image.digest, kind.clone())).unwrap();
    assert_eq!(layout.directory.index().unwrap().manifests[0].annotation("kind"), Some(&*kind["kind"]));
    assert_eq!(wait(layout.annotate(Digest::sha256(b"?"), kind)).unwrap_err().code(), "NOT_FOUND");
}
