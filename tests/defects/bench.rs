//! What the tests share: programs, an image, keys without a password.

use std::path::PathBuf;

use testkit::registry::{Options, Registry};
use testkit::{Run, Sandbox, peer};

/// How cosign 3 is told to stay off the network, and to write each format.
pub const COSIGN_BUNDLE: [&str; 6] = [
    "-y",
    "--allow-http-registry",
    "--signing-config",
    "signing-config.json",
    "--trusted-root",
    "trusted-root.json",
];
pub const COSIGN_LEGACY: [&str; 5] = [
    "-y",
    "--allow-http-registry",
    "--new-bundle-format=false",
    "--use-signing-config=false",
    "--tlog-upload=false",
];

/// A sandbox with a key and a layer.
pub struct Bench {
    pub sandbox: Sandbox,
    crane: PathBuf,
    openssl: PathBuf,
}

impl Bench {
    /// `None` where crane or openssl is not there. The key is in `one.key` and `one.pub`.
    pub fn new() -> Option<Self> {
        let bench = Self { sandbox: Sandbox::new(), crane: peer("CRANE")?, openssl: peer("OPENSSL")? };
        bench.sandbox.write("content", "content\n");
        let tar = ["--mtime=@0", "--owner=0", "--group=0", "--mode=644", "-cf", "layer.tar", "content"];
        bench.sandbox.run("tar", tar).succeeds();
        bench.key("one");
        Some(bench)
    }

    /// A plain P-256 key in PKCS#8 without a password: no key derivation to wait for.
    pub fn key(&self, name: &str) {
        let (key, public) = (format!("{name}.key"), format!("{name}.pub"));
        let make = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &key];
        self.sandbox.run(&self.openssl, make).succeeds();
        self.sandbox.run(&self.openssl, ["pkey", "-in", &key, "-pubout", "-out", &public]).succeeds();
    }

    /// Pushes an image, the same each time, and names it by its digest.
    pub fn push(&self, host: &str, name: &str) -> String {
        let tagged = format!("{host}/{name}:v1");
        self.crane(&["append", "--oci-empty-base", "-f", "layer.tar", "-t", &tagged]).stdout.trim().to_owned()
    }

    /// Pushes an index of two images, and names it by its digest.
    pub fn push_index(&self, host: &str, name: &str) -> String {
        let repository = format!("{host}/{name}");
        let one = self.push(host, name);
        self.sandbox.write("content", "another\n");
        self.sandbox.run("tar", ["--mtime=@0", "-cf", "layer2.tar", "content"]).succeeds();
        let two = format!("{repository}:v2");
        let two = self.crane(&["append", "--oci-empty-base", "-f", "layer2.tar", "-t", &two]);
        let (two, index) = (two.stdout.trim().to_owned(), format!("{repository}:index"));
        self.crane(&["index", "append", "-m", &one, "-m", &two, "-t", &index]);
        format!("{repository}@{}", self.crane(&["digest", &index]).stdout.trim())
    }

    pub fn crane(&self, words: &[&str]) -> Run {
        self.sandbox.run(&self.crane, words.iter().chain(&["--insecure"])).succeeds()
    }

    /// Runs countersign.
    pub fn ours(&self, words: &[&str]) -> Run {
        self.sandbox.countersign(words)
    }

    /// Signs with `one.key`.
    pub fn sign(&self, image: &str, format: &str) {
        self.ours(&["sign", "--key", "one.key", "--format", format, image]).succeeds();
    }

    pub fn verify(&self, image: &str) -> Run {
        self.ours(&["verify", "--key", "one.pub", image])
    }

    /// cosign 3, with a key of its own in `cosign.key` and what keeps it off the network.
    pub fn cosign(&self) -> Option<PathBuf> {
        let cosign = peer("COSIGN")?;
        self.sandbox.run(&cosign, ["generate-key-pair"]).succeeds();
        self.sandbox.run(&cosign, ["signing-config", "create", "--out", "signing-config.json"]).succeeds();
        self.sandbox.run(&cosign, ["trusted-root", "create", "--out", "trusted-root.json"]).succeeds();
        Some(cosign)
    }
}

/// A registry in this process.
pub fn registry(referrers_api: bool) -> Registry {
    Registry::start(Options { referrers_api, ..Options::default() })
}

/// The digest of `repository@digest`.
pub fn digest(image: &str) -> &str {
    image.split_once('@').map_or(image, |(_, digest)| digest)
}
