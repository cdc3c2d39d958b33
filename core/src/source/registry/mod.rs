//! A repository of a registry (OCI distribution specification 1.1).
//!
//! A [`Registry`] is the part that is shared: connections, tokens, what was learned about hosts, and the bound on
//! requests under way. [`Registry::repository`] gives one repository of one host, which is a [`Source`].
//!
//! How a request gets through is in `transport` (retries), `exchange` (redirects, time), `auth` (who we are) and
//! `address` and `lookup` (where a registry may send us); what the verbs make of the answers is in `manifests`, `blobs`, `uploads`, `referrers` and
//! `tags`; how several writers share a tag without losing anything is in `merge`.
//!
//! Whom it trusts: a registry may refuse, stall and lie. It cannot make us take bytes for others (everything is
//! compared with its digest), hold more than a bounded number of them, wait for ever, send credentials anywhere else,
//! speak to an internal address, or take an error for "there is nothing".
//!
//! Names are `https://HOST/v2/PATH/...`. A loopback host is spoken to in plain http, or in https when its port turns
//! out to want TLS, or when a CA or client certificate was given; any other host only in https, unless
//! [`RegistryOptions::allow_http`] allows plain http where https cannot be had.

mod address;
mod auth;
mod blobs;
mod challenge;
mod client;
pub mod credentials;
mod exact;
mod exchange;
mod fetch;
#[cfg(fuzzing)]
pub mod fuzzing;
mod link;
mod lookup;
mod manifests;
mod marker;
mod merge;
mod merge_store;
mod options;
mod patience;
mod problem;
mod referrers;
mod retry;
mod state;
mod tags;
mod token;
mod transport;
mod uploads;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::{BlobContent, BlobReader, Referrers, ReferrersFrom, Result, SharedTag, Source};
use crate::digest::Digest;
use crate::oci::{Descriptor, RawManifest};
use crate::reference::{Repository, Selector, Tag};

use auth::Access;
use client::Clients;
use state::{Host, Known, RepositoryState};
use transport::{Answer, Call};

pub use fetch::fetch;
pub use options::{ClientCertificate, ProxySettings, ReferrersMode, RegistryOptions};

/// The client of all registries that a program speaks to. Cheap to clone; clones share everything.
#[derive(Clone, Debug)]
pub struct Registry {
    inner: Arc<Inner>,
}

/// What clones and repositories share.
struct Inner {
    options: RegistryOptions,
    clients: Clients,
    permits: Semaphore,
    begin: Instant,
    repositories: Mutex<Repositories>,
}

#[derive(Default)]
struct Repositories {
    hosts: HashMap<String, Arc<Host>>,
    states: HashMap<Repository, Arc<RepositoryState>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Inner {
    /// The time now, reckoned from the one in the options.
    fn now(&self) -> Timestamp {
        self.options.now.checked_add(self.begin.elapsed()).unwrap_or(self.options.now)
    }
}

impl Registry {
    /// A client with these options. Nothing is opened or read yet.
    pub fn new(options: RegistryOptions) -> Self {
        let permits = Semaphore::new(options.jobs.clamp(1, Semaphore::MAX_PERMITS));
        let (clients, repositories) = (Clients::default(), Mutex::default());
        let inner = Inner { options, clients, permits, begin: Instant::now(), repositories };
        Self { inner: Arc::new(inner) }
    }

    /// One repository.
    pub fn repository(&self, repository: Repository) -> RegistrySource {
        let mut known = self.inner.repositories.lock().unwrap_or_else(PoisonError::into_inner);
        let host = Arc::clone(known.hosts.entry(repository.host().to_owned()).or_default());
        let state = known.states.entry(repository.clone()).or_insert_with(|| {
            let (referrers, auth) = (Known::default(), tokio::sync::Mutex::default());
            Arc::new(RepositoryState { repository, host, referrers, auth })
        });
        RegistrySource { inner: Arc::clone(&self.inner), state: Arc::clone(state), least: Access::Pull }
    }
}

/// One repository of a registry.
#[derive(Clone)]
pub struct RegistrySource {
    inner: Arc<Inner>,
    state: Arc<RepositoryState>,
    /// What even a reading request asks a token for.
    least: Access,
}

impl fmt::Debug for RegistrySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegistrySource({})", self.state.repository)
    }
}

impl RegistrySource {
    /// The same repository, for a caller that is going to write: the first token is good for that too, which saves
    /// asking for a second one.
    pub fn for_writing(mut self) -> Self {
        self.least = Access::Push;
        self
    }

    async fn call(&self, mut call: Call) -> Result<Answer> {
        call.need.access = call.need.access.max(self.least);
        self.inner.call(&self.state, call).await
    }

    /// The bytes of one request's path that name a manifest.
    fn manifest_path(selector: &Selector) -> String {
        format!("manifests/{selector}")
    }
}

#[async_trait]
impl Source for RegistrySource {
    fn name(&self) -> String {
        self.state.repository.to_string()
    }

    async fn manifest(&self, selector: &Selector) -> Result<Option<RawManifest>> {
        self.read_manifest(selector).await
    }

    async fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        self.describe_manifest(selector).await
    }

    async fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Bytes> {
        self.read_blob(descriptor, limit).await
    }

    async fn blob_reader(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        self.open_blob(descriptor).await
    }

    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool> {
        self.find_blob(descriptor).await
    }

    async fn referrers(&self, subject: &Digest, from: ReferrersFrom) -> Result<Referrers> {
        self.list_referrers(subject, from).await
    }

    async fn tags(&self) -> Result<Vec<Tag>> {
        self.list_tags().await
    }

    async fn put_blob(
        &self,
        descriptor: &Descriptor,
        content: BlobContent,
        mount_from: Option<&str>,
    ) -> Result<()> {
        self.upload(descriptor, content, mount_from).await
    }

    async fn put_manifest(&self, selector: &Selector, manifest: &RawManifest) -> Result<()> {
        self.write_manifest(selector, manifest, false).await.map(|_| ())
    }

    async fn put_referrer(&self, subject: &Digest, manifest: &RawManifest) -> Result<()> {
        self.write_referrer(subject, manifest).await
    }

    async fn add_to_tag(&self, tag: &Tag, kind: SharedTag, addition: &RawManifest) -> Result<()> {
        merge::add(self, tag, kind, addition).await
    }

    async fn clear_tag(&self, tag: &Tag) -> Result<bool> {
        merge::clear(self, tag).await
    }

    async fn delete(&self, selector: &Selector) -> Result<bool> {
        self.delete_manifest(selector).await
    }

    async fn delete_referrer(&self, subject: &Digest, referrer: &Digest) -> Result<bool> {
        // Out of the index first: some registries take no index that names what is gone. And once more afterwards, since
        // another writer may have put it back in the meantime.
        self.unlist_referrer(subject, referrer).await?;
        let deleted = self.delete_manifest(&(*referrer).into()).await?;
        self.unlist_referrer(subject, referrer).await?;
        Ok(deleted)
    }
}
