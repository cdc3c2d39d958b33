//! Other programs read what countersign writes.

use serde_json::Value;
use testkit::documents::BUNDLE;
use testkit::peer;
use testkit::servers::{Kind, Server};

use crate::bench::{Bench, digest};

#[test]
fn oras_lists_our_bundles() {
    let (Some(bench), Some(oras)) = (Bench::new(), peer("ORAS")) else { return };
    for kind in Kind::ALL {
        let Some(server) = Server::start(kind) else { return };
        let image = bench.push(server.host(), "listed");
        bench.sign(&image, "bundle");
        let discover = ["discover", "--plain-http", "--format", "json", &image];
        let listed: Value = bench.sandbox.run(&oras, discover).succeeds().json();
        let referrers = listed["referrers"].as_array().cloned().unwrap_or_default();
        assert_eq!(referrers.len(), 1, "{listed}");
        // That registry lists the configuration's type whatever the manifest says.
        let expected = if kind == Kind::Referrers { "application/vnd.oci.empty.v1+json" } else { BUNDLE };
        assert_eq!(referrers[0]["artifactType"], expected, "{}", kind.name());
    }
}

#[test]
fn skopeo_and_crane_read_our_layouts() {
    let (Some(bench), Some(skopeo)) = (Bench::new(), peer("SKOPEO")) else { return };
    let Some(server) = Server::start(Kind::Distribution2) else { return };
    let image = bench.push(server.host(), "read/from");
    for format in ["bundle", "legacy"] {
        bench.sign(&image, format);
    }
    let tagged = format!("{}/read/from:v1", server.host());
    bench.ours(&["save", "--dir", "saved", &tagged]).succeeds();
    let target = format!("docker://{}/read/there:v1", server.host());
    let copy = ["copy", "--insecure-policy", "--dest-tls-verify=false", "oci:saved:v1", &target];
    bench.sandbox.run(&skopeo, copy).succeeds();
    let there = format!("{}/read/there@{}", server.host(), digest(&image));
    bench.crane(&["validate", "--remote", &there]);
    // skopeo takes the image and leaves the signatures.
    bench.verify(&there).fails(1, "NO_SIGNATURES");
    bench.ours(&["verify", "--key", "one.pub", "oci:saved"]).succeeds();
}

/// What `clean` removes no listing names any more.
#[test]
fn cleaned_bundles_are_listed_nowhere() {
    let (Some(bench), Some(oras)) = (Bench::new(), peer("ORAS")) else { return };
    for kind in Kind::ALL {
        let Some(server) = Server::start(kind) else { return };
        let image = bench.push(server.host(), "cleaned");
        bench.sandbox.key("two");
        for key in ["one.key", "two.key"] {
            bench.ours(&["sign", "--key", key, "--format", "both", &image]).succeeds();
        }
        bench.ours(&["clean", "--force", "--type", "signature", &image]).succeeds();
        let discover = ["discover", "--plain-http", "--format", "json", &image];
        let listed: Value = bench.sandbox.run(&oras, discover).succeeds().json();
        assert_eq!(listed["referrers"].as_array().map_or(0, Vec::len), 0, "{}: {listed}", kind.name());
        let verify = bench.verify(&image).fails(1, "NO_SIGNATURES");
        assert!(!verify.stderr.contains("not there"), "{}: {}", kind.name(), verify.stderr);
        // Signing again works, and brings nothing back.
        bench.sign(&image, "bundle");
        let both = ["verify", "--key", "one.pub", "--key", "two.pub", "--threshold", "2", &image];
        bench.ours(&both).fails(1, "THRESHOLD_NOT_REACHED");
    }
}
