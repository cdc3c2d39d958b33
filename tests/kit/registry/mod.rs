//! A registry in memory that follows the OCI distribution specification 1.1 until it is told to lie.
//!
//! It runs on a thread of its own, so that tests of every kind can use it, and programs that a test starts as well.
//! [`Options`] say what it can do, [`Fault`]s what it does wrong, [`Registry::log`] what it was asked.

mod auth;
mod content;
mod fault;
mod listings;
mod log;
mod server;
mod socket;
mod tls;
mod uploads;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use auth::Access;
pub use content::{Contents, Repository, Stored};
pub use fault::{Action, Fault};
pub use log::Entry;
pub use tls::Tls;

/// What the registry can do.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether it has the referrers API.
    pub referrers_api: bool,
    /// Whether tags can be deleted.
    pub deletes_tags: bool,
    /// Whether manifests can be deleted.
    pub deletes_manifests: bool,
    /// Whether a manifest goes with its last tag.
    pub manifests_go_with_tags: bool,
    /// Whether it takes a blob in the request that opens an upload.
    pub takes_blob_at_once: bool,
    /// Whether it mounts blobs from other repositories.
    pub mounts: bool,
    /// Entries in one page of a listing.
    pub page: usize,
    /// Whether a page of tags names the next one.
    pub links_tags: bool,
    /// How long every answer takes.
    pub latency: Duration,
    /// Whom it lets in.
    pub access: Access,
    /// The smallest piece of an upload in pieces, as it says.
    pub min_piece: Option<u64>,
    /// The largest content of one request; larger is answered with 413.
    pub max_request: usize,
    /// Its certificate, for a registry that speaks TLS.
    pub tls: Option<Tls>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            referrers_api: true,
            deletes_tags: true,
            deletes_manifests: true,
            manifests_go_with_tags: false,
            takes_blob_at_once: true,
            mounts: true,
            page: 1000,
            links_tags: true,
            latency: Duration::ZERO,
            access: Access::Anyone,
            min_piece: None,
            max_request: usize::MAX,
            tls: None,
        }
    }
}

/// What the handlers share.
#[derive(Debug)]
struct Shared {
    options: Options,
    host: String,
    contents: Mutex<Contents>,
    faults: Mutex<Vec<Fault>>,
    log: Mutex<Vec<Entry>>,
    /// Requests that are being answered, and the most that ever were.
    at_once: Mutex<(usize, usize)>,
    tokens: Mutex<Vec<auth::Token>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A registry that runs until this is dropped.
#[derive(Debug)]
pub struct Registry {
    shared: Arc<Shared>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Registry {
    /// Starts a registry on a free port of this machine.
    ///
    /// # Panics
    /// When there is none.
    #[expect(clippy::expect_used, reason = "a test cannot go on without its registry")]
    pub fn start(options: Options) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket that does not block");
        let host = listener.local_addr().expect("an address").to_string();
        let shared = Arc::new(Shared {
            options,
            host,
            contents: Mutex::default(),
            faults: Mutex::default(),
            log: Mutex::default(),
            at_once: Mutex::default(),
            tokens: Mutex::default(),
        });
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(server::serve(listener, served, stopped));
        });
        Self { shared, stop: Some(stop) }
    }

    /// Host and port.
    pub fn host(&self) -> &str {
        &self.shared.host
    }

    /// Makes it misbehave from now on. The first fault that fits a request decides.
    pub fn fault(&self, fault: Fault) {
        lock(&self.shared.faults).push(fault);
    }

    /// Makes it behave again.
    pub fn behave(&self) {
        lock(&self.shared.faults).clear();
    }

    /// Everything it was asked, in order.
    pub fn log(&self) -> Vec<Entry> {
        lock(&self.shared.log).clone()
    }

    /// Forgets what it was asked.
    pub fn clear_log(&self) {
        lock(&self.shared.log).clear();
        lock(&self.shared.at_once).1 = 0;
    }

    /// The most requests that it was answering at the same time.
    pub fn most_at_once(&self) -> usize {
        lock(&self.shared.at_once).1
    }

    /// How many requests it got.
    pub fn count(&self) -> usize {
        lock(&self.shared.log).len()
    }

    /// The requests as lines such as `GET /v2/a/manifests/b`, without queries.
    pub fn requests(&self) -> Vec<String> {
        self.log().iter().map(Entry::line).collect()
    }

    /// What it holds.
    pub fn contents(&self) -> Contents {
        lock(&self.shared.contents).clone()
    }

    /// Changes what it holds.
    pub fn change<T>(&self, change: impl FnOnce(&mut Contents) -> T) -> T {
        change(&mut lock(&self.shared.contents))
    }

    /// Ends the validity of every token it gave out.
    pub fn expire_tokens(&self) {
        lock(&self.shared.tokens).clear();
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may be gone already.
            let _ = stop.send(());
        }
    }
}
