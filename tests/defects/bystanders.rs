//! Defect 9: cosign's `verify` of a tiny signature downloads the 54 MB SBOM beside it, twice.

use serde_json::json;
use testkit::documents::{BUNDLE, INDEX, MANIFEST, descriptor, referrer};
use testkit::registry::Registry;

use crate::bench::{Bench, digest, registry};

const LARGE: usize = 54 << 20;

/// Puts a large attestation on an image, as cosign stores one, and gives the digest of its layer.
fn attach(registry: &Registry, repository: &str, image: &str, listed: bool) -> String {
    registry.change(|contents| {
        let repository = contents.repository(repository);
        let subject = repository.manifests[&digest(image).parse().expect("a digest")].clone();
        let large = vec![b' '; LARGE];
        let layer = repository.put_blob(&large);
        repository.put_blob(b"{}");
        let subject = descriptor(&subject.media_type, &subject.bytes);
        let mut manifest = referrer(&subject, &[descriptor(BUNDLE, &large)]);
        manifest["annotations"] = json!({
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": "https://cyclonedx.org/bom",
        });
        let manifest = manifest.to_string();
        repository.put(None, MANIFEST, manifest.as_bytes());
        if listed {
            // As cosign 3 lists it: with the type of the configuration, and no annotations.
            let mut entry = descriptor(MANIFEST, manifest.as_bytes());
            entry["artifactType"] = "application/vnd.oci.empty.v1+json".into();
            let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).to_string();
            repository.put(Some(&digest(image).replace(':', "-")), INDEX, index.as_bytes());
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
