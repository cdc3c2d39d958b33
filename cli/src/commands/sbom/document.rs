//! Opening the document that a command is about.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use countersign_core::format::bundle::{Bundle, Content};
use countersign_core::format::dsse::Envelope;
use countersign_core::format::statement::Statement;
use countersign_core::outcome::Outcome;
use countersign_sbom::format::read::{self, Read, ReadError};
use countersign_sbom::limits;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::context::Context;
use crate::failure::Failure;
use crate::files;

/// Reads the document that a file, or with `-` standard input, holds: an SBOM, or an attestation with one (a Sigstore
/// bundle, a DSSE envelope, an in-toto statement). Nothing that it says is verified.
///
/// # Errors
/// When it cannot be read, or is no document of a known format.
pub(super) async fn read(context: &Context, path: &Path) -> Result<Read, Failure> {
    let read = if path.is_file() && path != Path::new("-") {
        match read::read(files::input(path)?) {
            Err(ReadError::Unknown) => other(context, files::content(path)?, &ReadError::Unknown),
            // Why it is malformed counts for more than why it cannot be looked at again.
            Err(error @ ReadError::Json(_)) => {
                let content = files::content(path).map_err(|_| failure(&error))?;
                other(context, content, &error)
            }
            read => read.map_err(|error| failure(&error)),
        }
    } else {
        // What is read once, as a pipe is, cannot be looked at again: it is kept.
        let mut content = Vec::new();
        let mut input = files::input(path)?.take(limits::DOCUMENT_BYTES + 1);
        input.read_to_end(&mut content).map_err(|error| Failure::io(path.display(), error))?;
        read::read(content.as_slice()).or_else(|error| other(context, content, &error))
    };
    read.map_err(|failure| failure.at(path.display()))
}

/// Reads a document that is at hand; `place` says where it is from.
///
/// # Errors
/// When it is no document of a known format.
pub(super) fn parse(bytes: &[u8], place: &str) -> Result<Read, Failure> {
    read::read(bytes).map_err(|error| failure(&error).at(place))
}

fn failure(error: &ReadError) -> Failure {
    let outcome = if matches!(error, ReadError::Io(_)) { Outcome::Undecided } else { Outcome::Refused };
    let failure = Failure::new(outcome, error.code(), error);
    match error {
        ReadError::Io(_) => failure,
        ReadError::Empty => failure.hint("name a file that holds an SBOM, or pipe one in: -"),
        ReadError::Encoding => failure.hint("convert the text to UTF-8"),
        ReadError::Unknown | ReadError::Version { .. } => failure.hint(
            "read are CycloneDX 1.2 to 1.7 (JSON, XML), SPDX 2.2 and 2.3 (JSON, tag-value), SPDX 3.0 (JSON-LD), syft's \
             JSON, SWID, and attestations with one of them",
        ),
        ReadError::Json(_) | ReadError::Xml { .. } | ReadError::TagValue { .. } => {
            failure.hint("get the document anew, or have what made it mended")
        }
        ReadError::Components { .. }
        | ReadError::Relations { .. }
        | ReadError::Elements { .. }
        | ReadError::Bytes { .. } => {
            failure.hint("split the document: the limits are fixed")
        }
    }
}

/// What the names of SBOMs end with.
const EXTENSIONS: [&str; 5] = [".json", ".xml", ".spdx", ".cdx", ".swidtag"];

/// Whether a text ends as the names of documents do.
pub(super) fn is_named_so(text: &str) -> bool {
    EXTENSIONS.iter().any(|extension| text.ends_with(extension))
}

/// Whether a text names a document: a file that is there, and is called so or can be read as one.
pub(super) fn is_one(text: &str) -> bool {
    let path = Path::new(text);
    let is_read = || File::open(path).is_ok_and(|file| read::read(file).is_ok());
    path.is_file() && (is_named_so(text) || is_read())
}

/// Reads what is no SBOM itself: an attestation with one.
fn other(context: &Context, content: Vec<u8>, error: &ReadError) -> Result<Read, Failure> {
    match (documents(&content), error) {
        (count @ 2.., _) => Err(several(count)),
        (_, ReadError::Unknown) => attested(context, content),
        _ => Err(failure(error)),
    }
}

/// How many JSON documents there are, one a line, as 'verify-attestation' prints them; 0 where a line is none.
fn documents(content: &[u8]) -> usize {
    let is_json = |line| serde_json::from_slice::<IgnoredAny>(line).is_ok();
    files::lines(content).try_fold(0, |count, line| is_json(line).then_some(count + 1)).unwrap_or_default()
}

fn several(count: usize) -> Failure {
    Failure::usage(format!("holds {count} documents, one a line, and one is read at a time"))
        .hint("take one of the lines, such as the first: head -n 1 FILE | countersign sbom ... -")
}

/// Reads the SBOM that an attestation has as its predicate.
fn attested(context: &Context, content: Vec<u8>) -> Result<Read, Failure> {
    let content = Bytes::from(content);
    let payload = match (Bundle::parse(content.clone()), Envelope::parse(content.clone())) {
        (Ok(bundle), _) => match bundle.content()? {
            Content::Envelope(envelope) => envelope.payload.clone(),
            Content::Message(_) => return Err(failure(&ReadError::Unknown)),
        },
        (_, Ok(envelope)) => envelope.payload,
        _ => content,
    };
    let Ok(statement) = Statement::parse(&payload) else { return Err(failure(&ReadError::Unknown)) };
    let predicate = statement.predicate.map_or("null", RawValue::get);
    let read = match read::read(predicate.as_bytes()) {
        Err(ReadError::Unknown | ReadError::Json(_)) => match wrapped(predicate) {
            Some(text) => read::read(text.as_bytes()),
            None => Err(ReadError::Unknown),
        },
        read => read,
    };
    let read =
        read.map_err(|error| failure(&error).at(format!("the predicate {}", statement.predicate_type)))?;
    context
        .output
        .warning("the SBOM is in an attestation, of which nothing was verified: see 'verify-attestation'");
    Ok(read)
}

/// The text in a predicate that wraps it: cosign keeps what is no JSON as a text, alone or under `Data`.
fn wrapped(predicate: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Wrapper<'a> {
        #[serde(rename = "Data", borrow)]
        data: &'a RawValue,
    }
    let data = serde_json::from_str::<Wrapper<'_>>(predicate).map_or(predicate, |wrapper| wrapper.data.get());
    serde_json::from_str(data).ok().or_else(|| (data != predicate).then(|| data.to_owned()))
}
