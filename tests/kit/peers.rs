//! What the real programs are given: no network, and images that are the same each time.

use std::path::{Path, PathBuf};

use crate::{Sandbox, missing};

/// Flags with which cosign 3 signs into a bundle with no network, after [`Sandbox::offline`].
pub const COSIGN_BUNDLE: [&str; 5] =
    ["-y", "--signing-config", "signing-config.json", "--trusted-root", "trusted-root.json"];
/// Flags with which it signs in its older form.
pub const COSIGN_LEGACY: [&str; 4] =
    ["-y", "--new-bundle-format=false", "--use-signing-config=false", "--tlog-upload=false"];

/// A peer by the name of its variable (`COSIGN`, `CRANE`...); `None` where `tests/peers/install` has not got it.
pub fn peer(variable: &str) -> Option<PathBuf> {
    let here = |path: PathBuf| path.exists().then_some(path);
    let given = std::env::var_os(variable).map(PathBuf::from).and_then(here);
    given.or_else(|| installed(variable).and_then(here)).or_else(|| missing(&format!("peer {variable}")))
}

fn installed(variable: &str) -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let listed = std::fs::read_to_string(cache.join("countersign/peers/env")).ok()?;
    listed.lines().find_map(|line| line.strip_prefix(variable)?.strip_prefix('=').map(PathBuf::from))
}

impl Sandbox {
    /// Makes what keeps cosign off the network: a signing configuration and a trusted root that name no service.
    pub fn offline(&self, cosign: &Path) {
        for kind in ["signing-config", "trusted-root"] {
            self.run(cosign, [kind, "create", "--out", &format!("{kind}.json")]).succeeds();
        }
    }

    /// Makes a layer of one file, `content`.
    pub fn layer(&self, name: &str, content: &str) {
        self.write("content", content);
        let tar = ["--mtime=@0", "--owner=0", "--group=0", "--mode=644", "-cf", name, "content"];
        self.run("tar", tar).succeeds();
    }

    /// Pushes an image of this layer by `crane`, and names it by its digest.
    pub fn push(&self, crane: &Path, layer: &str, tagged: &str) -> String {
        let append = ["append", "--insecure", "--oci-empty-base", "-f", layer, "-t", tagged];
        self.run(crane, append).succeeds().stdout.trim().to_owned()
    }
}
