//! What parses as a payload parses as one about the same image once written.
#![no_main]

use countersign_core::format::simple_signing::Payload;

libfuzzer_sys::fuzz_target!(|document: &[u8]| {
    if let Ok(payload) = Payload::parse(document) {
        let written = payload.to_json().expect("it is written");
        assert_eq!(Payload::parse(&written).expect("it is read").critical, payload.critical);
    }
});
