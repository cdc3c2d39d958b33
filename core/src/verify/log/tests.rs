//! The log entries of real bundles, against the logs of their trusted roots.

mod changes;
mod legacy;
mod released;
mod rules;
mod vectors;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::format::bundle::{Bundle, Content};
use crate::key::{HashAlgorithm, MessageDigest, PublicKey};
use crate::vectors::{json, rows, sha256, trusted_root};

/// The logs of a trusted root.
fn logs(root: &Path) -> Vec<Log> {
    trusted_root(root).logs
}

/// A bundle, and what its entries are checked with.
struct Case {
    bundle: Bundle,
    digest: MessageDigest,
    key: Option<PublicKey>,
    logs: Vec<Log>,
    times: Vec<Timestamp>,
}

impl Case {
    fn read(bundle: &Path, digest: MessageDigest, key: Option<PathBuf>, root: &Path) -> Option<Self> {
        Some(Self {
            bundle: Bundle::parse(std::fs::read(bundle).unwrap().into()).ok()?,
            digest,
            key: key.map(|key| PublicKey::from_pem(std::fs::read(key).unwrap()).unwrap()),
            logs: logs(root),
            times: Vec::new(),
        })
    }

    fn entries(&self) -> Vec<TlogEntry> {
        let entries = self.bundle.verification_material.tlog_entries.iter();
        entries.map(|entry| TlogEntry::parse(entry).unwrap()).collect()
    }

    /// Entries of Rekor v2 have no time; that of a timestamp stands in, one at which the log was trusted.
    fn add_time(&mut self) {
        for entry in self.entries().iter().filter(|entry| entry.promise.is_none()) {
            let logs = self.logs.iter().filter(|log| log.key_id == entry.log_id);
            self.times.extend(logs.map(|log| log.valid_for.start));
        }
    }

    fn signed(&self) -> Signed<'_> {
        let (signature, what) = match self.bundle.content().unwrap() {
            Content::Envelope(envelope) => (envelope.only_signature().unwrap(), What::Envelope(envelope)),
            Content::Message(message) => (&*message.signature.0, What::Blob(&self.digest)),
        };
        let material = &self.bundle.verification_material;
        let chain = material.x509_certificate_chain.as_ref().and_then(|chain| chain.certificates.first());
        let verifier = match (material.certificate.as_ref().or(chain), &self.key) {
            (Some(certificate), _) => Verifier::Certificate(&certificate.raw_bytes.0),
            (None, Some(key)) => Verifier::Key(key),
            (None, None) => panic!("neither certificate nor key"),
        };
        Signed { signature, verifier, what }
    }

    fn rules(&self) -> LogRules<'_> {
        LogRules::of_bundle(&self.bundle.media_type, &self.times)
    }

    fn check(&self, entry: &TlogEntry) -> Result<LogProven, LogError> {
        LogProven::check(entry, &self.signed(), &self.logs, self.rules())
    }
}
