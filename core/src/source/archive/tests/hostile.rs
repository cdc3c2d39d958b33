//! threat model, row 78: archives that lie, are torn, or lead elsewhere.

use super::*;
use crate::limits;
use crate::media_type;

#[test]
fn an_empty_layout_is_an_archive() {
    assert!(wait(Tarball::layout().open().unwrap().tags()).unwrap().is_empty());
}

#[test]
fn names_and_links_that_lead_out_are_refused() {
    use EntryType::{Link, Regular, Symlink};
    let cases = [
        ("../x", Regular, ""),
        ("/x", Regular, ""),
        ("blobs/../../x", Regular, ""),
        ("blobs/..", Regular, ""),
        ("a/./b", Regular, ""),
        ("a//b", Regular, ""),
        ("a\\..\\b", Regular, ""),
        ("C:/x", Regular, ""),
        ("", Regular, ""),
        ("link", Symlink, "/etc/passwd"),
        ("link", Symlink, "../etc/passwd"),
        ("blobs/link", Symlink, "../../x"),
        ("blobs/link", Symlink, ""),
        ("link", Link, "../x"),
        ("link", Link, "/x"),
        ("device", EntryType::Char, ""),
        ("device", EntryType::Block, ""),
        ("pipe", EntryType::Fifo, ""),
        ("sparse", EntryType::GNUSparse, ""),
        ("unknown", EntryType::new(b'Z'), ""),
        // Twice, and once more on a file system that ignores letter case.
        ("index.json", Regular, ""),
        ("./index.json", Regular, ""),
        ("Index.json", Regular, ""),
        ("OCI-LAYOUT", EntryType::Directory, ""),
        ("BLOBS/sha256/x", Regular, ""),
    ];
    for (name, kind, link) in cases {
        let mut tarball = Tarball::layout();
        tarball.member(name, kind, link, b"");
        let error = tarball.open().map(drop).expect_err(name);
        assert_eq!(error.code(), "STORE_PROTOCOL", "{name}: {error}");
        assert!(Archive::open_docker(&tarball.written().1).is_err(), "{name}");
    }
}

/// Adds something to an archive.
type Adds<'a> = &'a dyn Fn(&mut Tarball);

#[test]
fn extended_headers_are_no_way_around() {
    use EntryType::{GNULongLink, GNULongName, XGlobalHeader, XHeader};
    let long = "x/".repeat(limits::ARCHIVE_NAME_BYTES as usize) + "x";
    let refused: [(&str, Adds); 13] = [
        ("path", &|tar| {
            tar.pax(XHeader, &[("path", "../x")]);
        }),
        ("absolute", &|tar| {
            tar.pax(XHeader, &[("path", "/x")]);
        }),
        ("twice", &|tar| {
            tar.pax(XHeader, &[("path", "a"), ("path", "b")]);
        }),
        ("both", &|tar| {
            tar.pax(XHeader, &[("path", "a")]).member("L", GNULongName, "", b"b\0");
        }),
        ("global", &|tar| {
            tar.pax(XGlobalHeader, &[("path", "a")]);
        }),
        ("sparse", &|tar| {
            tar.pax(XHeader, &[("GNU.sparse.size", "1")]);
        }),
        ("size", &|tar| {
            tar.pax(XHeader, &[("size", "-1")]);
        }),
        ("larger", &|tar| {
            tar.pax(XHeader, &[("size", "18446744073709551615")]);
        }),
        ("long", &|tar| {
            tar.member("L", GNULongName, "", b"../x\0");
        }),
        ("longest", &|tar| {
            tar.member("L", GNULongName, "", long.as_bytes());
        }),
        ("link", &|tar| {
            tar.member("K", GNULongLink, "", b"/x\0").member("l", EntryType::Symlink, "a", b"");
        }),
        ("not UTF-8", &|tar| {
            tar.member("L", GNULongName, "", b"\xff\0");
        }),
        ("garbage", &|tar| {
            tar.member("pax", XHeader, "", b"99 path=x\n");
        }),
    ];
    for (what, add) in refused {
        let mut tarball = Tarball::layout();
        add(&mut tarball);
        tarball.file("ordinary", b"");
        assert!(tarball.open().is_err(), "{what}");
    }
    // A line end within a value begins no record.
    let mut inside = Tarball::layout();
    inside.pax(XHeader, &[("comment", "x\n13 path=../x")]).file("ordinary", b"");
    assert!(inside.open().is_ok());
    let mut last = Tarball::layout();
    last.pax(XHeader, &[("path", "a")]);
    assert!(last.open().is_err(), "a header for nothing");
    let mut harmless = Tarball::layout();
    harmless
        .pax(XGlobalHeader, &[("comment", "x")])
        .pax(XHeader, &[("mtime", "1.5"), ("path", "a/long/name")]);
    assert!(harmless.file("short", b"x").open().is_ok());
}

/// A reader that took the size from the other header would find a member inside this one.
#[test]
fn the_size_of_an_extended_header_counts() {
    let mut inner = Tarball::default();
    inner.file("hidden", b"");
    let mut tarball = Tarball::layout();
    tarball.pax(EntryType::XHeader, &[("size", "512")]).stated(
        "a",
        EntryType::Regular,
        "",
        &inner.0[..512],
        0,
    );
    let (_directory, path) = tarball.written();
    let names = members::members(&path, &fs::File::open(&path).unwrap()).unwrap();
    assert_eq!(names.keys().collect::<Vec<_>>(), ["a", "index.json", "oci-layout"]);
}

#[test]
fn what_is_no_archive_of_a_layout_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x");
    assert!(Archive::open_oci(&path).unwrap_err().to_string().contains("No such file"));
    assert!(Archive::open_oci(directory.path()).unwrap_err().to_string().contains("is a directory"));
    for (bytes, why) in [
        (&b""[..], "is empty"),
        (b"not a tar", "ends within a header"),
        (&[b'x'; 2048], "wrong checksum"),
        (&[0; 1024], "no tar archive"),
        (&[0x1f, 0x8b, 8, 0], "gzip -d"),
        (&[0x28, 0xb5, 0x2f, 0xfd], "zstd -d"),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = Archive::open_oci(&path).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let mut hidden = Tarball::layout();
    hidden.0.resize(hidden.0.len() + 512, 0);
    let error = hidden.file("after", b"").open().unwrap_err().to_string();
    assert!(error.contains("follows a block of zeros"), "{error}");
    let marker = || Tarball::default().file("oci-layout", content::MARKER).open();
    assert!(marker().unwrap_err().to_string().contains("index.json is missing"));
    let linked = |name: &str| {
        let mut tarball = Tarball::default();
        tarball.file("other", br#"{"schemaVersion":2,"manifests":[]}"#);
        tarball.member(name, EntryType::Symlink, "other", b"").file("oci-layout", content::MARKER);
        tarball.open().unwrap_err().to_string()
    };
    assert!(linked("index.json").contains("is a link to 'other'"));
}

#[test]
fn sizes_are_bounded() {
    let mut tarball = Tarball::default();
    tarball.file("oci-layout", content::MARKER);
    tarball.stated("index.json", EntryType::Regular, "", b"", 1 << 30);
    assert!(tarball.open().unwrap_err().to_string().contains("larger than what is left"));
    let (_directory, path) = tarball.written();
    fs::File::options().write(true).open(&path).unwrap().set_len((1 << 30) + 4096).unwrap();
    assert_eq!(Archive::open_oci(&path).unwrap_err().code(), "LIMIT_CONTENT");
    tarball.stated("huge", EntryType::Regular, "", b"", u64::MAX);
    assert!(tarball.open().is_err());
}

#[test]
fn the_number_of_members_is_bounded() {
    let mut one = Tarball::default();
    one.member("d/", EntryType::Directory, "", b"");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x");
    fs::write(&path, one.0.repeat(limits::ARCHIVE_MEMBERS + 1)).unwrap();
    assert_eq!(Archive::open_oci(&path).unwrap_err().code(), "LIMIT_CONTENT");
}

/// threat model, row 7.
#[test]
fn blobs_are_checked() {
    let blob = b"{}";
    let named = Digest::sha256(b"another");
    let entry = Descriptor::new(media_type::OCI_MANIFEST, named, 2);
    let mut tarball = Tarball::default();
    tarball.file("oci-layout", content::MARKER);
    let index = serde_json::json!({"schemaVersion": 2, "manifests": [entry]}).to_string();
    tarball.file("index.json", index.as_bytes());
    let missing = tarball.open().unwrap();
    assert_eq!(wait(missing.manifest(&named.into())).unwrap_err().code(), "NOT_FOUND");
    tarball.file(&format!("blobs/sha256/{}", named.hex()), blob);
    let archive = tarball.open().unwrap();
    assert_eq!(wait(archive.manifest(&named.into())).unwrap_err().code(), "CONTENT_DIGEST_MISMATCH");
    let larger = Descriptor::new("x", named, 3);
    assert_eq!(wait(archive.blob(&larger, 10)).unwrap_err().code(), "CONTENT_SIZE_MISMATCH");
    assert_eq!(wait(archive.blob(&larger, 2)).unwrap_err().code(), "LIMIT_CONTENT");
    // Nothing of it gets into a layout's index.
    let directory = tempfile::tempdir().unwrap();
    for archive in [archive, missing] {
        assert!(wait(load(&archive, &directory.path().join("new"))).is_err());
        let layout = Layout::open(&directory.path().join("new")).unwrap();
        assert!(layout.select(None).unwrap_err().to_string().contains("an image not found"));
    }
}

/// Whatever is done to an archive, it is read or refused; nothing panics, and no blob comes out changed.
#[test]
fn damage_is_an_error_and_never_a_crash() {
    let (directory, layout) = empty();
    let image = image(&layout, "v1");
    let path = directory.path().join("a.tar");
    wait(save(&layout, &path, crate::file::Overwrite::Never)).unwrap();
    let whole = fs::read(&path).unwrap();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut refused = 0;
    for _ in 0..1_000 {
        let mut bytes = whole.clone();
        for _ in 0..=random(3) {
            let position = random(bytes.len());
            bytes[position] ^= 1 << random(8);
        }
        if random(4) == 0 {
            bytes.truncate(random(bytes.len()));
        }
        fs::write(&path, &bytes).unwrap();
        let found = Archive::open_oci(&path).and_then(|archive| wait(archive.manifest(&tag("v1"))));
        match found {
            // The media type is the index's claim; parsing compares it with the document's own.
            Ok(Some(found)) => assert_eq!(found.bytes, image.bytes),
            Ok(None) => {}
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 300, "{refused}");
}
