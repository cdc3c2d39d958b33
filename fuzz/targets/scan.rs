//! What is read of a scanner's output is the same once written.
#![no_main]

use countersign_core::evidence::{Scan, scan};
use countersign_core::format::predicate::PredicateType;

libfuzzer_sys::fuzz_target!(|predicate: &[u8]| {
    for name in PredicateType::names() {
        let kind: PredicateType = name.parse().expect("its name is known");
        if let Ok(read) = scan(kind.uri(), predicate) {
            let written = serde_json::to_vec(&read).expect("it is written");
            assert_eq!(serde_json::from_slice::<Scan>(&written).expect("it is read"), read, "{name}");
        }
    }
});
