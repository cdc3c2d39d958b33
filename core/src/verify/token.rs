//! Proofs: values that nothing but the check itself can make.

use std::collections::BTreeMap;

use serde_json::Value;

use super::files::Files;
use super::refusal::Refusal;
use super::verdict::{Accepted, Verdict};
use crate::digest::Digest;
use crate::format::dsse::Envelope;
use crate::format::legacy::LegacySignature;
use crate::format::simple_signing::Payload;
use crate::format::statement::{COSIGN_SIGN, Statement, Subject};
use crate::gather::Wanted;
use crate::key::{HashPolicy, PublicKey, SignatureScheme};
use crate::media_type;

/// Proof that some bytes were signed with a trusted key (step 4).
#[derive(Clone, Debug)]
pub struct SignatureProven {
    key: PublicKey,
    scheme: SignatureScheme,
}

impl SignatureProven {
    /// Checks `signature` over a message, which is given in parts, with each of `keys`.
    ///
    /// # Errors
    /// [`Refusal::SignatureInvalid`] when none of them made it.
    pub fn check(
        keys: &[PublicKey],
        message: &[&[u8]],
        signature: &[u8],
        hashes: HashPolicy,
    ) -> Result<Self, Refusal> {
        keys.iter()
            .find_map(|key| {
                let mut verifier = key.stream_verifier(signature, hashes);
                message.iter().for_each(|part| verifier.update(part));
                let scheme = verifier.finish().result.ok()?;
                Some(Self { key: key.clone(), scheme })
            })
            .ok_or(Refusal::SignatureInvalid { keys: keys.len() })
    }

    /// Records that a streamed message was signed with `key`.
    pub(super) const fn streamed(key: PublicKey, scheme: SignatureScheme) -> Self {
        Self { key, scheme }
    }

    /// The key that made the signature.
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// How it was made.
    pub const fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

/// What a statement must be about.
#[derive(Clone, Debug)]
pub enum About {
    /// One thing, by its digest.
    Digest(Digest),
    /// The files of a directory.
    Files(Files),
    /// Anything: the claims are not checked.
    Anything,
}

impl About {
    /// The digest, unless the claims are not to be checked.
    pub(super) const fn digest(digest: Digest, check_claims: bool) -> Self {
        if check_claims { Self::Digest(digest) } else { Self::Anything }
    }

    /// The subject whose annotations count, what was signed in words, and whether it was compared.
    fn find<'s>(&self, statement: &'s Statement<'_>) -> Result<(Option<&'s Subject>, String, bool), Refusal> {
        match self {
            Self::Digest(digest) => match statement.subject_of(digest) {
                Some(subject) => Ok((Some(subject), digest.to_string(), true)),
                None => {
                    let got = statement.describe_subjects();
                    Err(Refusal::SubjectMismatch { expected: *digest, got })
                }
            },
            Self::Files(files) => {
                files.compare(statement)?;
                Ok((None, format!("{} files", files.tree.files.len()), true))
            }
            Self::Anything => Ok((statement.subject.first(), statement.describe_subjects(), false)),
        }
    }
}

/// Proof that some bytes are a signature claim about a digest (step 3).
#[derive(Clone, Debug)]
pub struct ClaimsProven {
    annotations: BTreeMap<String, Value>,
    predicate_type: Option<String>,
    identity: String,
    signed: String,
    bound: bool,
}

impl ClaimsProven {
    /// The claims of a legacy payload: `critical.image.docker-manifest-digest` is this digest (cosign,
    /// `specs/SIGNATURE_SPEC.md`, "Payload"). With `check_claims` off, only its shape is looked at.
    ///
    /// # Errors
    /// When the payload is malformed or names another digest.
    pub fn legacy(signature: &LegacySignature, digest: &Digest, check_claims: bool) -> Result<Self, Refusal> {
        let payload = Payload::parse(&signature.payload).map_err(Refusal::Malformed)?;
        if check_claims && let Err(other) = payload.check_image(digest) {
            return Err(Refusal::SubjectMismatch { expected: *digest, got: other.named.to_string() });
        }
        Ok(Self {
            annotations: payload.optional.unwrap_or_default(),
            predicate_type: None,
            identity: payload.critical.identity.docker_reference,
            signed: payload.critical.image.docker_manifest_digest.to_string(),
            bound: check_claims,
        })
    }

    /// The claims of an envelope: its payload type is that of in-toto, its predicate type is `wanted`, and it is about
    /// what it must be about: exactly one subject is the digest, or the subjects are the files (in-toto Statement v1,
    /// "subject"; threat model, rows 60 and 61).
    ///
    /// # Errors
    /// When the payload is malformed, of another type, or about something else.
    pub fn envelope(envelope: &Envelope, about: &About, wanted: &Wanted) -> Result<Self, Refusal> {
        if envelope.payload_type != media_type::IN_TOTO {
            let got = envelope.payload_type.clone();
            return Err(Refusal::PayloadType { expected: media_type::IN_TOTO, got });
        }
        let statement = Statement::parse(&envelope.payload).map_err(Refusal::Malformed)?;
        check_type(&statement, wanted)?;
        let (subject, signed, bound) = about.find(&statement)?;
        let annotations = subject.map(|subject| subject.annotations.clone()).unwrap_or_default();
        let predicate_type = Some(statement.predicate_type);
        Ok(Self { annotations, predicate_type, identity: String::new(), signed, bound })
    }

    /// The claims of a bare statement of BuildKit's: its predicate type is `wanted`, and the digest is among its
    /// subjects, which name the image once for each name that it was pushed under.
    ///
    /// # Errors
    /// When the statement is malformed, of another type, or about something else.
    pub(super) fn buildkit(body: &[u8], digest: &Digest, wanted: &Wanted) -> Result<Self, Refusal> {
        let statement = Statement::parse(body).map_err(Refusal::Malformed)?;
        check_type(&statement, wanted)?;
        if !statement.names(digest) {
            let got = statement.describe_subjects();
            return Err(Refusal::SubjectMismatch { expected: *digest, got });
        }
        Ok(Self {
            annotations: BTreeMap::new(),
            predicate_type: Some(statement.predicate_type),
            identity: String::new(),
            signed: digest.to_string(),
            bound: true,
        })
    }

    /// Checks that every `-a` pair stands among the signed annotations.
    ///
    /// # Errors
    /// [`Refusal::AnnotationMismatch`] for the first that does not.
    pub fn require(&self, wanted: &BTreeMap<String, String>) -> Result<(), Refusal> {
        for (name, expected) in wanted {
            let got = self.annotations.get(name);
            if got.and_then(Value::as_str) != Some(expected) {
                let got = got.map_or_else(|| "nothing".into(), ToString::to_string);
                return Err(Refusal::AnnotationMismatch {
                    name: name.clone(),
                    expected: expected.clone(),
                    got,
                });
            }
        }
        Ok(())
    }

    /// The signed annotations.
    pub const fn annotations(&self) -> &BTreeMap<String, Value> {
        &self.annotations
    }

    /// The predicate type of a statement; `None` for a simple-signing payload.
    pub fn predicate_type(&self) -> Option<&str> {
        self.predicate_type.as_deref()
    }

    /// The name that a legacy signature was made under; empty in a bundle.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// What was signed: the image's digest where the claims were checked, else whatever the signature names.
    pub fn signed(&self) -> &str {
        &self.signed
    }

    /// Whether the digest was compared; `false` only where the caller turned that off.
    pub const fn is_bound(&self) -> bool {
        self.bound
    }
}

fn check_type(statement: &Statement<'_>, wanted: &Wanted) -> Result<(), Refusal> {
    let got = &statement.predicate_type;
    if wanted.includes(got) {
        return Ok(());
    }
    let expected = match wanted {
        Wanted::Signatures => COSIGN_SIGN.to_owned(),
        Wanted::Attestations(Some(wanted)) => wanted.clone(),
        Wanted::Attestations(None) => "that of an attestation".to_owned(),
    };
    Err(Refusal::PredicateType { expected, got: got.clone() })
}

/// Proof that a trusted key signed a whole manifest or index: what stands under its digest is covered by that.
#[derive(Clone, Debug)]
pub struct CoverProven {
    digest: Digest,
    signature: SignatureProven,
}

impl CoverProven {
    /// What the accepted signatures of a manifest prove: image signatures whose claims were bound to its digest, each
    /// key once.
    pub fn of(verdict: &Verdict) -> Vec<Self> {
        let mut proven: Vec<Self> = Vec::new();
        for Accepted { claims, signature, .. } in &verdict.accepted {
            let is_signature = matches!(claims.predicate_type(), None | Some(COSIGN_SIGN));
            let is_bound = claims.proof().is_bound() && claims.signed() == verdict.digest.to_string();
            let is_new = proven.iter().all(|known| known.signature.key() != signature.key());
            if is_signature && is_bound && is_new {
                proven.push(Self { digest: verdict.digest, signature: signature.clone() });
            }
        }
        proven
    }

    /// The digest that was signed.
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Who signed it.
    pub const fn signature(&self) -> &SignatureProven {
        &self.signature
    }
}
