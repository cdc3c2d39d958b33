//! What the registry holds: manifests and blobs.

use std::collections::{BTreeMap, HashMap};

use axum::body::{Body, Bytes};
use axum::http::Response;
use countersign_core::digest::Digest;
use serde_json::Value;

use super::Shared;
use super::fault::made_up;
use super::lock;

/// A manifest.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// One repository.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// Blobs by digest.
    pub blobs: HashMap<Digest, Bytes>,
    /// Manifests by digest, in the order of their digests.
    pub manifests: BTreeMap<Digest, Stored>,
    /// Tags.
    pub tags: BTreeMap<String, Digest>,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Repositories by path.
    pub repositories: HashMap<String, Repository>,
    /// Uploads under way.
    pub(super) uploads: HashMap<String, Vec<u8>>,
    pub(super) last_upload: u64,
}

impl Contents {
    /// A repository, made where it is not there.
    pub fn repository(&mut self, path: &str) -> &mut Repository {
        self.repositories.entry(path.to_owned()).or_default()
    }
}

impl Repository {
    /// Stores a manifest, and a tag for it.
    pub fn put(&mut self, tag: Option<&str>, media_type: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::sha256(bytes);
        let stored = Stored { media_type: media_type.into(), bytes: Bytes::copy_from_slice(bytes) };
        self.manifests.insert(digest, stored);
        if let Some(tag) = tag {
            self.tags.insert(tag.to_owned(), digest);
        }
        digest
    }

    /// Stores a blob.
    pub fn put_blob(&mut self, bytes: &[u8]) -> Digest {
        let digest = Digest::sha256(bytes);
        self.blobs.insert(digest, Bytes::copy_from_slice(bytes));
        digest
    }

    /// The digest that a tag or a digest means here.
    fn find(&self, reference: &str) -> Option<Digest> {
        let digest = reference.parse().ok().or_else(|| self.tags.get(reference).copied());
        digest.filter(|digest| self.manifests.contains_key(digest))
    }
}

/// An error of the specification.
pub(super) fn error(status: u16, code: &str) -> Response<Body> {
    let body = format!(r#"{{"errors":[{{"code":"{code}","message":"{}"}}]}}"#, code.to_lowercase());
    made_up(status, &[("content-type", "application/json".into())], body)
}

pub(super) fn found(media_type: &str, digest: &Digest, bytes: Bytes) -> Response<Body> {
    let mut response = made_up(200, &[("content-type", media_type.to_owned())], String::new());
    response.headers_mut().insert("content-length", bytes.len().into());
    *response.body_mut() = Body::from(bytes);
    super::fault::with_headers(response, &[("docker-content-digest", digest.to_string())])
}

impl Shared {
    pub(super) fn get_manifest(&self, name: &str, reference: &str) -> Response<Body> {
        let contents = lock(&self.contents);
        let Some(repository) = contents.repositories.get(name) else { return error(404, "NAME_UNKNOWN") };
        match repository.find(reference).and_then(|digest| Some((digest, repository.manifests.get(&digest)?)))
        {
            Some((digest, stored)) => found(&stored.media_type, &digest, stored.bytes.clone()),
            None => error(404, "MANIFEST_UNKNOWN"),
        }
    }

    pub(super) fn put_manifest(
        &self,
        name: &str,
        reference: &str,
        media_type: &str,
        bytes: &Bytes,
    ) -> Response<Body> {
        let Ok(document) = serde_json::from_slice::<Value>(bytes) else {
            return error(400, "MANIFEST_INVALID");
        };
        let mut contents = lock(&self.contents);
        let repository = contents.repository(name);
        let blobs = document["layers"].as_array().into_iter().flatten().chain(document.get("config"));
        for blob in blobs {
            let digest = blob["digest"].as_str().and_then(|digest| digest.parse().ok());
            if !digest.is_some_and(|digest| repository.blobs.contains_key(&digest)) {
                return error(400, "MANIFEST_BLOB_UNKNOWN");
            }
        }
        let tag = reference.parse::<Digest>().is_err().then_some(reference);
        let digest = repository.put(tag, media_type, bytes);
        if tag.is_none() && reference != digest.to_string() {
            return error(400, "DIGEST_INVALID");
        }
        let location = format!("/v2/{name}/manifests/{digest}");
        let mut headers = vec![("location", location), ("docker-content-digest", digest.to_string())];
        let subject = document["subject"]["digest"].as_str().filter(|_| self.options.referrers_api);
        headers.extend(subject.map(|subject| ("oci-subject", subject.to_owned())));
        made_up(201, &headers, String::new())
    }

    pub(super) fn delete_manifest(&self, name: &str, reference: &str) -> Response<Body> {
        let by_digest = reference.parse::<Digest>().is_ok();
        let can = if by_digest { self.options.deletes_manifests } else { self.options.deletes_tags };
        if !can {
            return error(405, "UNSUPPORTED");
        }
        let mut contents = lock(&self.contents);
        let repository = contents.repository(name);
        let Some(digest) = repository.find(reference) else { return error(404, "MANIFEST_UNKNOWN") };
        if by_digest {
            repository.manifests.remove(&digest);
            repository.tags.retain(|_, tagged| *tagged != digest);
        } else {
            repository.tags.remove(reference);
            if self.options.manifests_go_with_tags
                && !repository.tags.values().any(|tagged| *tagged == digest)
            {
                repository.manifests.remove(&digest);
            }
        }
        made_up(202, &[], String::new())
    }

    pub(super) fn get_blob(&self, name: &str, digest: &str) -> Response<Body> {
        let contents = lock(&self.contents);
        let blob = digest.parse().ok().and_then(|digest: Digest| {
            Some((digest, contents.repositories.get(name)?.blobs.get(&digest)?.clone()))
        });
        match blob {
            Some((digest, bytes)) => found("application/octet-stream", &digest, bytes),
            None => error(404, "BLOB_UNKNOWN"),
        }
    }
}
