use super::*;
use crate::reference::LocalSelector;

fn descriptor(bytes: &str, name: &str) -> serde_json::Value {
    let raw = RawManifest::of(media_type::OCI_MANIFEST, bytes.to_owned().into());
    let mut entry = raw.descriptor();
    entry.annotations = Some([(media_type::ANNOTATION_REF_NAME.into(), name.into())].into());
    serde_json::to_value(entry).unwrap()
}

fn bytes(note: &str) -> String {
    let config = Descriptor::of(media_type::OCI_CONFIG, b"{}");
    json!({"schemaVersion": 2, "config": config, "layers": [], "annotations": {"note": note}}).to_string()
}

/// A layout by another tool, with images of these names.
fn named(names: &[(&str, &str)]) -> (tempfile::TempDir, Layout) {
    let directory = tempfile::tempdir().unwrap();
    let entries: Vec<_> = names.iter().map(|(name, note)| descriptor(&bytes(note), name)).collect();
    write_index(directory.path(), entries.into());
    for (_, note) in names {
        write_blob(directory.path(), bytes(note).as_bytes());
    }
    let layout = Layout::open(directory.path()).unwrap();
    (directory, layout)
}

fn digest(note: &str) -> Digest {
    Digest::sha256(bytes(note).as_bytes())
}

fn name(text: &str) -> Option<LocalSelector> {
    Some(LocalSelector::Name(text.into()))
}

#[test]
fn the_only_image_needs_no_name() {
    let (_directory, layout) = empty();
    assert_eq!(layout.select(None).unwrap_err().code(), "NOT_FOUND");
    let image = image(&layout, "v1");
    let signature = legacy(&layout, "payload", "a");
    let signatures = Tag::attached(&image.digest, ".sig");
    wait(layout.add_to_tag(&signatures, SharedTag::LegacyLayers, &signature)).unwrap();
    wait(layout.put_referrer(&image.digest, &manifest(&layout, "r", Some(&image)))).unwrap();
    assert_eq!(layout.select(None).unwrap(), image.digest.into());
    wait(layout.put_manifest(&tag("v1-again"), &image)).unwrap();
    assert_eq!(layout.select(None).unwrap(), image.digest.into());
    super::image(&layout, "v2");
    let error = layout.select(None).unwrap_err();
    assert_eq!(error.code(), "SEVERAL_IMAGES");
    assert!(error.to_string().ends_with("name one of: v1, v1-again, v2"), "{error}");
}

#[test]
fn an_image_is_found_by_the_names_that_tools_write() {
    let (_directory, layout) =
        named(&[("v1", "skopeo"), ("docker.io/library/app:v2", "podman"), ("ghcr.io/a/b:v3", "other")]);
    for (wanted, expected) in [
        ("v1", tag("v1")),
        ("v2", tag("v2")),
        ("docker.io/library/app:v2", digest("podman").into()),
        ("app:v2", digest("podman").into()),
        ("ghcr.io/a/b:v3", digest("other").into()),
    ] {
        assert_eq!(layout.select(name(wanted).as_ref()).unwrap(), expected, "{wanted}");
    }
    assert_eq!(wait(layout.resolve(&tag("v2"))).unwrap().unwrap().digest, digest("podman"));
    let error = layout.select(name("ghcr.io/a/b:v1").as_ref()).unwrap_err();
    assert!(error.to_string().contains("there are: v1, docker.io/library/app:v2, "), "{error}");
    let by_digest = LocalSelector::Digest(digest("skopeo"));
    assert_eq!(layout.select(Some(&by_digest)).unwrap(), digest("skopeo").into());
}

#[test]
fn two_images_of_one_name_are_an_error_not_a_choice() {
    for names in [[("v1", "a"), ("v1", "b")], [("x/app:v1", "a"), ("y/app:v1", "b")]] {
        let (_directory, layout) = named(&names);
        let error = wait(layout.resolve(&tag("v1"))).unwrap_err();
        assert!(error.to_string().contains("several entries of index.json are named 'v1'"), "{error}");
    }
    // The exact name comes first, and one image twice is one image.
    let (_directory, layout) = named(&[("x/app:v1", "a"), ("v1", "b"), ("v1", "b")]);
    assert_eq!(wait(layout.resolve(&tag("v1"))).unwrap().unwrap().digest, digest("b"));
    assert_eq!(wait(layout.tags()).unwrap(), ["v1".parse().unwrap()]);
}
