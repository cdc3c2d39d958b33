//! An image in the registry that lies, and keys and signatures that were not made by the code under test.

use countersign_core::digest::Digest;
use serde_json::{Value, json};

use crate::documents::{self, BUNDLE, IN_TOTO, INDEX, MANIFEST, SIGN};
use crate::registry::{Options, Registry};
use crate::{Run, Sandbox};

/// The repository of the image.
const PATH: &str = "acme/app";

impl Sandbox {
    /// Makes a key without a password: `NAME.key` and `NAME.pub`, of P-256, by `openssl`.
    pub fn key(&self, name: &str) {
        self.key_of(name, &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    }

    /// The same of the kind that these arguments of `openssl genpkey -algorithm` say.
    pub fn key_of(&self, name: &str, kind: &[&str]) {
        let (private, public) = (format!("{name}.key"), format!("{name}.pub"));
        self.run("openssl", ["genpkey", "-out", &private, "-algorithm"].iter().chain(kind)).succeeds();
        self.run("openssl", ["pkey", "-in", &private, "-pubout", "-out", &public]).succeeds();
    }

    /// A signature by `NAME.key`, with SHA-256, by `openssl`.
    pub fn signature(&self, name: &str, message: &[u8]) -> Vec<u8> {
        self.write("message", message);
        let key = format!("{name}.key");
        self.run("openssl", ["dgst", "-sha256", "-sign", &key, "-out", "signature", "message"]).succeeds();
        let signature = self.read("signature");
        for made in ["message", "signature"] {
            std::fs::remove_file(self.path(made)).expect("a file that was just made");
        }
        signature
    }

    /// Every path in the folder, to compare before and after.
    pub fn listing(&self) -> Vec<String> {
        let mut paths = Vec::new();
        list(&self.path(""), "", &mut paths);
        paths.sort();
        paths
    }
}

fn list(folder: &std::path::Path, prefix: &str, paths: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            list(&entry.path(), &format!("{path}/"), paths);
        }
        paths.push(path);
    }
}

/// A sandbox with the key `a`, and a registry with an unsigned image, tagged `v1`.
pub struct Scene {
    /// Where programs run.
    pub sandbox: Sandbox,
    /// Where the image is.
    pub registry: Registry,
    /// The image.
    pub digest: Digest,
}

impl Default for Scene {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl Scene {
    /// A registry that can do this.
    pub fn new(options: Options) -> Self {
        let sandbox = Sandbox::new();
        sandbox.key("a");
        let registry = Registry::start(options);
        let digest = put_image(&registry, "v1", "amd64");
        Self { sandbox, registry, digest }
    }

    /// `HOST/PATH`.
    pub fn repository(&self) -> String {
        format!("{}/{PATH}", self.registry.host())
    }

    /// `HOST/PATH:v1`.
    pub fn tag(&self) -> String {
        format!("{}:v1", self.repository())
    }

    /// `HOST/PATH@DIGEST`.
    pub fn name(&self) -> String {
        format!("{}@{}", self.repository(), self.digest)
    }

    /// Runs `countersign`; `IMAGE` among the arguments is the image by its tag.
    pub fn countersign(&self, arguments: &[&str]) -> Run {
        let image = self.tag();
        self.sandbox.countersign(arguments.iter().map(|argument| argument.replace("IMAGE", &image)))
    }

    /// Verifies the image with the key `a`.
    pub fn verify(&self, more: &[&str]) -> Run {
        self.countersign(&[&["verify", "--key", "a.pub", "IMAGE"], more].concat())
    }

    /// Signs the image with the key `a`.
    pub fn sign(&self, more: &[&str]) -> Run {
        self.countersign(&[&["sign", "--key", "a.key", "IMAGE"], more].concat())
    }

    /// The digest of another image, tagged with the name of its architecture.
    pub fn other_image(&self, architecture: &str) -> Digest {
        put_image(&self.registry, architecture, architecture)
    }

    /// An index of these manifests, tagged.
    pub fn index(&self, tag: &str, entries: &[Value]) -> Digest {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).to_string();
        self.registry.change(|contents| contents.repository(PATH).put(Some(tag), INDEX, index.as_bytes()))
    }

    /// The descriptor of a manifest that is there.
    pub fn entry(&self, digest: &Digest) -> Value {
        self.registry.change(|contents| {
            let stored = &contents.repository(PATH).manifests[digest];
            documents::descriptor(&stored.media_type, &stored.bytes)
        })
    }

    /// The descriptor of the image.
    pub fn subject(&self) -> Value {
        self.entry(&self.digest)
    }

    /// Stores a blob, and gives its descriptor.
    pub fn blob(&self, media_type: &str, bytes: &[u8]) -> Value {
        self.registry.change(|contents| contents.repository(PATH).put_blob(bytes));
        documents::descriptor(media_type, bytes)
    }

    /// Stores a manifest, under a tag if there is one.
    pub fn manifest(&self, tag: Option<&str>, manifest: &Value) -> Digest {
        let media_type = manifest["mediaType"].as_str().unwrap_or(MANIFEST).to_owned();
        let bytes = manifest.to_string();
        self.registry.change(|contents| contents.repository(PATH).put(tag, &media_type, bytes.as_bytes()))
    }

    /// Attaches a bundle, whatever it says.
    pub fn bundle(&self, bundle: impl AsRef<[u8]>) {
        let layer = self.blob(BUNDLE, bundle.as_ref());
        self.referrer(&[layer]);
    }

    /// Attaches a manifest with these layers.
    pub fn referrer(&self, layers: &[Value]) {
        self.blob("application/vnd.oci.empty.v1+json", b"{}");
        self.manifest(None, &documents::referrer(&self.subject(), layers));
    }

    /// A bundle of a statement, signed as it must be.
    pub fn signed_statement(&self, key: &str, statement: &Value) -> Value {
        let payload = statement.to_string();
        let signature = self.sandbox.signature(key, &documents::pae(IN_TOTO, payload.as_bytes()));
        documents::envelope(IN_TOTO, payload.as_bytes(), &[signature])
    }

    /// Attaches a good bundle.
    pub fn signed_by(&self, key: &str) {
        let bundle = self.signed_statement(key, &documents::statement(&self.digest, SIGN));
        self.bundle(bundle.to_string());
    }

    /// Replaces cosign's tag by a manifest of this payload and this signature, in base64.
    pub fn legacy(&self, payload: &[u8], signature: &str) {
        let mut layer = self.blob("application/vnd.dev.cosign.simplesigning.v1+json", payload);
        layer["annotations"] = json!({"dev.cosignproject.cosign/signature": signature});
        self.legacy_layers(&[layer]);
    }

    /// Replaces cosign's tag by a manifest of these layers.
    pub fn legacy_layers(&self, layers: &[Value]) {
        let config = self.blob("application/vnd.oci.image.config.v1+json", b"{}");
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
        self.manifest(Some(&self.legacy_tag()), &manifest);
    }

    /// A legacy signature of a payload, signed as it must be.
    pub fn signed_payload(&self, key: &str, payload: &Value) {
        let payload = payload.to_string();
        let signature = self.sandbox.signature(key, payload.as_bytes());
        self.legacy(payload.as_bytes(), &documents::base64(&signature));
    }

    /// cosign's tag for the image's signatures.
    pub fn legacy_tag(&self) -> String {
        format!("{}.sig", self.digest.to_string().replace(':', "-"))
    }
}

/// Stores an image whose only layer is the name of its architecture.
fn put_image(registry: &Registry, tag: &str, architecture: &str) -> Digest {
    let config =
        json!({"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}});
    let config = config.to_string();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": documents::descriptor("application/vnd.oci.image.config.v1+json", config.as_bytes()),
        "layers": [documents::descriptor("application/vnd.oci.image.layer.v1.tar", architecture.as_bytes())],
    });
    registry.change(|contents| {
        let repository = contents.repository(PATH);
        repository.put_blob(config.as_bytes());
        repository.put_blob(architecture.as_bytes());
        repository.put(Some(tag), MANIFEST, manifest.to_string().as_bytes())
    })
}
