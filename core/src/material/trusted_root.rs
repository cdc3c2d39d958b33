//! Trusted roots: whom a verifier believes (sigstore/protobuf-specs, `protos/sigstore_trustroot.proto`, in JSON).
//!
//! A trusted root comes from whoever runs the services, over TUF or as a file, and is trusted as a whole. It is read
//! strictly where it is read; fields that are added to the format later are passed over, as protobuf has it. What it
//! names and nothing here can use - a key of an unknown kind, an authority with a certificate that is refused - is left
//! out by itself and told, so that one new log does not end all verification.

use jiff::Timestamp;
use serde::Deserialize;

use super::log::Log;
use super::window::Window;
use crate::format::base64::Base64;
use crate::json::{self, JsonError};
use crate::key::{KeyError, PublicKey};
use crate::limits;
use crate::x509::{Certificate, CertificateError};

/// What the type of a trusted root begins with: `;version=0.1` follows, or `.v0.2+json`.
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
];

/// Whom a verifier believes.
#[derive(Clone, Debug, Default)]
pub struct TrustedRoot {
    /// Those who certify signers.
    pub authorities: Vec<Authority>,
    /// Logs of signatures.
    pub logs: Vec<Log>,
    /// Logs of certificates.
    pub certificate_logs: Vec<Log>,
    /// Those who tell the time.
    pub timestamp_authorities: Vec<Authority>,
    /// What the document names and nothing here can use.
    pub unusable: Vec<Unusable>,
}

/// One who issues certificates.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Its certificates, from the one that issues to the anchor: "the last certificate in the chain MUST be the trust
    /// anchor". At least one.
    pub chain: Vec<Certificate>,
    /// Where it is.
    pub uri: String,
    /// When it may be believed.
    pub valid_for: Window,
    /// Who runs it, where the document tells.
    pub operator: Option<String>,
}

/// Something that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// Where it stands in the document: `tlogs[2]`.
    pub place: String,
    /// Why.
    pub why: String,
}

/// Why a document is no trusted root.
#[derive(Debug, thiserror::Error)]
pub enum TrustedRootError {
    /// It is no JSON, or not of the expected shape.
    #[error("trusted root: {0}")]
    Json(JsonError),
    /// It has another type.
    #[error(
        "trusted root: mediaType is '{got}', expected application/vnd.dev.sigstore.trustedroot+json;version=0.1"
    )]
    MediaType {
        /// What it says.
        got: String,
    },
    /// It names more than is read.
    #[error("trusted root: more than {limit} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// An authority without a certificate.
    #[error("trusted root: {place} has no certificate")]
    NoCertificate {
        /// Where it stands.
        place: String,
    },
    /// It is larger than is read.
    #[error("trusted root: larger than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: usize,
    },
}

impl TrustedRootError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        "TRUSTED_ROOT_MALFORMED"
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    media_type: String,
    #[serde(default, deserialize_with = "listed")]
    tlogs: Vec<EncodedLog>,
    #[serde(default, deserialize_with = "listed")]
    certificate_authorities: Vec<EncodedAuthority>,
    #[serde(default, deserialize_with = "listed")]
    ctlogs: Vec<EncodedLog>,
    #[serde(default, deserialize_with = "listed")]
    timestamp_authorities: Vec<EncodedAuthority>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EncodedLog {
    #[serde(default)]
    base_url: String,
    public_key: EncodedKey,
    log_id: KeyId,
    #[serde(default)]
    operator: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyId {
    key_id: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EncodedKey {
    raw_bytes: Base64,
    #[serde(default)]
    key_details: String,
    #[serde(default)]
    valid_for: Option<TimeRange>,
}

#[derive(Deserialize)]
struct TimeRange {
    start: Timestamp,
    #[serde(default)]
    end: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EncodedAuthority {
    #[serde(default)]
    uri: String,
    cert_chain: EncodedChain,
    #[serde(default)]
    valid_for: Option<TimeRange>,
    #[serde(default)]
    operator: Option<String>,
}

#[derive(Deserialize)]
struct EncodedChain {
    #[serde(default, deserialize_with = "json::at_most::<{ limits::CERTIFICATES }, _, _>")]
    certificates: Vec<EncodedCertificate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EncodedCertificate {
    raw_bytes: Base64,
}

fn listed<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    json::at_most::<{ limits::TRUST_ENTRIES }, T, D>(deserializer)
}

impl TrustedRoot {
    /// Reads a trusted root of version 0.1 or 0.2.
    ///
    /// # Errors
    /// When it is malformed, of another type, or passes a bound.
    pub fn parse(document: &[u8]) -> Result<Self, TrustedRootError> {
        if document.len() > limits::TRUSTED_ROOT_BYTES {
            return Err(TrustedRootError::TooLarge { limit: limits::TRUSTED_ROOT_BYTES });
        }
        let read: Document = json::read(document).map_err(TrustedRootError::Json)?;
        if !MEDIA_TYPES.contains(&read.media_type.as_str()) {
            return Err(TrustedRootError::MediaType { got: read.media_type });
        }
        let mut unusable = Vec::new();
        let out = &mut unusable;
        let (logs, certificate_logs) =
            (usable("tlogs", read.tlogs, out, log)?, usable("ctlogs", read.ctlogs, out, log)?);
        let authorities = usable("certificateAuthorities", read.certificate_authorities, out, authority)?;
        let timestamp_authorities =
            usable("timestampAuthorities", read.timestamp_authorities, out, authority)?;
        Ok(Self { authorities, logs, certificate_logs, timestamp_authorities, unusable })
    }
}

/// What can be used of a list. What cannot is told, and left out; a list that is too long, or an error of the document's
/// own, ends all.
fn usable<E, T>(
    field: &'static str,
    listed: Vec<E>,
    unusable: &mut Vec<Unusable>,
    read: impl Fn(E, &str) -> Result<Result<T, String>, TrustedRootError>,
) -> Result<Vec<T>, TrustedRootError> {
    if listed.len() > limits::TRUST_ENTRIES {
        return Err(TrustedRootError::TooMany { what: field, limit: limits::TRUST_ENTRIES });
    }
    let mut usable = Vec::new();
    for (index, encoded) in listed.into_iter().enumerate() {
        let place = format!("{field}[{index}]");
        match read(encoded, &place)? {
            Ok(read) => usable.push(read),
            Err(why) => unusable.push(Unusable { place, why }),
        }
    }
    Ok(usable)
}

fn log(log: EncodedLog, _: &str) -> Result<Result<Log, String>, TrustedRootError> {
    let key = key(&log.public_key).map_err(|error| error.to_string());
    Ok(key.map(|key| Log {
        key,
        key_id: log.log_id.key_id.0,
        base_url: log.base_url,
        valid_for: window(log.public_key.valid_for),
        operator: log.operator,
    }))
}

fn authority(
    authority: EncodedAuthority,
    place: &str,
) -> Result<Result<Authority, String>, TrustedRootError> {
    if authority.cert_chain.certificates.is_empty() {
        return Err(TrustedRootError::NoCertificate { place: place.to_owned() });
    }
    let chain = chain(&authority.cert_chain).map_err(|error| error.to_string());
    Ok(chain.map(|chain| Authority {
        chain,
        uri: authority.uri,
        valid_for: window(authority.valid_for),
        operator: authority.operator,
    }))
}

/// The key of a log. Old logs have theirs as the bare structure of PKCS#1.
fn key(key: &EncodedKey) -> Result<PublicKey, KeyError> {
    match key.key_details.starts_with("PKCS1_") {
        true => PublicKey::from_pkcs1_der(&key.raw_bytes.0),
        false => PublicKey::from_spki_der(&key.raw_bytes.0),
    }
}

fn chain(chain: &EncodedChain) -> Result<Vec<Certificate>, CertificateError> {
    let (got, limit) = (chain.certificates.len(), limits::CERTIFICATES);
    if got > limit {
        return Err(CertificateError::TooMany { what: "certificates", limit, got });
    }
    chain.certificates.iter().map(|certificate| Certificate::parse(&certificate.raw_bytes.0)).collect()
}

/// A missing range is one without bounds.
fn window(range: Option<TimeRange>) -> Window {
    match range {
        Some(TimeRange { start, end }) => Window { start, end },
        None => Window { start: Timestamp::MIN, end: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors;

    const HEAD: &str = r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1""#;

    fn code(text: &str) -> Option<String> {
        TrustedRoot::parse(text.as_bytes()).err().map(|error| error.to_string())
    }

    #[test]
    fn what_is_no_trusted_root_is_refused() {
        assert_eq!(code(&format!("{HEAD}}}")), None);
        assert_eq!(code(&format!(r#"{HEAD},"added":{{"later":1}}}}"#)), None);
        let range = |range: &str| {
            format!(
                r#"{HEAD},"tlogs":[{{"baseUrl":"x","publicKey":{{"rawBytes":"","validFor":{range}}},"logId":{{"keyId":""}}}}]}}"#
            )
        };
        assert_eq!(code(&range(r#"{"start":"2021-01-12T11:53:27Z"}"#)), None);
        for (text, why) in [
            ("{}".to_owned(), "mediaType"),
            (r#"{"mediaType":"application/json"}"#.to_owned(), "'application/json'"),
            (format!(r#"{HEAD},"tlogs":1}}"#), "malformed JSON"),
            (format!(r#"{HEAD},"tlogs":[],"tlogs":[]}}"#), "duplicate key"),
            (range("{}"), "start"),
            (range(r#"{"start":"yesterday"}"#), "malformed JSON"),
            (format!(r#"{HEAD},"certificateAuthorities":[{{"certChain":{{}}}}]}}"#), "no certificate"),
            (format!("{HEAD},\"x\":\"{}\"}}", " ".repeat(limits::TRUSTED_ROOT_BYTES)), "larger than"),
        ] {
            let error = code(&text).unwrap_or_default();
            assert!(error.contains(why), "{why}: {error}");
        }
        let many = vec![r#"{"certChain":{}}"#; limits::TRUST_ENTRIES + 1].join(",");
        assert!(
            code(&format!(r#"{HEAD},"timestampAuthorities":[{many}]}}"#)).unwrap().contains("more than 256")
        );
    }

    /// The roots of the conformance suite's cases: one of them is to be refused, the others are usable to the last key,
    /// those of the logs that have theirs in PKCS#1 too.
    #[test]
    fn roots_of_the_conformance_suite() {
        let Some(directory) = vectors::vectors("sigstore-conformance") else { return };
        let mut refused = Vec::new();
        for row in &vectors::rows(&directory) {
            let root = std::fs::read(directory.join(row["trusted_root"].as_str().unwrap())).unwrap();
            match TrustedRoot::parse(&root) {
                Ok(root) => assert_eq!(root.unusable, [], "{row}"),
                Err(_) => refused.push(row["reason"].clone()),
            }
        }
        assert_eq!(refused, [serde_json::json!(["trustroot.parse"])]);
        let root = vectors::trusted_root(&directory.join("prod-trusted_root.json"));
        let counts = [root.logs.len(), root.certificate_logs.len()];
        assert_eq!(counts, [2, 2]);
        assert_eq!([root.authorities.len(), root.timestamp_authorities.len()], [2, 1]);
    }

    #[test]
    fn what_cannot_be_used_is_left_out_alone() {
        let text = format!(
            r#"{HEAD},"tlogs":[{{"publicKey":{{"rawBytes":"AAAA","keyDetails":"PKIX_ML_DSA_65"}},"logId":{{"keyId":"AA=="}}}}],
            "certificateAuthorities":[{{"certChain":{{"certificates":[{{"rawBytes":"AAAA"}}]}}}}]}}"#
        );
        let root = TrustedRoot::parse(text.as_bytes()).unwrap();
        assert!(root.logs.is_empty() && root.authorities.is_empty());
        let places: Vec<_> = root.unusable.iter().map(|unusable| unusable.place.as_str()).collect();
        assert_eq!(places, ["tlogs[0]", "certificateAuthorities[0]"]);
    }
}
