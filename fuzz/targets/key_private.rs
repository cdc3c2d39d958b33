//! A private key that was read is written as one with the same public key. No password is ever given: what comes
//! before a key derivation is looked at, the derivation itself is not run.
#![no_main]

use countersign_core::key::{KeyError, load};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Ok(key) = load(input, || Err(KeyError::PasswordRequired)) else { return };
    let written = key.to_pkcs8_pem().expect("it is written");
    let again = load(written.as_bytes(), || Err(KeyError::PasswordRequired)).expect("it is read");
    assert_eq!(again.public_key(), key.public_key());
});
