//! Whether an entry's body is about this very signature.

use super::LogError;
use crate::format::dsse::Envelope;
use crate::format::rekor::{Body, BodyContent, BodyVerifier};
use crate::key::{HashAlgorithm, Hasher, MessageDigest, PublicKey};

/// A signature that is looked for in a log.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The signature.
    pub signature: &'a [u8],
    /// Who made it.
    pub verifier: Verifier<'a>,
    /// What it is over.
    pub what: What<'a>,
}

/// Who made a signature.
#[derive(Clone, Copy, Debug)]
pub enum Verifier<'a> {
    /// The holder of this certificate, in DER.
    Certificate(&'a [u8]),
    /// The holder of this key.
    Key(&'a PublicKey),
}

/// What a signature is over.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// A blob with this digest, by the hash of the key.
    Blob(&'a MessageDigest),
    /// An envelope's pre-authentication encoding.
    Envelope(&'a Envelope),
    /// The same, of an envelope that was read from a document with this digest. Entries of `intoto` 0.0.1 name nothing
    /// but that.
    Document(&'a Envelope, &'a MessageDigest),
}

impl<'a> What<'a> {
    const fn envelope(self) -> Option<&'a Envelope> {
        match self {
            Self::Blob(_) => None,
            Self::Envelope(envelope) | Self::Document(envelope, _) => Some(envelope),
        }
    }

    /// For a message.
    fn describe(self) -> String {
        match self {
            Self::Blob(digest) => format!("bytes {digest}"),
            Self::Envelope(envelope) => format!("envelope with payload {}", hash(&envelope.payload)),
            Self::Document(envelope, digest) => {
                format!("document {digest} with payload {}", hash(&envelope.payload))
            }
        }
    }
}

fn describe(content: &BodyContent) -> String {
    match content {
        BodyContent::Signed(digest) => format!("bytes {digest}"),
        BodyContent::Payload { digest, .. } => format!("envelope with payload {digest}"),
        BodyContent::Document { digest, .. } => format!("document {digest}"),
    }
}

fn signer(verifier: Verifier<'_>) -> String {
    match verifier {
        Verifier::Certificate(der) => format!("certificate {}", hash(der)),
        Verifier::Key(key) => format!("key {}", hash(key.spki_der())),
    }
}

fn hash(bytes: &[u8]) -> String {
    HashAlgorithm::Sha256.digest(bytes).to_string()
}

/// Checks that the body names the signature, the signer and the content, each as bytes.
pub(super) fn bind(body: &Body, signed: &Signed<'_>) -> Result<(), LogError> {
    let mismatch = |what, expected, got| Err(LogError::EntryMismatch { what, expected, got });
    if !is_signature(body, signed) {
        let got = body.signature.as_deref().map_or_else(|| "that of a document".to_owned(), hash);
        return mismatch("signature", hash(signed.signature), got);
    }
    if !is_verifier(&body.verifier, signed.verifier) {
        let named = match &body.verifier {
            BodyVerifier::Certificate(der) => Verifier::Certificate(der),
            BodyVerifier::Key(key) => Verifier::Key(key),
        };
        return mismatch("signer", signer(signed.verifier), signer(named));
    }
    if !is_content(&body.content, signed.what) {
        return mismatch("content", signed.what.describe(), describe(&body.content));
    }
    Ok(())
}

/// Where the body names none, the signature is bound by the document's digest: the document has one signature, this one.
fn is_signature(body: &Body, signed: &Signed<'_>) -> bool {
    match (&body.signature, signed.what.envelope()) {
        (Some(named), _) => named == signed.signature,
        (None, Some(envelope)) => envelope.only_signature().is_ok_and(|only| only == signed.signature),
        (None, None) => false,
    }
}

fn is_verifier(named: &BodyVerifier, verifier: Verifier<'_>) -> bool {
    match (named, verifier) {
        (BodyVerifier::Certificate(named), Verifier::Certificate(der)) => named == der,
        (BodyVerifier::Key(named), Verifier::Key(key)) => named == key,
        (BodyVerifier::Certificate(_), Verifier::Key(_))
        | (BodyVerifier::Key(_), Verifier::Certificate(_)) => false,
    }
}

fn is_content(named: &BodyContent, what: What<'_>) -> bool {
    match (named, what, what.envelope()) {
        (BodyContent::Signed(named), What::Blob(digest), _) => named == digest,
        (BodyContent::Signed(named), _, Some(envelope)) => {
            let (head, payload) = envelope.pae();
            has_digest(&[&head, payload], named)
        }
        (BodyContent::Payload { digest, payload_type, payload }, _, Some(envelope)) => {
            has_digest(&[&envelope.payload], digest)
                && payload_type.as_ref().is_none_or(|named| *named == envelope.payload_type)
                && payload.as_ref().is_none_or(|named| *named == envelope.payload)
        }
        (BodyContent::Document { digest, payload }, What::Document(envelope, document), _) => {
            digest == document && payload.as_ref().is_none_or(|named| has_digest(&[&envelope.payload], named))
        }
        (BodyContent::Signed(_) | BodyContent::Payload { .. }, _, None)
        | (BodyContent::Document { .. }, What::Blob(_) | What::Envelope(_), _) => false,
    }
}

fn has_digest(parts: &[&[u8]], digest: &MessageDigest) -> bool {
    let mut hasher = Hasher::new(digest.algorithm());
    for part in parts {
        hasher.update(part);
    }
    hasher.finish() == *digest
}
