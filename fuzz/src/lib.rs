//! What several targets ask of what an image shows.

use std::io::Cursor;

use countersign_sbom::assemble;
use countersign_sbom::catalog::{self, FileName};
use countersign_sbom::format::{Format, Making, read::read, write};
use countersign_sbom::inventory::Subject;
use countersign_sbom::layer::{Layer, Reading};
use countersign_sbom::tree::Tree;

/// Looks at a file with every cataloger that wants it, as it is done in a layer; what it shows can be kept and written.
pub fn file(path: &str, content: &[u8]) {
    let name = FileName { path, mode: 0o755, size: content.len().max(1) as u64 };
    let mut reading = Reading::default();
    assert!(reading.wants(&name).expect("one name is not too long"), "{path} is not wanted");
    let _ = catalog::may_show(&name, &content[..content.len().min(4096)]);
    if reading.look(&name, &mut Cursor::new(content)).is_ok() {
        layer(reading.finish());
    }
}

/// A layer is the same when it was kept, and can be written in every format, of which one is tried: it has all of the
/// components.
pub fn layer(layer: Layer) {
    let kept = serde_json::to_vec(&layer).expect("it is kept");
    assert_eq!(serde_json::from_slice::<Layer>(&kept).expect("it is had again"), layer);
    let mut tree = Tree::default();
    tree.lay(Some("sha256:1"), layer.clone());
    tree.lay(Some("sha256:2"), layer);
    let inventory = assemble(Subject::default(), tree);
    let making = Making { now: jiff::Timestamp::UNIX_EPOCH, tool_version: "1".to_owned() };
    let format = Format::ALL[kept.len() % Format::ALL.len()];
    let written = write(&inventory, format, &making).expect("it is written");
    let again = read(&*written).unwrap_or_else(|error| panic!("{format}: {error}"));
    assert_eq!(again.inventory.components.len(), inventory.components.len(), "{format}");
}
