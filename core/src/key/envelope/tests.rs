use super::*;

const GOOD: &str = r#"{"kdf":{"name":"scrypt","params":{"N":2,"r":8,"p":1},"salt":"AAAAAAAAAAAAAAAAAAAAAA=="},"cipher":{"name":"nacl/secretbox","nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},"ciphertext":"AAAAAAAAAAAAAAAAAAAAAAAA"}"#;

fn code(json: &str) -> &'static str {
    Envelope::parse(json.as_bytes()).err().map_or("ok", |error| error.code())
}

#[test]
fn shape_is_strict() {
    assert_eq!(code(GOOD), "ok");
    let cases = [
        ("}}", "} trailing", "KEY_ENVELOPE_MALFORMED"),
        (r#""scrypt""#, r#""pbkdf2""#, "KEY_ENVELOPE_UNKNOWN"),
        (r#""scrypt""#, r#""Scrypt""#, "KEY_ENVELOPE_UNKNOWN"),
        (r#""nacl/secretbox""#, r#""none""#, "KEY_ENVELOPE_UNKNOWN"),
        (r#"{"kdf""#, r#"{"extra":1,"kdf""#, "KEY_ENVELOPE_MALFORMED"),
        (r#""r":8"#, r#""r":8,"r":8"#, "KEY_ENVELOPE_MALFORMED"),
        (r#""N":2"#, r#""N":2,"n":2"#, "KEY_ENVELOPE_MALFORMED"),
        (r#""N":2"#, r#""n":2"#, "KEY_ENVELOPE_MALFORMED"),
        (r#""N":2"#, r#""N":2.0"#, "KEY_ENVELOPE_MALFORMED"),
        (r#""N":2"#, r#""N":-2"#, "KEY_ENVELOPE_MALFORMED"),
        (r#""N":2"#, r#""N":"2""#, "KEY_ENVELOPE_MALFORMED"),
        (r#""ciphertext""#, r#""ciphertext":"AA==","ciphertext""#, "KEY_ENVELOPE_MALFORMED"),
        (r#""AAAAAAAAAAAAAAAAAAAAAA==""#, r#""AAAA""#, "KEY_ENVELOPE_MALFORMED"),
        (r#""AAAAAAAAAAAAAAAAAAAAAA==""#, r#""AAAAAAAAAAAAAAAAAAAAAA""#, "KEY_ENVELOPE_MALFORMED"),
        (r#""nonce":"AAAA"#, r#""nonce":""#, "KEY_ENVELOPE_MALFORMED"),
        (r#""ciphertext":"AAAA"#, r#""ciphertext":"_-_-"#, "KEY_ENVELOPE_MALFORMED"),
        (r#""ciphertext":"AAAAAAAA"#, r#""ciphertext":""#, "KEY_ENVELOPE_MALFORMED"),
    ];
    for (from, to, expected) in cases {
        let json = GOOD.replacen(from, to, 1);
        let json = if from == "}}" { format!("{GOOD} trailing") } else { json };
        assert_ne!(json, GOOD, "{from}");
        assert_eq!(code(&json), expected, "{from} -> {to}");
    }
    assert_eq!(code(&format!("\u{feff}{GOOD}")), "KEY_ENVELOPE_MALFORMED");
    assert_eq!(code(&"[".repeat(60_000)), "KEY_ENVELOPE_MALFORMED");
    assert_eq!(code("null"), "KEY_ENVELOPE_MALFORMED");
}

#[test]
fn scrypt_bounds() {
    let cases: [(u64, u64, u64, Option<&str>); 17] = [
        (32_768, 8, 1, None),
        (65_536, 8, 1, None),
        (1 << 18, 8, 1, None),
        (1 << 20, 2, 4, None),
        (2, 32, 16, None),
        (0, 8, 1, Some("scrypt N")),
        (1, 8, 1, Some("scrypt N")),
        (65_537, 8, 1, Some("scrypt N")),
        (1 << 21, 1, 1, Some("scrypt N")),
        (1 << 63, 1, 1, Some("scrypt N")),
        (65_536, 0, 1, Some("scrypt r")),
        (65_536, 33, 1, Some("scrypt r")),
        (65_536, u64::MAX, 1, Some("scrypt r")),
        (65_536, 8, 0, Some("scrypt p")),
        (65_536, 8, 17, Some("scrypt p")),
        (1 << 20, 8, 1, Some("scrypt 128·N·r")),
        (1 << 18, 8, 16, Some("scrypt N·r·p")),
    ];
    for (n, r, p, refused) in cases {
        match (scrypt_params(n, r, p), refused) {
            (Ok(params), None) => assert_eq!((params.n(), params.r(), params.p()), (n, r as u32, p as u32)),
            (Err(KeyError::KdfBounds { parameter, .. }), Some(expected)) => assert_eq!(parameter, expected),
            (got, _) => panic!("{n} {r} {p}: {got:?}"),
        }
    }
    assert_eq!(code(&GOOD.replace(r#""N":2"#, r#""N":3"#)), "KEY_KDF_BOUNDS");
}

#[test]
fn what_is_sealed_opens_with_its_password_only() {
    let json = seal(b"secret", b"", &[1; SALT_BYTES], &[2; NONCE_BYTES]).unwrap();
    assert!(json.starts_with(r#"{"kdf":{"name":"scrypt","params":{"N":65536,"r":8,"p":1},"salt":""#));
    let envelope = Envelope::parse(json.as_bytes()).unwrap();
    assert_eq!(envelope.open(b"").unwrap().as_slice(), b"secret");
    assert_eq!(envelope.open(b"x").unwrap_err().code(), "KEY_PASSWORD_WRONG");
}

#[test]
fn cosigns_own_file_is_written_again_byte_for_byte() {
    let Some(directory) = crate::vectors::vectors("cosign") else { return };
    let file = std::fs::read_to_string(directory.join("cosign.key")).unwrap();
    let envelope = Envelope::parse(&pem::parse_one(file.as_bytes()).unwrap().data).unwrap();
    let der = envelope.open(b"pw").unwrap();
    let json = seal(&der, b"pw", &envelope.salt, &envelope.nonce).unwrap();
    assert_eq!(*pem::encode(LABEL, json.as_bytes()), file);
    let key = PrivateKey::from_der(&der).unwrap();
    assert_eq!(key.to_pkcs8_der().unwrap().as_slice(), der.as_slice(), "our PKCS#8 is Go's PKCS#8");
}
