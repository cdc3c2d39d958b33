use std::process::Command;

use tokio::io::AsyncReadExt;

use super::*;
use crate::file::Overwrite;
use crate::media_type;

/// A layout with an image, a bundle and a legacy signature.
fn signed() -> (tempfile::TempDir, Layout, RawManifest) {
    let (directory, layout) = empty();
    let image = image(&layout, "v1");
    wait(layout.put_referrer(&image.digest, &manifest(&layout, "bundle", Some(&image)))).unwrap();
    let signatures = Tag::attached(&image.digest, ".sig");
    let signature = legacy(&layout, "payload", "a");
    wait(layout.add_to_tag(&signatures, SharedTag::LegacyLayers, &signature)).unwrap();
    (directory, layout, image)
}

fn assert_same(source: &dyn Source, image: &RawManifest) {
    assert_eq!(wait(source.manifest(&tag("v1"))).unwrap().as_ref(), Some(image));
    assert_eq!(notes(source, image), ["bundle"]);
    assert_eq!(wait(source.tags()).unwrap().len(), 2);
    let layer = Descriptor::of(media_type::OCI_LAYER, b"v1");
    assert!(wait(source.has_blob(&layer)).unwrap());
    assert_eq!(wait(source.blob(&layer, 2)).unwrap(), "v1");
    let mut read = Vec::new();
    wait(async { source.blob_reader(&layer).await.unwrap().read_to_end(&mut read).await.unwrap() });
    assert_eq!(read, b"v1");
}

#[test]
fn what_is_saved_is_read_and_loaded() {
    let (directory, layout, image) = signed();
    let (one, two) = (directory.path().join("one.tar"), directory.path().join("two.tar"));
    wait(save(&layout, &one, Overwrite::Never)).unwrap();
    let archive = Archive::open_oci(&one).unwrap();
    assert_same(&archive, &image);
    assert_eq!(archive.select(None).unwrap(), image.digest.into());
    assert_eq!(archive.name(), format!("oci-archive:{}", one.display()));
    let loaded = wait(load(&archive, &directory.path().join("loaded"))).unwrap();
    assert_same(&loaded, &image);
    // The same layout gives the same bytes.
    wait(save(&loaded, &two, Overwrite::Never)).unwrap();
    assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
    let error = wait(save(&layout, &two, Overwrite::Never)).unwrap_err();
    assert!(error.to_string().ends_with("two.tar: exists already"), "{error}");
}

#[test]
fn other_tars_read_what_is_saved_and_are_read() {
    let (directory, layout, image) = signed();
    let path = directory.path().join("ours.tar");
    wait(save(&layout, &path, Overwrite::Replace)).unwrap();
    let listed = Command::new("tar").arg("tvf").arg(&path).output().unwrap();
    assert!(listed.status.success());
    let text = String::from_utf8(listed.stdout).unwrap();
    assert!(text.contains("0/0") && text.contains("1970-01-01") && text.contains("blobs/sha256/"), "{text}");
    for format in ["gnu", "pax", "ustar", "v7", "oldgnu"] {
        let path = directory.path().join(format!("{format}.tar"));
        let mut tar = Command::new("tar");
        tar.arg(format!("--format={format}")).arg("-C").arg(layout.path()).arg("-cf").arg(&path).arg(".");
        assert!(tar.status().unwrap().success());
        assert_same(&Archive::open_oci(&path).unwrap(), &image);
    }
    let squeezed = Command::new("gzip").arg(&path).status().unwrap();
    assert!(squeezed.success());
    let error = Archive::open_oci(&directory.path().join("ours.tar.gz")).unwrap_err();
    assert_eq!(error.code(), "STORE_UNSUPPORTED");
    assert!(error.to_string().contains("gzip -d"), "{error}");
}

#[test]
fn what_is_loaded_joins_what_is_there() {
    let (directory, layout, image) = signed();
    let path = directory.path().join("a.tar");
    wait(save(&layout, &path, Overwrite::Replace)).unwrap();
    let (_elsewhere, other) = empty();
    super::image(&other, "v0");
    let replaced = manifest(&other, "another v1", None);
    wait(other.put_manifest(&tag("v1"), &replaced)).unwrap();
    let archive = Archive::open_oci(&path).unwrap();
    for _ in 0..2 {
        wait(load(&archive, other.path())).unwrap();
        assert_eq!(wait(other.tags()).unwrap().len(), 3);
        assert_eq!(wait(other.resolve(&tag("v1"))).unwrap(), Some(image.descriptor()));
        assert_eq!(notes(&other, &image), ["bundle"]);
    }
}

#[test]
fn a_layout_that_is_broken_is_not_saved() {
    let (directory, layout, image) = signed();
    let path = directory.path().join("a.tar");
    let blob = layout.path().join("blobs/sha256").join(image.digest.hex());
    let mut bytes = image.bytes.to_vec();
    bytes[3] ^= 1;
    fs::write(&blob, &bytes).unwrap();
    assert_eq!(wait(save(&layout, &path, Overwrite::Never)).unwrap_err().code(), "CONTENT_DIGEST_MISMATCH");
    fs::remove_file(&blob).unwrap();
    assert_eq!(wait(save(&layout, &path, Overwrite::Never)).unwrap_err().code(), "NOT_FOUND");
    assert!(!path.exists());
    let names = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(names, 1, "something was left beside the layout");
}

#[test]
fn an_archive_is_not_written_to() {
    let (directory, layout, image) = signed();
    let path = directory.path().join("a.tar");
    wait(save(&layout, &path, Overwrite::Replace)).unwrap();
    let archive = Archive::open_oci(&path).unwrap();
    let tag: Tag = "v2".parse().unwrap();
    let errors = [
        wait(archive.put_blob(&image.descriptor(), BlobContent::from(image.bytes.clone()), None))
            .unwrap_err(),
        wait(archive.put_manifest(&tag.clone().into(), &image)).unwrap_err(),
        wait(archive.put_referrer(&image.digest, &image)).unwrap_err(),
        wait(archive.add_to_tag(&tag, SharedTag::LegacyLayers, &image)).unwrap_err(),
        wait(archive.delete(&tag.into())).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.code(), "STORE_UNSUPPORTED");
        assert!(error.to_string().contains("use an image layout (oci:DIRECTORY)"), "{error}");
    }
}
