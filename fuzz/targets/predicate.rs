//! A file that is taken as a predicate of a type is JSON, whatever the type makes of it.
#![no_main]

use countersign_core::format::predicate::PredicateType;
use countersign_core::json;

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    for name in PredicateType::names() {
        let kind: PredicateType = name.parse().expect("its name is known");
        if let Ok(predicate) = kind.predicate(content.to_vec(), jiff::Timestamp::UNIX_EPOCH) {
            json::check(&predicate).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
});
