use super::*;
use crate::reference::LocalSelector;

const LAYER: &[u8] = b"the bytes of a layer, as good as any tar";

fn config() -> Vec<u8> {
    let (one, two) = (Digest::sha256(LAYER), Digest::sha256(b"second"));
    format!(
        r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":["{one}","{two}"]}}}}"#
    )
    .into()
}

/// What `docker save app:v1 app:latest` writes: the second layer stands in the folder of another image.
fn saved(manifest: &str) -> Tarball {
    let mut tarball = Tarball::default();
    tarball.member("one/", EntryType::Directory, "", b"").file("one/layer.tar", LAYER);
    tarball.file("other/layer.tar", b"second");
    tarball.member("two/layer.tar", EntryType::Symlink, "../other/layer.tar", b"");
    tarball.file("config.json", &config()).file("manifest.json", manifest.as_bytes());
    tarball
}

const MANIFEST: &str = r#"[{"Config":"config.json","RepoTags":["app:v1","docker.io/library/app:latest"],
    "Layers":["one/layer.tar","two/layer.tar"]}]"#;

fn open(tarball: &Tarball) -> Result<Archive> {
    Archive::open_docker(&tarball.written().1)
}

#[test]
fn a_manifest_is_made_as_skopeo_makes_it() {
    let archive = open(&saved(MANIFEST)).unwrap();
    let manifest = wait(archive.manifest(&tag("v1"))).unwrap().unwrap();
    let expected = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{{"mediaType":"application/vnd.docker.container.image.v1+json","size":{},"digest":"{}"}},"layers":[{{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":{},"digest":"{}"}},{{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":6,"digest":"{}"}}]}}"#,
        config().len(),
        Digest::sha256(&config()),
        LAYER.len(),
        Digest::sha256(LAYER),
        Digest::sha256(b"second"),
    );
    assert_eq!(manifest.bytes, expected);
    let document = manifest.parse().unwrap();
    let document = document.manifest().unwrap();
    assert_eq!(wait(archive.blob(&document.layers[0], 100)).unwrap(), LAYER);
    assert_eq!(wait(archive.blob(&document.layers[1], 100)).unwrap(), "second");
    assert_eq!(wait(archive.blob(&document.config, 1000)).unwrap(), config());
    assert!(wait(archive.referrers(&manifest.digest, ReferrersFrom::Store)).unwrap().descriptors.is_empty());
    for name in [None, Some("app:v1"), Some("app"), Some("docker.io/library/app:v1"), Some("latest")] {
        let selector = name.map(|name| LocalSelector::Name(name.into()));
        let selected = archive.select(selector.as_ref()).unwrap();
        assert_eq!(wait(archive.resolve(&selected)).unwrap().unwrap().digest, manifest.digest, "{name:?}");
    }
    let other = LocalSelector::Name("app:v2".into());
    assert_eq!(archive.select(Some(&other)).unwrap_err().code(), "NOT_FOUND");
}

#[test]
fn a_layer_with_other_bytes_is_refused_when_it_is_read() {
    let mut tarball = saved(MANIFEST);
    let position = tarball.0.windows(6).position(|window| window == b"second").unwrap();
    tarball.0[position] = b'S';
    let archive = open(&tarball).unwrap();
    let document = wait(archive.manifest(&tag("v1"))).unwrap().unwrap().parse().unwrap();
    let layer = &document.manifest().unwrap().layers[1];
    assert_eq!(wait(archive.blob(layer, 100)).unwrap_err().code(), "CONTENT_DIGEST_MISMATCH");
}

/// threat model, row 78.
#[test]
fn what_does_not_fit_together_is_refused() {
    for (manifest, why) in [
        ("[", "malformed JSON"),
        (r#"[{"Config":"config.json","Config":"x"}]"#, "duplicate"),
        (r#"[{"Config":"../config.json","Layers":[]}]"#, "'../config.json' is missing"),
        (r#"[{"Config":"two/layer.tar","Layers":[]}]"#, "is a link"),
        (r#"[{"Config":"config.json","Layers":["one/layer.tar"]}]"#, "has 2 layers, manifest.json 1"),
        (r#"[{"Config":"config.json","Layers":["one/layer.tar","x"]}]"#, "'x' is missing"),
        (r#"[{"Config":"one/layer.tar","Layers":[]}]"#, "malformed JSON"),
    ] {
        let error = open(&saved(manifest)).unwrap_err().to_string();
        assert!(error.contains(why), "{manifest}: {error}");
    }
    let mut looped = saved(MANIFEST);
    looped.member("a", EntryType::Symlink, "b", b"").member("b", EntryType::Symlink, "a", b"");
    assert!(open(&looped).is_ok());
    let looped = String::from_utf8_lossy(&looped.0).replace("two/layer.tar\"]}", "a\"]}            ");
    assert!(open(&Tarball(looped.into_bytes())).unwrap_err().to_string().contains("is a link"));
    let mut twice = saved(MANIFEST);
    twice.file("MANIFEST.JSON", b"[]");
    assert!(open(&twice).is_err());
    assert!(open(&Tarball::layout()).is_ok());
    assert!(
        open(Tarball::default().file("x", b"")).unwrap_err().to_string().contains("manifest.json is missing")
    );
}

/// What `crane pull` writes: the layers of the registry.
#[test]
fn a_compressed_layer_is_described_as_it_is() {
    let mut tarball = Tarball::default();
    let compressed = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0];
    tarball.file("one/layer.tar", &compressed).file("two/layer.tar", b"second");
    tarball.file("config.json", &config()).file("manifest.json", MANIFEST.as_bytes());
    let archive = open(&tarball).unwrap();
    let document = wait(archive.manifest(&tag("v1"))).unwrap().unwrap().parse().unwrap();
    let layer = &document.manifest().unwrap().layers[0];
    assert_eq!(layer.media_type, "application/vnd.docker.image.rootfs.diff.tar.gzip");
    assert_eq!(layer.digest, Digest::sha256(&compressed));
    assert_eq!(wait(archive.blob(layer, 100)).unwrap(), &compressed[..]);
}

/// Docker 25 and later write a layout beside the older format.
#[test]
fn a_layout_inside_is_preferred() {
    let (directory, layout) = empty();
    let image = image(&layout, "v1");
    let path = directory.path().join("a.tar");
    wait(save(&layout, &path, crate::file::Overwrite::Never)).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(bytes.len() - 1024);
    let mut tarball = Tarball(bytes);
    tarball.file("manifest.json", b"[]").file("repositories", b"{}");
    let archive = open(&tarball).unwrap();
    assert_eq!(wait(archive.manifest(&tag("v1"))).unwrap(), Some(image));
    assert!(archive.name().starts_with("docker-archive:"));
}
