//! What parses as an entry of a log parses as the same one once written, and no entry proves itself: not by a log that
//! is unknown, and not by one that has its id.
#![no_main]

use std::sync::LazyLock;

use countersign_core::format::dsse::Envelope;
use countersign_core::format::legacy;
use countersign_core::format::rekor::{Body, BodyVerifier};
use countersign_core::format::tlog::TlogEntry;
use countersign_core::json;
use countersign_core::key::{HashAlgorithm, PublicKey};
use countersign_core::material::log::Log;
use countersign_core::material::window::Window;
use countersign_core::media_type::ANNOTATION_REKOR_BUNDLE;
use countersign_core::verify::log::{LogProven, LogRules, Signed, Verifier, What};

static KEY: LazyLock<PublicKey> = LazyLock::new(|| {
    PublicKey::from_pem(include_bytes!("../seeds/key_public_pem/ed25519.pem")).expect("a key")
});

fn check(entry: &TlogEntry) {
    let time = entry.integrated_time.unwrap_or_default();
    let log = Log {
        key: KEY.clone(),
        key_id: entry.log_id.clone(),
        base_url: "https://log.example".to_owned(),
        valid_for: Window { start: time, end: None },
        operator: None,
    };
    let Ok(body) = Body::parse(&entry.body, &entry.kind, &entry.version) else { return };
    let verifier = match &body.verifier {
        BodyVerifier::Certificate(der) => Verifier::Certificate(der),
        BodyVerifier::Key(key) => Verifier::Key(key),
    };
    let signature = body.signature.as_deref().unwrap_or_default();
    let (envelope, digest) =
        (Envelope::new("t", &b"p"[..], signature.to_vec()), HashAlgorithm::Sha256.digest(b"d"));
    for what in [What::Blob(&digest), What::Envelope(&envelope), What::Document(&envelope, &digest)] {
        let signed = Signed { signature, verifier, what };
        for (promise, proof) in [(false, false), (true, false), (false, true)] {
            let rules = LogRules { promise, proof, times: &[time] };
            for logs in [&[][..], std::slice::from_ref(&log)] {
                let error = LogProven::check(entry, &signed, logs, rules).expect_err("it proves itself");
                assert!(!error.to_string().chars().any(char::is_control), "{error}");
            }
        }
    }
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Ok(entry) = json::read(input).map_err(drop).and_then(|raw| TlogEntry::parse(&raw).map_err(drop)) {
        let written = entry.to_json().expect("it is written");
        assert_eq!(TlogEntry::parse(&written).expect("it is read"), entry);
        check(&entry);
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let annotations = [(ANNOTATION_REKOR_BUNDLE.to_owned(), text.to_owned())].into();
        if let Ok(Some(entry)) = legacy::log_entry_of(&annotations) {
            assert!(entry.promise.is_some() && entry.proof.is_none());
            check(&entry);
        }
    }
});
