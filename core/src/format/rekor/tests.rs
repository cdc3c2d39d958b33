use super::*;
use crate::format::base64;
use crate::key::{HashAlgorithm, KeyAlgorithm, PrivateKey};

/// Something that is no certificate: nobody looks into it here.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";

fn hex() -> String {
    hex::encode(digest().bytes())
}

fn digest() -> MessageDigest {
    HashAlgorithm::Sha256.digest(b"x")
}

fn hashedrekord1(pem: &str) -> String {
    format!(
        r#"{{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{{"data":{{"hash":{{"algorithm":"sha256","value":"{}"}}}},"signature":{{"content":"BAU=","publicKey":{{"content":"{}"}}}}}}}}"#,
        hex(),
        base64::encode(pem.as_bytes())
    )
}

fn dsse1() -> String {
    let (hex, pem) = (hex(), base64::encode(CERTIFICATE.as_bytes()));
    format!(
        r#"{{"apiVersion":"0.0.1","kind":"dsse","spec":{{"envelopeHash":{{"algorithm":"sha256","value":"{hex}"}},"payloadHash":{{"algorithm":"sha256","value":"{hex}"}},"signatures":[{{"signature":"BAU=","verifier":"{pem}"}}]}}}}"#
    )
}

fn intoto1() -> String {
    let (hex, pem) = (hex(), base64::encode(CERTIFICATE.as_bytes()));
    format!(
        r#"{{"apiVersion":"0.0.1","kind":"intoto","spec":{{"content":{{"hash":{{"algorithm":"sha256","value":"{hex}"}},"payloadHash":{{"algorithm":"sha256","value":"{hex}"}}}},"publicKey":"{pem}"}}}}"#
    )
}

fn intoto2() -> String {
    let (hex, pem) = (hex(), base64::encode(CERTIFICATE.as_bytes()));
    let inner = base64::encode(b"BAU=");
    format!(
        r#"{{"apiVersion":"0.0.2","kind":"intoto","spec":{{"content":{{"envelope":{{"payloadType":"t","signatures":[{{"publicKey":"{pem}","sig":"{inner}"}}]}},"hash":{{"algorithm":"sha256","value":"{hex}"}},"payloadHash":{{"algorithm":"sha256","value":"{hex}"}}}}}}}}"#
    )
}

const VERIFIER2: &str =
    r#""verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","x509Certificate":{"rawBytes":"AQID"}}"#;

fn hashedrekord2() -> String {
    let digest = base64::encode(digest().bytes());
    format!(
        r#"{{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{{"hashedRekordV002":{{"data":{{"algorithm":"SHA2_256","digest":"{digest}"}},"signature":{{"content":"BAU=",{VERIFIER2}}}}}}}}}"#
    )
}

fn dsse2() -> String {
    let digest = base64::encode(digest().bytes());
    format!(
        r#"{{"apiVersion":"0.0.2","kind":"dsse","spec":{{"dsseV002":{{"payloadHash":{{"algorithm":"SHA2_256","digest":"{digest}"}},"signatures":[{{"content":"BAU=",{VERIFIER2}}}]}}}}}}"#
    )
}

/// Reads a body as its own kind and version.
fn parse(text: &str) -> Result<Body, FormatError> {
    let head: Value = serde_json::from_str(text).unwrap();
    Body::parse(text.as_bytes(), head["kind"].as_str().unwrap(), head["apiVersion"].as_str().unwrap())
}

#[test]
fn every_kind_says_who_signed_what() {
    let payload = |payload_type| BodyContent::Payload { digest: digest(), payload_type, payload: None };
    let signed = BodyContent::Signed(digest());
    for (text, generation, content) in [
        (hashedrekord1(CERTIFICATE), Generation::V1, &signed),
        (dsse1(), Generation::V1, &payload(None)),
        (intoto2(), Generation::V1, &payload(Some("t".into()))),
        (hashedrekord2(), Generation::V2, &signed),
        (dsse2(), Generation::V2, &payload(None)),
    ] {
        let verifier = BodyVerifier::Certificate(vec![1, 2, 3]);
        let signature = Some(vec![4, 5]);
        let expected = Body { generation, content: content.clone(), signature, verifier };
        assert_eq!(parse(&text).unwrap(), expected, "{text}");
    }
}

/// Entries of the first `intoto` name the whole document, and the oldest not even the payload.
#[test]
fn a_document_is_named_as_a_whole() {
    let oldest = format!(r#","payloadHash":{{"algorithm":"sha256","value":"{}"}}"#, hex());
    for (text, payload) in [(intoto1(), Some(digest())), (intoto1().replace(&oldest, ""), None)] {
        let body = parse(&text).unwrap();
        assert_eq!(body.content, BodyContent::Document { digest: digest(), payload }, "{text}");
        assert_eq!((body.generation, body.signature), (Generation::V1, None));
        assert_eq!(body.verifier, BodyVerifier::Certificate(vec![1, 2, 3]));
    }
}

#[test]
fn keys_are_read_in_both_designs() {
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256).unwrap().public_key().clone();
    let der = format!(r#""publicKey":{{"rawBytes":"{}"}}"#, base64::encode(key.spki_der()));
    let v2 = hashedrekord2().replace(r#""x509Certificate":{"rawBytes":"AQID"}"#, &der);
    for text in [hashedrekord1(&key.to_pem()), v2] {
        assert_eq!(parse(&text).unwrap().verifier, BodyVerifier::Key(key.clone()), "{text}");
    }
}

#[test]
fn an_inlined_payload_is_kept() {
    let payload = format!(r#""envelope":{{"payload":"{}","#, base64::encode(b"eA=="));
    let body = parse(&intoto2().replace(r#""envelope":{"#, &payload)).unwrap();
    let BodyContent::Payload { payload, .. } = body.content else { panic!("{body:?}") };
    assert_eq!(payload.as_deref(), Some(&b"x"[..]));
}

/// threat model, rows 52, 53.
#[test]
fn everything_else_is_refused() {
    let upper = hex().to_uppercase();
    let twice = r#"[{"signature":"BAU=","verifier":"AQ=="},{"#;
    let both = r#""publicKey":{"rawBytes":"AQID"},"x509Certificate""#;
    for (text, from, to, code) in [
        (dsse1(), r#"{"apiVersion""#, r#"{ "apiVersion""#, "ARTIFACT_VALUE"),
        (dsse1(), r#""BAU=""#, r#""BA\u0055=""#, "ARTIFACT_VALUE"),
        (dsse1(), r#""0.0.1""#, r#""0.0.2""#, "ARTIFACT_MALFORMED_JSON"),
        (dsse1(), r#""0.0.1""#, r#""0.0.3""#, "ARTIFACT_VALUE"),
        (dsse1(), r#""dsse""#, r#""rekord""#, "ARTIFACT_VALUE"),
        (intoto2(), r#""0.0.2""#, r#""0.0.1""#, "ARTIFACT_MALFORMED_JSON"),
        (intoto1(), r#""0.0.1""#, r#""0.0.2""#, "ARTIFACT_MALFORMED_JSON"),
        (intoto1(), r#""hash""#, r#""envelope":"","hash""#, "ARTIFACT_MALFORMED_JSON"),
        (intoto1(), "sha256", "sha1", "ARTIFACT_VALUE"),
        (dsse1(), r#""signatures""#, r#""proposedContent":{},"signatures""#, "ARTIFACT_MALFORMED_JSON"),
        (dsse1(), "[{", twice, "ARTIFACT_COUNT"),
        (dsse1(), "sha256", "sha1", "ARTIFACT_VALUE"),
        (dsse1(), "sha256", "sha512", "ARTIFACT_VALUE"),
        (dsse1(), &hex(), &upper, "ARTIFACT_VALUE"),
        (hashedrekord1("no PEM"), "", "", "ARTIFACT_VALUE"),
        (hashedrekord1(&CERTIFICATE.repeat(2)), "", "", "ARTIFACT_VALUE"),
        (hashedrekord2(), "P256_SHA_256", "P384_SHA_384", "ARTIFACT_VALUE"),
        (hashedrekord2(), "PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519", "ARTIFACT_VALUE"),
        (hashedrekord2(), "PKIX_ECDSA_P256_SHA_256", "PGP", "ARTIFACT_VALUE"),
        (hashedrekord2(), "SHA2_256", "SHA2_512", "ARTIFACT_VALUE"),
        (hashedrekord2(), "SHA2_256", "SHA3_256", "ARTIFACT_VALUE"),
        (hashedrekord2(), r#""x509Certificate""#, both, "ARTIFACT_COUNT"),
        (hashedrekord2(), r#","x509Certificate":{"rawBytes":"AQID"}"#, "", "ARTIFACT_COUNT"),
        (intoto2(), &base64::encode(b"BAU="), &base64::encode(b"BAU"), "ARTIFACT_MALFORMED_BASE64"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_eq!(parse(&changed).unwrap_err().code(), code, "{changed}");
    }
}

#[test]
fn an_unknown_kind_is_named() {
    let error = parse(&dsse1().replace(r#""dsse""#, r#""tuf""#)).unwrap_err();
    assert!(error.to_string().contains("tuf 0.0.1"), "{error}");
    let error = Body::parse(dsse1().as_bytes(), "hashedrekord", "0.0.1").unwrap_err();
    assert!(error.to_string().contains("kindVersion"), "{error}");
}
