//! Manifests: reading, describing, writing, deleting.

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde::Deserialize;

use super::RegistrySource;
use super::auth::Access;
use super::problem::{message, protocol};
use super::retry::backoff;
use super::transport::{Answer, Call, Payload};
use crate::digest::{Algorithm, Digest};
use crate::limits;
use crate::media_type;
use crate::oci::{Descriptor, RawManifest};
use crate::reference::Selector;
use crate::source::{Result, SourceError};

/// What a registry says the digest of an answer is.
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
/// With what a registry shows that it has noticed the subject of a manifest.
const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

/// What a registry said about a manifest that it took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// Whether it has noticed the subject, and so has the referrers API.
    pub(super) subject: bool,
    /// The digest of what it has taken, where it says one that can be compared.
    pub(super) digest: Option<Digest>,
}

impl RegistrySource {
    pub(super) async fn read_manifest(&self, selector: &Selector) -> Result<Option<RawManifest>> {
        let accept = HeaderValue::from_static(media_type::MANIFEST_ACCEPT);
        let call = Call::new(Method::GET, Self::manifest_path(selector), Access::Pull)
            .header(ACCEPT, accept)
            .limit(limits::MANIFEST_BYTES);
        let answer = self.call(call).await?;
        match answer.status {
            StatusCode::OK => checked(selector, answer).map(Some),
            StatusCode::NOT_FOUND => absent(&answer).map(|()| None),
            _ => Err(answer.refusal()),
        }
    }

    pub(super) async fn describe_manifest(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        let accept = HeaderValue::from_static(media_type::MANIFEST_ACCEPT);
        let call =
            Call::new(Method::HEAD, Self::manifest_path(selector), Access::Pull).header(ACCEPT, accept);
        let answer = self.call(call).await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                return Ok(self.read_manifest(selector).await?.map(|manifest| manifest.descriptor()));
            }
            _ => return Err(answer.refusal()),
        }
        match described(selector, &answer)? {
            Some(descriptor) => Ok(Some(descriptor)),
            None => Ok(self.read_manifest(selector).await?.map(|manifest| manifest.descriptor())),
        }
    }

    /// Stores a manifest; with `once`, a failure is not followed by another try.
    pub(super) async fn write_manifest(
        &self,
        selector: &Selector,
        manifest: &RawManifest,
        once: bool,
    ) -> Result<Written> {
        let mut tried = 1;
        loop {
            match self.send_manifest(selector, manifest, once).await {
                // Nothing was written, so another try is no second write.
                Err(error) if tried < self.inner.options.tries && lacks_blob(&error, manifest) => {
                    tried += 1;
                    tokio::time::sleep(backoff(self.inner.options.backoff, tried)).await;
                }
                other => return other,
            }
        }
    }

    async fn send_manifest(
        &self,
        selector: &Selector,
        manifest: &RawManifest,
        once: bool,
    ) -> Result<Written> {
        if manifest.bytes.len() as u64 > limits::MANIFEST_BYTES {
            let (place, limit) = (self.state.repository.to_string(), limits::MANIFEST_BYTES);
            return Err(SourceError::Limit { place, what: "manifest in bytes", limit });
        }
        let kind = HeaderValue::from_str(&manifest.media_type)
            .map_err(|_| protocol(manifest.media_type.clone(), "this is no media type"))?;
        let mut call =
            Call::new(Method::PUT, Self::manifest_path(selector), Access::Push).header(CONTENT_TYPE, kind);
        call.body = Payload::Bytes(manifest.bytes.clone());
        call.once = once;
        let answer = self.call(call).await?;
        if !matches!(answer.status, StatusCode::CREATED | StatusCode::OK | StatusCode::ACCEPTED) {
            return Err(answer.refusal());
        }
        let said = content_digest(&answer)?.filter(|said| said.algorithm() == manifest.digest.algorithm());
        if let Some(got) = said.filter(|said| *said != manifest.digest) {
            let (place, expected) = (answer.place(), manifest.digest);
            return Err(SourceError::DigestMismatch { place, expected, got });
        }
        Ok(Written { subject: answer.headers.contains_key(OCI_SUBJECT), digest: said })
    }

    pub(super) async fn delete_manifest(&self, selector: &Selector) -> Result<bool> {
        let answer =
            self.call(Call::new(Method::DELETE, Self::manifest_path(selector), Access::Delete)).await?;
        match answer.status.as_u16() {
            200 | 202 | 204 => Ok(true),
            404 => absent(&answer).map(|()| false),
            400 | 405 | 501 => {
                let said = message(answer.status, &answer.headers, &answer.body);
                let kind = match selector {
                    Selector::Tag(_) => "tags",
                    Selector::Digest(_) => "manifests",
                };
                let what =
                    format!("the registry does not delete {kind} ({}: {said})", answer.status.as_u16());
                Err(SourceError::Unsupported { place: answer.place(), what })
            }
            _ => Err(answer.refusal()),
        }
    }
}

/// A 404 for a manifest is the registry's word that it has none. A web page is nobody's word: there is no registry at
/// that address, and an image must not be taken for unsigned because of it.
fn absent(answer: &Answer) -> Result<()> {
    match answer.text(CONTENT_TYPE) {
        Some(kind) if kind.starts_with("text/html") => Err(protocol(
            answer.place(),
            "answered 404 with a web page: there is no registry at this address",
        )),
        _ => Ok(()),
    }
}

/// `Docker-Content-Digest`, where its algorithm is known.
pub(super) fn content_digest(answer: &Answer) -> Result<Option<Digest>> {
    let Some(text) = answer.text(CONTENT_DIGEST) else { return Ok(None) };
    if !text.starts_with("sha256:") && !text.starts_with("sha512:") {
        return Ok(None);
    }
    let malformed = |error| protocol(answer.place(), format!("Docker-Content-Digest: {error}"));
    text.parse().map(Some).map_err(malformed)
}

/// Whether the registry says that it lacks a blob of the manifest. It has taken all of them, but distribution 2.8 loses
/// sight of a blob for a moment when another client sends the same one.
fn lacks_blob(error: &SourceError, manifest: &RawManifest) -> bool {
    let SourceError::Status { status: 400 | 404, why, .. } = error else { return false };
    why.contains("MANIFEST_BLOB_UNKNOWN") && media_type::is_manifest(&manifest.media_type)
}

fn checked(selector: &Selector, answer: Answer) -> Result<RawManifest> {
    let said = content_digest(&answer)?;
    let algorithm = match (selector, said) {
        (Selector::Digest(digest), _) => digest.algorithm(),
        (Selector::Tag(_), Some(said)) => said.algorithm(),
        (Selector::Tag(_), None) => Algorithm::Sha256,
    };
    let got = Digest::of(algorithm, &answer.body);
    let asked = match selector {
        Selector::Digest(digest) => Some(*digest),
        Selector::Tag(_) => None,
    };
    let claims = asked.into_iter().chain(said.filter(|said| said.algorithm() == algorithm));
    for expected in claims {
        if expected != got {
            return Err(SourceError::DigestMismatch { place: answer.place(), expected, got });
        }
    }
    let media_type = media_type_of(&answer);
    Ok(RawManifest { media_type, digest: got, bytes: answer.body })
}

/// What the document is: what the registry says, or when that is no media type of a manifest and the document names
/// one, that. When both are and differ, reading the document is what refuses it.
fn media_type_of(answer: &Answer) -> String {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Inside {
        media_type: Option<String>,
    }
    let served = served_type(answer).unwrap_or_default();
    if is_known(served) {
        return served.to_owned();
    }
    let inside = serde_json::from_slice::<Inside>(&answer.body).ok().and_then(|inside| inside.media_type);
    inside.filter(|inside| is_known(inside)).unwrap_or_else(|| served.to_owned())
}

/// `Content-Type` without parameters.
pub(super) fn served_type(answer: &Answer) -> Option<&str> {
    answer.text(CONTENT_TYPE).map(|kind| kind.split(';').next().unwrap_or(kind).trim())
}

fn is_known(kind: &str) -> bool {
    media_type::is_index(kind) || media_type::is_manifest(kind)
}

/// What the headers of an answer say, if it is enough.
fn described(selector: &Selector, answer: &Answer) -> Result<Option<Descriptor>> {
    let said = content_digest(answer)?;
    let size = answer.text(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    let (Some(kind), Some(size)) = (served_type(answer).filter(|kind| is_known(kind)), size) else {
        return Ok(None);
    };
    if size > limits::MANIFEST_BYTES {
        let limit = limits::MANIFEST_BYTES;
        return Err(SourceError::Limit { place: answer.place(), what: "manifest in bytes", limit });
    }
    let digest = match (selector, said) {
        (Selector::Digest(asked), Some(said)) if said.algorithm() == asked.algorithm() && said != *asked => {
            let place = answer.place();
            return Err(SourceError::DigestMismatch { place, expected: *asked, got: said });
        }
        (Selector::Digest(asked), _) => *asked,
        (Selector::Tag(_), Some(said)) => said,
        (Selector::Tag(_), None) => return Ok(None),
    };
    Ok(Some(Descriptor::new(kind, digest, size)))
}
