//! The fields of a certificate that parses are parts of it, and no certificate proves itself.
#![no_main]

use countersign_core::x509::path::{self, Purpose};
use countersign_core::x509::{Certificate, CertificateTimestamp, Claims, Identity};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = Certificate::parse_pem(input);
    let Ok(certificate) = Certificate::parse(input) else { return };
    assert_eq!(certificate.der(), input);
    let parts = [certificate.tbs_der(), certificate.signature_algorithm_der()].concat();
    assert!(
        input[..input.len() - certificate.signature().len()].windows(parts.len()).any(|part| part == parts)
    );
    assert!(input.ends_with(certificate.signature()));
    if let Ok(identity) = Identity::read(&certificate) {
        assert!(!identity.value().is_empty() && !identity.value().chars().any(char::is_control));
    }
    if let Ok(claims) = Claims::read(&certificate) {
        assert!(claims.iter().all(|(name, value)| claims.by_name(name) == Some(value)));
    }
    for promise in CertificateTimestamp::embedded(&certificate).into_iter().flatten() {
        let signed = promise.signed_bytes(&certificate, &[]).expect("it is written again");
        assert!(signed.len() < certificate.tbs_der().len() + 64);
    }
    for purpose in [Purpose::CodeSigning, Purpose::TimeStamping] {
        let pool = std::slice::from_ref(&certificate);
        let error = path::verify(&certificate, pool, &certificate, certificate.not_before(), purpose)
            .expect_err("a leaf that is its own authority");
        assert!(!error.to_string().chars().any(char::is_control));
    }
});
