//! Step 8: a signature is in a transparency log.
//!
//! A log shows that it has an entry in two ways. Rekor v1 signs a **promise** (signed entry timestamp) over body, time,
//! log and index. Both designs give a **proof**: hashes from the entry to the root of the log's tree, and a checkpoint
//! in which the log signs that root. What is there must verify, needed or not: a false proof beside a good promise is
//! refused.
//!
//! The entry's body must then name this very signature, its signer and what was signed; an entry of another signature
//! proves nothing, however well it is in the log. Whatever the entry has that is covered by neither signature of the
//! log is not used: the time is that of a promise, or none.

mod binding;
mod checkpoint;
mod error;

pub use binding::{Signed, Verifier, What};
pub use error::LogError;

use jiff::Timestamp;

use crate::format::base64;
use crate::format::rekor::{Body, Generation};
use crate::format::tlog::TlogEntry;
use crate::key::HashPolicy;
use crate::material::log::Log;
use crate::media_type;

/// What is asked of an entry.
#[derive(Clone, Copy, Debug)]
pub struct LogRules<'a> {
    /// Whether there must be a promise.
    pub promise: bool,
    /// Whether there must be a proof with a checkpoint.
    pub proof: bool,
    /// Times of the signature that are proven otherwise, at each of which the log's key must be trusted; that of the
    /// promise is added to them. Without any, an entry proves nothing.
    pub times: &'a [Timestamp],
}

impl<'a> LogRules<'a> {
    /// What bundles of a media type must have (Sigstore bundle specification): a promise in 0.1, a proof later.
    pub fn of_bundle(media_type: &str, times: &'a [Timestamp]) -> Self {
        let promise = media_type == media_type::BUNDLE_V01;
        Self { promise, proof: !promise, times }
    }
}

/// A trusted log has this signature. Only [`check`](Self::check) makes one.
#[derive(Clone, Debug)]
pub struct LogProven {
    log: Log,
    log_index: u64,
    integrated_time: Option<Timestamp>,
    is_included: bool,
}

impl LogProven {
    /// Checks an entry against the logs that are trusted.
    ///
    /// # Errors
    /// [`LogError`], of the first step that fails: the body is read, the log found, promise and proof verified, the
    /// key's window and then the body compared.
    pub fn check(
        entry: &TlogEntry,
        signed: &Signed<'_>,
        logs: &[Log],
        rules: LogRules<'_>,
    ) -> Result<Self, LogError> {
        let body = Body::parse(&entry.body, &entry.kind, &entry.version).map_err(LogError::EntryMalformed)?;
        let mut result = Err(LogError::Unknown { log_id: hex::encode(&entry.log_id) });
        // More than one where a log's key is listed with several windows.
        for log in logs.iter().filter(|log| log.key_id == entry.log_id) {
            result = Self::by(log, entry, body.generation, rules);
            if result.is_ok() {
                break;
            }
        }
        let proven = result?;
        binding::bind(&body, signed)?;
        Ok(proven)
    }

    fn by(
        log: &Log,
        entry: &TlogEntry,
        generation: Generation,
        rules: LogRules<'_>,
    ) -> Result<Self, LogError> {
        let integrated_time = promise(log, entry, generation, rules)?;
        let has_promise = integrated_time.is_some();
        let tree_index = checkpoint::included(log, entry, generation, rules.proof || !has_promise)?;
        check_window(log, rules.times.iter().copied().chain(integrated_time))?;
        let log_index = if has_promise { entry.log_index } else { tree_index.unwrap_or(entry.log_index) };
        Ok(Self { log: log.clone(), log_index, integrated_time, is_included: tree_index.is_some() })
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The entry's index, as the log signed it: with a promise that across all trees of the log, else that in the tree
    /// of the proof.
    pub fn log_index(&self) -> u64 {
        self.log_index
    }

    /// When the log took the entry in, if it signed that.
    pub fn integrated_time(&self) -> Option<Timestamp> {
        self.integrated_time
    }

    /// Whether inclusion is proven, beyond the log's promise.
    pub fn is_included(&self) -> bool {
        self.is_included
    }
}

/// The time of the promise, if there is one.
fn promise(
    log: &Log,
    entry: &TlogEntry,
    generation: Generation,
    rules: LogRules<'_>,
) -> Result<Option<Timestamp>, LogError> {
    let signature = match (&entry.promise, generation) {
        (Some(signature), Generation::V1) => signature,
        (Some(_), Generation::V2) => return Err(LogError::PromiseInvalid("Rekor v2 makes no promises")),
        (None, _) if rules.promise => return Err(LogError::PromiseMissing),
        (None, _) => return Ok(None),
    };
    let time = entry.integrated_time.ok_or(LogError::PromiseInvalid("the entry has no integrated time"))?;
    let payload = format!(
        r#"{{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}}"#,
        base64::encode(&entry.body),
        time.as_second(),
        hex::encode(&entry.log_id),
        entry.log_index,
    );
    match log.key.verify(payload.as_bytes(), signature, HashPolicy::Current) {
        Ok(_) => Ok(Some(time)),
        Err(_) => Err(LogError::PromiseInvalid("the log's key did not sign it over this entry")),
    }
}

fn check_window(log: &Log, times: impl Iterator<Item = Timestamp>) -> Result<(), LogError> {
    let (base_url, window) = (&log.base_url, log.valid_for);
    let outside = |time| Err(LogError::OutsideWindow { base_url: base_url.clone(), window, time });
    let mut is_any = false;
    for time in times {
        is_any = true;
        if !log.valid_for.contains(time) {
            return outside(Some(time));
        }
    }
    if is_any { Ok(()) } else { outside(None) }
}

#[cfg(test)]
mod tests;
