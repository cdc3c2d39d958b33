//! Certificates put together field by field, so that each field can be wrong.

use std::str::FromStr as _;

use der::Encode as _;
use der::asn1::ObjectIdentifier;
use x509_cert::name::Name;

use crate::key::{KeyAlgorithm, PrivateKey};
use crate::x509::Certificate;

pub(super) const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
pub(super) const ECDSA_SHA1: &str = "1.2.840.10045.4.1";

pub(super) const KEY_USAGE: &str = "2.5.29.15";
pub(super) const ALTERNATIVE_NAMES: &str = "2.5.29.17";
pub(super) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub(super) const NAME_CONSTRAINTS: &str = "2.5.29.30";
pub(super) const PURPOSES: &str = "2.5.29.37";

pub(super) const ANY_PURPOSE: &str = "2.5.29.37.0";
pub(super) const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
pub(super) const EMAIL_PROTECTION: &str = "1.3.6.1.5.5.7.3.4";
pub(super) const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

/// Values of keyUsage: the bits from the left, and how many of the byte are unused.
pub(super) const DIGITAL_SIGNATURE: [u8; 4] = [3, 2, 7, 0b1000_0000];
pub(super) const NON_REPUDIATION: [u8; 4] = [3, 2, 6, 0b0100_0000];
pub(super) const KEY_CERT_SIGN: [u8; 4] = [3, 2, 2, 0b0000_0100];

/// One element of DER.
pub(super) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut element = vec![tag];
    match length {
        0..0x80 => element.push(length.try_into().unwrap()),
        0x80..0x100 => element.extend([0x81, length.try_into().unwrap()]),
        _ => {
            element.push(0x82);
            element.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    parts.iter().for_each(|part| element.extend(*part));
    element
}

pub(super) fn oid(text: &str) -> Vec<u8> {
    ObjectIdentifier::new_unwrap(text).to_der().unwrap()
}

/// A distinguished name as RFC 4514 writes it, an empty one for an empty text.
pub(super) fn name(text: &str) -> Vec<u8> {
    if text.is_empty() { vec![0x30, 0] } else { Name::from_str(text).unwrap().to_der().unwrap() }
}

pub(super) fn purposes(oids: &[&str]) -> Vec<u8> {
    let oids: Vec<_> = oids.iter().flat_map(|text| oid(text)).collect();
    tlv(0x30, &[&oids])
}

/// A list of general names, each with its tag.
pub(super) fn names(names: &[(u8, &[u8])]) -> Vec<u8> {
    let names: Vec<_> = names.iter().flat_map(|(tag, value)| tlv(*tag, &[value])).collect();
    tlv(0x30, &[&names])
}

/// The content of Fulcio's otherName.
pub(super) fn other_name(kind: &str, value: &[u8]) -> Vec<u8> {
    [oid(kind), tlv(0xa0, &[value])].concat()
}

pub(super) fn constraints(permitted: &[(u8, &[u8])], excluded: &[(u8, &[u8])]) -> Vec<u8> {
    let list = |tag, subtrees: &[(u8, &[u8])]| {
        let all: Vec<_> = subtrees.iter().flat_map(|(tag, base)| tlv(0x30, &[&tlv(*tag, &[base])])).collect();
        if all.is_empty() { all } else { tlv(tag, &[&all]) }
    };
    tlv(0x30, &[&list(0xa0, permitted), &list(0xa1, excluded)])
}

#[derive(Clone)]
pub(super) struct Extension {
    pub(super) oid: &'static str,
    pub(super) critical: bool,
    pub(super) value: Vec<u8>,
}

/// A certificate to be: what is not changed is right.
pub(super) struct Draft {
    pub(super) key: PrivateKey,
    pub(super) version: Vec<u8>,
    pub(super) serial: Vec<u8>,
    pub(super) algorithms: [&'static str; 2],
    pub(super) issuer: Option<Vec<u8>>,
    pub(super) validity: [(u8, &'static str); 2],
    pub(super) subject: Vec<u8>,
    pub(super) extensions: Vec<Extension>,
    pub(super) unused_bits: u8,
}

impl Draft {
    fn new(subject: &str, extensions: Vec<Extension>) -> Self {
        Self {
            key: PrivateKey::generate(KeyAlgorithm::EcdsaP256).unwrap(),
            version: tlv(0xa0, &[&[2, 1, 2]]),
            serial: vec![1],
            algorithms: [ECDSA_SHA256; 2],
            issuer: None,
            validity: [(0x17, "200101000000Z"), (0x17, "300101000000Z")],
            subject: name(subject),
            extensions,
            unused_bits: 0,
        }
    }

    pub(super) fn leaf() -> Self {
        let extensions = vec![
            Extension { oid: KEY_USAGE, critical: true, value: DIGITAL_SIGNATURE.to_vec() },
            Extension { oid: PURPOSES, critical: false, value: purposes(&[CODE_SIGNING]) },
            Extension { oid: ALTERNATIVE_NAMES, critical: true, value: names(&[(0x81, b"a@example.com")]) },
        ];
        Self::new("", extensions)
    }

    pub(super) fn authority(subject: &str) -> Self {
        let extensions = vec![
            Extension { oid: KEY_USAGE, critical: true, value: KEY_CERT_SIGN.to_vec() },
            Extension { oid: BASIC_CONSTRAINTS, critical: true, value: vec![0x30, 3, 1, 1, 0xff] },
        ];
        Self::new(subject, extensions)
    }

    /// Replaces the value of an extension, or adds it; critical or not as it was, or as given.
    pub(super) fn set(&mut self, oid: &'static str, critical: bool, value: Vec<u8>) -> &mut Self {
        self.remove(oid).extensions.push(Extension { oid, critical, value });
        self
    }

    pub(super) fn remove(&mut self, oid: &str) -> &mut Self {
        self.extensions.retain(|extension| extension.oid != oid);
        self
    }

    /// The certificate in DER, issued by another one or by itself.
    pub(super) fn der(&self, by: &Self) -> Vec<u8> {
        let algorithm = |index: usize| tlv(0x30, &[&oid(self.algorithms[index])]);
        let validity = self.validity.map(|(tag, text)| tlv(tag, &[text.as_bytes()]));
        let extension = |one: &Extension| {
            let critical: &[u8] = if one.critical { &[1, 1, 0xff] } else { &[] };
            tlv(0x30, &[&oid(one.oid), critical, &tlv(4, &[&one.value])])
        };
        let extensions: Vec<_> = self.extensions.iter().flat_map(extension).collect();
        let tbs = tlv(
            0x30,
            &[
                &self.version,
                &tlv(2, &[&self.serial]),
                &algorithm(0),
                self.issuer.as_ref().unwrap_or(&by.subject),
                &tlv(0x30, &[&validity.concat()]),
                &self.subject,
                self.key.public_key().spki_der(),
                &tlv(0xa3, &[&tlv(0x30, &[&extensions])]),
            ],
        );
        let signature = by.key.sign(&tbs).unwrap();
        tlv(0x30, &[&tbs, &algorithm(1), &tlv(3, &[&[self.unused_bits], &signature])])
    }

    pub(super) fn issue(&self, by: &Self) -> Certificate {
        Certificate::parse(&self.der(by)).unwrap()
    }
}
