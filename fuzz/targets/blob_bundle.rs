//! Bundles of blobs, of every generation, and bare signatures.
#![no_main]

use countersign_core::verify::blob::BlobSignature;

libfuzzer_sys::fuzz_target!(|document: &[u8]| {
    let _ = BlobSignature::from_bundle(document.to_vec().into());
    let _ = BlobSignature::from_file(document);
});
