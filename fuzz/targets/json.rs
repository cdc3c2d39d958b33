//! What is strict JSON is JSON to an ordinary reader too.
#![no_main]

use countersign_core::json;
use serde_json::Value;

libfuzzer_sys::fuzz_target!(|document: &[u8]| {
    if json::check(document).is_ok() {
        let value: Value = json::read(document).expect("what was checked is read");
        assert_eq!(serde_json::from_slice::<Value>(document).ok(), Some(value));
    }
});
