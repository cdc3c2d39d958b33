//! One document over https, for settings that are given as a URL.

use bytes::{Bytes, BytesMut};

use super::client::{Clients, Peer, causes};
use super::options::RegistryOptions;
use crate::source::{Result, SourceError};

/// Fetches a document of at most `limit` bytes. Redirects are not followed, and no credentials are sent.
///
/// # Errors
/// When `url` is no https URL, cannot be had in time, is larger than `limit`, or the answer is no success.
pub async fn fetch(url: &str, limit: u64, options: &RegistryOptions) -> Result<Bytes> {
    let place = || url.to_owned();
    if !url.starts_with("https://") {
        return Err(SourceError::Settings { place: place(), why: "only https:// is fetched".into() });
    }
    let client = Clients::default().of(Peer::Other, None, options)?;
    let work = async {
        let failed = |error: reqwest::Error| SourceError::Unreachable { place: place(), why: causes(&error) };
        let mut answer = client.get(url).send().await.map_err(failed)?;
        if answer.status() != http::StatusCode::OK {
            let status = answer.status().as_u16();
            return Err(SourceError::Status { place: place(), status, why: "expected 200".into() });
        }
        let mut body = BytesMut::new();
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            if (body.len() + piece.len()) as u64 > limit {
                return Err(SourceError::Limit { place: place(), what: "document, in bytes,", limit });
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    };
    let after = options.timeout;
    tokio::time::timeout(after, work)
        .await
        .unwrap_or_else(|_| Err(SourceError::Timeout { place: place(), after }))
}
