//! What `docker save` and `podman save` write, read as an image layout.
//!
//! `manifest.json` names, for each image, its configuration, its names and its layers, all members of the archive
//! (Docker image specification 1.2, "Combined Image JSON + Filesystem Changeset Format"). There is no manifest in it,
//! so one is made as skopeo makes it, to the byte: Docker's schema 2, layers uncompressed, each with the digest that
//! the configuration gives it in `rootfs.diff_ids`, and with the media type of a compressed layer all the same. That
//! is not true, but it is what gives this archive the digest that it has everywhere else: whoever reads a layer looks
//! at its first bytes. The same archive always gives the same digest, and a layer whose
//! bytes are others than its digest says is refused when it is read.
//!
//! `crane pull` and others leave layers compressed in such an archive. Those are described as crane describes them, to
//! the byte too: with the digest of the bytes that are there, which is the one that they have in a registry.

use std::collections::BTreeMap;
use std::io::Read;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::members::Member;
use super::packed::{Packed, Place, Tar, check_case};
use super::window::read_at;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::json;
use crate::limits;
use crate::media_type::{self, ANNOTATION_REF_NAME};
use crate::oci::{Descriptor, ImageIndex, OciError, RawManifest};
use crate::source::layout::content::protocol;
use crate::source::layout::referrers::Seen;
use crate::source::layout::stream::PIECE;
use crate::source::{Result, SourceError};

pub(super) const MANIFEST: &str = "manifest.json";

/// A Docker layer, compressed; said of every layer (see the head of this module).
const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Config {
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Option<Vec<Digest>>,
}

/// A schema 2 manifest in the order of fields in which skopeo writes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Schema2<'a> {
    schema_version: u32,
    media_type: &'a str,
    config: Part<'a>,
    layers: Vec<Part<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    media_type: &'a str,
    size: u64,
    digest: Digest,
}

/// Reads a tar that has a `manifest.json`.
pub(super) fn docker(tar: Tar) -> Result<Packed> {
    check_case(&tar, MANIFEST)?;
    let bytes = tar
        .read(MANIFEST, limits::ARCHIVE_MEMBER_BYTES)?
        .ok_or_else(|| protocol(tar.place(), "no archive of docker save: manifest.json is missing"))?;
    let images: Vec<Saved> = json::read(&bytes).map_err(|error| protocol(tar.place(), error.to_string()))?;
    if images.len() > limits::INDEX_ENTRIES {
        let (got, limit) = (images.len(), limits::INDEX_ENTRIES);
        return Err(SourceError::Manifest { place: tar.place(), source: OciError::TooMany { got, limit } });
    }
    let (mut entries, mut blobs) = (Vec::new(), BTreeMap::new());
    for image in &images {
        let manifest = manifest(&tar, image, &mut blobs)?;
        let entry = manifest.descriptor();
        for name in image.repo_tags.iter().flatten() {
            let mut named = entry.clone();
            named.annotations = Some([(ANNOTATION_REF_NAME.to_owned(), name.clone())].into());
            entries.push(named);
        }
        if image.repo_tags.iter().flatten().next().is_none() {
            entries.push(entry);
        }
        blobs.insert(manifest.digest, Place::Held(manifest.bytes));
    }
    let index = ImageIndex::new(entries).into();
    Ok(Packed { transport: "docker-archive", tar, index, blobs, seen: Seen::default() })
}

fn manifest(tar: &Tar, image: &Saved, blobs: &mut BTreeMap<Digest, Place>) -> Result<RawManifest> {
    let bad = |why: String| protocol(tar.place(), why);
    let missing = |name: &str| bad(format!("member '{name}' is missing, which manifest.json names"));
    let config =
        tar.read(&image.config, limits::ARCHIVE_MEMBER_BYTES)?.ok_or_else(|| missing(&image.config))?;
    let parsed: Config = json::read(&config).map_err(|error| bad(format!("'{}': {error}", image.config)))?;
    let digests = parsed.rootfs.diff_ids.unwrap_or_default();
    let names = image.layers.as_deref().unwrap_or_default();
    if digests.len() != names.len() || names.len() > limits::INDEX_ENTRIES {
        return Err(bad(format!(
            "'{}' has {} layers, manifest.json {}",
            image.config,
            digests.len(),
            names.len()
        )));
    }
    let mut layers = Vec::new();
    for (digest, name) in digests.into_iter().zip(names) {
        let (offset, size) = part(tar, name)?.ok_or_else(|| missing(name))?;
        let layer = layer(tar, digest, offset, size)?;
        blobs.insert(layer.digest, Place::Part(offset, size));
        layers.push(layer);
    }
    let config = Bytes::from(config);
    let described = Descriptor::of(media_type::DOCKER_CONFIG, &config);
    blobs.insert(described.digest, Place::Held(config));
    let config =
        Part { media_type: media_type::DOCKER_CONFIG, size: described.size, digest: described.digest };
    let document = Schema2 { schema_version: 2, media_type: media_type::DOCKER_MANIFEST, config, layers };
    RawManifest::write(media_type::DOCKER_MANIFEST, &document)
        .map_err(|source| SourceError::Manifest { place: tar.place(), source })
}

/// Where a layer's bytes are. Layers that images share are links to the first of them; one link is followed.
fn part(tar: &Tar, name: &str) -> Result<Option<(u64, u64)>> {
    match tar.members.get(name) {
        Some(Member::Link(target)) => tar.part(target),
        _ => tar.part(name),
    }
}

fn layer(tar: &Tar, uncompressed: Digest, offset: u64, size: u64) -> Result<Part<'static>> {
    let io = |error| SourceError::io(tar.place(), error);
    let mut magic = [0; 2];
    if size >= 2 {
        read_at(&tar.file, &mut magic, offset).map_err(io)?;
    }
    if magic != [0x1f, 0x8b] {
        return Ok(Part { media_type: LAYER, size, digest: uncompressed });
    }
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut reader = tar.window((offset, size)).reader;
    let mut piece = vec![0; PIECE];
    loop {
        match reader.read(&mut piece).map_err(io)? {
            0 => return Ok(Part { media_type: LAYER, size, digest: hasher.finish() }),
            count => hasher.update(&piece[..count]),
        }
    }
}
