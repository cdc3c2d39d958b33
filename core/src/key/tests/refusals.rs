//! Refusals that no file of `keys-testdata` shows, and input that is damaged at random.

use std::fs;
use std::path::{Path, PathBuf};

use ed25519_dalek::hazmat::ExpandedSecretKey;
use ed25519_dalek::{Digest as _, Sha512, Signature, SigningKey};

use crate::key::{HashPolicy, KeyAlgorithm, KeyError, Password, PrivateKey, PublicKey, load, needs_password};

fn file(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../keys-testdata").join(name)).unwrap()
}

/// Replaces bytes inside of a PEM block; both must be of one length.
fn patch(pem: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let block = crate::key::pem::parse_one(pem).unwrap();
    let mut data = block.data.to_vec();
    let at = data.windows(from.len()).position(|window| window == from).unwrap();
    data[at..at + to.len()].copy_from_slice(to);
    crate::key::pem::encode(&block.label, &data).as_bytes().to_vec()
}

fn code(input: &[u8]) -> &'static str {
    let key: Result<_, KeyError> = load(input, || Ok(Password::new(b"test".to_vec())));
    key.err().map_or("ok", |error| error.code())
}

#[test]
fn openssh_keys() {
    let plain = file("ed25519/openssh.pem");
    let encrypted = file("ed25519/openssh.enc.pem");
    // The salt has 16 bytes and stands before the rounds, which end the options: 4 + 16 + 4 = 24 = 0x18.
    let options = |rounds: [u8; 4]| {
        let block = crate::key::pem::parse_one(&encrypted).unwrap();
        let at = block.data.windows(10).position(|window| window == b"bcrypt\0\0\0\x18").unwrap() + 10;
        let old = &block.data[at..at + 24];
        patch(&encrypted, old, &[&old[..20], &rounds].concat())
    };
    assert_eq!(code(&plain), "ok");
    assert_eq!(code(&options([0, 0, 8, 1])), "KEY_KDF_BOUNDS");
    assert_eq!(code(&options([0xff; 4])), "KEY_KDF_BOUNDS");
    assert_eq!(code(&options([0, 0, 0, 0])), "KEY_KDF_BOUNDS");
    assert_eq!(code(&options([0, 0, 0, 17])), "KEY_PASSWORD_WRONG", "another derivation is another key");
    assert_eq!(code(&patch(&plain, b"openssh-key-v1", b"openssh-key-v2")), "KEY_DER_MALFORMED");
    let data = crate::key::pem::parse_one(&plain).unwrap().data;
    let trailing = crate::key::pem::encode("OPENSSH PRIVATE KEY", &[data.as_slice(), b"x"].concat());
    assert_eq!(code(trailing.as_bytes()), "KEY_DER_MALFORMED");
}

#[test]
fn halves_that_do_not_belong_together() {
    let mut other = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap().public_key().spki_der().to_vec();
    let public = other.split_off(12);
    let error = PrivateKey::from_ed25519(&[7; 32], Some(&public)).unwrap_err();
    assert_eq!(error.code(), "KEY_INCONSISTENT");
    assert_eq!(PrivateKey::from_ed25519(&[7; 31], None).unwrap_err().code(), "KEY_DER_MALFORMED");

    let rsa = file("rsa-2048/pkcs1.der");
    let damaged = [&rsa[..600], &[rsa[600] ^ 1], &rsa[601..]].concat();
    assert_eq!(PrivateKey::from_der(&damaged).unwrap_err().code(), "KEY_INCONSISTENT");
}

#[test]
fn what_the_callback_says_is_passed_on() {
    #[derive(Debug, PartialEq)]
    enum Mine {
        Cancelled,
        Key(&'static str),
    }
    impl From<KeyError> for Mine {
        fn from(error: KeyError) -> Self {
            Self::Key(error.code())
        }
    }
    let locked = file("ecdsa-p256/ours.enc.key");
    assert_eq!(load(&locked, || Err(Mine::Cancelled)).unwrap_err(), Mine::Cancelled);
    assert_eq!(load(b"", || Err(Mine::Cancelled)).unwrap_err(), Mine::Key("KEY_PEM_MALFORMED"));
}

#[test]
fn labels_are_shown_without_control_characters() {
    let pem = format!("-----BEGIN {0}-----\nAAAA\n-----END {0}-----\n", "X".repeat(200));
    let shown = PrivateKey::from_pem(&pem).unwrap_err().to_string();
    assert!(shown.contains(&format!("{}...", "X".repeat(48))) && !shown.contains(&"X".repeat(49)), "{shown}");
}

#[test]
fn codes_that_no_input_brings_about() {
    let (signer, reason) = ("awskms://key".to_owned(), "no route".to_owned());
    let cases = [
        (KeyError::Crypto { operation: "signing" }, "KEY_CRYPTO"),
        (
            KeyError::SignerUnavailable { signer: signer.clone(), reason: reason.clone() },
            "KEY_SIGNER_UNAVAILABLE",
        ),
        (KeyError::SignerRefused { signer, reason }, "KEY_SIGNER_REFUSED"),
    ];
    for (error, code) in cases {
        assert_eq!(error.code(), code);
    }
}

#[test]
fn hints_say_what_to_do() {
    let legacy =
        PrivateKey::from_pem(file("refused/private/KEY_PEM_LEGACY_ENCRYPTION.sec1.pem")).unwrap_err();
    assert!(legacy.hint().unwrap().contains("openssl pkcs8 -topk8"));
    let given = PublicKey::from_pem(file("ecdsa-p256/pkcs8.pem")).unwrap_err();
    assert!(given.hint().unwrap().contains("-pubout"));
    assert_eq!(KeyError::PasswordWrong.hint(), None);
}

/// R = identity and S = k·a: the equation holds, the owner of the key can make one for any message, and the
/// library's own stream lets it pass. Strict rules do not.
#[test]
fn ed25519_signatures_with_a_small_order_r_are_refused() {
    let signing = SigningKey::from_bytes(&[7; 32]);
    let verifying = signing.verifying_key();
    let mut r = [0; 32];
    r[0] = 1;
    let hash =
        Sha512::new().chain_update(r).chain_update(verifying.as_bytes()).chain_update(b"message").finalize();
    let secret = ExpandedSecretKey::from_bytes(&Sha512::digest(signing.as_bytes()).into()).scalar;
    let s = (little_endian(&hash, secret) * secret).to_bytes();
    let signature = [r, s].concat();

    let mut loose = verifying.verify_stream(&Signature::from_slice(&signature).unwrap()).unwrap();
    loose.update(b"message");
    assert!(loose.finalize_and_verify().is_ok(), "the library's stream is not strict");
    let key = PublicKey::from_ed25519(verifying.as_bytes()).unwrap();
    assert!(key.verify(b"message", &signature, HashPolicy::AlsoLegacy).is_err());
}

/// The number of these bytes, in the field of `like`: the crate of its type is not ours to name.
fn little_endian<S: Copy + From<u64> + std::ops::Add<Output = S> + std::ops::Mul<Output = S>>(
    bytes: &[u8],
    _like: S,
) -> S {
    bytes.iter().rev().fold(S::from(0), |sum, byte| sum * S::from(256) + S::from(u64::from(*byte)))
}

/// Every one-byte change and every truncation of small files: an answer, never a panic, and never another key
/// without a word.
#[test]
fn damaged_files_are_answered() {
    let names = [
        "pkcs8.der",
        "sec1.der",
        "pkcs8.pem",
        "sec1.pem",
        "openssh.pem",
        "ours.enc.key",
        "pkcs8-scrypt.enc.pem",
    ];
    for folder in ["ecdsa-p256", "ed25519"] {
        for name in names {
            let path: PathBuf = [folder, name].iter().collect();
            if folder == "ed25519" && name.starts_with("sec1") {
                continue;
            }
            let bytes = file(path.to_str().unwrap());
            for at in 0..bytes.len() {
                let _ = needs_password(&bytes[..at]);
                for bit in [0x01, 0x20, 0x80] {
                    let mut damaged = bytes.clone();
                    damaged[at] ^= bit;
                    let _ = needs_password(&damaged);
                    let _ = PublicKey::from_pem(&damaged);
                }
            }
        }
    }
}

#[test]
fn damaged_public_keys_are_refused_or_other_keys() {
    for folder in ["ecdsa-p256", "ecdsa-p521", "ed25519", "rsa-2048"] {
        let bytes = file(&format!("{folder}/pub.der"));
        let key = PublicKey::from_spki_der(&bytes).unwrap();
        for at in 0..bytes.len() {
            assert!(PublicKey::from_spki_der(&bytes[..at]).is_err());
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_ne!(PublicKey::from_spki_der(&damaged).ok().as_ref(), Some(&key), "{folder} {at}");
        }
    }
}
