//! What parses as a signed note, and its text as a checkpoint, has no other spelling.
#![no_main]

use countersign_core::format::base64;
use countersign_core::format::note::{Checkpoint, Note};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(note) = Note::parse(text) else { return };
    let mut written = format!("{}\n", note.text);
    for signature in &note.signatures {
        let bytes = [&signature.key_id, signature.signature.as_slice()].concat();
        written.push_str(&format!("— {} {}\n", signature.name, base64::encode(&bytes)));
    }
    assert_eq!(written, text);
    if let Ok(checkpoint) = Checkpoint::parse(note.text) {
        let root = base64::encode(&checkpoint.root);
        let mut written = format!("{}\n{}\n{root}\n", checkpoint.origin, checkpoint.size);
        checkpoint.extensions.iter().for_each(|line| written.push_str(&format!("{line}\n")));
        assert_eq!(written, note.text);
    }
});
