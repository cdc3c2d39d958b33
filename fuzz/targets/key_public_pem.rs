//! A public key that was read is written as one that is equal.
#![no_main]

use countersign_core::key::PublicKey;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    for key in [PublicKey::from_pem(input), PublicKey::from_spki_der(input)].into_iter().flatten() {
        assert!(PublicKey::from_pem(key.to_pem()).is_ok_and(|again| again == key));
    }
});
