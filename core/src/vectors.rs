//! Where tests find the shared vectors.

use std::path::{Path, PathBuf};

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
