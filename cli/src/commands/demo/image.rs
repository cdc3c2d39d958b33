//! The demo's image: one layer with one file, the same bytes wherever it is built.

use bytes::Bytes;
use countersign_core::digest::Digest;
use countersign_core::media_type;
use countersign_core::oci::{Descriptor, ImageManifest, RawManifest};
use countersign_core::reference::{LocalSelector, Location, Selector, Tag};
use countersign_core::source::layout::Layout;
use countersign_core::source::{BlobContent, Source};
use serde_json::json;

use crate::failure::Failure;

/// Builds the image into `oci:DIR:TAG`.
pub(super) async fn build(target: &str, text: &str) -> Result<Digest, Failure> {
    let (layout, tag) = open(target)?;
    let layer = layer(text).map_err(|error| Failure::io("layer", error))?;
    let layer_descriptor = Descriptor::of(media_type::OCI_LAYER, &layer);
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["/hello.txt"]},
        "rootfs": {"type": "layers", "diff_ids": [layer_descriptor.digest]},
    })
    .to_string();
    let config_descriptor = Descriptor::of(media_type::OCI_CONFIG, config.as_bytes());
    layout.put_blob(&layer_descriptor, BlobContent::from(layer), None).await?;
    layout.put_blob(&config_descriptor, BlobContent::from(Bytes::from(config)), None).await?;
    let manifest = ImageManifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.into()),
        artifact_type: None,
        config: config_descriptor,
        layers: vec![layer_descriptor],
        subject: None,
        annotations: None,
    };
    let manifest = RawManifest::write(media_type::OCI_MANIFEST, &manifest)?;
    layout.put_manifest(&Selector::Tag(tag), &manifest).await?;
    Ok(manifest.digest)
}

fn open(target: &str) -> Result<(Layout, Tag), Failure> {
    let Location::Layout(local) = target.parse()? else {
        return Err(Failure::usage(format!("{target}: the demo's image is built in a layout"))
            .hint("name it oci:DIR:TAG"));
    };
    let Some(LocalSelector::Name(name)) = &local.selector else {
        return Err(Failure::usage(format!("{target}: the tag is missing")).hint("name it oci:DIR:TAG"));
    };
    Ok((Layout::create(&local.path)?, name.parse()?))
}

fn layer(text: &str) -> std::io::Result<Bytes> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_cksum();
    archive.append_data(&mut header, "hello.txt", text.as_bytes())?;
    Ok(archive.into_inner()?.into())
}
