//! What is not as BuildKit's specification has it is refused, with its code, however well the index is signed. The codes
//! themselves are in `tests/refusals`; here are the fields.

use serde_json::{Value, json};
use testkit::documents::IN_TOTO;
use testkit::registry::Fault;
use testkit::servers::{Kind, Server};
use testkit::{Sandbox, Scene};

use crate::made::{Made, PROVENANCE, SPDX, Shape, statement};

/// What is done to the image's entry, the attestation manifest and its entry before they are stored.
type Change = fn(&Made<'_>, &mut Parts);

struct Parts {
    image: Value,
    manifest: Value,
    /// Added to the entry of the attestation manifest.
    entry: Value,
}

fn other(made: &Made<'_>) -> Value {
    made.image("s390x")
}

/// Every case: what is wrong, the shape it is wrong in, the code, what it says.
const CASES: &[(&str, Shape, &str, Change)] = &[
    ("subject with digest", Shape::Artifact, "BUILDKIT_SUBJECT_MISMATCH", |made, parts| {
        parts.manifest["subject"]["digest"] = other(made)["digest"].clone();
    }),
    ("subject with size '7'", Shape::Artifact, "BUILDKIT_SUBJECT_MISMATCH", |_, parts| {
        parts.manifest["subject"]["size"] = json!(7);
    }),
    ("subject with media type", Shape::Artifact, "BUILDKIT_SUBJECT_MISMATCH", |_, parts| {
        parts.manifest["subject"]["mediaType"] =
            json!("application/vnd.docker.distribution.manifest.v2+json");
    }),
    ("subject with digest", Shape::Image, "BUILDKIT_SUBJECT_MISMATCH", |made, parts| {
        parts.manifest["subject"] = other(made);
    }),
    ("subject 'nothing'", Shape::Artifact, "BUILDKIT_SHAPE", |_, parts| {
        parts.manifest.as_object_mut().expect("an object").remove("subject");
    }),
    ("artifact type 'application/spdx+json'", Shape::Artifact, "BUILDKIT_SHAPE", |_, parts| {
        parts.manifest["artifactType"] = json!("application/spdx+json");
    }),
    ("the two bytes {}", Shape::Artifact, "BUILDKIT_SHAPE", |made, parts| {
        parts.manifest["config"] = made.blob("application/vnd.oci.empty.v1+json", b"{ }");
    }),
    ("configuration", Shape::Image, "BUILDKIT_SHAPE", |made, parts| {
        parts.manifest["config"] = made.blob("application/vnd.oci.empty.v1+json", b"{}");
    }),
    ("platform 'linux/riscv64'", Shape::Artifact, "BUILDKIT_PLATFORM", |_, parts| {
        parts.entry = json!({"platform": {"os": "linux", "architecture": "riscv64"}});
    }),
    ("platform 'nothing'", Shape::Artifact, "BUILDKIT_PLATFORM", |_, parts| {
        parts.entry = json!({"platform": null});
    }),
    ("65 layers", Shape::Image, "BUILDKIT_LAYERS", |_, parts| {
        let layer = parts.manifest["layers"][0].clone();
        parts.manifest["layers"] = json!(vec![layer; 65]);
    }),
    ("annotated with predicate type", Shape::Image, "BUILDKIT_PREDICATE_TYPE_MISMATCH", |made, parts| {
        let mut layer = made.statement(&statement(&parts.image, PROVENANCE));
        layer["annotations"]["in-toto.io/predicate-type"] = json!(SPDX);
        parts.manifest["layers"] = json!([layer]);
    }),
    ("a statement of BuildKit's about", Shape::Artifact, "SUBJECT_MISMATCH", |made, parts| {
        parts.manifest["layers"] = json!([made.statement(&statement(&other(made), SPDX))]);
    }),
    ("about no subject", Shape::Artifact, "SUBJECT_MISMATCH", |made, parts| {
        let mut nobody = statement(&parts.image, SPDX);
        nobody["subject"] = json!([]);
        parts.manifest["layers"] = json!([made.statement(&nobody)]);
    }),
    ("in-toto statement", Shape::Artifact, "ARTIFACT_MALFORMED", |made, parts| {
        let whole = statement(&parts.image, SPDX).to_string();
        parts.manifest["layers"] = json!([made.blob(IN_TOTO, &whole.as_bytes()[..whole.len() - 1])]);
    }),
    ("_type", Shape::Artifact, "ARTIFACT_MALFORMED", |made, parts| {
        let mut newer = statement(&parts.image, SPDX);
        newer["_type"] = json!("https://in-toto.io/Statement/v2");
        parts.manifest["layers"] = json!([made.statement(&newer)]);
    }),
];

/// Stores an index with one attestation manifest, changed so, as the layout `layout`.
fn store(sandbox: &Sandbox, shape: Shape, change: Change) {
    let made = Made::new(sandbox, "layout");
    let image = made.image("amd64");
    let manifest = made.manifest(shape, &image, &[made.statement(&statement(&image, SPDX))]);
    let mut parts = Parts { image, manifest, entry: json!({}) };
    change(&made, &mut parts);
    let mut entry = made.entry(&parts.image, &parts.manifest);
    for (name, value) in parts.entry.as_object().expect("an object") {
        entry[name] = value.clone();
    }
    made.index(&[parts.image, entry]);
}

const VERIFY: &[&str] = &[
    "verify-attestation",
    "--buildkit",
    "--type",
    "spdxjson",
    "--key",
    "a.pub",
    "--platform",
    "linux/amd64",
];

/// threat model, row 92.
#[test]
fn what_is_wrong_is_refused_with_its_code() {
    let server = Server::start(Kind::Crane);
    for (says, shape, code, change) in CASES {
        let sandbox = Sandbox::new();
        sandbox.key("a");
        store(&sandbox, *shape, *change);
        sandbox.countersign(["sign", "--key", "a.key", "oci:layout:v1"]).succeeds();
        let check = |image: &str| {
            let run = sandbox.countersign(VERIFY.iter().chain(&[image])).fails(1, "NO_SIGNATURE_ACCEPTED");
            assert!(run.stderr.contains(&format!("[{code}]")), "{says}: {}", run.stderr);
            assert!(run.stderr.contains(says), "{says}: {}", run.stderr);
            assert_eq!(run.stdout, "");
            // Downloading says so too, and leaves it out.
            let download = ["download", "attestation", "--platform", "linux/amd64", image];
            let run = sandbox.countersign(download).fails(1, "NO_ATTESTATIONS");
            assert!(run.stderr.contains(&format!("[{code}]")), "{says}: {}", run.stderr);
        };
        check("oci:layout:v1");
        // A registry need not take what contradicts itself.
        if let Some(server) = &server
            && !says.starts_with("subject with")
        {
            let image = format!("{}/acme/app:v1", server.host());
            sandbox.countersign(["copy", "--force", "oci:layout:v1", &image]).succeeds();
            check(&image);
        }
    }
}

/// The same parts, with nothing changed, are accepted: each case is refused for what was changed.
#[test]
fn what_is_right_is_accepted() {
    for shape in Shape::ALL {
        let sandbox = Sandbox::new();
        sandbox.key("a");
        store(&sandbox, shape, |_, _| {});
        sandbox.countersign(["sign", "--key", "a.key", "oci:layout:v1"]).succeeds();
        sandbox.countersign(VERIFY.iter().chain(&["oci:layout:v1"])).succeeds();
        // A subject that is right may stand in either shape, unknown layers are passed over, and a layer that does not
        // say what it holds is looked into.
        store(&sandbox, shape, |made, parts| {
            parts.manifest["subject"] = json!({
                "mediaType": parts.image["mediaType"],
                "digest": parts.image["digest"],
                "size": parts.image["size"],
            });
            let mut layer = parts.manifest["layers"][0].clone();
            layer.as_object_mut().expect("an object").remove("annotations");
            parts.manifest["layers"] = json!([made.blob("text/plain", b"{"), layer]);
        });
        sandbox.countersign(["sign", "--key", "a.key", "oci:layout:v1"]).succeeds();
        sandbox.countersign(VERIFY.iter().chain(&["oci:layout:v1"])).succeeds();
    }
}

/// An entry of another kind, or of an image that is not in the index, is nothing of the image's.
#[test]
fn what_belongs_to_another_is_passed_over() {
    for annotations in [
        json!({"vnd.docker.reference.type": "signature"}),
        json!({"vnd.docker.reference.type": "attestation-manifest"}),
        json!({"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": "sha256:00"}),
    ] {
        let sandbox = Sandbox::new();
        sandbox.key("a");
        let made = Made::new(&sandbox, "layout");
        let [image, mut entry] = made.attested(Shape::Artifact, "amd64");
        entry["annotations"] = annotations;
        made.index(&[image, entry]);
        sandbox.countersign(["sign", "--key", "a.key", "oci:layout:v1"]).succeeds();
        sandbox.countersign(VERIFY.iter().chain(&["oci:layout:v1"])).fails(1, "NO_ATTESTATIONS");
    }
}

/// What would run is verified with the other images, whatever it says of belonging to one of them.
#[test]
fn what_would_run_is_no_attestation_manifest() {
    let recursive =
        ["verify-attestation", "--buildkit", "--recursive", "--type", "spdxjson", "--key", "a.pub"];
    let runs = |kind: &str| json!({"vnd.docker.reference.type": kind});
    for annotations in [json!({}), runs("signature"), runs("attestation-manifest")] {
        let sandbox = Sandbox::new();
        sandbox.key("a");
        let made = Made::new(&sandbox, "layout");
        let [image, entry] = made.attested(Shape::Artifact, "amd64");
        let mut hidden = other(&made);
        hidden["annotations"] = annotations;
        hidden["annotations"]["vnd.docker.reference.digest"] = image["digest"].clone();
        let (alone, beside) = ([image.clone(), entry.clone()], [image, entry, hidden]);
        for (entries, accepted) in [(&alone[..], true), (&beside[..], false)] {
            made.index(entries);
            sandbox.countersign(["sign", "--key", "a.key", "oci:layout:v1"]).succeeds();
            let run = sandbox.countersign(recursive.iter().chain(&["oci:layout:v1"]));
            if accepted {
                run.succeeds()
            } else {
                run.ends(1)
            };
        }
    }
}

/// A store that fails when it is asked who signed the index, or for the manifest or the statement, leaves the question
/// open.
#[test]
fn what_could_not_be_read_leaves_the_question_open() {
    let scene = Scene::default();
    let sandbox = &scene.sandbox;
    let made = Made::new(sandbox, "layout");
    let entries = made.attested(Shape::Image, "amd64");
    let index = made.index(&entries);
    let image = format!("{}:built", scene.repository());
    sandbox.countersign(["copy", "oci:layout:v1", &image]).succeeds();
    let line: Vec<_> = VERIFY.iter().chain(&["--timeout", "2s", &image]).map(ToString::to_string).collect();
    sandbox.countersign(&line).fails(1, "BUILDKIT_UNSIGNED");
    let statement = statement(&entries[0], SPDX).to_string();
    let statement = countersign_core::digest::Digest::sha256(statement.as_bytes()).to_string();
    let manifest = entries[1]["digest"].as_str().expect("a digest");
    for failing in
        [format!("referrers/{index}"), format!("manifests/{manifest}"), format!("blobs/{statement}")]
    {
        scene.registry.fault(Fault::status("GET", &failing, 500));
        sandbox.countersign(&line).fails(3, "STORE_STATUS");
        scene.registry.behave();
    }
    sandbox.countersign(&line).fails(1, "BUILDKIT_UNSIGNED");
}

/// An index that lists an attestation manifest which is not there contradicts itself, and nothing is decided.
#[test]
fn a_manifest_that_is_not_there_leaves_the_question_open() {
    let sandbox = Sandbox::new();
    sandbox.key("a");
    let made = Made::new(&sandbox, "layout");
    let entries = made.attested(Shape::Artifact, "amd64");
    made.index(&entries);
    let hex =
        entries[1]["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:")).expect("SHA-256");
    std::fs::remove_file(sandbox.path(format!("layout/blobs/sha256/{hex}"))).expect("the manifest");
    sandbox.countersign(VERIFY.iter().chain(&["oci:layout:v1"])).fails(3, "NOT_FOUND");
}
