//! Promises of real logs, and promises that do not hold.

use super::forge::{Draft, tlv};
use super::leaf;
use super::real::{accepted, paths, released};
use crate::key::HashAlgorithm;
use crate::limits;
use crate::material::trusted_root::TrustedRoot;
use crate::vectors::{json, trusted_root, vectors};
use crate::x509::{Certificate, CertificateError, CertificateTimestamp};

const EXTENSION: &str = "1.3.6.1.4.1.11129.2.4.2";

/// How many promises of a leaf hold; with another key of the issuer, none does.
fn proven(leaf: &Certificate, root: &TrustedRoot) -> usize {
    let path = paths(leaf, root).pop().unwrap();
    let holds = |promise: &CertificateTimestamp| {
        let log = root.certificate_logs.iter().find(|log| log.key_id == promise.log_id()).unwrap();
        let log = &log.key;
        let signed = promise.signed_bytes(leaf, path.issuer_spki_der()).unwrap();
        promise.verify(log, &signed).unwrap();
        let foreign = promise.signed_bytes(leaf, leaf.spki_der()).unwrap();
        assert_eq!(promise.verify(log, &foreign).unwrap_err().code(), "CERTIFICATE_TIMESTAMP");
        let seconds = promise.time().as_second() - leaf.not_before().as_second();
        assert!((-300..300).contains(&seconds), "{seconds} seconds after the certificate");
    };
    let promises = CertificateTimestamp::embedded(leaf).unwrap();
    promises.iter().for_each(holds);
    promises.len()
}

#[test]
fn public_leaves() {
    let Some((released, root)) = released() else { return };
    for (row, leaf) in released {
        assert_eq!(proven(&leaf, &root), 1, "{row}");
    }
}

/// Among them one whose promise has extensions, which are signed too.
#[test]
fn accepted_leaves() {
    for (row, leaf, root) in accepted() {
        assert_eq!(proven(&leaf, &root), 1, "{row}");
    }
}

#[test]
fn private_leaves() {
    let Some(folder) = vectors("keyless-local") else { return };
    let root = trusted_root(&folder.join("trusted_root.json"));
    for name in ["blob.keyless", "blob.keyless.tsa-only", "attest-blob.keyless"] {
        let bundle = json(&folder.join("bundles").join(format!("{name}.sigstore.json")));
        let leaf = Certificate::parse(&leaf(&bundle).unwrap()).unwrap();
        assert_eq!(proven(&leaf, &root), 1, "{name}");
    }
}

/// Bytes after their length in 16 bits.
fn vector(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// A promise with everything in its place.
fn promise(version: u8, time: u64, algorithm: [u8; 2]) -> Vec<u8> {
    let fixed = [&[version][..], &[7; 32], &time.to_be_bytes(), &vector(b"more"), &algorithm].concat();
    [fixed, vector(b"signature")].concat()
}

fn holding(list: &[u8]) -> Certificate {
    let mut leaf = Draft::leaf();
    leaf.set(EXTENSION, false, tlv(4, &[list]));
    leaf.issue(&Draft::authority("CN=root"))
}

#[test]
fn shapes() {
    let good = vector(&promise(0, 1_700_000_000_000, [4, 3]));
    let cut = |length: usize| vector(&promise(0, 0, [4, 3])[..length]);
    let whole = promise(0, 0, [4, 3]).len();
    for (what, list, expected) in [
        ("one", vector(&good), Ok(1)),
        ("as many as are read", vector(&good.repeat(limits::CERTIFICATE_TIMESTAMPS)), Ok(16)),
        ("one more", vector(&good.repeat(limits::CERTIFICATE_TIMESTAMPS + 1)), Err("CERTIFICATE_LIMIT")),
        ("none", vector(&[]), Err("CERTIFICATE_MALFORMED")),
        ("nothing at all", Vec::new(), Err("CERTIFICATE_MALFORMED")),
        ("bytes after the list", [vector(&good), vec![0]].concat(), Err("CERTIFICATE_MALFORMED")),
        ("a list that is too short", vector(&good[..good.len() - 1]), Err("CERTIFICATE_MALFORMED")),
        ("version 2", vector(&vector(&promise(1, 0, [4, 3]))), Err("CERTIFICATE_MALFORMED")),
        ("beyond all time", vector(&vector(&promise(0, u64::MAX, [4, 3]))), Err("CERTIFICATE_MALFORMED")),
        ("cut off", vector(&cut(whole - 1)), Err("CERTIFICATE_MALFORMED")),
        ("cut off early", vector(&cut(3)), Err("CERTIFICATE_MALFORMED")),
        (
            "bytes after one",
            vector(&vector(&[promise(0, 0, [4, 3]), vec![0]].concat())),
            Err("CERTIFICATE_MALFORMED"),
        ),
    ] {
        let got = CertificateTimestamp::embedded(&holding(&list));
        assert_eq!(got.as_ref().map(Vec::len).map_err(CertificateError::code), expected, "{what}");
    }
    assert!(CertificateTimestamp::embedded(&Draft::leaf().issue(&Draft::leaf())).unwrap().is_empty());
}

/// What is signed is the certificate as it was before the promise was put in.
#[test]
fn signed_bytes_leave_out_the_promise() {
    let (mut leaf, root) = (Draft::leaf(), Draft::authority("CN=root"));
    let before = leaf.issue(&root);
    leaf.set(EXTENSION, false, tlv(4, &[&vector(&vector(&promise(0, 5, [4, 3])))]));
    let certificate = leaf.issue(&root);
    let promise = CertificateTimestamp::embedded(&certificate).unwrap().pop().unwrap();
    let signed = promise.signed_bytes(&certificate, b"issuer").unwrap();
    let length = u32::try_from(before.tbs_der().len()).unwrap().to_be_bytes();
    let issuer = HashAlgorithm::Sha256.digest(b"issuer");
    let head = [&[0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 1][..], issuer.bytes(), &length[1..]].concat();
    assert_eq!(signed, [&head, before.tbs_der(), &vector(b"more")].concat());
}

#[test]
fn algorithms() {
    let key = Draft::leaf().key;
    for (algorithm, message) in [
        ([4, 3], "the ecdsa-sha256 signature does not verify with the ECDSA P-256 key"),
        ([6, 1], "the rsa-pkcs1v15-sha512 signature does not verify with the ECDSA P-256 key"),
        ([2, 3], "signed with hash 2 and signature algorithm 3 of TLS, expected SHA-2 with ECDSA or RSA"),
        ([8, 7], "signed with hash 8 and signature algorithm 7 of TLS, expected SHA-2 with ECDSA or RSA"),
    ] {
        let certificate = holding(&vector(&vector(&promise(0, 0, algorithm))));
        let promise = CertificateTimestamp::embedded(&certificate).unwrap().pop().unwrap();
        assert_eq!(promise.verify(key.public_key(), b"").unwrap_err().to_string(), message);
    }
}
