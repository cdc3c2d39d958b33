//! Whatever is read as an SBOM can be written in every format, and what was written is read with all its components.
#![no_main]

use countersign_sbom::format::{Format, Making, convert, losses, read::read};

libfuzzer_sys::fuzz_target!(|document: &[u8]| {
    let Ok(read) = read(document) else { return };
    let making = Making { now: jiff::Timestamp::UNIX_EPOCH, tool_version: "1".to_owned() };
    for format in Format::ALL {
        let written = convert(&read, format, &making).expect("it is written");
        let losses = losses(&read, &written).unwrap_or_else(|error| panic!("{format}: {error}"));
        assert!(losses.iter().all(|loss| loss.place != "components"), "{format}: {losses:?}");
    }
});
