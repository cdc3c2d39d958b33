//! Listings: tags and referrers, in pages.

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use super::content::{Stored, error};
use super::fault::{made_up, with_headers};
use super::uploads::parameter;
use super::{Shared, lock};

impl Shared {
    pub(super) fn list_tags(&self, name: &str, query: &str) -> Response<Body> {
        let contents = lock(&self.contents);
        let Some(repository) = contents.repositories.get(name) else { return error(404, "NAME_UNKNOWN") };
        let last = parameter(query, "last").unwrap_or_default();
        let asked = parameter(query, "n").and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
        let size = asked.min(self.options.page);
        let mut tags: Vec<_> = repository.tags.keys().filter(|tag| **tag > last).cloned().collect();
        let more = tags.len() > size;
        tags.truncate(size);
        let mut headers = vec![("content-type", "application/json".to_owned())];
        if let Some(last) = tags.last().filter(|_| more && self.options.links_tags) {
            headers.push(("link", format!(r#"</v2/{name}/tags/list?n={size}&last={last}>; rel="next""#)));
        }
        made_up(200, &headers, json!({"name": name, "tags": tags}).to_string())
    }

    pub(super) fn list_referrers(&self, name: &str, subject: &str, query: &str) -> Response<Body> {
        if !self.options.referrers_api {
            return with_headers(error(404, "NOT_FOUND"), &[]);
        }
        let contents = lock(&self.contents);
        let from = parameter(query, "from").and_then(|from| from.parse().ok()).unwrap_or(0);
        let manifests = contents.repositories.get(name).map(|repository| &repository.manifests);
        let referring = manifests.into_iter().flatten().filter_map(|(digest, stored)| {
            let document: Value = serde_json::from_slice(&stored.bytes).ok()?;
            (document["subject"]["digest"] == *subject).then(|| entry(&digest.to_string(), stored, &document))
        });
        let mut entries: Vec<_> = referring.skip(from).collect();
        let more = entries.len() > self.options.page;
        entries.truncate(self.options.page);
        let kind = "application/vnd.oci.image.index.v1+json";
        let mut headers = vec![("content-type", kind.to_owned())];
        if more {
            let next = from + entries.len();
            headers.push(("link", format!(r#"</v2/{name}/referrers/{subject}?from={next}>; rel="next""#)));
        }
        let index = json!({"schemaVersion": 2, "mediaType": kind, "manifests": entries});
        made_up(200, &headers, index.to_string())
    }
}

fn entry(digest: &str, stored: &Stored, document: &Value) -> Value {
    let artifact_type = match &document["artifactType"] {
        Value::Null => document["config"]["mediaType"].clone(),
        other => other.clone(),
    };
    let mut entry = json!({
        "mediaType": stored.media_type, "digest": digest, "size": stored.bytes.len(), "artifactType": artifact_type,
    });
    if let (Some(annotations), Some(entry)) = (document.get("annotations"), entry.as_object_mut()) {
        entry.insert("annotations".into(), annotations.clone());
    }
    entry
}
