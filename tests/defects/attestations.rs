//! Defect 1: cosign's `verify` passes an image that has no signature, only an SBOM attestation by the same key.

use testkit::peers::{COSIGN_BUNDLE, COSIGN_LEGACY};
use testkit::servers::{Kind, Server};

use crate::bench::Bench;

#[test]
fn an_attestation_is_no_signature() {
    let Some(bench) = Bench::new() else { return };
    let Some(cosign) = bench.cosign() else { return };
    bench.sandbox.write("sbom.json", r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}"#);
    for kind in Kind::ALL {
        let Some(server) = Server::start(kind) else { return };
        for (name, flags) in [("bundle", &COSIGN_BUNDLE[..]), ("legacy", &COSIGN_LEGACY)] {
            let image = bench.push(server.host(), &format!("attested/{name}"));
            let words = ["attest", "--key", "cosign.key", "--type", "cyclonedx", "--predicate", "sbom.json"];
            let there = ["--allow-http-registry", &image];
            bench.sandbox.run(&cosign, words.iter().chain(flags).chain(&there)).succeeds();
            let verify = bench.ours(&["verify", "--key", "cosign.pub", &image]).fails(1, "NO_SIGNATURES");
            assert_eq!(verify.stdout, "", "{}", verify.line);
            if name == "bundle" {
                assert!(
                    verify.stderr.contains("attestation of type https://cyclonedx.org/bom"),
                    "{}",
                    verify.stderr
                );
            }
            // A signature beside it is found.
            bench.ours(&["sign", "--key", "cosign.key", &image]).succeeds();
            bench.ours(&["verify", "--key", "cosign.pub", &image]).succeeds();
        }
    }
}
