//! What parses as a manifest or index parses as one with the same subject and entries once written.
#![no_main]

use countersign_core::media_type::{OCI_INDEX, OCI_MANIFEST};
use countersign_core::oci::{Document, RawManifest};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for media_type in [OCI_MANIFEST, OCI_INDEX] {
        let Ok(document) = Document::parse(media_type, bytes) else { continue };
        let written = match &document {
            Document::Manifest(manifest) => RawManifest::write(media_type, manifest),
            Document::Index(index) => RawManifest::write(media_type, index),
        };
        let again = written.expect("it is written").parse().expect("it is read");
        assert_eq!(again.subject(), document.subject());
        assert_eq!(entries(&again), entries(&document));
    }
});

fn entries(document: &Document) -> Vec<String> {
    let descriptors = match document {
        Document::Manifest(manifest) => &manifest.layers,
        Document::Index(index) => &index.manifests,
    };
    descriptors.iter().map(|entry| format!("{} {} {}", entry.media_type, entry.digest, entry.size)).collect()
}
