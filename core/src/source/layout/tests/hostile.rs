//! threat model, row 78: layouts that lie, are torn, or lead elsewhere.

use std::os::unix::fs::symlink;

use super::*;
use crate::limits;

/// A layout with one image `v1`, to be damaged.
fn victim() -> (tempfile::TempDir, Layout, RawManifest) {
    let (directory, layout) = empty();
    let image = image(&layout, "v1");
    (directory, layout, image)
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn what_is_no_layout_is_not_opened() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("empty")).unwrap();
    fs::write(at("file"), "x").unwrap();
    for (name, why) in
        [("missing", "No such file"), ("empty", "oci-layout is missing"), ("file", "is a file")]
    {
        let error = Layout::open(&at(name)).unwrap_err();
        assert!(error.to_string().contains(why), "{name}: {error}");
    }
    let marker = |text: &str| {
        write_index(&at("layout"), json!([]));
        fs::write(at("layout/oci-layout"), text).unwrap();
        Layout::open(&at("layout")).unwrap_err().to_string()
    };
    assert!(marker(r#"{"imageLayoutVersion":"2.0.0"}"#).contains("version is 2.0.0, expected 1.0.0"));
    assert!(marker("{}").contains("imageLayoutVersion"));
    assert!(marker(&" ".repeat(2 << 20)).contains("limit"));
    // Nothing is made of a directory that is in use.
    fs::write(at("empty/mine"), "x").unwrap();
    assert!(Layout::create(&at("empty")).unwrap_err().to_string().contains("not empty"));
    assert!(!at("empty/index.json").exists());
}

/// threat model, row 52.
#[test]
fn an_index_that_is_torn_or_ambiguous_is_refused() {
    let (_directory, layout, _) = victim();
    let path = layout.path().join("index.json");
    let whole = fs::read(&path).unwrap();
    for (bytes, code) in [
        (&whole[..whole.len() / 2], "MANIFEST_MALFORMED"),
        (b"", "MANIFEST_MALFORMED"),
        (br#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#, "MANIFEST_MALFORMED"),
        (br#"{"schemaVersion":2,"manifests":[],"layers":[]}"#, "MANIFEST_AMBIGUOUS"),
        (br#"{"schemaVersion":2,"mediaType":"x","manifests":[]}"#, "MANIFEST_MEDIA_TYPE_MISMATCH"),
        (br#"{"schemaVersion":1,"manifests":[]}"#, "STORE_PROTOCOL"),
    ] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(self::code(Layout::open(layout.path())), code);
        assert_eq!(self::code(wait(layout.tags())), code);
    }
    fs::remove_file(&path).unwrap();
    let error = Layout::open(layout.path()).unwrap_err();
    assert!(error.to_string().contains("index.json is missing"), "{error}");
    // Completing it would hide that something was lost.
    assert!(Layout::create(layout.path()).is_err());
}

#[test]
fn an_index_of_a_gigabyte_is_not_read() {
    let (_directory, layout, _) = victim();
    let file = fs::File::create(layout.path().join("index.json")).unwrap();
    file.set_len(1 << 30).unwrap();
    assert_eq!(code(Layout::open(layout.path())), "LIMIT_CONTENT");
}

/// threat model, rows 3 and 7.
#[test]
fn a_blob_that_is_not_what_its_name_says_is_refused() {
    let (_directory, layout, image) = victim();
    let path = layout.path().join("blobs/sha256").join(image.digest.hex());
    let mut bytes = image.bytes.to_vec();
    bytes[3] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert_eq!(code(wait(layout.manifest(&tag("v1")))), "CONTENT_DIGEST_MISMATCH");
    for length in [image.bytes.len() - 1, image.bytes.len() + 1] {
        fs::File::options().write(true).open(&path).unwrap().set_len(length as u64).unwrap();
        assert_eq!(code(wait(layout.manifest(&tag("v1")))), "CONTENT_SIZE_MISMATCH");
        assert_eq!(code(wait(layout.resolve(&tag("v1")))), "CONTENT_SIZE_MISMATCH");
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(code(wait(layout.manifest(&tag("v1")))), "NOT_FOUND");
    assert_eq!(code(wait(layout.resolve(&image.digest.into()))), "NOT_FOUND");
    assert_eq!(code(wait(layout.referrers(&image.digest, ReferrersFrom::Store))), "NOT_FOUND");
    // What is broken can be deleted, and put again.
    assert!(wait(layout.delete(&image.digest.into())).unwrap());
    wait(layout.put_manifest(&tag("v1"), &image)).unwrap();
    assert!(wait(layout.manifest(&tag("v1"))).unwrap().is_some());
}

#[test]
fn a_limit_is_checked_before_the_first_byte() {
    let (_directory, layout, _) = victim();
    let layer = Descriptor::of(media_type::OCI_LAYER, b"v1");
    assert_eq!(code(wait(layout.blob(&layer, 1))), "LIMIT_CONTENT");
    let mut lie = layer.clone();
    lie.size = 1 << 63;
    assert_eq!(code(wait(layout.blob(&lie, 128 << 20))), "LIMIT_CONTENT");
    assert_eq!(code(wait(layout.blob(&lie, u64::MAX))), "CONTENT_SIZE_MISMATCH");
    let large = vec![b' '; limits::MANIFEST_BYTES as usize + 1];
    let digest = write_blob(layout.path(), &large);
    assert_eq!(code(wait(layout.manifest(&digest.into()))), "LIMIT_CONTENT");
}

#[test]
fn a_stream_of_wrong_bytes_ends_with_an_error() {
    use tokio::io::AsyncReadExt;
    let (_directory, layout, _) = victim();
    let bytes = vec![7; 3 * PIECE];
    let blob = put_blob(&layout, "x", &bytes);
    let path = layout.path().join("blobs/sha256").join(blob.digest.hex());
    fs::write(&path, vec![8; 3 * PIECE]).unwrap();
    let mut read = Vec::new();
    let error =
        wait(async { layout.blob_reader(&blob).await.unwrap().read_to_end(&mut read).await }).unwrap_err();
    assert!(error.to_string().contains("content has digest"), "{error}");
    assert!(read.len() < 3 * PIECE);
}

#[test]
fn no_link_below_the_layout_is_followed() {
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    for target in
        ["index.json", "oci-layout", "blobs", "blobs/sha256", "blob", ".countersign.lock", ".countersign.tmp"]
    {
        let (_directory, layout, image) = victim();
        let path = match target {
            "blob" => layout.path().join("blobs/sha256").join(image.digest.hex()),
            other => layout.path().join(other),
        };
        let moved = outside.path().join(target.replace('/', "-"));
        fs::rename(&path, &moved).unwrap();
        symlink(&moved, &path).unwrap();
        let before = fs::metadata(&moved).unwrap().modified().unwrap();
        let open = || Layout::open(layout.path()).map(drop);
        let read = || wait(layout.manifest(&tag("v1"))).map(drop);
        let write = || wait(layout.put_manifest(&tag("v2"), &image));
        let refused = [open(), read(), write()].into_iter().filter_map(Result::err).next_back();
        let error = refused.expect(target).to_string();
        assert!(error.contains("is a symbolic link"), "{target}: {error}");
        assert_eq!(fs::metadata(&moved).unwrap().modified().unwrap(), before, "{target} was written through");
    }
    // A lock that points nowhere is not created there.
    let (_directory, layout, image) = victim();
    fs::remove_file(layout.path().join(".countersign.lock")).unwrap();
    symlink(&secret, layout.path().join(".countersign.lock")).unwrap();
    assert!(wait(layout.put_manifest(&tag("v2"), &image)).is_err());
    assert!(!secret.exists());
}

#[test]
fn a_pipe_or_directory_in_the_place_of_a_file_does_not_hang() {
    for (name, make) in [("index.json", "mkfifo"), ("oci-layout", "mkfifo"), ("index.json", "mkdir")] {
        let (_directory, layout, _) = victim();
        let path = layout.path().join(name);
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new(make).arg(&path).status().unwrap().success());
        let error = Layout::open(layout.path()).unwrap_err().to_string();
        assert!(error.contains("expected a regular file"), "{error}");
    }
    let (_directory, layout, image) = victim();
    let path = layout.path().join("blobs/sha256").join(image.digest.hex());
    fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert_eq!(code(wait(layout.manifest(&tag("v1")))), "STORE_PROTOCOL");
}

#[test]
fn a_digest_in_the_index_is_no_path() {
    let directory = tempfile::tempdir().unwrap();
    for digest in
        ["sha256:../../../etc/passwd", "../x:00", "sha256:.", "md5:d41d8cd98f00b204e9800998ecf8427e"]
    {
        write_index(
            directory.path(),
            json!([{"mediaType": media_type::OCI_MANIFEST, "digest": digest, "size": 1}]),
        );
        assert_eq!(code(Layout::open(directory.path())), "MANIFEST_MALFORMED", "{digest}");
    }
}

/// threat model, row 4.
#[test]
fn too_many_referrers_are_an_error() {
    let (_directory, layout, image) = victim();
    let mut entries = vec![serde_json::to_value(image.descriptor()).unwrap()];
    for number in 0..=limits::ENTRIES_PER_IMAGE {
        let config = Descriptor::of(media_type::OCI_CONFIG, b"{}");
        let manifest = json!({
            "schemaVersion": 2, "config": config, "layers": [], "subject": image.descriptor(),
            "annotations": {"number": number.to_string()},
        });
        let raw = RawManifest::write(media_type::OCI_MANIFEST, &manifest).unwrap();
        write_blob(layout.path(), &raw.bytes);
        entries.push(serde_json::to_value(raw.descriptor()).unwrap());
    }
    write_index(layout.path(), entries.into());
    assert_eq!(code(wait(layout.referrers(&image.digest, ReferrersFrom::Store))), "LIMIT_CONTENT");
}

#[test]
fn indexes_inside_indexes_come_to_an_end() {
    let (_directory, layout, image) = victim();
    let mut inner = image.descriptor();
    for _ in 0..=limits::INDEX_DEPTH {
        let index = crate::oci::ImageIndex::new(vec![inner]);
        let raw = RawManifest::write(media_type::OCI_INDEX, &index).unwrap();
        write_blob(layout.path(), &raw.bytes);
        inner = raw.descriptor();
    }
    write_index(layout.path(), json!([inner]));
    assert_eq!(code(layout.select(None)), "LIMIT_CONTENT");
}
