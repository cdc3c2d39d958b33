//! What is refused without looking at any other certificate.

use super::forge::{self, ALTERNATIVE_NAMES, BASIC_CONSTRAINTS, Draft, ECDSA_SHA1, KEY_USAGE, tlv};
use crate::limits;
use crate::x509::{AlternativeName, Certificate, CertificateError};

/// The codes of a leaf that was changed, `None` where it parses.
fn code(edit: impl FnOnce(&mut Draft)) -> Option<&'static str> {
    let (mut leaf, root) = (Draft::leaf(), Draft::authority("CN=root"));
    edit(&mut leaf);
    Certificate::parse(&leaf.der(&root)).err().map(|error| error.code())
}

const MALFORMED: Option<&str> = Some("CERTIFICATE_MALFORMED");
const LIMIT: Option<&str> = Some("CERTIFICATE_LIMIT");

#[test]
fn fields() {
    let (leaf, root) = (Draft::leaf(), Draft::authority("CN=root"));
    let der = leaf.der(&root);
    let certificate = Certificate::parse(&der).unwrap();
    assert_eq!(certificate.der(), der);
    assert_eq!(certificate.public_key(), leaf.key.public_key());
    assert_eq!(certificate.spki_der(), leaf.key.public_key().spki_der());
    assert_eq!((certificate.serial(), certificate.subject_der()), (&[1][..], &[0x30, 0][..]));
    assert_eq!(certificate.issuer_der(), root.subject);
    assert_eq!(certificate.not_before().to_string(), "2020-01-01T00:00:00Z");
    assert_eq!(certificate.not_after().to_string(), "2030-01-01T00:00:00Z");
    assert!(!certificate.is_self_issued() && root.issue(&root).is_self_issued());
    assert_eq!(certificate.extension("2.5.29.15".parse().unwrap()), Some(&forge::DIGITAL_SIGNATURE[..]));
    assert!(certificate.key_usage().is_some_and(|usage| usage.critical && usage.value.digital_signature()));
    let email = AlternativeName::Email("a@example.com".to_owned());
    assert_eq!(certificate.subject_alternative_names(), [email]);
    assert_eq!(format!("{certificate:?}"), "Certificate { subject: \"a@example.com\", serial: \"01\", .. }");
    assert_eq!(certificate, certificate.clone());
    assert_ne!(certificate, Draft::leaf().issue(&root));
}

#[test]
fn refusals_of_single_fields() {
    assert_eq!(code(|_| ()), None);
    assert_eq!(code(|leaf| leaf.version.clear()), MALFORMED, "v1");
    assert_eq!(code(|leaf| leaf.version = tlv(0xa0, &[&[2, 1, 1]])), MALFORMED, "v2");
    assert_eq!(code(|leaf| leaf.serial = vec![0]), MALFORMED, "zero");
    assert_eq!(code(|leaf| leaf.serial = vec![0x80]), MALFORMED, "negative");
    assert_eq!(code(|leaf| leaf.serial = vec![0, 1]), MALFORMED, "not minimal");
    assert_eq!(code(|leaf| leaf.serial = vec![1; 20]), None);
    assert_eq!(code(|leaf| leaf.serial = vec![1; 21]), MALFORMED, "too long");
    assert_eq!(code(|leaf| leaf.algorithms[1] = ECDSA_SHA1), MALFORMED, "another algorithm outside");
    assert_eq!(code(|leaf| leaf.validity[1] = (0x17, "3001010000Z")), MALFORMED, "without seconds");
    assert_eq!(code(|leaf| leaf.validity[1] = (0x18, "20300101000000.5Z")), MALFORMED, "fractions");
    assert_eq!(code(|leaf| leaf.subject = vec![0x30, 2, 0x31, 0]), MALFORMED, "an empty name in the name");
    assert_eq!(code(|leaf| leaf.subject = vec![0x31, 0]), MALFORMED, "a set for a name");
    assert_eq!(code(|leaf| leaf.unused_bits = 1), MALFORMED, "a signature of broken bytes");
}

#[test]
fn refusals_of_extensions() {
    let names = |list: &[(u8, &[u8])]| {
        let value = forge::names(list);
        code(|leaf| _ = leaf.set(ALTERNATIVE_NAMES, true, value))
    };
    assert_eq!(names(&[(0x82, b"example.com")]), None);
    assert_eq!(names(&[]), MALFORMED, "no names");
    assert_eq!(names(&[(0x81, b"")]), MALFORMED, "an empty name");
    assert_eq!(names(&[(0x81, b"a@example.com\0.evil.org")]), MALFORMED, "NUL");
    assert_eq!(names(&[(0x86, b"https://example.com\n")]), MALFORMED, "a line feed");
    assert_eq!(names(&[(0x81, "ä@example.com".as_bytes())]), MALFORMED, "no IA5String");
    assert_eq!(names(&[(0x87, &[127, 0, 0])]), MALFORMED, "three bytes of an address");
    assert_eq!(names(&[(0x89, b"x")]), MALFORMED, "an unknown form");
    assert_eq!(names(&vec![(0x82, &b"a"[..]); limits::CERTIFICATE_NAMES]), None);
    assert_eq!(names(&vec![(0x82, &b"a"[..]); limits::CERTIFICATE_NAMES + 1]), LIMIT);
    let fulcio = |value: &[u8]| forge::other_name("1.3.6.1.4.1.57264.1.7", value);
    assert_eq!(names(&[(0xa0, &fulcio(&tlv(12, &[b"a!b"])))]), None);
    assert_eq!(names(&[(0xa0, &fulcio(&tlv(4, &[b"a!b"])))]), MALFORMED, "no UTF8String");

    let set = |oid, value: &[u8]| code(|leaf| _ = leaf.set(oid, true, value.to_vec()));
    assert_eq!(set(BASIC_CONSTRAINTS, &[0x30, 0]), None);
    assert_eq!(set(BASIC_CONSTRAINTS, &[0x30, 3, 1, 1, 0]), MALFORMED, "a default value written out");
    assert_eq!(set(BASIC_CONSTRAINTS, &[0x30, 0, 0]), MALFORMED, "trailing bytes");
    assert_eq!(set(KEY_USAGE, &[3, 3, 7, 0x80, 0]), MALFORMED, "more bits than there are");
    assert_eq!(set(KEY_USAGE, &[3, 2, 0, 0x80]), MALFORMED, "bits not trimmed");
    assert_eq!(code(|leaf| leaf.extensions.clear()), MALFORMED, "an empty list");
    assert_eq!(code(|leaf| leaf.extensions.push(leaf.extensions[0].clone())), MALFORMED, "twice");
    let many = |count: u32| {
        move |leaf: &mut Draft| {
            for number in 0..count {
                let oid: &'static str = format!("1.2.3.{number}").leak();
                leaf.set(oid, false, vec![5, 0]);
            }
        }
    };
    assert_eq!(code(many(61)), None);
    assert_eq!(code(many(62)), LIMIT);
}

#[test]
fn refusals_of_the_whole() {
    let der = Draft::leaf().der(&Draft::authority("CN=root"));
    let code = |der: &[u8]| Certificate::parse(der).err().map(|error| error.code());
    assert_eq!(code(&[&der[..], &[0]].concat()), MALFORMED, "trailing bytes");
    assert_eq!(code(&vec![0; limits::CERTIFICATE_BYTES + 1]), LIMIT);
    let long_length = [&[0x30, 0x83, 0][..], &der[2..]].concat();
    assert_eq!(code(&long_length), MALFORMED, "a length that is not minimal");
    for length in 0..der.len() {
        assert_eq!(code(&der[..length]), MALFORMED, "{length} bytes");
    }
}

#[test]
fn end_of_time() {
    let mut root = Draft::authority("CN=root");
    root.validity[1] = (0x18, "99991231235959Z");
    assert_eq!(root.issue(&root).not_after(), jiff::Timestamp::MAX);
}

#[test]
fn pem() {
    let root = Draft::authority("CN=root");
    let certificate = root.issue(&root);
    let block = |label: &str| crate::key::pem::encode(label, certificate.der()).to_string();
    let one = block("CERTIFICATE");
    assert_eq!(Certificate::parse_pem(&one).unwrap(), std::slice::from_ref(&certificate));
    assert_eq!(Certificate::parse_pem(one.repeat(limits::CERTIFICATES)).unwrap().len(), limits::CERTIFICATES);
    for (text, code) in [
        (String::new(), "CERTIFICATE_PEM"),
        (format!("{one}junk"), "CERTIFICATE_PEM"),
        (format!("{one}{}", block("PUBLIC KEY")), "CERTIFICATE_PEM"),
        (one.repeat(limits::CERTIFICATES + 1), "CERTIFICATE_LIMIT"),
        (" ".repeat(1 << 20), "CERTIFICATE_LIMIT"),
        (one.replacen("MII", "MIJ", 1), "CERTIFICATE_MALFORMED"),
    ] {
        assert_eq!(Certificate::parse_pem(&text).unwrap_err().code(), code, "{text:.60}");
    }
}

#[test]
fn a_curve_must_be_named() {
    const NAMED: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    const EXPLICIT: &[u8] = &[0x30, 8, 2, 1, 1, 2, 3, 1, 0, 1];
    let mut der = Draft::leaf().der(&Draft::authority("CN=root"));
    let position = der.windows(NAMED.len()).position(|part| part == NAMED).unwrap();
    der[position..position + NAMED.len()].copy_from_slice(EXPLICIT);
    match Certificate::parse(&der) {
        Err(CertificateError::Key(key)) => {
            assert_eq!(key.to_string(), "unsupported: elliptic curve with explicit parameters");
        }
        other => panic!("{other:?}"),
    }
}
