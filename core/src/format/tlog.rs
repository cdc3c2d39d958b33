//! Entries of transparency logs in Sigstore bundles (sigstore/protobuf-specs, `protos/sigstore_rekor.proto`,
//! `TransparencyLogEntry`).
//!
//! An entry says that a log has the body ([`rekor`](super::rekor)), and shows it by a promise (a signed entry timestamp,
//! Rekor v1 only), by a proof of inclusion with a checkpoint, or by both. Nothing here is verified: see
//! [`LogProven`](crate::verify::log::LogProven).

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::FormatError;
use super::base64::Base64;
use crate::json::{self, Raw};
use crate::key::printable_up_to;
use crate::limits;
use crate::merkle::Hash;

/// One entry, as a bundle has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogEntry {
    /// The log's id: SHA-256 over its key, in a form that is the log's own.
    pub log_id: Vec<u8>,
    /// The entry's index. In Rekor v1 it counts across all trees that the log ever had.
    pub log_index: u64,
    /// The kind of body, such as `hashedrekord`.
    pub kind: String,
    /// The version of that kind, such as `0.0.1`.
    pub version: String,
    /// When the log took the entry in, as it says; `None` where it says nothing (Rekor v2).
    pub integrated_time: Option<Timestamp>,
    /// The signed entry timestamp: the log's signature over body, time, log and index.
    pub promise: Option<Vec<u8>>,
    /// The proof of inclusion.
    pub proof: Option<InclusionProof>,
    /// The exact bytes that are in the log.
    pub body: Vec<u8>,
}

/// A proof of inclusion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// Index of the entry in the tree of the proof.
    pub index: u64,
    /// Leaves of that tree; 0 where the bundle leaves it to the checkpoint.
    pub size: u64,
    /// Root hash of that tree; empty where the bundle leaves it to the checkpoint.
    pub root: Vec<u8>,
    /// Hashes from the leaf to the root.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: Option<String>,
}

/// The JSON form of protobuf, which leaves out what is 0 or empty.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Encoded {
    #[serde(default, skip_serializing_if = "Int64::is_zero")]
    log_index: Int64,
    log_id: LogId,
    kind_version: KindVersion,
    #[serde(default, skip_serializing_if = "Int64::is_zero")]
    integrated_time: Int64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inclusion_promise: Option<Promise>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inclusion_proof: Option<Proof>,
    canonicalized_body: Base64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LogId {
    key_id: Base64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KindVersion {
    kind: String,
    version: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Promise {
    signed_entry_timestamp: Base64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Proof {
    #[serde(default, skip_serializing_if = "Int64::is_zero")]
    log_index: Int64,
    #[serde(default, skip_serializing_if = "is_empty")]
    root_hash: Base64,
    #[serde(default, skip_serializing_if = "Int64::is_zero")]
    tree_size: Int64,
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "json::at_most::<{ limits::PROOF_HASHES }, _, _>"
    )]
    hashes: Vec<Base64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checkpoint: Option<Checkpoint>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checkpoint {
    envelope: String,
}

/// A protobuf `int64` that is never negative: a string of decimal digits in JSON.
#[derive(Clone, Copy, Default)]
struct Int64(u64);

impl Int64 {
    const fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl Serialize for Int64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Int64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.parse::<i64>().ok().filter(|number| number.to_string() == text);
        let number = number.and_then(|number| u64::try_from(number).ok());
        number.map(Self).ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "'{}' is no decimal number from 0 to 2^63-1",
                printable_up_to(&text, 40)
            ))
        })
    }
}

const WHAT: &str = "transparency log entry";

fn is_empty(bytes: &Base64) -> bool {
    bytes.0.is_empty()
}

impl TlogEntry {
    /// Reads an element of a bundle's `tlogEntries`.
    ///
    /// # Errors
    /// When it is malformed, or passes a bound.
    pub fn parse(entry: &Raw) -> Result<Self, FormatError> {
        let read: Encoded = json::read(entry.as_str().as_bytes()).map_err(FormatError::json(WHAT))?;
        Ok(Self {
            log_id: read.log_id.key_id.0,
            log_index: read.log_index.0,
            kind: read.kind_version.kind,
            version: read.kind_version.version,
            integrated_time: time(read.integrated_time.0)?,
            promise: read.inclusion_promise.map(|promise| promise.signed_entry_timestamp.0),
            proof: read.inclusion_proof.map(Proof::decode).transpose()?,
            body: read.canonicalized_body.0,
        })
    }

    /// The element of a bundle's `tlogEntries`.
    ///
    /// # Errors
    /// When the time is before 1970.
    pub fn to_json(&self) -> Result<Raw, FormatError> {
        let encoded = Encoded {
            log_index: Int64(self.log_index),
            log_id: LogId { key_id: Base64(self.log_id.clone()) },
            kind_version: KindVersion { kind: self.kind.clone(), version: self.version.clone() },
            integrated_time: seconds(self.integrated_time)?,
            inclusion_promise: self
                .promise
                .clone()
                .map(|promise| Promise { signed_entry_timestamp: Base64(promise) }),
            inclusion_proof: self.proof.as_ref().map(Proof::encode),
            canonicalized_body: Base64(self.body.clone()),
        };
        Raw::of(&encoded).map_err(FormatError::json(WHAT))
    }
}

impl Proof {
    fn encode(proof: &InclusionProof) -> Self {
        Self {
            log_index: Int64(proof.index),
            root_hash: Base64(proof.root.clone()),
            tree_size: Int64(proof.size),
            hashes: proof.hashes.iter().map(|hash| Base64(hash.to_vec())).collect(),
            checkpoint: proof.checkpoint.clone().map(|envelope| Checkpoint { envelope }),
        }
    }

    fn decode(self) -> Result<InclusionProof, FormatError> {
        if self.hashes.len() > limits::PROOF_HASHES {
            let what = "hashes of the inclusion proof";
            return Err(FormatError::Count { what, expected: "at most 64", got: self.hashes.len() });
        }
        let hash = |Base64(bytes): Base64| {
            bytes.try_into().map_err(|bytes: Vec<u8>| FormatError::Count {
                what: "bytes in a hash of the inclusion proof",
                expected: "32",
                got: bytes.len(),
            })
        };
        Ok(InclusionProof {
            index: self.log_index.0,
            size: self.tree_size.0,
            root: self.root_hash.0,
            hashes: self.hashes.into_iter().map(hash).collect::<Result<_, _>>()?,
            checkpoint: self.checkpoint.map(|checkpoint| checkpoint.envelope),
        })
    }
}

/// Seconds since 1970, as [`time`] reads them.
fn seconds(time: Option<Timestamp>) -> Result<Int64, FormatError> {
    let Some(time) = time else { return Ok(Int64::default()) };
    u64::try_from(time.as_second()).map(Int64).map_err(|_| FormatError::Value {
        field: TIME,
        expected: "a time after 1970",
        got: time.to_string(),
    })
}

const TIME: &str = "integratedTime";

/// Seconds since 1970; 0 is what protobuf has for nothing.
pub(super) fn time(seconds: u64) -> Result<Option<Timestamp>, FormatError> {
    if seconds == 0 {
        return Ok(None);
    }
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map(Some).ok_or_else(|| FormatError::Value {
        field: TIME,
        expected: "a time before the year 10000",
        got: seconds.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = concat!(
        r#"{"logIndex":"7","logId":{"keyId":"AQID"},"kindVersion":{"kind":"dsse","version":"0.0.1"},"#,
        r#""integratedTime":"1700000000","inclusionPromise":{"signedEntryTimestamp":"BAU="},"#,
        r#""inclusionProof":{"logIndex":"3","rootHash":"Bg==","treeSize":"9","hashes":["#,
        r#""5iaX4xK6PMnp4ZFTP4iywMcwLgaTjzgRTkrTOUFIrfY="],"checkpoint":{"envelope":"x"}},"#,
        r#""canonicalizedBody":"e30="}"#
    );

    fn parse(text: &str) -> Result<TlogEntry, FormatError> {
        TlogEntry::parse(&json::read(text.as_bytes()).unwrap())
    }

    #[test]
    fn every_field_is_read() {
        let entry = parse(SAMPLE).unwrap();
        assert_eq!((entry.log_id, entry.log_index), (vec![1, 2, 3], 7));
        assert_eq!((&*entry.kind, &*entry.version, &*entry.body), ("dsse", "0.0.1", &b"{}"[..]));
        assert_eq!(entry.integrated_time.unwrap().to_string(), "2023-11-14T22:13:20Z");
        assert_eq!(entry.promise, Some(vec![4, 5]));
        let proof = entry.proof.unwrap();
        assert_eq!((proof.index, proof.size, &*proof.root, proof.hashes.len()), (3, 9, &[6][..], 1));
        assert_eq!(proof.checkpoint.as_deref(), Some("x"));
    }

    /// As Rekor v2 writes it: protobuf leaves out what is 0 or empty.
    #[test]
    fn what_is_left_out_is_nothing() {
        let text = r#"{"logId":{"keyId":"AQID"},"kindVersion":{"kind":"dsse","version":"0.0.2"},
            "inclusionProof":{"checkpoint":{"envelope":"x"}},"canonicalizedBody":"e30="}"#;
        let entry = parse(text).unwrap();
        assert_eq!((entry.log_index, entry.integrated_time, entry.promise), (0, None, None));
        let proof = entry.proof.unwrap();
        assert_eq!((proof.index, proof.size, proof.root.len(), proof.hashes.len()), (0, 0, 0, 0));
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let left_out = r#"{"logId":{"keyId":"AQID"},"kindVersion":{"kind":"dsse","version":"0.0.2"},"inclusionProof":{"checkpoint":{"envelope":"x"}},"canonicalizedBody":"e30="}"#;
        for text in [SAMPLE, left_out] {
            assert_eq!(parse(text).unwrap().to_json().unwrap().as_str(), text);
        }
        let early = TlogEntry { integrated_time: Some(Timestamp::MIN), ..parse(SAMPLE).unwrap() };
        assert_eq!(early.to_json().unwrap_err().code(), "ARTIFACT_VALUE");
    }

    /// threat model, rows 51, 52, 53.
    #[test]
    fn what_is_malformed_or_unknown_is_refused() {
        let hash = r#""5iaX4xK6PMnp4ZFTP4iywMcwLgaTjzgRTkrTOUFIrfY=""#;
        let many = vec![hash; limits::PROOF_HASHES + 1].join(",");
        for (from, to, code) in [
            (r#""logIndex":"7""#, r#""logIndex":"-1""#, "ARTIFACT_MALFORMED_JSON"),
            (r#""logIndex":"7""#, r#""logIndex":"07""#, "ARTIFACT_MALFORMED_JSON"),
            (r#""logIndex":"7""#, r#""logIndex":7"#, "ARTIFACT_MALFORMED_JSON"),
            (r#""logIndex":"7""#, r#""logIndex":"9223372036854775808""#, "ARTIFACT_MALFORMED_JSON"),
            (r#""logIndex":"7""#, r#""log_index":"7""#, "ARTIFACT_MALFORMED_JSON"),
            (r#""logIndex":"7""#, r#""logIndex":"7","x":1"#, "ARTIFACT_MALFORMED_JSON"),
            (r#""logId":{"keyId":"AQID"},"#, "", "ARTIFACT_MALFORMED_JSON"),
            ("AQID", "AQI", "ARTIFACT_MALFORMED_JSON"),
            (r#","canonicalizedBody":"e30=""#, "", "ARTIFACT_MALFORMED_JSON"),
            ("1700000000", "253402300800", "ARTIFACT_VALUE"),
            (hash, r#""AQID""#, "ARTIFACT_COUNT"),
            (hash, &many, "ARTIFACT_COUNT"),
        ] {
            let text = SAMPLE.replacen(from, to, 1);
            assert_ne!(text, SAMPLE, "{from}");
            assert_eq!(parse(&text).unwrap_err().code(), code, "{text:.300}");
        }
    }
}
