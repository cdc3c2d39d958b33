//! Databases of rpm, in each of its three formats.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| countersign_fuzz::file("/var/lib/rpm/Packages", bytes));
