//! What is damaged is read without a panic, and whatever is read of it is written in every format and read again.

use super::{Read, read};
use crate::format::{Format, convert, losses, samples};

/// Cuts and changes at so many places of a document.
const PLACES: usize = 40;

fn check(document: &[u8], what: &str) {
    let Ok(read) = read(document) else { return };
    for format in [Format::default(), Format::ALL[9], Format::SpdxTagValue, Format::Swid] {
        let written = convert(&read, format, &samples::making()).unwrap();
        let losses = losses(&read, &written).unwrap_or_else(|error| panic!("{what} as {format}: {error}"));
        assert!(losses.iter().all(|loss| loss.place != "components"), "{what} as {format}: {losses:?}");
    }
}

#[test]
fn damaged_documents_are_refused_or_read() {
    let sample = Read { inventory: samples::inventory(), origin: samples::origin(), ..Read::default() };
    for format in [
        Format::default(),
        Format::ALL[4],
        Format::ALL[8],
        Format::ALL[9],
        Format::SpdxTagValue,
        Format::Swid,
    ] {
        let whole = convert(&sample, format, &samples::making()).unwrap();
        for number in 0..PLACES {
            let at = whole.len() * number / PLACES;
            check(&whole[..at], &format!("{format} cut at {at}"));
            for byte in [b'"', b'<', b' ', 0xff] {
                let mut changed = whole.clone();
                changed[at] = byte;
                check(&changed, &format!("{format} with {byte} at {at}"));
            }
        }
    }
}
