//! Uploads of blobs.

use axum::body::{Body, Bytes};
use axum::http::Response;
use countersign_core::digest::Digest;

use super::content::error;
use super::fault::made_up;
use super::{Shared, lock};

/// A parameter of a query.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

impl Shared {
    pub(super) fn open_upload(&self, name: &str, query: &str, body: &Bytes) -> Response<Body> {
        if let Some(digest) = parameter(query, "digest").filter(|_| self.options.takes_blob_at_once) {
            return self.keep_blob(name, &digest, body);
        }
        let mount = parameter(query, "mount").and_then(|digest| digest.parse::<Digest>().ok());
        if let (Some(digest), Some(from), true) = (mount, parameter(query, "from"), self.options.mounts) {
            let mut contents = lock(&self.contents);
            let blob = contents.repositories.get(&from).and_then(|source| source.blobs.get(&digest)).cloned();
            if let Some(blob) = blob {
                contents.repository(name).blobs.insert(digest, blob);
                return created(name, &digest);
            }
        }
        let mut contents = lock(&self.contents);
        contents.last_upload += 1;
        let id = format!("session-{}", contents.last_upload);
        contents.uploads.insert(id.clone(), Vec::new());
        self.accepted(name, &id, 0)
    }

    fn accepted(&self, name: &str, id: &str, length: usize) -> Response<Body> {
        let location = format!("/v2/{name}/blobs/uploads/{id}?state=opaque%2Fvalue");
        let mut headers = vec![("location", location), ("range", format!("0-{}", length.saturating_sub(1)))];
        headers.extend(self.options.min_piece.map(|length| ("oci-chunk-min-length", length.to_string())));
        made_up(202, &headers, String::new())
    }

    pub(super) fn continue_upload(
        &self,
        name: &str,
        id: &str,
        range: Option<&str>,
        body: &Bytes,
    ) -> Response<Body> {
        if body.len() > self.options.max_request {
            return error(413, "SIZE_INVALID");
        }
        let mut contents = lock(&self.contents);
        let Some(upload) = contents.uploads.get_mut(id) else { return error(404, "BLOB_UPLOAD_UNKNOWN") };
        let begin = upload.len();
        let expected = format!("{begin}-{}", (begin + body.len()).saturating_sub(1));
        if range.is_some_and(|range| range != expected) {
            return error(416, "RANGE_INVALID");
        }
        upload.extend_from_slice(body);
        let length = upload.len();
        self.accepted(name, id, length)
    }

    pub(super) fn close_upload(&self, name: &str, id: &str, query: &str, body: &Bytes) -> Response<Body> {
        if parameter(query, "state").as_deref() != Some("opaque/value") {
            return error(400, "BLOB_UPLOAD_INVALID");
        }
        if body.len() > self.options.max_request {
            return error(413, "SIZE_INVALID");
        }
        let Some(mut upload) = lock(&self.contents).uploads.remove(id) else {
            return error(404, "BLOB_UPLOAD_UNKNOWN");
        };
        upload.extend_from_slice(body);
        self.keep_blob(name, &parameter(query, "digest").unwrap_or_default(), &upload.into())
    }

    fn keep_blob(&self, name: &str, digest: &str, bytes: &Bytes) -> Response<Body> {
        match digest.parse::<Digest>() {
            Ok(digest) if digest.matches(bytes) => {
                lock(&self.contents).repository(name).blobs.insert(digest, bytes.clone());
                created(name, &digest)
            }
            _ => error(400, "DIGEST_INVALID"),
        }
    }
}

fn created(name: &str, digest: &Digest) -> Response<Body> {
    let location = format!("/v2/{name}/blobs/{digest}");
    made_up(201, &[("location", location), ("docker-content-digest", digest.to_string())], String::new())
}
