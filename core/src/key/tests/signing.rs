//! Generated keys of every kind: what they sign verifies, what they write is read back.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::sync::LazyLock;

use crate::key::{
    HashAlgorithm, HashPolicy, KeyAlgorithm, KeyError, MessageDigest, PrivateKey, SignatureScheme, Signer,
    StreamVerifier, load, needs_password,
};

static KEYS: LazyLock<Vec<(KeyAlgorithm, PrivateKey)>> = LazyLock::new(|| {
    KeyAlgorithm::ALL.map(|algorithm| (algorithm, PrivateKey::generate(algorithm).unwrap())).into()
});

fn key(algorithm: KeyAlgorithm) -> &'static PrivateKey {
    &KEYS.iter().find(|(other, _)| *other == algorithm).unwrap().1
}

#[test]
fn kinds_and_schemes() {
    for (algorithm, kind, scheme, hash) in [
        (KeyAlgorithm::EcdsaP256, "ECDSA P-256", "ecdsa-p256-sha256", HashAlgorithm::Sha256),
        (KeyAlgorithm::EcdsaP384, "ECDSA P-384", "ecdsa-p384-sha384", HashAlgorithm::Sha384),
        (KeyAlgorithm::EcdsaP521, "ECDSA P-521", "ecdsa-p521-sha512", HashAlgorithm::Sha512),
        (KeyAlgorithm::Ed25519, "Ed25519", "ed25519", HashAlgorithm::Sha256),
        (KeyAlgorithm::Rsa2048, "RSA 2048", "rsa-pkcs1v15-sha256", HashAlgorithm::Sha256),
        (KeyAlgorithm::Rsa3072, "RSA 3072", "rsa-pkcs1v15-sha256", HashAlgorithm::Sha256),
        (KeyAlgorithm::Rsa4096, "RSA 4096", "rsa-pkcs1v15-sha256", HashAlgorithm::Sha256),
    ] {
        let key = key(algorithm);
        assert_eq!(key.kind().to_string(), kind);
        assert_eq!(key.kind().hash(), hash);
        let signature = key.sign(b"message").unwrap();
        let verified = key.public_key().verify(b"message", &signature, HashPolicy::Current).unwrap();
        assert_eq!(verified.to_string(), scheme);
        let refused = key.public_key().verify(b"massage", &signature, HashPolicy::AlsoLegacy).unwrap_err();
        assert_eq!((refused.code(), refused.key), ("SIGNATURE_MISMATCH", key.kind()));
        for (other, stranger) in KEYS.iter().filter(|(other, _)| *other != algorithm) {
            let verified = stranger.public_key().verify(b"message", &signature, HashPolicy::AlsoLegacy);
            assert!(verified.is_err(), "{algorithm} verified with {other}");
        }
    }
}

#[test]
fn private_keys_round_trip() {
    for (algorithm, key) in KEYS.iter() {
        let der = key.to_pkcs8_der().unwrap();
        assert_eq!(PrivateKey::from_der(&der).unwrap().public_key(), key.public_key(), "{algorithm}");
        let pem = key.to_pkcs8_pem().unwrap();
        assert!(!needs_password(pem.as_bytes()).unwrap());
        let read =
            load(pem.as_bytes(), || -> Result<_, KeyError> { panic!("no password is needed") }).unwrap();
        assert_eq!(read.to_pkcs8_der().unwrap(), der, "{algorithm}");
        let shown = format!("{key:?}");
        assert!(shown.len() < 220 && !shown.contains(&hex::encode(&der[der.len() - 8..])), "{shown}");
    }
}

#[test]
fn encrypted_keys_round_trip() {
    for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa4096] {
        let key = key(algorithm);
        let pem = key.to_encrypted_pem(b"test").unwrap();
        assert_ne!(pem, key.to_encrypted_pem(b"test").unwrap(), "salt and nonce are new each time");
        assert!(needs_password(pem.as_bytes()).unwrap());
        let mut asked = 0;
        let read: Result<_, KeyError> = load(pem.as_bytes(), || {
            asked += 1;
            Ok(b"test".to_vec().into())
        });
        assert_eq!((read.unwrap().public_key(), asked), (key.public_key(), 1));
    }
}

#[test]
fn readers_are_signed_from_where_they_stand() {
    let message: Vec<u8> = (0..300_000_u32).map(|i| i as u8).collect();
    for (algorithm, key) in KEYS.iter() {
        let mut reader = Cursor::new(&message);
        reader.set_position(1000);
        let signed = key.sign_reader(&mut reader).unwrap();
        assert_eq!(signed.length, 299_000, "{algorithm}");
        assert_eq!(signed.digest, key.kind().hash().digest(&message[1000..]), "{algorithm}");

        let verifier = key.public_key().stream_verifier(&signed.signature, HashPolicy::Current);
        let mut verifier = verifier.with_digest(HashAlgorithm::Sha256);
        message[1000..].chunks(7777).for_each(|piece| verifier.update(piece));
        let outcome = verifier.finish();
        assert_eq!(
            outcome.result,
            key.public_key().verify(&message[1000..], &signed.signature, HashPolicy::Current)
        );
        assert!(outcome.result.is_ok(), "{algorithm}");
        assert_eq!(outcome.length, 299_000);
        let sha256 = HashAlgorithm::Sha256.digest(&message[1000..]);
        assert_eq!(outcome.digest(HashAlgorithm::Sha256), Some(&sha256));
    }
    let ed25519 = key(KeyAlgorithm::Ed25519);
    let signed = ed25519.sign_reader(&mut Cursor::new(&message)).unwrap();
    assert_eq!(signed.signature, ed25519.sign(&message).unwrap(), "two passes give the same signature");
}

#[test]
fn only_the_digests_needed_are_computed() {
    let count = |algorithm, policy, extra: Option<HashAlgorithm>| {
        let verifier = key(algorithm).public_key().stream_verifier(&[], policy);
        let verifier = extra.into_iter().fold(verifier, StreamVerifier::with_digest);
        verifier.finish().digests.len()
    };
    for (algorithm, current, legacy, with_sha256) in [
        (KeyAlgorithm::EcdsaP256, 1, 1, 1),
        (KeyAlgorithm::EcdsaP384, 1, 2, 2),
        (KeyAlgorithm::EcdsaP521, 1, 2, 2),
        (KeyAlgorithm::Ed25519, 0, 0, 1),
        (KeyAlgorithm::Rsa2048, 1, 1, 1),
    ] {
        assert_eq!(count(algorithm, HashPolicy::Current, None), current, "{algorithm}");
        assert_eq!(count(algorithm, HashPolicy::AlsoLegacy, None), legacy, "{algorithm}");
        assert_eq!(
            count(algorithm, HashPolicy::Current, Some(HashAlgorithm::Sha256)),
            with_sha256,
            "{algorithm}"
        );
    }
}

#[test]
fn a_digest_asked_for_too_late_is_missing() {
    let mut verifier = key(KeyAlgorithm::EcdsaP256).public_key().stream_verifier(&[], HashPolicy::Current);
    verifier.update(b"mess");
    let mut verifier = verifier.with_digest(HashAlgorithm::Sha512);
    verifier.update(b"age");
    let outcome = verifier.finish();
    assert_eq!(outcome.digest(HashAlgorithm::Sha512), None);
    assert_eq!(outcome.digest(HashAlgorithm::Sha256), Some(&HashAlgorithm::Sha256.digest(b"message")));
}

#[test]
fn digests_are_signed_and_verified() {
    for (algorithm, key) in KEYS.iter() {
        let digest = key.kind().hash().digest(b"message");
        let public = key.public_key();
        if *algorithm == KeyAlgorithm::Ed25519 {
            assert_eq!(key.sign_digest(&digest).unwrap_err().code(), "KEY_UNSUPPORTED");
            let refused = public.verify_digest(&digest, &key.sign(b"message").unwrap(), HashPolicy::Current);
            assert_eq!(refused.unwrap_err().tried, []);
            continue;
        }
        let signature = key.sign_digest(&digest).unwrap();
        assert!(public.verify(b"message", &signature, HashPolicy::Current).is_ok(), "{algorithm}");
        assert!(public.verify_digest(&digest, &signature, HashPolicy::Current).is_ok(), "{algorithm}");
        let other = key.kind().hash().digest(b"massage");
        assert!(public.verify_digest(&other, &signature, HashPolicy::Current).is_err(), "{algorithm}");
        let foreign = if digest.algorithm() == HashAlgorithm::Sha256 {
            HashAlgorithm::Sha512
        } else {
            HashAlgorithm::Sha256
        };
        let foreign = foreign.digest(b"message");
        assert_eq!(key.sign_digest(&foreign).unwrap_err().code(), "KEY_DIGEST_ALGORITHM");
        assert!(public.verify_digest(&foreign, &signature, HashPolicy::Current).is_err());
    }
    assert_eq!(MessageDigest::new(HashAlgorithm::Sha384, &[0; 32]).unwrap_err().code(), "KEY_DIGEST_LENGTH");
    let digest = HashAlgorithm::Sha384.digest(b"");
    assert_eq!(MessageDigest::new(HashAlgorithm::Sha384, digest.bytes()).unwrap(), digest);
    assert!(digest.to_string().starts_with("sha384:38b060a751ac9638"));
}

/// RFC 8032, 7.1 (TEST 2) and 7.3 (Ed25519ph): neither is random, so both are known answers.
#[test]
fn ed25519_known_answers() {
    let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    let key = PrivateKey::from_ed25519(&hex::decode(seed).unwrap(), None).unwrap();
    let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                     085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    assert_eq!(hex::encode(key.sign(&[0x72]).unwrap()), signature);

    let seed = hex::decode("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42").unwrap();
    let key = PrivateKey::from_ed25519(&seed, None).unwrap();
    let signature = hex::decode(
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41\
         31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406",
    )
    .unwrap();
    let verified = key.public_key().verify(b"abc", &signature, HashPolicy::Current);
    assert_eq!(verified, Ok(SignatureScheme::Ed25519ph));
}

/// P-384 and P-521 keys imported into older tools signed SHA-256.
#[test]
fn legacy_hashes_are_read_when_asked_for() {
    for (algorithm, scheme) in [
        (KeyAlgorithm::EcdsaP384, SignatureScheme::EcdsaP384Sha256),
        (KeyAlgorithm::EcdsaP521, SignatureScheme::EcdsaP521Sha256),
    ] {
        let key = key(algorithm);
        let signature = legacy_signature(key);
        let public = key.public_key();
        assert_eq!(public.verify(b"message", &signature, HashPolicy::AlsoLegacy), Ok(scheme));
        assert!(public.verify(b"message", &signature, HashPolicy::Current).is_err());
        let digest = HashAlgorithm::Sha256.digest(b"message");
        assert_eq!(public.verify_digest(&digest, &signature, HashPolicy::AlsoLegacy), Ok(scheme));
        assert!(public.verify_digest(&digest, &signature, HashPolicy::Current).unwrap_err().tried.is_empty());
    }
}

/// A signature over SHA-256: what the key signs is a number, so a digest padded to the left is the same
/// number.
fn legacy_signature(key: &PrivateKey) -> Vec<u8> {
    let digest = HashAlgorithm::Sha256.digest(b"message");
    let hash = key.kind().hash();
    let mut padded = vec![0; hash.digest_bytes() - 32];
    padded.extend(digest.bytes());
    key.sign_digest(&MessageDigest::new(hash, &padded).unwrap()).unwrap()
}

#[test]
fn signatures_that_cannot_be_are_refused() {
    for (algorithm, key) in KEYS.iter() {
        let good = key.sign(b"message").unwrap();
        let longer = [good.as_slice(), &[0]].concat();
        let shorter = &good[..good.len() - 1];
        for bad in [b"".as_slice(), &longer, shorter, &[0; 64], &[0xff; 512], &[0x30; 10_000]] {
            assert!(key.public_key().verify(b"message", bad, HashPolicy::AlsoLegacy).is_err(), "{algorithm}");
            assert!(key.public_key().verify(b"", bad, HashPolicy::AlsoLegacy).is_err(), "{algorithm}");
        }
    }
}

/// Gives other bytes after it was rewound.
struct Changing(Cursor<Vec<u8>>);

impl Read for Changing {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Changing {
    fn seek(&mut self, position: SeekFrom) -> std::io::Result<u64> {
        if matches!(position, SeekFrom::Start(_)) {
            self.0.get_mut()[5] ^= 1;
        }
        self.0.seek(position)
    }
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("broken"))
    }
}

impl Seek for Failing {
    fn seek(&mut self, _: SeekFrom) -> std::io::Result<u64> {
        Ok(0)
    }
}

#[test]
fn a_message_that_changes_between_two_readings_is_not_signed() {
    let message = || Changing(Cursor::new(vec![0; 1000]));
    let refused = key(KeyAlgorithm::Ed25519).sign_reader(&mut message()).unwrap_err();
    assert_eq!(refused.code(), "KEY_MESSAGE_CHANGED");
    assert!(key(KeyAlgorithm::EcdsaP256).sign_reader(&mut message()).is_ok(), "read once only");
    for (algorithm, key) in KEYS.iter() {
        assert_eq!(key.sign_reader(&mut Failing).unwrap_err().code(), "KEY_MESSAGE_READ", "{algorithm}");
    }
}

#[tokio::test]
async fn private_keys_are_signers() {
    for (algorithm, key) in KEYS.iter() {
        let signer: &dyn Signer = key;
        let signature = signer.sign(b"message").await.unwrap();
        assert!(
            signer.public_key().verify(b"message", &signature, HashPolicy::Current).is_ok(),
            "{algorithm}"
        );
    }
}

#[test]
fn algorithm_names() {
    for algorithm in KeyAlgorithm::ALL {
        assert_eq!(algorithm.to_string().parse::<KeyAlgorithm>().unwrap(), algorithm);
    }
    for (text, expected) in [
        ("P256", KeyAlgorithm::EcdsaP256),
        ("ecdsa", KeyAlgorithm::EcdsaP256),
        ("ecdsa-sha2-256-nistp256", KeyAlgorithm::EcdsaP256),
        ("ecdsa-sha2-384-nistp384", KeyAlgorithm::EcdsaP384),
        ("ecdsa-sha2-512-nistp521", KeyAlgorithm::EcdsaP521),
        ("Ed25519", KeyAlgorithm::Ed25519),
        ("rsa2048", KeyAlgorithm::Rsa2048),
        ("rsa-2048-pkcs1v15", KeyAlgorithm::Rsa2048),
        ("rsa-sign-pkcs1-3072-sha256", KeyAlgorithm::Rsa3072),
        ("rsa-4096", KeyAlgorithm::Rsa4096),
    ] {
        assert_eq!(text.parse::<KeyAlgorithm>().unwrap(), expected, "{text}");
    }
    for text in ["", "p224", "secp256k1", "rsa-1024", "rsa", "ed448", "ed25519-ph", "dsa", "p256 "] {
        assert_eq!(text.parse::<KeyAlgorithm>().unwrap_err().code(), "KEY_ALGORITHM_UNKNOWN", "{text}");
    }
    assert_eq!(KeyAlgorithm::default(), KeyAlgorithm::EcdsaP256);
}

/// Run by hand, optimised: `cargo test --release -p countersign-core speed_of -- --ignored --nocapture`.
#[test]
#[ignore = "measures"]
fn speed_of_streams() {
    let piece = vec![0x5a; 1 << 17];
    let gigabyte = 1 << 13;
    let time = |name: &str, run: &mut dyn FnMut()| {
        let start = std::time::Instant::now();
        run();
        println!("{name}: {:.2} s for 1 GiB", start.elapsed().as_secs_f64());
    };
    time("sha256 alone", &mut || {
        let mut hasher = crate::key::Hasher::new(HashAlgorithm::Sha256);
        (0..gigabyte).for_each(|_| hasher.update(&piece));
        let _ = hasher.finish();
    });
    for algorithm in
        [KeyAlgorithm::EcdsaP256, KeyAlgorithm::Rsa2048, KeyAlgorithm::EcdsaP384, KeyAlgorithm::Ed25519]
    {
        let public = key(algorithm).public_key();
        // Of another message, so that nothing can be refused before the end.
        let signature = key(algorithm).sign(b"").unwrap();
        time(&format!("verify {algorithm}"), &mut || {
            let mut verifier = public.stream_verifier(&signature, HashPolicy::Current);
            (0..gigabyte).for_each(|_| verifier.update(&piece));
            assert!(verifier.finish().result.is_err());
        });
    }
}
