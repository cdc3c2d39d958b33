//! What a reference is displayed as parses to the same reference.
#![no_main]

use countersign_core::reference::{ImageReference, Location};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(reference) = text.parse::<ImageReference>() {
        assert_eq!(reference.to_string().parse(), Ok(reference));
    }
    if let Ok(location) = text.parse::<Location>() {
        assert_eq!(location.to_string().parse(), Ok(location));
    }
});
