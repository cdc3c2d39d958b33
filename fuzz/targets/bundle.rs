//! What parses as a bundle parses as one with the same content once written.
#![no_main]

use countersign_core::format::bundle::Bundle;

libfuzzer_sys::fuzz_target!(|document: &[u8]| {
    if let Ok(bundle) = Bundle::parse(document.to_vec().into()) {
        let written = bundle.to_json().expect("it is written");
        let again = Bundle::parse(written.into()).expect("it is read");
        assert_eq!(again.content().expect("it has one"), bundle.content().expect("it has one"));
    }
});
