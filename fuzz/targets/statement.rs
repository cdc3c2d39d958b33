//! A statement keeps its predicate's bytes, and what is found among its subjects is the digest that was asked for.
#![no_main]

use countersign_core::digest::Digest;
use countersign_core::format::statement::Statement;

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    let Ok(statement) = Statement::parse(payload) else { return };
    let written = statement.to_json().expect("it is written");
    let again = Statement::parse(&written).expect("it is read");
    let predicate = |of: &Statement<'_>| of.predicate.map(|raw| raw.get().to_owned());
    assert_eq!(predicate(&again), predicate(&statement));
    let empty = Digest::sha256(b"");
    assert!(statement.subject_of(&empty).is_none_or(|subject| subject.is(&empty)));
});
