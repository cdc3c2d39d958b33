//! Defect 7: cosign's `copy` drops bundles; its `save` and `load` lose per-platform bundles; an index that it saved does not
//! verify locally. Defect 8: it moves predicates through floating point (`attest` is not part of this version; what is here
//! already must keep their bytes).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use testkit::documents::BUNDLE;
use testkit::servers::{Kind, Server};

use crate::bench::{Bench, digest};

/// Signs an index and its platforms: bundles by one key, legacy signatures by the other.
fn signed_index(bench: &Bench, server: &Server) -> String {
    let index = bench.push_index(server.host(), "copied/from");
    bench.ours(&["sign", "--recursive", "--key", "one.key", &index]).succeeds();
    bench.ours(&["sign", "--recursive", "--key", "two.key", "--format", "legacy", &index]).succeeds();
    index
}

/// Both signatures of the index and of everything in it are there.
fn is_complete(bench: &Bench, image: &str) {
    let both = ["--key", "one.pub", "--key", "two.pub", "--threshold", "2", "--recursive"];
    let words: Vec<_> = ["verify", "-o", "report", image].iter().chain(&both).copied().collect();
    let report = bench.ours(&words).succeeds().json();
    assert_eq!(report["images"].as_array().map(Vec::len), Some(3), "{report}");
}

#[test]
fn copies_keep_everything_between_registries_and_layouts() {
    let Some(bench) = Bench::new() else { return };
    bench.sandbox.key("two");
    let Some(servers) = Kind::ALL.into_iter().map(Server::start).collect::<Option<Vec<_>>>() else { return };
    for (number, server) in servers.iter().enumerate() {
        let index = signed_index(&bench, server);
        let target = &servers[(number + 1) % servers.len()];
        let there = format!("{}/copied/there", target.host());
        bench.ours(&["copy", &index, &there]).succeeds();
        let copied = format!("{there}@{}", digest(&index));
        is_complete(&bench, &copied);
        bench.crane(&["validate", "--remote", &copied]);

        let layout = format!("oci:layout-{number}");
        bench.ours(&["copy", &copied, &layout]).succeeds();
        is_complete(&bench, &layout);
        let back = format!("{}/copied/back", server.host());
        bench.ours(&["copy", &layout, &back]).succeeds();
        is_complete(&bench, &format!("{back}@{}", digest(&index)));

        let directory = format!("saved-{number}");
        bench.ours(&["save", "--dir", &directory, &index]).succeeds();
        let local = ["verify", "--local-image", "--recursive", "--threshold", "2", "--key", "one.pub"];
        bench
            .ours(&local.iter().chain(&["--key", "two.pub", &*directory]).copied().collect::<Vec<_>>())
            .succeeds();
        let loaded = format!("{}/copied/loaded:v1", target.host());
        bench.ours(&["load", "--dir", &directory, &loaded]).succeeds();
        is_complete(&bench, &loaded);
    }
}

/// An attestation with numbers beyond 2^53 and keys out of order arrives as the bytes that it was.
#[test]
fn attestations_keep_their_bytes() {
    let (Some(bench), Some(server)) = (Bench::new(), Server::start(Kind::Crane)) else { return };
    let image = bench.push(server.host(), "exact/from");
    let subject = digest(&image).trim_start_matches("sha256:");
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{subject}"}}}}],"predicateType":"https://example.com/exact/v1","predicate":{{"z": 9007199254740993, "a": 1.0e2}}}}"#
    );
    let bundle = format!(
        r#"{{ "mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{{"publicKey":{{"hint":"eA=="}}}},"dsseEnvelope":{{"payload":"{}","payloadType":"application/vnd.in-toto+json","signatures":[{{"sig":"AAAA"}}]}} }}"#,
        STANDARD.encode(&statement)
    );
    bench.sandbox.write("exact.json", &bundle);
    let Some(oras) = testkit::peer("ORAS") else { return };
    let layer = format!("exact.json:{BUNDLE}");
    let attach = ["attach", "--plain-http", "--artifact-type", BUNDLE, "--annotation"];
    let annotation = "dev.sigstore.bundle.predicateType=https://example.com/exact/v1";
    bench.sandbox.run(&oras, attach.iter().chain(&[annotation, &*image, &*layer])).succeeds();

    bench.ours(&["save", "--dir", "exact", &image]).succeeds();
    let there = format!("{}/exact/there:v1", server.host());
    bench.ours(&["load", "--dir", "exact", &there]).succeeds();
    let again = format!("{}/exact/again:v1", server.host());
    bench.ours(&["copy", &there, &again]).succeeds();
    let discover = ["discover", "--plain-http", "--format", "json", &again];
    let listed: Value = bench.sandbox.run(&oras, discover).succeeds().json();
    let referrer = listed["referrers"][0]["reference"].as_str().expect("one referrer").to_owned();
    let manifest = bench.crane(&["manifest", &referrer]).json();
    let (repository, _) = referrer.split_once('@').expect("a digest");
    let layer = format!("{repository}@{}", manifest["layers"][0]["digest"].as_str().expect("a layer"));
    assert_eq!(bench.crane(&["blob", &layer]).stdout, bundle);
}
