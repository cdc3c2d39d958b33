//! What an entry must have, and what it is worth, with a log of our own.

use super::*;
use crate::format::dsse::Envelope;
use crate::format::tlog::InclusionProof;
use crate::key::{KeyAlgorithm, PrivateKey};
use crate::material::window::Window;
use crate::merkle;

const TIME: i64 = 1_700_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A log and a signature in it, by a key over an envelope.
struct Forged {
    log_key: PrivateKey,
    log: Log,
    signer: PublicKey,
    envelope: Envelope,
    entry: TlogEntry,
}

impl Forged {
    /// The log has two entries, ours as the second.
    fn new(generation: Generation) -> Self {
        let log_key = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
        let signer = PrivateKey::generate(KeyAlgorithm::EcdsaP256).unwrap();
        let envelope = Envelope::new("t", &b"payload"[..], b"signature".to_vec());
        let log = Log {
            key: log_key.public_key().clone(),
            key_id: log_key.public_key().fingerprint().bytes().to_vec(),
            base_url: "https://log.example/one/".into(),
            valid_for: Window { start: at(TIME - 10), end: Some(at(TIME + 10)) },
            operator: None,
        };
        let (version, body) = match generation {
            Generation::V1 => ("0.0.1", dsse1(signer.public_key(), &envelope)),
            Generation::V2 => ("0.0.2", dsse2(signer.public_key(), &envelope)),
        };
        let entry = TlogEntry {
            log_id: log.key_id.clone(),
            log_index: 1,
            kind: "dsse".into(),
            version: version.into(),
            integrated_time: None,
            promise: None,
            proof: None,
            body: body.into_bytes(),
        };
        let mut forged = Self { log_key, log, signer: signer.public_key().clone(), envelope, entry };
        let origin = if generation == Generation::V1 { "anything - 7" } else { "log.example/one" };
        forged.include(origin, origin.split(" - ").next().unwrap());
        if generation == Generation::V1 {
            forged.entry.log_index = 100;
            forged.promise(TIME);
        }
        forged
    }

    fn include(&mut self, origin: &str, name: &str) {
        let first = merkle::leaf(b"first");
        let root = merkle::node(&first, &merkle::leaf(&self.entry.body));
        let text = format!("{origin}\n2\n{}\n", base64::encode(&root));
        let signature = self.log_key.sign(text.as_bytes()).unwrap();
        let line = base64::encode(&[&self.log.key_id[..4], &signature].concat());
        let checkpoint = Some(format!("{text}\n— {name} {line}\n"));
        let proof =
            InclusionProof { index: 1, size: 2, root: root.to_vec(), hashes: vec![first], checkpoint };
        self.entry.proof = Some(proof);
    }

    fn promise(&mut self, second: i64) {
        let TlogEntry { body, log_id, log_index, .. } = &self.entry;
        let (body, id) = (base64::encode(body), hex::encode(log_id));
        let payload =
            format!(r#"{{"body":"{body}","integratedTime":{second},"logID":"{id}","logIndex":{log_index}}}"#);
        self.entry.promise = Some(self.log_key.sign(payload.as_bytes()).unwrap());
        self.entry.integrated_time = Some(at(second));
    }

    fn proof(&mut self) -> &mut InclusionProof {
        self.entry.proof.as_mut().unwrap()
    }

    fn check(&self, promise: bool, proof: bool, times: &[Timestamp]) -> Result<LogProven, LogError> {
        self.check_by(std::slice::from_ref(&self.log), LogRules { promise, proof, times })
    }

    fn check_by(&self, logs: &[Log], rules: LogRules<'_>) -> Result<LogProven, LogError> {
        let (verifier, what) = (Verifier::Key(&self.signer), What::Envelope(&self.envelope));
        LogProven::check(&self.entry, &Signed { signature: b"signature", verifier, what }, logs, rules)
    }
}

fn dsse1(key: &PublicKey, envelope: &Envelope) -> String {
    let hash = hex::encode(HashAlgorithm::Sha256.digest(&envelope.payload).bytes());
    let hash = format!(r#"{{"algorithm":"sha256","value":"{hash}"}}"#);
    let (signature, pem) = (base64::encode(b"signature"), base64::encode(key.to_pem().as_bytes()));
    format!(
        r#"{{"apiVersion":"0.0.1","kind":"dsse","spec":{{"envelopeHash":{hash},"payloadHash":{hash},"signatures":[{{"signature":"{signature}","verifier":"{pem}"}}]}}}}"#
    )
}

fn dsse2(key: &PublicKey, envelope: &Envelope) -> String {
    let hash = base64::encode(HashAlgorithm::Sha256.digest(&envelope.payload).bytes());
    let (signature, der) = (base64::encode(b"signature"), base64::encode(key.spki_der()));
    format!(
        r#"{{"apiVersion":"0.0.2","kind":"dsse","spec":{{"dsseV002":{{"payloadHash":{{"algorithm":"SHA2_256","digest":"{hash}"}},"signatures":[{{"content":"{signature}","verifier":{{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{{"rawBytes":"{der}"}}}}}}]}}}}}}"#
    )
}

fn code<T>(result: Result<T, LogError>) -> Result<T, &'static str> {
    result.map_err(|error| error.code())
}

#[test]
fn what_is_needed_must_be_there() {
    let facts = |proven: LogProven| {
        (proven.log_index(), proven.integrated_time().map(Timestamp::as_second), proven.is_included())
    };
    let now = [at(TIME)];
    for (has_promise, has_proof, needs, expected) in [
        (true, true, (true, true), Ok((100, Some(TIME), true))),
        (true, false, (true, false), Ok((100, Some(TIME), false))),
        (false, true, (false, true), Ok((1, None, true))),
        (true, false, (false, true), Err("LOG_PROOF_MISSING")),
        (false, true, (true, false), Err("LOG_PROMISE_MISSING")),
        (false, false, (false, false), Err("LOG_PROOF_MISSING")),
    ] {
        let mut forged = Forged::new(Generation::V1);
        if !has_promise {
            forged.entry.promise = None;
        }
        if !has_proof {
            forged.entry.proof = None;
        }
        let got = code(forged.check(needs.0, needs.1, &now).map(facts));
        assert_eq!(got, expected, "{has_promise} {has_proof} {needs:?}");
    }
}

#[test]
fn bundles_of_the_first_version_need_a_promise_and_others_a_proof() {
    for (media_type, expected) in [
        ("application/vnd.dev.sigstore.bundle+json;version=0.1", (true, false)),
        ("application/vnd.dev.sigstore.bundle+json;version=0.2", (false, true)),
        ("application/vnd.dev.sigstore.bundle+json;version=0.3", (false, true)),
        ("application/vnd.dev.sigstore.bundle.v0.3+json", (false, true)),
    ] {
        let rules = LogRules::of_bundle(media_type, &[]);
        assert_eq!((rules.promise, rules.proof), expected, "{media_type}");
    }
}

#[test]
fn a_proof_without_checkpoint_proves_nothing_and_must_hold() {
    let mut forged = Forged::new(Generation::V1);
    forged.proof().checkpoint = None;
    assert!(!forged.check(true, false, &[]).unwrap().is_included());
    assert_eq!(code(forged.check(false, true, &[])).err(), Some("LOG_CHECKPOINT_MALFORMED"));
    forged.proof().root[0] ^= 1;
    assert_eq!(code(forged.check(true, false, &[])).err(), Some("LOG_PROOF_INVALID"));
    forged.entry.promise = None;
    assert_eq!(code(forged.check(false, false, &[])).err(), Some("LOG_CHECKPOINT_MALFORMED"));
}

/// A log's key is trusted in its window only, at every time that is proven.
#[test]
fn the_key_must_be_trusted_at_every_time() {
    for (promised, times, expected) in [
        (Some(TIME - 10), &[][..], None),
        (Some(TIME + 10), &[], None),
        (Some(TIME + 11), &[], Some("LOG_OUTSIDE_WINDOW")),
        (Some(TIME), &[at(TIME + 11)], Some("LOG_OUTSIDE_WINDOW")),
        (Some(TIME), &[at(TIME), at(TIME - 11)], Some("LOG_OUTSIDE_WINDOW")),
        (None, &[at(TIME)], None),
        (None, &[at(TIME + 11)], Some("LOG_OUTSIDE_WINDOW")),
        (None, &[], Some("LOG_OUTSIDE_WINDOW")),
    ] {
        let mut forged = Forged::new(Generation::V1);
        match promised {
            Some(second) => forged.promise(second),
            None => forged.entry.promise = None,
        }
        let got = code(forged.check(false, true, times)).err();
        assert_eq!(got, expected, "{promised:?} {times:?}");
    }
}

#[test]
fn one_key_may_be_listed_with_several_windows() {
    let forged = Forged::new(Generation::V1);
    let early = Window { start: at(0), end: Some(at(1)) };
    let other = Log { valid_for: early, ..forged.log.clone() };
    let rules = LogRules { promise: true, proof: true, times: &[] };
    for logs in [[other.clone(), forged.log.clone()], [forged.log.clone(), other.clone()]] {
        assert_eq!(forged.check_by(&logs, rules).unwrap().log(), &forged.log);
    }
    assert_eq!(code(forged.check_by(&[other], rules)).err(), Some("LOG_OUTSIDE_WINDOW"));
    assert_eq!(code(forged.check_by(&[], rules)).err(), Some("LOG_UNKNOWN"));
}

#[test]
fn rekor_2_has_no_promise_and_its_checkpoints_name_its_address() {
    let times = [at(TIME)];
    let good = Forged::new(Generation::V2);
    let proven = good.check(false, true, &times).unwrap();
    assert_eq!((proven.log_index(), proven.integrated_time()), (1, None));
    let elsewhere = Log { base_url: "https://log.example/two".into(), ..good.log.clone() };
    let rules = LogRules { promise: false, proof: true, times: &times };
    assert_eq!(code(good.check_by(&[elsewhere], rules)).err(), Some("LOG_CHECKPOINT_SIGNATURE"));
    assert_eq!(code(good.check(true, false, &times)).err(), Some("LOG_PROMISE_MISSING"));

    let mut promised = Forged::new(Generation::V2);
    promised.promise(TIME);
    assert_eq!(code(promised.check(false, true, &times)).err(), Some("LOG_PROMISE_INVALID"));
    let mut bare = Forged::new(Generation::V2);
    bare.entry.proof = None;
    assert_eq!(code(bare.check(false, false, &times)).err(), Some("LOG_PROOF_MISSING"));
    let mut named = Forged::new(Generation::V2);
    named.include("log.example/one", "witness.example");
    assert_eq!(code(named.check(false, true, &times)).err(), Some("LOG_CHECKPOINT_SIGNATURE"));
}

/// Rekor v2 tells its clients to take size and root from the checkpoint.
#[test]
fn rekor_2_may_leave_the_tree_to_the_checkpoint() {
    let mut forged = Forged::new(Generation::V2);
    *forged.proof() = InclusionProof { index: 0, size: 0, root: Vec::new(), ..forged.proof().clone() };
    assert!(forged.check(false, true, &[at(TIME)]).unwrap().is_included());
    forged.proof().size = 3;
    assert_eq!(code(forged.check(false, true, &[at(TIME)])).err(), Some("LOG_ROOT_MISMATCH"));
    forged.proof().size = 2;
    forged.entry.log_index = 0;
    assert_eq!(code(forged.check(false, true, &[at(TIME)])).err(), Some("LOG_PROOF_INVALID"));
}

#[test]
fn checkpoints_of_rekor_1_name_a_tree() {
    for origin in ["anything", "anything - ", "anything - x", "anything -7"] {
        let mut forged = Forged::new(Generation::V1);
        forged.include(origin, "anything");
        assert_eq!(code(forged.check(true, true, &[])).err(), Some("LOG_CHECKPOINT_MALFORMED"), "{origin}");
    }
    let mut forged = Forged::new(Generation::V1);
    forged.include("anything - 7", "witness");
    assert_eq!(code(forged.check(true, true, &[])).err(), Some("LOG_CHECKPOINT_SIGNATURE"));
}

#[test]
fn another_key_with_the_logs_id_is_refused() {
    for (generation, expected) in
        [(Generation::V1, "LOG_PROMISE_INVALID"), (Generation::V2, "LOG_CHECKPOINT_SIGNATURE")]
    {
        let mut forged = Forged::new(generation);
        forged.log.key = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap().public_key().clone();
        assert_eq!(code(forged.check(false, true, &[at(TIME)])).err(), Some(expected));
    }
}
