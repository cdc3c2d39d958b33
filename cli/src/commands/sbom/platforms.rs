//! The images of an index, and what tells them apart in the names of files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use countersign_core::digest::Digest;
use countersign_core::oci::{Descriptor, Platform};

use crate::stores::Resolved;

/// What may stand before the last extension of an SBOM's file, and belongs to it.
const KINDS: [&str; 5] = ["cdx", "cyclonedx", "spdx", "swid", "bom"];

/// Characters of the longest label: platforms are shorter.
const LABEL_LENGTH: usize = 64;

/// An image that is looked at.
pub(super) struct Target {
    /// What tells it apart from the others of its index; `None` for an image that is in none.
    pub(super) label: Option<String>,
    /// The image.
    pub(super) resolved: Resolved,
}

/// Gives each image of an index a label: its platform, and a part of its digest where that is not enough.
/// An image that the index lists twice is one image.
pub(super) fn of(mut images: Vec<(Option<Descriptor>, Resolved)>) -> Vec<Target> {
    let mut seen = BTreeSet::new();
    images.retain(|(_, resolved)| seen.insert(resolved.image.digest.to_string()));
    let named: Vec<_> = images.iter().map(|(entry, _)| entry.as_ref().map(name)).collect();
    let is_shared = |name: &Option<String>| named.iter().filter(|other| *other == name).count() > 1;
    let labels: Vec<_> = named.iter().map(|name| (name.clone(), is_shared(name))).collect();
    let target = |((_, resolved), (name, shared)): ((_, Resolved), (Option<String>, bool))| {
        let part = short(&resolved.image.digest);
        let label = name.map(|name| if shared { format!("{name}-{part}") } else { name });
        Target { label, resolved }
    };
    images.into_iter().zip(labels).map(target).collect()
}

/// `linux-arm64-v8`; where the index names no platform, a part of the digest. An index is written by others: nothing of
/// it may lead into another folder.
fn name(entry: &Descriptor) -> String {
    let platform = entry.platform.as_ref().map(Platform::to_string);
    let kept = |c: char| if c.is_ascii_alphanumeric() || "._".contains(c) { c } else { '-' };
    match platform {
        Some(platform) => platform.chars().map(kept).take(LABEL_LENGTH).collect(),
        None => short(&entry.digest),
    }
}

fn short(digest: &Digest) -> String {
    digest.hex().chars().take(12).collect()
}

/// `app.cdx.json` with the label `linux-amd64`: `app.linux-amd64.cdx.json`.
pub(super) fn with_label(file: &Path, label: &str) -> PathBuf {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let last = name.rfind('.').filter(|position| *position > 0);
    let split = last.map_or(name.len(), |last| {
        let before = name[..last].rfind('.').filter(|position| *position > 0);
        before.filter(|before| KINDS.contains(&&name[before + 1..last])).unwrap_or(last)
    });
    let (stem, extension) = name.split_at(split);
    file.with_file_name(format!("{stem}.{label}{extension}"))
}

#[cfg(test)]
mod tests {
    use countersign_core::media_type;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_label_stands_before_the_extension() {
        for (file, expected) in [
            ("app.json", "app.l.json"),
            ("out/app.cdx.json", "out/app.l.cdx.json"),
            ("app-1.2.spdx.json", "app-1.2.l.spdx.json"),
            ("app.v2.json", "app.v2.l.json"),
            ("app", "app.l"),
            (".hidden", ".hidden.l"),
            (".spdx.json", ".spdx.l.json"),
        ] {
            assert_eq!(with_label(Path::new(file), "l"), Path::new(expected), "{file}");
        }
    }

    /// threat model, row 93.
    #[test]
    fn a_label_leads_nowhere() {
        for (os, architecture, variant, expected) in [
            ("linux", "arm", json!("v7"), "linux-arm-v7"),
            ("../..", "/etc/passwd", json!(null), "..-..--etc-passwd"),
            ("a b", "\u{1b}[31m", json!("\n"), "a-b---31m--"),
        ] {
            let entry = json!({
                "mediaType": media_type::OCI_MANIFEST,
                "digest": Digest::sha256(b"").to_string(),
                "size": 0,
                "platform": {"os": os, "architecture": architecture, "variant": variant},
            });
            let entry: Descriptor = serde_json::from_value(entry).unwrap();
            assert_eq!(name(&entry), expected);
        }
    }
}
