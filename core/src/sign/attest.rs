//! Attesting: a signed statement about an image or a file.

use jiff::Timestamp;

use super::image::envelope_for;
use super::{SignError, Signed, attach_bundle, attach_envelope};
use crate::digest::Digest;
use crate::format::bundle::Bundle;
use crate::format::dsse::{Envelope, Unsigned};
use crate::format::statement::{Statement, Subject};
use crate::gather::Formats;
use crate::image::Image;
use crate::key::Signer;
use crate::media_type;
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
    pub fn new(
        subjects: Vec<Subject>,
        predicate_type: &str,
        predicate: Vec<u8>,
    ) -> Result<Self, SignError> {
        let (head, tail) = Statement::around(subjects, predicate_type)?;
        let statement = Unsigned::new(media_type::IN_TOTO, &head, predicate, &tail);
        Ok(Self { predicate_type: predicate_type.into(), statement })
    }

    /// A statement that is there as a whole.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn of_statement(statement: Vec<u8>) -> Result<Self, SignError> {
        let predicate_type = Statement::parse(&statement)?.predicate_type;
        Ok(Self { predicate_type, statement: Unsigned::new(media_type::IN_TOTO, b"", statement, b"") })
    }

    /// Signs the statement.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub async fn envelope(self, signer: &dyn Signer) -> Result<Envelope, SignError> {
        envelope_for(self.statement, signer).await
    }

    /// Signs the statement, and makes a bundle of it.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub async fn bundle(self, signer: &dyn Signer) -> Result<Bundle, SignError> {
        Ok(Bundle::of_envelope(signer.public_key().hint(), self.envelope(signer).await?))
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

/// Signs a statement about an image and stores it, in each of the requested formats.
///
/// # Errors
/// When the key cannot sign, or the store fails.
pub async fn attest_image(
    image: &Image,
    signer: &dyn Signer,
    attestation: Attestation,
    request: AttestRequest,
) -> Result<Vec<Signed>, SignError> {
    let subject = image.descriptor().await?;
    let predicate_type = attestation.predicate_type.clone();
    let envelope = attestation.envelope(signer).await?;
    let mut done = Vec::new();
    let mut note = |format, stored: Digest| done.push(Signed { format, stored, already: false });
    if request.formats.legacy {
        let pieces = envelope.pieces()?;
        let stored = attach_envelope(image, pieces, &predicate_type, request.manifest_type).await?;
        note(Format::Legacy, stored);
    }
    if request.formats.bundle {
        let bundle = Bundle::of_envelope(signer.public_key().hint(), envelope).pieces()?;
        let stored = attach_bundle(image, subject, bundle, &predicate_type, request.now).await?;
        note(Format::Bundle, stored);
    }
    Ok(done)
}
