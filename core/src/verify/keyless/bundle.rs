//! Steps 5 to 8 for one bundle: its log entries, the times they prove, its certificate, its signer.

use jiff::Timestamp;

use super::{CertificateProven, IdentityPolicy, IdentityProven, KeylessError};
use crate::format::bundle::{Bundle, VerificationMaterial};
use crate::format::tlog::TlogEntry;
use crate::material::trusted_root::TrustedRoot;
use crate::verify::log::{LogProven, LogRules, Signed, Verifier, What};
use crate::x509::Certificate;

/// What is asked of a signature by a certificate.
#[derive(Clone, Debug)]
pub struct Requirements<'a> {
    /// Whom the caller believes.
    pub root: &'a TrustedRoot,
    /// The signers that are accepted, any of them; with none, nobody is.
    pub identities: &'a [IdentityPolicy],
    /// How many distinct logs must have promised to publish the certificate.
    pub promises: usize,
    /// How many distinct logs must have the signature.
    pub entries: usize,
    /// The time: nothing may have been made after it.
    pub now: Timestamp,
}

/// What a bundle's signer is: the leaf whose key is to be tried, and the certificates that came along.
#[derive(Clone, Debug)]
pub struct SigningCertificate {
    /// The signer's certificate.
    pub leaf: Certificate,
    /// Others, in which nothing is trusted.
    pub pool: Vec<Certificate>,
}

impl SigningCertificate {
    /// The certificates of a bundle (Sigstore bundle specification, `VerificationMaterial`).
    ///
    /// # Errors
    /// [`KeylessError::NoCertificate`] where it names a key, [`KeylessError::Certificate`] where one is not accepted,
    /// [`KeylessError::RootInChain`] where one signed itself: roots come from the trusted root alone.
    pub fn of_bundle(material: &VerificationMaterial) -> Result<Self, KeylessError> {
        let chain = material.x509_certificate_chain.iter().flat_map(|chain| &chain.certificates);
        let mut certificates = Vec::new();
        for certificate in material.certificate.iter().chain(chain) {
            certificates
                .push(Certificate::parse(&certificate.raw_bytes.0).map_err(KeylessError::Certificate)?);
        }
        if certificates.iter().skip(1).any(Certificate::is_self_issued) {
            return Err(KeylessError::RootInChain);
        }
        let mut certificates = certificates.into_iter();
        let leaf = certificates.next().ok_or(KeylessError::NoCertificate)?;
        Ok(Self { leaf, pool: certificates.collect() })
    }
}

/// Proof that an accepted signer's certificate was valid when a signature was logged. That its key made the signature is
/// another proof.
#[derive(Clone, Debug)]
pub struct KeylessProven {
    certificate: CertificateProven,
    identity: IdentityProven,
    entries: Vec<LogProven>,
    times: Vec<Timestamp>,
}

impl KeylessProven {
    /// Checks everything about a bundle but the signature itself. `what` is what the signature is over.
    ///
    /// Each entry must hold, not only as many as are needed: a false one beside a good one is refused. What an entry
    /// proves of the time is that of a promise that its log signed, and each such time counts.
    ///
    /// # Errors
    /// [`KeylessError`], of the first step that fails.
    pub fn check(
        bundle: &Bundle,
        signer: &SigningCertificate,
        signature: &[u8],
        what: What<'_>,
        asked: &Requirements<'_>,
    ) -> Result<Self, KeylessError> {
        let signed = Signed { signature, verifier: Verifier::Certificate(signer.leaf.der()), what };
        let entries = entries(bundle, &signed, asked)?;
        let times: Vec<_> = entries.iter().filter_map(LogProven::integrated_time).collect();
        if let Some(at) = times.iter().find(|time| **time > asked.now) {
            return Err(KeylessError::Future { at: *at });
        }
        let certificate =
            CertificateProven::check(&signer.leaf, &signer.pool, asked.root, &times, asked.promises)?;
        let identity = IdentityProven::check(&certificate, asked.identities)?;
        Ok(Self { certificate, identity, entries, times })
    }

    /// The certificate.
    pub const fn certificate(&self) -> &CertificateProven {
        &self.certificate
    }

    /// The signer.
    pub const fn identity(&self) -> &IdentityProven {
        &self.identity
    }

    /// The log entries.
    pub fn entries(&self) -> &[LogProven] {
        &self.entries
    }

    /// The times at which the signature was there; at least one.
    pub fn times(&self) -> &[Timestamp] {
        &self.times
    }
}

/// The proven entries, of as many distinct logs as are asked for: of one operator they count once.
fn entries(
    bundle: &Bundle,
    signed: &Signed<'_>,
    asked: &Requirements<'_>,
) -> Result<Vec<LogProven>, KeylessError> {
    let rules = LogRules::of_bundle(&bundle.media_type, &[]);
    let mut seen: Vec<(Vec<u8>, u64)> = Vec::new();
    let mut proven = Vec::new();
    for entry in &bundle.verification_material.tlog_entries {
        let entry = TlogEntry::parse(entry).map_err(KeylessError::Entry)?;
        let place = (entry.log_id.clone(), entry.log_index);
        if seen.contains(&place) {
            return Err(KeylessError::EntryTwice { index: entry.log_index });
        }
        seen.push(place);
        proven.push(LogProven::check(&entry, signed, &asked.root.logs, rules).map_err(KeylessError::Log)?);
    }
    let mut distinct: Vec<&LogProven> = Vec::new();
    for entry in &proven {
        if !distinct.iter().any(|other| is_one_operator(entry, other)) {
            distinct.push(entry);
        }
    }
    match distinct.len() {
        got if got < asked.entries => Err(KeylessError::Entries { needed: asked.entries, got }),
        _ => Ok(proven),
    }
}

/// Whether two logs count once: they are run by one operator, or, where that is not told, have one key.
fn is_one_operator(one: &LogProven, other: &LogProven) -> bool {
    let (one, other) = (one.log(), other.log());
    match (&one.operator, &other.operator) {
        (Some(one), Some(other)) => one == other,
        _ => one.key == other.key,
    }
}
