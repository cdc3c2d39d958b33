//! Layouts that `cosign save` wrote.

use super::*;

/// A file of the recorded outputs of cosign; `None` where they are not there.
fn vector(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/cosign").join(name);
    match fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            panic!("{}: {error}", path.display())
        }
        Err(error) => {
            println!("skipped: {}: {error}", path.display());
            None
        }
    }
}

/// A layout of these blobs behind an index that cosign wrote.
fn saved(index: &str, blobs: &[&str]) -> Option<(tempfile::TempDir, Layout)> {
    let directory = tempfile::tempdir().unwrap();
    write_index(directory.path(), json!([]));
    fs::write(directory.path().join("index.json"), vector(index)?).unwrap();
    for name in blobs {
        write_blob(directory.path(), &vector(name)?);
    }
    let layout = Layout::open(directory.path()).unwrap();
    Some((directory, layout))
}

const LEGACY: [&str; 4] = [
    "v3-image-manifest.json",
    "legacy-sig-manifest.json",
    "legacy-sig-config.json",
    "legacy-att-manifest.json",
];

#[test]
fn legacy_signatures_are_found_by_their_tags() {
    let Some((_directory, layout)) = saved("legacy-save.index.json", &LEGACY) else { return };
    let Selector::Digest(image) = layout.select(None).unwrap() else { panic!("the only image") };
    for (suffix, file) in [(".sig", LEGACY[1]), (".att", LEGACY[3])] {
        let tag = Tag::attached(&image, suffix);
        let found = wait(layout.manifest(&tag.clone().into())).unwrap();
        match found {
            Some(found) => assert_eq!(found.digest, Digest::sha256(&vector(file).unwrap())),
            None => panic!("{tag}"),
        }
    }
    assert_eq!(wait(layout.manifest(&Tag::attached(&image, ".sbom").into())).unwrap(), None);
    let other = Tag::attached(&Digest::sha256(b"?"), ".sig");
    assert_eq!(wait(layout.manifest(&other.into())).unwrap(), None);
    assert_eq!(wait(layout.tags()).unwrap().len(), 2);
}

#[test]
fn a_signature_that_is_added_stays_where_cosign_looks() {
    let Some((_directory, layout)) = saved("legacy-save.index.json", &LEGACY) else { return };
    let Selector::Digest(image) = layout.select(None).unwrap() else { panic!("the only image") };
    let tag = Tag::attached(&image, ".sig");
    let addition = legacy(&layout, "payload", "mine");
    wait(layout.add_to_tag(&tag, SharedTag::LegacyLayers, &addition)).unwrap();
    let index = layout.directory.index().unwrap();
    assert_eq!(index.manifests.len(), 3);
    let entry = &index.manifests[1];
    assert_eq!(entry.annotation("kind"), Some("dev.cosignproject.cosign/sigs"));
    assert_eq!(entry.annotation(media_type::ANNOTATION_REF_NAME), Some(tag.as_str()));
    let merged = wait(layout.manifest(&tag.into())).unwrap().unwrap();
    assert_eq!(merged.parse().unwrap().manifest().unwrap().layers.len(), 2);
    assert_eq!(layout.select(None).unwrap(), image.into());
}

#[test]
fn bundles_that_no_index_lists_are_found() {
    let blobs =
        ["v3-image-manifest.json", "v3-sign-referrer-manifest.json", "v3-attest-referrer-manifest.json"];
    let others = ["v3-sign.bundle.json", "v3-attest.bundle.json"];
    let Some((_directory, layout)) = saved("v3-save.index.json", &[&blobs[..], &others].concat()) else {
        return;
    };
    let Selector::Digest(image) = layout.select(None).unwrap() else { panic!("the only image") };
    let found = wait(layout.referrers(&image, ReferrersFrom::Store)).unwrap();
    assert!(found.reliable);
    assert_eq!(found.descriptors.len(), 2);
    for entry in &found.descriptors {
        assert_eq!(entry.artifact_type.as_deref(), Some(media_type::BUNDLE_V03));
        assert!(entry.annotation(media_type::ANNOTATION_BUNDLE_PREDICATE_TYPE).is_some());
        assert!(wait(layout.manifest(&entry.digest.into())).unwrap().is_some());
        // Deleted for good, though nothing listed it.
        assert!(wait(layout.delete(&entry.digest.into())).unwrap());
    }
    assert!(wait(layout.referrers(&image, ReferrersFrom::Store)).unwrap().descriptors.is_empty());
}

/// Another tool's layout is not looked through: what it does not list is not there.
#[test]
fn only_layouts_of_cosign_are_looked_through() {
    let (_directory, layout) = empty();
    let image = image(&layout, "v1");
    let hidden = manifest(&layout, "hidden", Some(&image));
    put_blob(&layout, media_type::OCI_MANIFEST, &hidden.bytes);
    assert_eq!(notes(&layout, &image), Vec::<String>::new());
    let kind: Annotations = [("kind".to_owned(), "dev.cosignproject.cosign/image".to_owned())].into();
    wait(layout.annotate(image.digest, kind)).unwrap();
    assert_eq!(notes(&layout, &image), ["hidden"]);
}

/// What `countersign save` writes is what `cosign load` looks for: the image and its signatures by `kind`, nothing else.
#[test]
fn a_saved_image_and_its_tags_are_marked_for_cosign() {
    let (_directory, layout) = empty();
    let (saved, other) = (image(&layout, "v1"), image(&layout, "v2"));
    let signature = manifest(&layout, "signature", None);
    let tag_of = |image: &RawManifest| Tag::attached(&image.digest, ".sig");
    for signed in [&saved, &other] {
        wait(layout.put_manifest(&tag_of(signed).into(), &signature)).unwrap();
    }
    wait(layout.mark_for_cosign(saved.digest)).unwrap();
    let kinds = layout.directory.index().unwrap().manifests.clone();
    let kinds = kinds.iter().filter_map(|entry| Some((entry.digest, entry.annotation("kind")?.to_owned())));
    let expected = [
        (saved.digest, "dev.cosignproject.cosign/image".to_owned()),
        (signature.digest, "dev.cosignproject.cosign/sigs".to_owned()),
    ];
    assert_eq!(kinds.collect::<Vec<_>>(), expected);
    assert_eq!(wait(layout.manifest(&tag_of(&saved).into())).unwrap().unwrap(), signature);
    assert_eq!(wait(layout.manifest(&tag_of(&other).into())).unwrap().unwrap(), signature);
}
