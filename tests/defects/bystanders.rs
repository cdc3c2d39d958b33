//! Defect 9: cosign's `verify` of a tiny signature downloads the 54 MB SBOM beside it, twice.

use serde_json::json;
use testkit::registry::Registry;

use crate::bench::{Bench, digest, registry};

const LARGE: usize = 54 << 20;
const KIND: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Puts a large attestation on an image, as cosign stores one, and gives the digest of its layer.
fn attach(registry: &Registry, repository: &str, image: &str, listed: bool) -> String {
    registry.change(|contents| {
        let repository = contents.repository(repository);
        let subject = repository.manifests[&digest(image).parse().expect("a digest")].clone();
        let layer = repository.put_blob(&vec![b' '; LARGE]);
        let config = repository.put_blob(b"{}");
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": KIND,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2},
            "layers": [{"mediaType": KIND, "digest": layer, "size": LARGE}],
            "subject": {"mediaType": subject.media_type, "digest": digest(image), "size": subject.bytes.len()},
            "annotations": {
                "dev.sigstore.bundle.content": "dsse-envelope",
                "dev.sigstore.bundle.predicateType": "https://cyclonedx.org/bom",
            },
        });
        let bytes = manifest.to_string();
        let stored = repository.put(None, "application/vnd.oci.image.manifest.v1+json", bytes.as_bytes());
        if listed {
            // As cosign 3 lists it: with the type of the configuration, and no annotations.
            let index = json!({
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.index.v1+json",
                "manifests": [{
                    "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "digest": stored,
                    "size": bytes.len(),
                    "artifactType": "application/vnd.oci.empty.v1+json",
                }],
            });
            let tag = digest(image).replace(':', "-");
            let index = index.to_string();
            repository.put(Some(&tag), "application/vnd.oci.image.index.v1+json", index.as_bytes());
        }
        layer.to_string()
    })
}

#[test]
fn a_large_attestation_beside_a_signature_is_not_fetched() {
    let Some(bench) = Bench::new() else { return };
    for api in [true, false] {
        let registry = registry(api);
        let image = bench.push(registry.host(), "large");
        let layer = attach(&registry, "large", &image, !api);
        for format in ["bundle", "legacy"] {
            bench.sign(&image, format);
            registry.clear_log();
            bench.verify(&image).succeeds();
            let asked: Vec<_> =
                registry.requests().into_iter().filter(|line| line.contains(&layer)).collect();
            assert_eq!(asked, Vec::<String>::new(), "api {api}, {format}");
        }
    }
}
