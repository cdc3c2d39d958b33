//! Merging keeps everything of both sides, and merging again changes nothing.
#![no_main]

use countersign_core::media_type;
use countersign_core::oci::RawManifest;
use countersign_core::source::SharedTag;

libfuzzer_sys::fuzz_target!(|documents: (&[u8], &[u8])| {
    let raw = |media_type, bytes: &[u8]| RawManifest::of(media_type, bytes.to_vec().into());
    for (kind, shared) in [
        (SharedTag::ReferrersIndex, media_type::OCI_INDEX),
        (SharedTag::LegacyLayers, media_type::OCI_MANIFEST),
    ] {
        let (current, addition) = (raw(shared, documents.0), raw(media_type::OCI_MANIFEST, documents.1));
        if let Ok(merged) = kind.merge(Some(&current), std::slice::from_ref(&addition)) {
            let again =
                kind.merge(Some(&merged.manifest), &[addition]).expect("what was merged merges again");
            assert!(!again.changed);
        }
    }
});
