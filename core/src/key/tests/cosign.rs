//! What cosign 3.1.1 wrote: keys, public keys, blob signatures, attestations.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::key::{HashPolicy, KeyError, PrivateKey, PublicKey, SignatureScheme, load};

use super::vectors;

fn password(text: &str) -> Result<crate::key::Password, KeyError> {
    Ok(text.as_bytes().to_vec().into())
}

#[test]
fn private_key_opens_and_matches() {
    let Some(directory) = vectors("cosign") else { return };
    let file = std::fs::read(directory.join("cosign.key")).unwrap();
    let public = std::fs::read_to_string(directory.join("cosign.pub")).unwrap();
    let key = load(&file, || password("pw")).unwrap();
    assert_eq!(key.public_key().to_pem(), public, "written exactly as cosign writes it");
    assert_eq!(load(&file, || password("wrong")).unwrap_err().code(), "KEY_PASSWORD_WRONG");
    assert_eq!(PrivateKey::from_pem(&file).unwrap_err().code(), "KEY_PASSWORD_REQUIRED");

    let older = String::from_utf8(file).unwrap().replace("SIGSTORE", "COSIGN");
    assert_eq!(load(older.as_bytes(), || password("pw")).unwrap().public_key(), key.public_key());
}

#[test]
fn public_keys_are_written_as_cosign_writes_them() {
    let Some(directory) = vectors("cosign") else { return };
    for (name, kind) in [
        ("cosign.pub", "ECDSA P-256"),
        ("imp-ecdsa-p384.pub", "ECDSA P-384"),
        ("imp-ed25519.pub", "Ed25519"),
        ("imp-rsa.pub", "RSA 2048"),
    ] {
        let text = std::fs::read_to_string(directory.join(name)).unwrap();
        let key = PublicKey::from_pem(&text).unwrap();
        assert_eq!((key.kind().to_string().as_str(), key.to_pem()), (kind, text), "{name}");
        assert_eq!(PublicKey::from_spki_der(key.spki_der()).unwrap(), key);
    }
}

#[test]
fn blob_bundles_verify_and_name_their_key() {
    let Some(directory) = vectors("cosign") else { return };
    let blob = std::fs::read(directory.join("blob.txt")).unwrap();
    // cosign 3.1.1 can't verify its own Ed25519 bundle; the signature in it is good, only its digest is
    // missing.
    let cases = [
        ("sign-blob.bundle.json", "cosign.pub", Some(SignatureScheme::EcdsaP256Sha256)),
        ("sign-blob-p384.bundle.json", "imp-ecdsa-p384.pub", Some(SignatureScheme::EcdsaP384Sha384)),
        ("sign-blob-rsa2048.bundle.json", "imp-rsa.pub", Some(SignatureScheme::RsaPkcs1Sha256)),
        ("sign-blob-ed25519-broken.bundle.json", "imp-ed25519.pub", Some(SignatureScheme::Ed25519)),
    ];
    for (bundle, public, scheme) in cases {
        let bundle: Value = serde_json::from_slice(&std::fs::read(directory.join(bundle)).unwrap()).unwrap();
        let key = PublicKey::from_pem(std::fs::read(directory.join(public)).unwrap()).unwrap();
        assert_eq!(bundle["verificationMaterial"]["publicKey"]["hint"], key.hint());
        let signature = STANDARD.decode(bundle["messageSignature"]["signature"].as_str().unwrap()).unwrap();
        for policy in [HashPolicy::Current, HashPolicy::AlsoLegacy] {
            assert_eq!(key.verify(&blob, &signature, policy).ok(), scheme, "{public}");
            assert!(key.verify(b"another message", &signature, policy).is_err());
        }
    }
}

#[test]
fn attestations_verify_over_their_pae() {
    let Some(directory) = vectors("cosign") else { return };
    let key = PublicKey::from_pem(std::fs::read(directory.join("cosign.pub")).unwrap()).unwrap();
    for name in ["attest-blob.bundle.json", "v3-attest.bundle.json", "v3-sign.bundle.json"] {
        let bundle: Value = serde_json::from_slice(&std::fs::read(directory.join(name)).unwrap()).unwrap();
        let envelope = &bundle["dsseEnvelope"];
        let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
        let payload_type = envelope["payloadType"].as_str().unwrap();
        let mut pae = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
        pae.extend(payload);
        let signature = STANDARD.decode(envelope["signatures"][0]["sig"].as_str().unwrap()).unwrap();
        let verified = key.verify(&pae, &signature, HashPolicy::Current);
        assert_eq!(verified, Ok(SignatureScheme::EcdsaP256Sha256), "{name}");
    }
}
