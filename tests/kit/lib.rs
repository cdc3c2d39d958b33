//! The test kit.
//!
//! - [`Sandbox`]: a hermetic place to run the program (and its peers) in: an empty home, nothing of the caller's
//!   environment.
//! - [`Scene`]: an image in a registry that lies, with keys and signatures made by `openssl`; [`documents`] are what
//!   signatures are made of.
//! - [`peer`]: the real programs that `tests/peers/install` got; [`peers`] is what they are given.
//! - [`servers`]: the real registries, on loopback, ended with the test.
//! - [`registry`]: an in-process registry that counts, waits and lies.
//! - [`vectors`]: real data beside the project.
//!
//! What is not there is said aloud and skipped on a developer's machine; with `CI=true` it is a failure.

pub mod documents;
mod peak;
pub mod peers;
pub mod registry;
mod sandbox;
mod scene;
pub mod servers;

use std::path::{Path, PathBuf};

pub use peers::peer;
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

/// Says that a test is skipped for want of something; a failure in CI.
///
/// # Panics
/// With `CI=true`.
pub fn missing<T>(what: &str) -> Option<T> {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{what} must be there in CI");
    eprintln!("skipped: {what} not there");
    None
}
