//! Inclusion in the tree whose root a log signed.

use url::Url;

use super::LogError;
use crate::format::FormatError;
use crate::format::note::{Checkpoint, Note};
use crate::format::rekor::Generation;
use crate::format::tlog::{InclusionProof, TlogEntry};
use crate::key::{HashPolicy, printable_up_to};
use crate::material::log::Log;
use crate::merkle::{self, Hash, Place};

/// The index at which the entry is proven to be in the log's tree; `None` where that is not `needed` and there is no
/// checkpoint.
pub(super) fn included(
    log: &Log,
    entry: &TlogEntry,
    generation: Generation,
    needed: bool,
) -> Result<Option<u64>, LogError> {
    let proof = match &entry.proof {
        Some(proof) => proof,
        None if needed => return Err(LogError::ProofMissing),
        None => return Ok(None),
    };
    let Some(checkpoint) = &proof.checkpoint else {
        let missing = FormatError::Missing { field: "checkpoint of the inclusion proof" };
        return if needed { Err(LogError::CheckpointMalformed(missing)) } else { unsigned(entry, proof) };
    };
    let checkpoint = verified(log, checkpoint, generation)?;
    check_tree(proof, entry, generation, &checkpoint)?;
    let index = match generation {
        Generation::V1 => proof.index,
        Generation::V2 => entry.log_index,
    };
    prove(entry, proof, Place { index, size: checkpoint.size }, &checkpoint.root)?;
    Ok(Some(index))
}

/// A proof to a root that nobody signed, in bundles of version 0.1, proves nothing; it must hold all the same.
fn unsigned(entry: &TlogEntry, proof: &InclusionProof) -> Result<Option<u64>, LogError> {
    let root = proof.root.as_slice().try_into().map_err(|_| LogError::ProofInvalid)?;
    prove(entry, proof, Place { index: proof.index, size: proof.size }, root)?;
    Ok(None)
}

fn prove(entry: &TlogEntry, proof: &InclusionProof, place: Place, root: &Hash) -> Result<(), LogError> {
    let leaf = merkle::leaf(&entry.body);
    place.prove(leaf, &proof.hashes, root).map_err(|_| LogError::ProofInvalid)
}

/// Reads a checkpoint that the log signed in its own name. Signatures of others (witnesses, a second key) are passed
/// over.
fn verified<'a>(log: &Log, checkpoint: &'a str, generation: Generation) -> Result<Checkpoint<'a>, LogError> {
    let note = Note::parse(checkpoint).map_err(LogError::CheckpointMalformed)?;
    let checkpoint = Checkpoint::parse(note.text).map_err(LogError::CheckpointMalformed)?;
    let name = signer(log, checkpoint.origin, generation)?;
    let is_signed = note.signatures.iter().any(|signature| {
        signature.name == name
            && log.key_id.starts_with(&signature.key_id)
            && log.key.verify(note.text.as_bytes(), &signature.signature, HashPolicy::Current).is_ok()
    });
    if is_signed { Ok(checkpoint) } else { Err(not_signed(log, checkpoint.origin)) }
}

/// The name by which the log signs a checkpoint of this origin.
///
/// A log of Rekor v2 is known by host and path of its address, and one key may serve several. In Rekor v1 the origin is
/// `NAME - TREE`: the name is what the server was told, which need not be its address, and the key is of one log only.
fn signer<'a>(log: &Log, origin: &'a str, generation: Generation) -> Result<&'a str, LogError> {
    match generation {
        Generation::V1 => match origin.split_once(" - ") {
            Some((name, tree)) if !tree.is_empty() && tree.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(name)
            }
            _ => Err(LogError::CheckpointMalformed(FormatError::Value {
                field: "origin of the checkpoint",
                expected: "'NAME - TREE'",
                got: printable_up_to(origin, 100),
            })),
        },
        Generation::V2 if address(&log.base_url).as_deref() == Some(origin) => Ok(origin),
        Generation::V2 => Err(not_signed(log, origin)),
    }
}

/// Host, port where it is not the scheme's own, and path.
fn address(base_url: &str) -> Option<String> {
    let url = Url::parse(base_url).ok()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}{port}{}", url.host_str()?, url.path().trim_end_matches('/')))
}

/// Compares what the bundle says of the tree with what the log signed. Bundles of Rekor v2 may leave it out (0, empty);
/// what is there must not contradict.
fn check_tree(
    proof: &InclusionProof,
    entry: &TlogEntry,
    generation: Generation,
    checkpoint: &Checkpoint<'_>,
) -> Result<(), LogError> {
    let may_lack = generation == Generation::V2;
    let check = |what, got: &dyn ToString, expected: &dyn ToString, is_lacking: bool| {
        let (expected, got) = (expected.to_string(), got.to_string());
        let is_same = got == expected || (may_lack && is_lacking);
        if is_same { Ok(()) } else { Err(LogError::RootMismatch { what, expected, got }) }
    };
    let (got, expected) = (hex::encode(&proof.root), hex::encode(checkpoint.root));
    check("root hash", &got, &expected, proof.root.is_empty())?;
    check("tree size", &proof.size, &checkpoint.size, proof.size == 0)?;
    match generation {
        // Not comparable: the entry's index counts across all trees.
        Generation::V1 => Ok(()),
        Generation::V2 => check("index", &proof.index, &entry.log_index, proof.index == 0),
    }
}

fn not_signed(log: &Log, origin: &str) -> LogError {
    LogError::CheckpointSignature { origin: printable_up_to(origin, 100), base_url: log.base_url.clone() }
}
