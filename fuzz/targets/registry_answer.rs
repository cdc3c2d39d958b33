//! Headers and error bodies of registries.
#![no_main]

libfuzzer_sys::fuzz_target!(|value: &[u8]| countersign_core::source::registry::fuzzing::answer(value));
