//! The demo's image: one layer with a text, and what a small distribution's package manager notes. The same bytes
//! wherever it is built.

use std::str::FromStr;

use bytes::Bytes;
use countersign_core::digest::Digest;
use countersign_core::media_type;
use countersign_core::oci::{Descriptor, ImageManifest, RawManifest};
use countersign_core::reference::{LocalSelector, Location, Selector, Tag};
use countersign_core::source::layout::Layout;
use countersign_core::source::{BlobContent, Source};
use serde_json::json;

use crate::failure::Failure;

/// Which distribution the image is said to be: none that is there.
const OS_RELEASE: &str = "ID=demo\nID_LIKE=debian\nNAME=\"Demo Linux\"\nVERSION_ID=1\n";

/// What is installed in every image, and what it needs.
const PACKAGES: [(&str, &str, &str); 2] =
    [("hello", "2.10-3", "libgreeting"), ("libgreeting", "1.4.2-1", "")];

/// A package in a version.
#[derive(Clone, Debug)]
pub(super) struct Package {
    name: String,
    version: String,
    depends: String,
}

impl FromStr for Package {
    type Err = String;

    /// `NAME=VERSION`, each of characters that Debian Policy has in names and versions (sections 5.6.1 and 5.6.12).
    fn from_str(text: &str) -> Result<Self, String> {
        let is_of = |part: &str, more: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        match text.split_once('=') {
            Some((name, version)) if is_of(name, "+-.") && is_of(version, "+-.~:") => {
                Ok(Self::of(name, version, ""))
            }
            _ => Err("expected NAME=VERSION".into()),
        }
    }
}

impl Package {
    fn of(name: &str, version: &str, depends: &str) -> Self {
        Self { name: name.into(), version: version.into(), depends: depends.into() }
    }
}

/// Builds the image into `oci:DIR:TAG`. A package that every image has may be given in another version.
pub(super) async fn build(target: &str, text: &str, packages: &[Package]) -> Result<Digest, Failure> {
    let (layout, tag) = open(target)?;
    let layer = layer(text, &status(packages)).map_err(|error| Failure::io("layer", error))?;
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

/// dpkg's list of what is installed (deb-control(5)).
fn status(more: &[Package]) -> String {
    let mut packages = PACKAGES.map(|(name, version, depends)| Package::of(name, version, depends)).to_vec();
    for package in more {
        match packages.iter_mut().find(|known| known.name == package.name) {
            Some(known) => known.version.clone_from(&package.version),
            None => packages.push(package.clone()),
        }
    }
    let paragraph = |Package { name, version, depends }: &Package| {
        let depends = if depends.is_empty() { String::new() } else { format!("Depends: {depends}\n") };
        format!(
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n{depends}\
             Maintainer: Demo Packagers <packagers@demo.example>\nDescription: a package of the demo\n\n"
        )
    };
    packages.iter().map(paragraph).collect()
}

fn layer(text: &str, status: &str) -> std::io::Result<Bytes> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in
        [("etc/os-release", OS_RELEASE), ("var/lib/dpkg/status", status), ("hello.txt", text)]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_cksum();
        archive.append_data(&mut header, path, content.as_bytes())?;
    }
    Ok(archive.into_inner()?.into())
}
