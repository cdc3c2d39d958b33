//! Attesting: a signed statement about an image or a file.

use std::collections::HashSet;

use bytes::Bytes;
use jiff::Timestamp;

use super::image::envelope_for;
use super::{SignError, Signed, attach_bundle, attach_envelope};
use crate::format::bundle::Bundle;
use crate::format::dsse::{Envelope, Unsigned};
use crate::format::statement::{Statement, Subject};
use crate::gather::Formats;
use crate::image::Image;
use crate::key::Signer;
use crate::media_type;
use crate::oci::Descriptor;
use crate::pieces::Pieces;
use crate::verify::Format;

/// A statement that is about to be signed.
#[derive(Clone, Debug)]
pub struct Attestation {
    /// What its predicate is, as a URI.
    pub predicate_type: String,
    /// The statement.
    pub statement: Unsigned,
}

impl Attestation {
    /// A statement about `subjects`. The predicate is a JSON document; its bytes stay as they are, and its room is used
    /// for the statement.
    ///
    /// # Errors
    /// None in practice: a subject always serialises.
    pub fn new(subjects: Vec<Subject>, predicate_type: &str, predicate: Vec<u8>) -> Result<Self, SignError> {
        let (head, tail) = Statement::around(subjects, predicate_type)?;
        let statement = Unsigned::new(media_type::IN_TOTO, &head, predicate, &tail);
        Ok(Self { predicate_type: predicate_type.into(), statement })
    }

    /// A statement that is there as a whole; `None` when it is not about each of `subjects`, by any of their digests.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn of_statement(statement: Vec<u8>, subjects: &[Subject]) -> Result<Option<Self>, SignError> {
        let parsed = Statement::parse(&statement)?;
        let named: HashSet<_> = parsed.subject.iter().flat_map(|subject| &subject.digest).collect();
        if !subjects.iter().all(|subject| subject.digest.iter().any(|digest| named.contains(&digest))) {
            return Ok(None);
        }
        drop(named);
        let predicate_type = parsed.predicate_type;
        let statement = Unsigned::new(media_type::IN_TOTO, b"", statement, b"");
        Ok(Some(Self { predicate_type, statement }))
    }
}

/// How an attestation is stored.
#[derive(Clone, Copy, Debug)]
pub struct AttestRequest {
    /// What to write.
    pub formats: Formats,
    /// The media type of a new legacy manifest: OCI's or Docker's.
    pub manifest_type: &'static str,
    /// The time that the stored manifest says it was made at.
    pub now: Timestamp,
}

/// A statement that was signed.
#[derive(Clone, Debug)]
pub struct Attested {
    predicate_type: String,
    hint: String,
    envelope: Envelope,
}

/// Signs a statement.
///
/// # Errors
/// When the key cannot sign.
pub async fn attest(signer: &dyn Signer, attestation: Attestation) -> Result<Attested, SignError> {
    let envelope = envelope_for(attestation.statement, signer).await?;
    let hint = signer.public_key().hint();
    Ok(Attested { predicate_type: attestation.predicate_type, hint, envelope })
}

impl Attested {
    /// The statement.
    pub const fn statement(&self) -> &Bytes {
        &self.envelope.payload
    }

    /// The DSSE envelope.
    ///
    /// # Errors
    /// None in practice: these types always serialise.
    pub fn envelope(&self) -> Result<Pieces, SignError> {
        Ok(self.envelope.pieces()?)
    }

    /// The Sigstore bundle.
    ///
    /// # Errors
    /// None in practice: these types always serialise.
    pub fn bundle(&self) -> Result<Pieces, SignError> {
        Ok(Bundle::of_envelope(self.hint.clone(), self.envelope.clone()).pieces()?)
    }

    /// Stores it beside the image, whose manifest's descriptor is `subject`, in each of the requested formats.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn store(
        &self,
        image: &Image,
        subject: Descriptor,
        request: AttestRequest,
    ) -> Result<Vec<Signed>, SignError> {
        let (kind, mut done) = (&self.predicate_type, Vec::new());
        if request.formats.bundle {
            let stored = attach_bundle(image, subject, self.bundle()?, kind, request.now).await?;
            done.push(Signed { format: Format::Bundle, stored, already: false });
        }
        if request.formats.legacy {
            let stored = attach_envelope(image, self.envelope()?, kind, request.manifest_type).await?;
            done.push(Signed { format: Format::Legacy, stored, already: false });
        }
        Ok(done)
    }
}
