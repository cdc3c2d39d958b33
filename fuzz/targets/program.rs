//! Programs for each system: those of Go and of Rust, and those that are known by their own bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| countersign_fuzz::file("/usr/bin/python3.11", bytes));
