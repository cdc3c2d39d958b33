//! Entries in cosign's older forms: in the annotations of layers, and in its first bundles of blobs.

use bytes::Bytes;

use super::*;
use crate::digest::Digest;
use crate::format::dsse::Envelope;
use crate::format::legacy::{BlobBundle, log_entry_of};
use crate::media_type;
use crate::oci::Annotations;
use crate::vectors::vectors;
use crate::x509::Certificate;

/// A promise is all that these forms need.
const RULES: LogRules<'_> = LogRules { promise: true, proof: false, times: &[] };

/// A layer with a log entry.
struct Layer {
    annotations: Annotations,
    content: Vec<u8>,
}

/// The layers with log entries of every manifest among the files of one folder, with their contents from another.
fn layers(manifests: &Path, blobs: &Path) -> Vec<Layer> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(manifests).unwrap().map(|file| file.unwrap().path()) {
        let text = if file.is_file() { std::fs::read(file).unwrap() } else { Vec::new() };
        let Ok(manifest) = serde_json::from_slice::<Value>(&text) else { continue };
        for layer in manifest["layers"].as_array().into_iter().flatten() {
            if layer["annotations"][media_type::ANNOTATION_REKOR_BUNDLE].is_string() {
                let digest: Digest = layer["digest"].as_str().unwrap().parse().unwrap();
                found.push(Layer {
                    annotations: serde_json::from_value(layer["annotations"].clone()).unwrap(),
                    content: std::fs::read(blobs.join(digest.hex())).unwrap(),
                });
            }
        }
    }
    found
}

/// The only such layer of an image that was released in 2023, and the logs of its time.
fn released() -> Option<(Layer, Vec<Log>)> {
    let directory = vectors("slsa")?;
    let blobs = directory.join("files/oci_container/v1.4.0/container_workflow_dispatch/blobs/sha256");
    let mut layers = layers(&blobs, &blobs);
    assert_eq!(layers.len(), 1);
    Some((layers.pop()?, logs(&directory.join("trusted_root.json"))))
}

fn der(pem: &[u8]) -> Vec<u8> {
    Certificate::parse_pem(pem).unwrap()[0].der().to_vec()
}

impl Layer {
    /// Checks the layer's entry against a signature and a document, its own or others.
    fn check(&self, signature: Option<&[u8]>, document: &[u8], logs: &[Log]) -> Result<LogProven, LogError> {
        let entry = log_entry_of(&self.annotations).unwrap().unwrap();
        let certificate = der(self.annotations[media_type::ANNOTATION_CERTIFICATE].as_bytes());
        let digest = HashAlgorithm::Sha256.digest(document);
        let (own, envelope) = match self.annotations[media_type::ANNOTATION_SIGNATURE].as_str() {
            "" => {
                let envelope = Envelope::parse(Bytes::copy_from_slice(&self.content)).unwrap();
                (envelope.only_signature().unwrap().to_vec(), Some(envelope))
            }
            text => (base64::decode("test", text).unwrap(), None),
        };
        let what =
            envelope.as_ref().map_or(What::Blob(&digest), |envelope| What::Document(envelope, &digest));
        let signature = signature.unwrap_or(&own);
        LogProven::check(
            &entry,
            &Signed { signature, verifier: Verifier::Certificate(&certificate), what },
            logs,
            RULES,
        )
    }

    fn kind(&self) -> String {
        let entry = log_entry_of(&self.annotations).unwrap().unwrap();
        format!("{} {}", entry.kind, entry.version)
    }

    /// The entry is of this layer and its signature, and of no others.
    fn prove(&self, logs: &[Log]) {
        let kind = self.kind();
        let proven = self.check(None, &self.content, logs).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert!(proven.integrated_time().is_some() && !proven.is_included(), "{kind}");
        let code = |signature, document: &[u8]| self.check(signature, document, logs).unwrap_err().code();
        assert_eq!(code(Some(b"another"), &self.content), "LOG_ENTRY_MISMATCH", "{kind}");
        let changed = [&self.content[..], b" "].concat();
        // What the entry itself has the signature of is not bound to the text around it.
        if kind != "dsse 0.0.1" {
            assert_eq!(code(None, &changed), "LOG_ENTRY_MISMATCH", "{kind}");
        }
    }
}

#[test]
fn layers_of_a_local_stack() {
    let Some(directory) = vectors("keyless-local") else { return };
    let logs = logs(&directory.join("trusted_root.json"));
    let mut kinds = Vec::new();
    for image in ["att-legacy", "keyless-legacy", "keyless-legacy-noct"] {
        let image = directory.join("registry").join(image);
        for layer in layers(&image, &image.join("blobs")) {
            layer.prove(&logs);
            kinds.push(layer.kind());
        }
    }
    assert_eq!(kinds, ["dsse 0.0.1", "hashedrekord 0.0.1", "hashedrekord 0.0.1"]);
}

/// In the first years an entry named an envelope by the hash of its text alone: it is nothing to whoever does not have
/// the text's digest.
#[test]
fn an_envelope_alone_is_no_document() {
    let Some((layer, logs)) = released() else { return };
    assert_eq!(layer.kind(), "intoto 0.0.1");
    layer.prove(&logs);
    let entry = log_entry_of(&layer.annotations).unwrap().unwrap();
    let certificate = der(layer.annotations[media_type::ANNOTATION_CERTIFICATE].as_bytes());
    let envelope = Envelope::parse(layer.content.clone().into()).unwrap();
    let document = HashAlgorithm::Sha256.digest(&layer.content);
    let other = Envelope { payload: Bytes::from_static(b"other"), ..envelope.clone() };
    for (what, expected) in [
        (What::Document(&envelope, &document), None),
        (What::Document(&other, &document), Some("LOG_ENTRY_MISMATCH")),
        (What::Envelope(&envelope), Some("LOG_ENTRY_MISMATCH")),
        (What::Blob(&document), Some("LOG_ENTRY_MISMATCH")),
    ] {
        let signature = envelope.only_signature().unwrap();
        let signed = Signed { signature, verifier: Verifier::Certificate(&certificate), what };
        let got = LogProven::check(&entry, &signed, &logs, RULES).err().map(|error| error.code());
        assert_eq!(got, expected, "{what:?}");
    }
}

#[test]
fn a_blob_bundle_of_a_local_stack() {
    let Some(directory) = vectors("keyless-local") else { return };
    let logs = logs(&directory.join("trusted_root.json"));
    let file = std::fs::read(directory.join("bundles/blob.keyless.legacy.bundle.json")).unwrap();
    let bundle = BlobBundle::parse(&file).unwrap();
    let entry = bundle.log_entry().unwrap().unwrap();
    let certificate = der(&base64::decode("test", bundle.cert.as_ref().unwrap()).unwrap());
    let artifact = std::fs::read(directory.join("bundles/hello.txt")).unwrap();
    let signature = bundle.signature().unwrap();
    for (content, expected) in [(&artifact[..], None), (b"other", Some("LOG_ENTRY_MISMATCH"))] {
        let digest = HashAlgorithm::Sha256.digest(content);
        let verifier = Verifier::Certificate(&certificate);
        let signed = Signed { signature: &signature, verifier, what: What::Blob(&digest) };
        let got = LogProven::check(&entry, &signed, &logs, RULES).err().map(|error| error.code());
        assert_eq!(got, expected);
    }
}
