//! Image layouts as BuildKit writes them, and every way in which they can be wrong.

use countersign_core::digest::Digest;
use serde_json::{Value, json};
use testkit::Sandbox;
use testkit::documents::{IN_TOTO, INDEX, MANIFEST, descriptor};
use testkit::peers::peer;
use testkit::servers::Server;

/// The predicate type of SBOMs by SPDX.
pub const SPDX: &str = "https://spdx.dev/Document";
/// The predicate type of provenance.
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// How an attestation manifest is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As an OCI artifact with a subject.
    Artifact,
    /// As what passes for an image (`oci-artifact=false`, and what older versions write).
    Image,
}

impl Shape {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Artifact, Self::Image];
}

/// An image layout that is being written into a folder of the sandbox.
pub struct Made<'a> {
    sandbox: &'a Sandbox,
    folder: &'static str,
}

impl<'a> Made<'a> {
    /// An empty one.
    pub fn new(sandbox: &'a Sandbox, folder: &'static str) -> Self {
        std::fs::create_dir_all(sandbox.path(folder).join("blobs/sha256")).expect("a folder");
        sandbox.write(format!("{folder}/oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#);
        Self { sandbox, folder }
    }

    /// Stores bytes, and gives their descriptor.
    pub fn blob(&self, media_type: &str, bytes: &[u8]) -> Value {
        let path = format!("{}/blobs/sha256/{}", self.folder, Digest::sha256(bytes).hex());
        self.sandbox.write(path, bytes);
        descriptor(media_type, bytes)
    }

    /// Stores an image for linux, of one layer with one file, and gives its entry in an index.
    pub fn image(&self, architecture: &str) -> Value {
        let config = json!({"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}});
        self.sandbox.layer("layer.tar", architecture);
        let layer = self.sandbox.read("layer.tar");
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes()),
            "layers": [self.blob("application/vnd.oci.image.layer.v1.tar", &layer)],
        });
        let mut entry = self.blob(MANIFEST, manifest.to_string().as_bytes());
        entry["platform"] = json!({"os": "linux", "architecture": architecture});
        entry
    }

    /// Stores the layer of a statement.
    pub fn statement(&self, statement: &Value) -> Value {
        let mut layer = self.blob(IN_TOTO, statement.to_string().as_bytes());
        layer["annotations"] = json!({"in-toto.io/predicate-type": statement["predicateType"]});
        layer
    }

    /// An attestation manifest of an image, which nothing has been stored of yet but its layers.
    pub fn manifest(&self, shape: Shape, image: &Value, layers: &[Value]) -> Value {
        let mut manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": layers});
        match shape {
            Shape::Artifact => {
                manifest["artifactType"] = json!("application/vnd.docker.attestation.manifest.v1+json");
                manifest["config"] = self.blob("application/vnd.oci.empty.v1+json", b"{}");
                manifest["subject"] = json!({"mediaType": image["mediaType"], "digest": image["digest"], "size": image["size"]});
            }
            Shape::Image => {
                let config = br#"{"architecture":"unknown","os":"unknown","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"#;
                manifest["config"] = self.blob("application/vnd.oci.image.config.v1+json", config);
            }
        }
        manifest
    }

    /// Stores an attestation manifest, and gives its entry in an index.
    pub fn entry(&self, image: &Value, manifest: &Value) -> Value {
        let mut entry = self.blob(MANIFEST, manifest.to_string().as_bytes());
        entry["platform"] = json!({"os": "unknown", "architecture": "unknown"});
        entry["annotations"] = json!({
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": image["digest"],
        });
        entry
    }

    /// An image with an SBOM and provenance, as BuildKit has them: both entries.
    pub fn attested(&self, shape: Shape, architecture: &str) -> [Value; 2] {
        let image = self.image(architecture);
        let layers = [SPDX, PROVENANCE].map(|kind| self.statement(&statement(&image, kind)));
        let entry = self.entry(&image, &self.manifest(shape, &image, &layers));
        [image, entry]
    }

    /// Ends the layout with an index of these entries, tagged `v1`, and gives the digest of the index.
    pub fn index(&self, entries: &[Value]) -> String {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
        let mut entry = self.blob(INDEX, index.to_string().as_bytes());
        let digest = entry["digest"].as_str().expect("a digest").to_owned();
        entry["annotations"] = json!({"org.opencontainers.image.ref.name": "v1"});
        let root = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]});
        self.sandbox.write(format!("{}/index.json", self.folder), root.to_string());
        digest
    }
}

/// A statement as BuildKit writes it: about the image, under each name that it is pushed under.
pub fn statement(image: &Value, kind: &str) -> Value {
    let hex = image["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:")).expect("SHA-256");
    let subject = |name: &str| json!({"name": name, "digest": {"sha256": hex}});
    let subjects = [subject("pkg:docker/app@v1?platform=linux%2Famd64"), subject("pkg:docker/app@latest")];
    let predicate = match kind {
        SPDX => {
            json!({"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "sbom", "big": 9007199254740993_u64})
        }
        _ => json!({"buildDefinition": {"buildType": "https://mobyproject.org/buildkit@v1"}}),
    };
    json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": kind,
        "subject": subjects,
        "predicate": predicate,
    })
}

/// Pushes the layout by `oras`, and names it by its tag.
pub fn push(sandbox: &Sandbox, folder: &str, server: &Server) -> Option<String> {
    let oras = peer("ORAS")?;
    let target = format!("{}/acme/app:v1", server.host());
    let copy = ["cp", "--from-oci-layout", &format!("{folder}:v1"), "--to-plain-http", &target];
    sandbox.run(oras, copy).succeeds();
    Some(target)
}
