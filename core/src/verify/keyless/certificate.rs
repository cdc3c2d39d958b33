//! Step 5: the certificate path, at every trusted time, and the logs' promises that the certificate is public.

use jiff::Timestamp;

use super::KeylessError;
use crate::material::log::Log;
use crate::material::trusted_root::{Authority, TrustedRoot};
use crate::x509::path::{self, Path, PathError, Purpose};
use crate::x509::{Certificate, CertificateTimestamp};

/// Proof that a certificate was issued by an authority that is believed, was valid at every time given, and is public
/// in as many logs as were asked for.
#[derive(Clone, Debug)]
pub struct CertificateProven {
    leaf: Certificate,
    authority: String,
    timestamps: usize,
}

impl CertificateProven {
    /// Checks a leaf. `pool` are certificates that came along with it, in which nothing is trusted; `times` are the proven
    /// times at which it was used, at least one; `promises` is how many distinct logs must have promised to publish it.
    ///
    /// A path must hold at each of the times (RFC 5280, 6.1), through an authority that is believed then
    /// (sigstore/protobuf-specs: "Clients MUST check timestamps against both valid_for and the entire certificate
    /// chain"); each promise is checked against the key that issued the leaf on that path (RFC 6962, 3.2).
    ///
    /// # Errors
    /// [`KeylessError::NoTime`], [`KeylessError::Authority`], [`KeylessError::Path`],
    /// [`KeylessError::CertificateTimestamps`].
    pub fn check(
        leaf: &Certificate,
        pool: &[Certificate],
        root: &TrustedRoot,
        times: &[Timestamp],
        promises: usize,
    ) -> Result<Self, KeylessError> {
        let mut first = None;
        for time in times {
            let found = issued(leaf, pool, &root.authorities, *time)?;
            first.get_or_insert(found);
        }
        let (path, authority) = first.ok_or(KeylessError::NoTime)?;
        let timestamps = promised(leaf, &path, &root.certificate_logs, promises)?;
        Ok(Self { leaf: leaf.clone(), authority: authority.uri.clone(), timestamps })
    }

    /// The certificate.
    pub const fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// Who issued it, by the trusted root's word.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// In how many distinct logs it is public.
    pub const fn timestamps(&self) -> usize {
        self.timestamps
    }
}

/// The path to the first authority that is believed at this time and issued the leaf.
fn issued<'a>(
    leaf: &Certificate,
    pool: &[Certificate],
    authorities: &'a [Authority],
    at: Timestamp,
) -> Result<(Path, &'a Authority), KeylessError> {
    let mut refused: Option<PathError> = None;
    for authority in authorities.iter().filter(|authority| authority.valid_for.contains(at)) {
        let Some((anchor, others)) = authority.chain.split_last() else { continue };
        let pool: Vec<_> = others.iter().chain(pool).cloned().collect();
        match path::verify(leaf, &pool, anchor, at, Purpose::CodeSigning) {
            Ok(path) => return Ok((path, authority)),
            // Of several, the one that got furthest says most.
            Err(error) if refused.is_none() || !matches!(error, PathError::NoIssuer { .. }) => {
                refused = Some(error);
            }
            Err(_) => {}
        }
    }
    Err(refused.map_or(KeylessError::Authority { at }, KeylessError::Path))
}

/// How many distinct logs promised to publish the leaf, no more than were asked for need to hold.
fn promised(leaf: &Certificate, path: &Path, logs: &[Log], needed: usize) -> Result<usize, KeylessError> {
    if needed == 0 {
        return Ok(0);
    }
    let mut proven: Vec<&[u8]> = Vec::new();
    let mut why = None;
    for promise in CertificateTimestamp::embedded(leaf).map_err(KeylessError::Certificate)? {
        match promised_by(&promise, leaf, path, logs) {
            Ok(log) if proven.contains(&log.key_id.as_slice()) => {}
            Ok(log) => proven.push(&log.key_id),
            Err(error) => why = Some(error),
        }
    }
    match proven.len() {
        got if got >= needed => Ok(got),
        got => Err(KeylessError::CertificateTimestamps {
            needed,
            got,
            why: why.unwrap_or_else(|| "the certificate has no other".into()),
        }),
    }
}

/// The log that made a promise, and is believed at the time that the promise names.
fn promised_by<'a>(
    promise: &CertificateTimestamp,
    leaf: &Certificate,
    path: &Path,
    logs: &'a [Log],
) -> Result<&'a Log, String> {
    let named = logs.iter().filter(|log| log.key_id == promise.log_id());
    let mut why = format!("no trusted log has the id {}", hex::encode(promise.log_id()));
    for log in named {
        if !log.valid_for.contains(promise.time()) {
            why = format!("{} is not trusted at {}", log.base_url, promise.time());
            continue;
        }
        let signed = promise.signed_bytes(leaf, path.issuer_spki_der()).map_err(|error| error.to_string())?;
        match promise.verify(&log.key, &signed) {
            Ok(()) => return Ok(log),
            Err(error) => why = format!("{}: {error}", log.base_url),
        }
    }
    Err(why)
}
