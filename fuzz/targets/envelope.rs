//! What parses as an envelope parses as the same one once written.
#![no_main]

use countersign_core::format::dsse::Envelope;

libfuzzer_sys::fuzz_target!(|document: &[u8]| {
    if let Ok(envelope) = Envelope::parse(document.to_vec().into()) {
        let written = envelope.pieces().expect("it is written").join();
        assert_eq!(Envelope::parse(written).expect("it is read"), envelope);
    }
});
