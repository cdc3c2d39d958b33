//! Wycheproof's signature vectors (C2SP), every one of the folder (threat model, row 56).
//!
//! A file whose hash, padding or salt is not the one that we pin to the key is asked too: nothing in it may
//! verify as what it claims to be.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::key::{HashPolicy, PublicKey, SignatureAlgorithm, SignatureScheme, StreamVerifier};

use super::vectors;

/// What a file holds, as far as our table of schemes goes.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    /// Valid vectors verify with this scheme, all others are refused.
    Scheme(SignatureScheme, HashPolicy),
    /// The encoding, hash, padding or salt is none of ours: everything is refused.
    Nothing(&'static str),
    /// The key is refused, with this code.
    KeyRefused(&'static str),
}

use Expect::{KeyRefused, Nothing, Scheme};
use HashPolicy::{AlsoLegacy, Current};

const P1363: Expect = Nothing("IEEE P1363 encoding");
const OTHER_HASH: Expect = Nothing("the hash is not the key's");
const PKCS1: Expect = Scheme(SignatureScheme::RsaPkcs1Sha256, Current);
const PSS: Expect = Scheme(SignatureScheme::RsaPssSha256, Current);

const FILES: &[(&str, Expect)] = &[
    ("ecdsa_secp256r1_sha256_p1363_test", P1363),
    ("ecdsa_secp256r1_sha256_test", Scheme(SignatureScheme::EcdsaP256Sha256, Current)),
    ("ecdsa_secp256r1_sha512_test", OTHER_HASH),
    ("ecdsa_secp384r1_sha256_test", Scheme(SignatureScheme::EcdsaP384Sha256, AlsoLegacy)),
    ("ecdsa_secp384r1_sha384_p1363_test", P1363),
    ("ecdsa_secp384r1_sha384_test", Scheme(SignatureScheme::EcdsaP384Sha384, Current)),
    ("ecdsa_secp384r1_sha512_test", OTHER_HASH),
    ("ecdsa_secp521r1_sha512_p1363_test", P1363),
    ("ecdsa_secp521r1_sha512_test", Scheme(SignatureScheme::EcdsaP521Sha512, Current)),
    ("ed25519_test", Scheme(SignatureScheme::Ed25519, Current)),
    ("rsa_pss_2048_sha256_mgf1_0_test", Nothing("a salt of 0 bytes")),
    ("rsa_pss_2048_sha256_mgf1_32_test", PSS),
    ("rsa_pss_3072_sha256_mgf1_32_test", PSS),
    ("rsa_pss_4096_sha256_mgf1_32_test", PSS),
    ("rsa_pss_4096_sha512_mgf1_64_test", OTHER_HASH),
    ("rsa_pss_misc_test", PSS),
    ("rsa_signature_2048_sha256_test", PKCS1),
    ("rsa_signature_2048_sha384_test", OTHER_HASH),
    ("rsa_signature_2048_sha512_test", OTHER_HASH),
    ("rsa_signature_3072_sha256_test", PKCS1),
    ("rsa_signature_3072_sha384_test", OTHER_HASH),
    ("rsa_signature_3072_sha512_test", OTHER_HASH),
    ("rsa_signature_4096_sha256_test", PKCS1),
    ("rsa_signature_4096_sha384_test", OTHER_HASH),
    ("rsa_signature_4096_sha512_test", OTHER_HASH),
    ("rsa_signature_8192_sha256_test", KeyRefused("KEY_RSA_SIZE")),
];

/// Of the PSS signatures among those of PKCS#1 v1.5, the ones with SHA-256 and a salt of 32 bytes.
const PSS_AMONG_PKCS1: &[(&str, u64)] = &[
    ("rsa_signature_2048_sha256_test", 257),
    ("rsa_signature_3072_sha256_test", 258),
    ("rsa_signature_4096_sha256_test", 258),
];

#[derive(Default)]
struct Tally {
    verified: usize,
    refused: usize,
    key_refused: usize,
    mismatches: Vec<String>,
}

#[test]
fn every_vector() {
    let Some(directory) = vectors("wycheproof") else { return };
    let mut tally = Tally::default();
    let mut listed = BTreeMap::new();
    for (name, expect) in FILES {
        let text = std::fs::read(directory.join(format!("{name}.json"))).unwrap();
        let file: Value = serde_json::from_slice(&text).unwrap();
        let before = tally.verified;
        let count: usize = file["testGroups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| run(name, *expect, group, &mut tally))
            .sum();
        assert_eq!(file["numberOfTests"], count, "{name}");
        listed.insert(format!("{name}.json"), count);
        if let Nothing(reason) = expect {
            println!("{name}: {count} asked, {reason}; {} in another scheme", tally.verified - before);
        }
    }
    for entry in std::fs::read_dir(&directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.ends_with("_test.json") || listed.contains_key(&name), "{name} is not in the table");
    }
    assert_eq!(tally.mismatches, [""; 0]);
    println!(
        "{} verified, {} refused, {} with a refused key",
        tally.verified, tally.refused, tally.key_refused
    );
    assert_eq!(tally.verified + tally.refused + tally.key_refused, 7453);
}

fn run(file: &str, expect: Expect, group: &Value, tally: &mut Tally) -> usize {
    let pem = group["publicKeyPem"].as_str().unwrap();
    let tests = group["tests"].as_array().unwrap();
    let key = match (PublicKey::from_pem(pem), expect) {
        (Err(error), KeyRefused(code)) if error.code() == code => {
            tally.key_refused += tests.len();
            return tests.len();
        }
        (key, _) => key.unwrap_or_else(|error| panic!("{file}: {error}\n{pem}")),
    };
    let der = hex::decode(group["publicKeyDer"].as_str().unwrap()).unwrap();
    assert_eq!(PublicKey::from_spki_der(&der).unwrap(), key, "{file}");
    let ours = parameters_are_ours(group);
    for test in tests {
        let message = hex::decode(test["msg"].as_str().unwrap()).unwrap();
        let signature = hex::decode(test["sig"].as_str().unwrap()).unwrap();
        let policy = if let Scheme(_, policy) = expect { policy } else { AlsoLegacy };
        let got = key.verify(&message, &signature, policy).ok();
        let wanted = match expect {
            Scheme(scheme, _) if ours && test["result"] == "valid" => Some(scheme),
            _ => other_scheme(file, test),
        };
        if got != wanted || in_pieces(&key, &message, &signature, policy) != wanted {
            tally.mismatches.push(format!("{file} {}: {got:?}, wanted {wanted:?}", test["tcId"]));
        }
        if policy == AlsoLegacy && got.is_some_and(SignatureScheme::is_legacy) {
            assert!(
                key.verify(&message, &signature, Current).is_err(),
                "{file}: a legacy hash without asking"
            );
        }
        *(if got.is_some() { &mut tally.verified } else { &mut tally.refused }) += 1;
    }
    tests.len()
}

/// Groups of one file differ in the parameters of PSS.
fn parameters_are_ours(group: &Value) -> bool {
    group["sLen"].is_null()
        || (group["sha"] == "SHA-256" && group["mgfSha"] == "SHA-256" && group["sLen"] == 32)
}

/// Vectors that a file calls invalid because they are in another scheme than the file's, one that the same
/// RSA key is read with here: they verify, and the scheme says as what.
fn other_scheme(file: &str, test: &Value) -> Option<SignatureScheme> {
    let comment = test["comment"].as_str()?;
    match comment {
        "PKCS #1 v1.5 signature with SHA-256" if file.starts_with("rsa_pss") => {
            Some(SignatureScheme::RsaPkcs1Sha256)
        }
        "The message is hashed with SHA-256 instead of SHA-384."
        | "The message is hashed with SHA-256 instead of SHA-512."
            if file.starts_with("rsa_signature") =>
        {
            Some(SignatureScheme::RsaPkcs1Sha256)
        }
        "RSASSA-PSS signature" if PSS_AMONG_PKCS1.contains(&(file, test["tcId"].as_u64()?)) => {
            Some(SignatureScheme::RsaPssSha256)
        }
        "s_len changed to 32" if file == "rsa_pss_2048_sha256_mgf1_0_test" => {
            Some(SignatureScheme::RsaPssSha256)
        }
        _ => None,
    }
}

fn in_pieces(
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
    policy: HashPolicy,
) -> Option<SignatureScheme> {
    let mut verifier: StreamVerifier = key.stream_verifier(signature, policy);
    for piece in message.chunks(3) {
        verifier.update(piece);
    }
    verifier.finish().result.ok()
}

/// Files of algorithms that certificates name and artifacts can't choose, with the object identifier and whether it
/// takes NULL.
const NAMED: &[(&str, &str, bool)] = &[
    ("ecdsa_secp256r1_sha256_test", "1.2.840.10045.4.3.2", false),
    ("ecdsa_secp256r1_sha512_test", "1.2.840.10045.4.3.4", false),
    ("ecdsa_secp384r1_sha256_test", "1.2.840.10045.4.3.2", false),
    ("ecdsa_secp384r1_sha384_test", "1.2.840.10045.4.3.3", false),
    ("ecdsa_secp384r1_sha512_test", "1.2.840.10045.4.3.4", false),
    ("ecdsa_secp521r1_sha512_test", "1.2.840.10045.4.3.4", false),
    ("ed25519_test", "1.3.101.112", false),
    ("rsa_signature_2048_sha256_test", "1.2.840.113549.1.1.11", true),
    ("rsa_signature_2048_sha384_test", "1.2.840.113549.1.1.12", true),
    ("rsa_signature_2048_sha512_test", "1.2.840.113549.1.1.13", true),
    ("rsa_signature_3072_sha384_test", "1.2.840.113549.1.1.12", true),
    ("rsa_signature_3072_sha512_test", "1.2.840.113549.1.1.13", true),
    ("rsa_signature_4096_sha384_test", "1.2.840.113549.1.1.12", true),
    ("rsa_signature_4096_sha512_test", "1.2.840.113549.1.1.13", true),
];

#[test]
fn named_algorithms() {
    let Some(directory) = vectors("wycheproof") else { return };
    for (name, oid, null) in NAMED {
        let algorithm = SignatureAlgorithm::from_der(&identifier(oid, *null)).unwrap();
        assert!(SignatureAlgorithm::from_der(&identifier(oid, !null)).is_err(), "{name}: other parameters");
        let text = std::fs::read(directory.join(format!("{name}.json"))).unwrap();
        let file: Value = serde_json::from_slice(&text).unwrap();
        let mut verified = 0;
        for group in file["testGroups"].as_array().unwrap() {
            let key = PublicKey::from_pem(group["publicKeyPem"].as_str().unwrap()).unwrap();
            for test in group["tests"].as_array().unwrap() {
                let message = hex::decode(test["msg"].as_str().unwrap()).unwrap();
                let signature = hex::decode(test["sig"].as_str().unwrap()).unwrap();
                let got = key.verify_named(algorithm, &message, &signature).is_ok();
                assert_eq!(got, test["result"] == "valid", "{name} {}", test["tcId"]);
                verified += usize::from(got);
            }
        }
        assert!(verified > 0, "{name}: nothing verified");
    }
}

#[test]
fn weak_and_foreign_algorithms_are_refused_by_name() {
    for (oid, null, name) in [
        ("1.2.840.113549.1.1.5", true, "RSA signatures with SHA-1"),
        ("1.2.840.10045.4.1", false, "ECDSA signatures with SHA-1"),
        ("1.2.840.113549.1.1.10", false, "RSASSA-PSS signatures"),
        ("1.2.3.4", false, "signature algorithm with object identifier 1.2.3.4"),
    ] {
        let error = SignatureAlgorithm::from_der(&identifier(oid, null)).unwrap_err();
        assert_eq!((error.code(), error.to_string()), ("KEY_UNSUPPORTED", format!("unsupported: {name}")));
    }
}

fn identifier(oid: &str, null: bool) -> Vec<u8> {
    use der::Encode as _;
    let parameters = null.then_some(der::asn1::AnyRef::NULL);
    spki::AlgorithmIdentifierRef { oid: oid.parse().unwrap(), parameters }.to_der().unwrap()
}
