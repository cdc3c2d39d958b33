//! Where tests find the shared vectors, and how they read them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::key::{HashAlgorithm, MessageDigest};
use crate::material::trusted_root::TrustedRoot;

/// A folder of shared vectors. Where it is absent the test that asks is skipped, except with `CI=true`.
pub(crate) fn vectors(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "{} is absent", path.display());
    eprintln!("skipped: {} is absent", path.display());
    None
}

/// A document in JSON.
pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The rows of a folder's index.
pub(crate) fn rows(folder: &Path) -> Vec<Value> {
    serde_json::from_slice(&std::fs::read(folder.join("index.json")).unwrap()).unwrap()
}

/// A trusted root that is one.
pub(crate) fn trusted_root(path: &Path) -> TrustedRoot {
    TrustedRoot::parse(&std::fs::read(path).unwrap()).unwrap()
}

/// A SHA-256 of an index: `HEX` or `sha256:HEX`.
pub(crate) fn sha256(text: &str) -> MessageDigest {
    let bytes = hex::decode(text.strip_prefix("sha256:").unwrap_or(text)).unwrap();
    MessageDigest::new(HashAlgorithm::Sha256, &bytes).unwrap()
}
