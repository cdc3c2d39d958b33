//! What BuildKit attaches: an index, an attestation manifest and a statement, with zero bytes between them. The entries
//! of the index are made ones of the manifest, for no digest is ever met by chance.
#![no_main]

use std::sync::{Arc, LazyLock};

use countersign_core::source::Layout;
use tempfile::TempDir;

static STORE: LazyLock<(TempDir, Arc<Layout>)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let layout = Layout::create(folder.path()).expect("a layout in it");
    (folder, Arc::new(layout))
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(3, |byte| *byte == 0);
    if let (Some(index), Some(manifest), Some(statement)) = (parts.next(), parts.next(), parts.next()) {
        countersign_core::buildkit::fuzzing::attached(STORE.1.clone(), index, manifest, statement);
    }
});
