//! The test kit.
//!
//! - [`Sandbox`]: a hermetic place to run the program (and its peers) in: an empty home, nothing of the caller's
//!   environment.
//! - [`Scene`]: an image in a registry that lies, with keys and signatures made by `openssl`; [`documents`] are what
//!   signatures are made of.
//! - [`peer`]: the real programs that `tests/peers/install` got.
//! - [`servers`]: the real registries, on loopback, ended with the test.
//! - [`registry`]: an in-process registry that counts, waits and lies.
//! - [`vectors`]: real data beside the project.
//!
//! What is not there is said aloud and skipped on a developer's machine; with `CI=true` it is a failure.

pub mod documents;
pub mod registry;
mod sandbox;
mod scene;
pub mod servers;

use std::path::{Path, PathBuf};

pub use sandbox::{Run, Sandbox, program};
pub use scene::Scene;

/// The root of the project.
pub fn project() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// A folder of the vectors beside the project; `None` where they are absent, as in a user's clone.
pub fn vectors(folder: &str) -> Option<PathBuf> {
    let path = project().join("../shared/vectors").join(folder);
    if path.is_dir() { Some(path) } else { missing(&format!("vectors '{folder}'")) }
}

/// A peer by the name of its variable (`COSIGN`, `CRANE`...); `None` where `tests/peers/install` has not got it.
pub fn peer(variable: &str) -> Option<PathBuf> {
    let here = |path: PathBuf| path.is_file().then_some(path);
    let given = std::env::var_os(variable).map(PathBuf::from).and_then(here);
    given.or_else(|| installed(variable).and_then(here)).or_else(|| missing(&format!("peer {variable}")))
}

fn installed(variable: &str) -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let listed = std::fs::read_to_string(cache.join("countersign/peers/env")).ok()?;
    listed.lines().find_map(|line| line.strip_prefix(variable)?.strip_prefix('=').map(PathBuf::from))
}

/// Says that a test is skipped for want of something; a failure in CI.
///
/// # Panics
/// With `CI=true`.
pub fn missing<T>(what: &str) -> Option<T> {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{what} must be there in CI");
    eprintln!("skipped: {what} not there");
    None
}
