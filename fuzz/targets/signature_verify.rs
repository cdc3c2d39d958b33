//! A message given whole and in pieces gets the same answer. The input is a message of eight bytes and a signature.
#![no_main]

use std::sync::LazyLock;

use countersign_core::key::{HashPolicy, PublicKey};

static KEYS: LazyLock<[PublicKey; 3]> = LazyLock::new(|| {
    [
        include_str!("../seeds/key_public_pem/p256.pem"),
        include_str!("../seeds/key_public_pem/ed25519.pem"),
        include_str!("../seeds/key_public_pem/rsa2048.pem"),
    ]
    .map(|pem| PublicKey::from_pem(pem).expect("a good key"))
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((message, signature)) = input.split_at_checked(8) else { return };
    for key in KEYS.iter() {
        let whole = key.verify(message, signature, HashPolicy::AlsoLegacy);
        let mut pieces = key.stream_verifier(signature, HashPolicy::AlsoLegacy);
        message.chunks(3).for_each(|piece| pieces.update(piece));
        assert_eq!(pieces.finish().result, whole);
    }
});
