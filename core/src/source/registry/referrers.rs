//! Referrers: listing and adding (OCI distribution specification 1.1, "Listing Referrers").
//!
//! Only a 404 says that the referrers API is not there, and then the fallback tag is looked at. Any other answer that
//! is no listing is an error: an image must not be taken for unsigned because a registry was busy (threat model, rows
//! 17, 18). A registry that answers with an empty listing and keeps older entries at the fallback tag is asked again
//! with [`ReferrersFrom::FallbackTag`] by the caller (row 19).

use std::collections::HashSet;
use std::time::Instant;

use http::header::{ACCEPT, HeaderValue};
use http::{Method, StatusCode};

use super::RegistrySource;
use super::auth::Access;
use super::link::Pages;
use super::manifests::served_type;
use super::merge;
use super::options::ReferrersMode;
use super::problem::{has_code, protocol};
use super::retry::backoff;
use super::transport::{Answer, Call, Target};
use crate::digest::Digest;
use crate::limits;
use crate::media_type;
use crate::oci::{Descriptor, Document, OciError, RawManifest};
use crate::reference::Tag;
use crate::source::{Referrers, ReferrersFrom, Result, SharedTag, SourceError};

/// How often a listing is read back until it shows what was written.
const READ_BACKS: u32 = 8;

/// How a walk through the referrers API ended.
enum Walk {
    /// At the end of the listing.
    End,
    /// Where the caller had seen enough.
    Enough,
    /// The API is not there.
    NoApi,
    /// The repository is not there yet, which says nothing about the API.
    NoRepository,
}

impl RegistrySource {
    pub(super) async fn list_referrers(&self, subject: &Digest, from: ReferrersFrom) -> Result<Referrers> {
        let mode = self.inner.options.referrers;
        let by_tag = from == ReferrersFrom::FallbackTag || mode == ReferrersMode::Legacy;
        if by_tag || (mode == ReferrersMode::Auto && self.state.referrers.get() == Some(false)) {
            return self.fallback(subject).await;
        }
        let mut seen = HashSet::new();
        let mut descriptors: Vec<Descriptor> = Vec::new();
        let walk = self.walk_referrers(subject, |descriptor| {
            if seen.insert(descriptor.digest) {
                descriptors.push(Referrers::entry(descriptor));
            }
            false
        });
        match walk.await? {
            Walk::End | Walk::Enough => Ok(Referrers { descriptors, reliable: true }),
            Walk::NoRepository if mode == ReferrersMode::Oci11 => Ok(Referrers::default()),
            Walk::NoApi if mode == ReferrersMode::Oci11 => Err(self.no_api()),
            Walk::NoApi | Walk::NoRepository => self.fallback(subject).await,
        }
    }

    fn no_api(&self) -> SourceError {
        let what =
            "the registry has no referrers API (404), and --registry-referrers-mode oci-1-1 asks for it";
        SourceError::Unsupported { place: self.state.repository.to_string(), what: what.into() }
    }

    /// The index at the fallback tag. It was written by some client, and says what that client wanted.
    async fn fallback(&self, subject: &Digest) -> Result<Referrers> {
        let tag = Tag::attached(subject, "");
        let Some(raw) = self.read_manifest(&tag.clone().into()).await? else {
            return Ok(Referrers::default());
        };
        let place = format!("{}:{tag}", self.state.repository);
        let index = match raw.parse() {
            Ok(Document::Index(index)) => index,
            Ok(Document::Manifest(_)) => {
                let source = OciError::Unknown(raw.media_type);
                return Err(SourceError::Manifest { place, source });
            }
            Err(source) => return Err(SourceError::Manifest { place, source }),
        };
        let mut seen = HashSet::new();
        let once = index.manifests.into_iter().filter(|entry| seen.insert(entry.digest));
        let descriptors = once.map(Referrers::entry).collect();
        Ok(Referrers { descriptors, reliable: false })
    }

    /// Walks the listing of the API until `visit` has seen enough.
    async fn walk_referrers(
        &self,
        subject: &Digest,
        mut visit: impl FnMut(Descriptor) -> bool,
    ) -> Result<Walk> {
        let accept = HeaderValue::from_static(media_type::OCI_INDEX);
        let path = format!("referrers/{subject}");
        let mut call = Call::new(Method::GET, path, Access::Pull);
        let (mut pages, mut count, mut first) = (Pages::default(), 0, true);
        loop {
            let call_now = call.header(ACCEPT, accept.clone()).limit(limits::MANIFEST_BYTES);
            let answer = self.call(call_now).await?;
            if answer.status == StatusCode::NOT_FOUND && first {
                if has_code(&answer.body, "NAME_UNKNOWN") {
                    return Ok(Walk::NoRepository);
                }
                self.state.referrers.set(false);
                return Ok(Walk::NoApi);
            }
            let entries = listing(&answer)?;
            self.state.referrers.set(true);
            first = false;
            count += entries.len();
            for entry in entries {
                if visit(entry) {
                    return Ok(Walk::Enough);
                }
            }
            if count > limits::ENTRIES_PER_IMAGE {
                let limit = limits::ENTRIES_PER_IMAGE as u64;
                return Err(SourceError::Limit { place: answer.place(), what: "number of referrers", limit });
            }
            let Some(next) = pages.next(&answer.url, &answer.headers)? else { return Ok(Walk::End) };
            call = Call::new(Method::GET, "", Access::Pull);
            call.target = Target::Url(next);
        }
    }

    pub(super) async fn write_referrer(&self, subject: &Digest, manifest: &RawManifest) -> Result<()> {
        let mode = self.inner.options.referrers;
        let known = if mode == ReferrersMode::Legacy { Some(false) } else { self.state.referrers.get() };
        if known != Some(false) {
            let written = self.write_manifest(&manifest.digest.into(), manifest, false).await?;
            if written.subject {
                self.state.referrers.set(true);
            }
            if self.read_back(subject, manifest, written.subject).await? {
                return Ok(());
            }
        }
        if mode == ReferrersMode::Oci11 {
            return Err(self.no_api());
        }
        merge::add(self, &Tag::attached(subject, ""), SharedTag::ReferrersIndex, manifest).await
    }

    /// Takes a manifest that is being deleted out of the fallback index. A registry that has the API by now may still keep an
    /// index from before.
    pub(super) async fn unlist_referrer(&self, subject: &Digest, referrer: &Digest) -> Result<()> {
        if self.inner.options.referrers == ReferrersMode::Oci11 {
            return Ok(());
        }
        merge::remove(self, &Tag::attached(subject, ""), *referrer).await
    }

    /// Waits until the API lists what was written; `false` when there is no API, or the registry neither `promised` by
    /// `OCI-Subject` to list it nor does: the client then has to ("Pushing Manifests with Subject").
    async fn read_back(&self, subject: &Digest, manifest: &RawManifest, promised: bool) -> Result<bool> {
        let deadline = Instant::now() + self.inner.options.timeout;
        for round in 2..READ_BACKS + 2 {
            match self.walk_referrers(subject, |entry| entry.digest == manifest.digest).await? {
                Walk::Enough => return Ok(true),
                Walk::NoApi => return Ok(false),
                Walk::End | Walk::NoRepository
                    if !promised && self.inner.options.referrers == ReferrersMode::Auto =>
                {
                    return Ok(false);
                }
                Walk::End | Walk::NoRepository => {}
            }
            // Some registries list what they have taken a moment later.
            let wait = backoff(self.inner.options.backoff, round);
            if Instant::now() + wait >= deadline {
                break;
            }
            tokio::time::sleep(wait).await;
        }
        let why = format!("{} was stored, but the listing of referrers does not show it", manifest.digest);
        Err(protocol(format!("{}@{subject}", self.state.repository), why))
    }
}

/// The entries of one page. Filters are not asked for, so `OCI-Filters-Applied` changes nothing.
fn listing(answer: &Answer) -> Result<Vec<Descriptor>> {
    match answer.status.as_u16() {
        200 => {}
        400 | 405 => {
            let said = answer.refusal();
            let what = format!(
                "the registry cannot list referrers ({said}); \
                 --registry-referrers-mode legacy uses the fallback tag instead"
            );
            return Err(SourceError::Unsupported { place: answer.place(), what });
        }
        _ => return Err(answer.refusal()),
    }
    let kind = served_type(answer).unwrap_or_default();
    if kind != media_type::OCI_INDEX {
        let why =
            format!("a listing of referrers must be an OCI index, not '{}'", super::problem::escaped(kind));
        return Err(protocol(answer.place(), why));
    }
    match Document::parse(kind, &answer.body) {
        Ok(Document::Index(index)) => Ok(index.manifests),
        Ok(Document::Manifest(_)) => Err(protocol(answer.place(), "a listing of referrers must be an index")),
        Err(source @ OciError::TooMany { .. }) => {
            Err(SourceError::Manifest { place: answer.place(), source })
        }
        // No digest names a listing: it is an answer that failed, not evidence that is known to be wrong.
        Err(source) => {
            let why = super::problem::escaped(&source.to_string());
            Err(protocol(answer.place(), format!("the listing of referrers is malformed: {why}")))
        }
    }
}
