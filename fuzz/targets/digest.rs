//! What parses as a digest is displayed as it was written.
#![no_main]

use countersign_core::digest::Digest;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string(), text);
    }
});
