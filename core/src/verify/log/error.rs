//! Every reason why a log entry proves nothing.

use jiff::Timestamp;

use crate::format::FormatError;
use crate::material::window::Window;

/// Why an entry does not prove that a signature is in a log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// No trusted log has the id that the entry names.
    #[error("the log entry is of log {log_id}, which is not trusted")]
    Unknown {
        /// The id in hexadecimal.
        log_id: String,
    },
    /// The entry's body cannot be read.
    #[error("the log entry cannot be read: {0}")]
    EntryMalformed(FormatError),
    /// The entry is about another signature, signer or content.
    #[error("the log entry has another {what} than what is verified: {got}, expected {expected}")]
    EntryMismatch {
        /// What differs.
        what: &'static str,
        /// What is verified.
        expected: String,
        /// What the entry names.
        got: String,
    },
    /// The promise (signed entry timestamp) is not by the log, or not about this entry.
    #[error("the signed entry timestamp does not verify: {0}")]
    PromiseInvalid(&'static str),
    /// There is no promise where one is needed.
    #[error("the log entry has no signed entry timestamp")]
    PromiseMissing,
    /// The hashes do not lead from the entry to the root.
    #[error("the inclusion proof does not lead from the entry to the root of the log's tree")]
    ProofInvalid,
    /// There is no proof where one is needed.
    #[error("the log entry has no inclusion proof")]
    ProofMissing,
    /// Proof and checkpoint are of different trees.
    #[error("the inclusion proof has {what} {got}, expected {expected} as in the checkpoint and the entry")]
    RootMismatch {
        /// What differs.
        what: &'static str,
        /// What the log signed.
        expected: String,
        /// What the proof says.
        got: String,
    },
    /// The checkpoint cannot be read, or there is none.
    #[error("the log's checkpoint cannot be read: {0}")]
    CheckpointMalformed(FormatError),
    /// The checkpoint is not signed by the log.
    #[error("the checkpoint of '{origin}' is not signed by the log at {base_url}")]
    CheckpointSignature {
        /// Who the checkpoint is of, as it says.
        origin: String,
        /// The trusted log.
        base_url: String,
    },
    /// The log's key was not trusted at the time of the signature.
    #[error("the key of the log at {base_url} is trusted {window}, and not {}", at(*time))]
    OutsideWindow {
        /// The trusted log.
        base_url: String,
        /// When its key is trusted.
        window: Window,
        /// The time; `None` where no time is proven.
        time: Option<Timestamp>,
    },
}

impl LogError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "LOG_UNKNOWN",
            Self::EntryMalformed(_) => "LOG_ENTRY_MALFORMED",
            Self::EntryMismatch { .. } => "LOG_ENTRY_MISMATCH",
            Self::PromiseInvalid(_) => "LOG_PROMISE_INVALID",
            Self::PromiseMissing => "LOG_PROMISE_MISSING",
            Self::ProofInvalid => "LOG_PROOF_INVALID",
            Self::ProofMissing => "LOG_PROOF_MISSING",
            Self::RootMismatch { .. } => "LOG_ROOT_MISMATCH",
            Self::CheckpointMalformed(_) => "LOG_CHECKPOINT_MALFORMED",
            Self::CheckpointSignature { .. } => "LOG_CHECKPOINT_SIGNATURE",
            Self::OutsideWindow { .. } => "LOG_OUTSIDE_WINDOW",
        }
    }
}

fn at(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "without a proven time".to_owned(), |time| format!("at {time}"))
}
