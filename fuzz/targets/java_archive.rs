//! Archives in archives.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| countersign_fuzz::file("/app/a-1.0.jar", bytes));
