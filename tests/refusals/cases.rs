//! The cases.

use RefusalCode::*;
use countersign_core::digest::Digest;
use countersign_core::verify::RefusalCode;
use serde_json::{Value, json};
use testkit::Scene;
use testkit::documents::{self, BUNDLE, IN_TOTO, SIGN};
use testkit::registry::{Action, Fault};

/// One case.
pub(crate) struct Case {
    /// The code that must be said.
    pub(crate) code: RefusalCode,
    /// What is wrong.
    pub(crate) name: &'static str,
    /// Puts the bytes where they are found. The keys `a` and `b` are there.
    pub(crate) arrange: fn(&Scene),
    /// The command, with `IMAGE` for the image.
    pub(crate) ask: &'static [&'static str],
}

const fn case(
    code: RefusalCode,
    name: &'static str,
    ask: &'static [&'static str],
    arrange: fn(&Scene),
) -> Case {
    Case { code, name, arrange, ask }
}

const VERIFY: &[&str] = &["verify", "--key", "a.pub", "IMAGE"];
const ATTESTED: &[&str] = &["verify-attestation", "--key", "a.pub", "IMAGE"];
const BUILT: &[&str] = &[
    "verify-attestation",
    "--buildkit",
    "--platform",
    "linux/amd64",
    "--type",
    "spdxjson",
    "--key",
    "a.pub",
    "IMAGE",
];
const UNCHECKED: &[&str] = &[
    "verify-attestation",
    "--buildkit",
    "--platform",
    "linux/amd64",
    "--check-claims=false",
    "--type",
    "spdxjson",
    "--key",
    "a.pub",
    "IMAGE",
];
const SPDX: &str = "https://spdx.dev/Document";
const BLOB: &[&str] = &["verify-blob", "--key", "a.pub", "--bundle", "bundle", "blob"];
const FOLDER: &[&str] = &[
    "verify-blob-attestation",
    "--key",
    "a.pub",
    "--type",
    "https://example.com/x",
    "--bundle",
    "bundle",
    "dist",
];
const DETACHED: &[&str] = &["verify-blob", "--key", "a.pub", "--signature", "signature", "blob"];

pub(crate) const CASES: &[Case] = &[
    case(NoSignatures, "nothing attached", VERIFY, |_| {}),
    case(NoSignatures, "another artifact is no signature", VERIFY, |scene| {
        let layer = scene.blob("text/plain", b"an SBOM");
        let mut manifest = documents::referrer(&scene.subject(), &[layer]);
        manifest["artifactType"] = "application/spdx+json".into();
        scene.manifest(None, &manifest);
    }),
    case(NoSignatures, "an empty list of legacy signatures", VERIFY, |scene| scene.legacy_layers(&[])),
    case(NoAttestations, "a signature is no attestation", ATTESTED, |scene| scene.signed_by("a")),
    case(NoneAccepted, "bundle by another key", VERIFY, |scene| scene.signed_by("b")),
    case(NoneAccepted, "legacy signature by another key", VERIFY, |scene| {
        scene.signed_payload("b", &documents::payload(&scene.digest));
    }),
    case(
        ThresholdNotReached,
        "one of two",
        &["verify", "--key", "a.pub", "--key", "b.pub", "--threshold", "2", "IMAGE"],
        |scene| scene.signed_by("a"),
    ),
    case(
        ThresholdNotReached,
        "the same key twice, in both formats",
        &["verify", "--key", "a.pub", "--key", "b.pub", "--threshold", "2", "IMAGE"],
        |scene| {
            scene.signed_by("a");
            scene.signed_payload("a", &documents::payload(&scene.digest));
        },
    ),
    case(ArtifactMalformed, "a bundle that is no JSON", VERIFY, |scene| scene.bundle("no JSON")),
    case(ArtifactMalformed, "a bundle with a key twice", VERIFY, |scene| {
        let bundle = good_bundle(scene).to_string();
        scene.bundle(bundle.replacen('{', r#"{"mediaType":"text/plain","#, 1));
    }),
    case(ArtifactMalformed, "a bundle of another version", VERIFY, |scene| {
        changed_bundle(scene, "/mediaType", "application/vnd.dev.sigstore.bundle.v9+json".into());
    }),
    case(ArtifactMalformed, "a bundle with bytes behind it", VERIFY, |scene| {
        scene.bundle(format!("{}x", good_bundle(scene)));
    }),
    case(ArtifactMalformed, "base64 without its padding", VERIFY, |scene| {
        changed_bundle(scene, "/dsseEnvelope/signatures/0/sig", "AA".into());
    }),
    case(ArtifactMalformed, "an envelope without signatures", VERIFY, |scene| {
        changed_bundle(scene, "/dsseEnvelope/signatures", json!([]));
    }),
    case(ArtifactMalformed, "an envelope with two signatures, one of them good", VERIFY, |scene| {
        let good = good_bundle(scene)["dsseEnvelope"]["signatures"][0].clone();
        changed_bundle(scene, "/dsseEnvelope/signatures", json!([good, good]));
    }),
    case(ArtifactMalformed, "a bundle with both an envelope and a message", VERIFY, |scene| {
        let mut bundle = good_bundle(scene);
        bundle["messageSignature"] = documents::message(b"x", b"x")["messageSignature"].clone();
        scene.bundle(bundle.to_string());
    }),
    case(ArtifactMalformed, "33 log entries", VERIFY, |scene| {
        let mut bundle = good_bundle(scene);
        bundle["verificationMaterial"]["tlogEntries"] = vec![json!({}); 33].into();
        scene.bundle(bundle.to_string());
    }),
    case(ArtifactMalformed, "nesting of 10,000", VERIFY, |scene| {
        scene.bundle(format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)));
    }),
    case(ArtifactMalformed, "a signed payload that is no JSON", VERIFY, |scene| {
        scene.signed_payload("a", &json!("no payload"));
    }),
    case(ArtifactMalformed, "a signed payload with an unknown critical field", VERIFY, |scene| {
        let mut payload = documents::payload(&scene.digest);
        payload["critical"]["expires"] = 1.into();
        scene.signed_payload("a", &payload);
    }),
    case(ArtifactMalformed, "a legacy signature in url-safe base64", VERIFY, |scene| {
        scene.legacy(documents::payload(&scene.digest).to_string().as_bytes(), "-_-_");
    }),
    case(ArtifactMalformed, "a legacy layer without a signature", VERIFY, |scene| {
        let payload = documents::payload(&scene.digest).to_string();
        let layer = scene.blob("application/vnd.dev.cosign.simplesigning.v1+json", payload.as_bytes());
        scene.legacy_layers(&[layer]);
    }),
    case(ArtifactMalformed, "a blob's bundle that is no JSON", BLOB, |scene| {
        scene.sandbox.write("blob", "content");
        scene.sandbox.write("bundle", "no JSON");
    }),
    case(ContentMismatch, "a bundle of other bytes than its digest", VERIFY, |scene| {
        scene.signed_by("a");
        scene.registry.fault(Fault::on("GET", "/blobs/", Action::Body("other bytes".into())));
    }),
    case(ContentMismatch, "a bundle with a byte more than its size", VERIFY, |scene| {
        let mut layer = scene.blob(BUNDLE, good_bundle(scene).to_string().as_bytes());
        layer["size"] = (layer["size"].as_u64().unwrap() - 1).into();
        scene.referrer(&[layer]);
    }),
    case(ContentMismatch, "a payload with a byte less than its size", VERIFY, |scene| {
        let payload = documents::payload(&scene.digest).to_string();
        let mut layer = scene.blob("application/vnd.dev.cosign.simplesigning.v1+json", payload.as_bytes());
        layer["size"] = (payload.len() + 1).into();
        scene.legacy_layers(&[layer]);
    }),
    case(
        ContentTooLarge,
        "a bundle above the user's limit",
        &["verify", "--key", "a.pub", "--max-attachment-size", "10", "IMAGE"],
        |scene| scene.signed_by("a"),
    ),
    case(ContentTooLarge, "a descriptor of 2^62 bytes", VERIFY, |scene| {
        let mut layer = scene.blob(BUNDLE, b"{}");
        layer["size"] = (1_u64 << 62).into();
        scene.referrer(&[layer]);
    }),
    case(ManifestMalformed, "a referrer with layers and manifests", VERIFY, |scene| {
        let mut manifest = documents::referrer(&scene.subject(), &[]);
        manifest["manifests"] = json!([]);
        scene.manifest(None, &manifest);
    }),
    case(ManifestMalformed, "a referrer with a digest of MD5", VERIFY, |scene| {
        let mut layer = scene.blob(BUNDLE, b"{}");
        layer["digest"] = "md5:d41d8cd98f00b204e9800998ecf8427e".into();
        scene.referrer(&[layer]);
    }),
    case(BundleLayers, "no layer", VERIFY, |scene| scene.referrer(&[])),
    case(BundleLayers, "two layers", VERIFY, |scene| {
        let layer = scene.blob(BUNDLE, good_bundle(scene).to_string().as_bytes());
        scene.referrer(&[layer.clone(), layer]);
    }),
    case(SignatureInvalid, "another key, in a bundle", VERIFY, |scene| scene.signed_by("b")),
    case(SignatureInvalid, "a signature over another payload", VERIFY, |scene| {
        let mut bundle = good_bundle(scene);
        let mut statement = documents::statement(&scene.digest, SIGN);
        statement["predicate"] = json!({"more": true});
        bundle["dsseEnvelope"]["payload"] = documents::base64(statement.to_string().as_bytes()).into();
        scene.bundle(bundle.to_string());
    }),
    case(SignatureInvalid, "a signature over the payload without its encoding", VERIFY, |scene| {
        let payload = documents::statement(&scene.digest, SIGN).to_string();
        let signature = scene.sandbox.signature("a", payload.as_bytes());
        scene.bundle(documents::envelope(IN_TOTO, payload.as_bytes(), &[signature]).to_string());
    }),
    case(SignatureInvalid, "an empty signature", VERIFY, |scene| {
        changed_bundle(scene, "/dsseEnvelope/signatures/0/sig", "".into());
    }),
    case(SignatureInvalid, "another blob", DETACHED, |scene| {
        scene.sandbox.write("blob", "content");
        let signature = scene.sandbox.signature("a", b"other content");
        scene.sandbox.write("signature", signature);
    }),
    case(SubjectMismatch, "a statement about another image", VERIFY, |scene| {
        let statement = documents::statement(&Digest::sha256(b"another"), SIGN);
        scene.bundle(scene.signed_statement("a", &statement).to_string());
    }),
    case(SubjectMismatch, "a statement about nothing", VERIFY, |scene| {
        let mut statement = documents::statement(&scene.digest, SIGN);
        statement["subject"] = json!([]);
        scene.bundle(scene.signed_statement("a", &statement).to_string());
    }),
    case(SubjectMismatch, "a payload about another image", VERIFY, |scene| {
        scene.signed_payload("a", &documents::payload(&Digest::sha256(b"another")));
    }),
    case(FilesDiffer, "a file that is no subject beside one that is", FOLDER, |scene| {
        std::fs::create_dir(scene.sandbox.path("dist")).expect("a folder");
        scene.sandbox.write("dist/known", "a");
        scene.sandbox.write("dist/added", "b");
        let mut statement = documents::statement(&Digest::sha256(b"a"), "https://example.com/x");
        statement["subject"][0]["name"] = "known".into();
        scene.sandbox.write("bundle", scene.signed_statement("a", &statement).to_string());
    }),
    case(PayloadTypeMismatch, "a payload of another type, signed as such", VERIFY, |scene| {
        let payload = documents::statement(&scene.digest, SIGN).to_string();
        let signature = scene.sandbox.signature("a", &documents::pae("text/plain", payload.as_bytes()));
        scene.bundle(documents::envelope("text/plain", payload.as_bytes(), &[signature]).to_string());
    }),
    case(PredicateTypeMismatch, "an attestation that does not say so outside", VERIFY, |scene| {
        let statement = documents::statement(&scene.digest, "https://slsa.dev/provenance/v1");
        scene.bundle(scene.signed_statement("a", &statement).to_string());
    }),
    case(BundleContent, "a blob's bundle on an image", VERIFY, |scene| {
        let signature = scene.sandbox.signature("a", b"content");
        scene.bundle(documents::message(b"content", &signature).to_string());
    }),
    case(BundleContent, "an image's bundle for a blob", BLOB, |scene| {
        scene.sandbox.write("blob", "content");
        scene.sandbox.write("bundle", good_bundle(scene).to_string());
    }),
    case(
        AnnotationMismatch,
        "an annotation that was not signed",
        &["verify", "--key", "a.pub", "-a", "env=prod", "IMAGE"],
        |scene| scene.signed_by("a"),
    ),
    case(
        AnnotationMismatch,
        "an annotation with another value",
        &["verify", "--key", "a.pub", "-a", "env=prod", "IMAGE"],
        |scene| {
            let mut payload = documents::payload(&scene.digest);
            payload["optional"] = json!({"env": "staging"});
            scene.signed_payload("a", &payload);
        },
    ),
    case(
        AnnotationMismatch,
        "an annotation outside of what is signed",
        &["verify", "--key", "a.pub", "-a", "env=prod", "IMAGE"],
        |scene| {
            let layer = scene.blob(BUNDLE, good_bundle(scene).to_string().as_bytes());
            scene.blob("application/vnd.oci.empty.v1+json", b"{}");
            let mut manifest = documents::referrer(&scene.subject(), &[layer]);
            manifest["annotations"] = json!({"env": "prod"});
            scene.manifest(None, &manifest);
        },
    ),
    case(MessageDigestMismatch, "another blob", BLOB, |scene| {
        scene.sandbox.write("blob", "content");
        let signature = scene.sandbox.signature("a", b"other content");
        scene.sandbox.write("bundle", documents::message(b"other content", &signature).to_string());
    }),
    case(MessageDigestMismatch, "a good signature beside another digest", BLOB, |scene| {
        scene.sandbox.write("blob", "content");
        let signature = scene.sandbox.signature("a", b"content");
        scene.sandbox.write("bundle", documents::message(b"other content", &signature).to_string());
    }),
    case(BuildkitUnsigned, "a statement of BuildKit's in an index that nobody signed", BUILT, |scene| {
        built(scene, |_, _| {});
    }),
    case(BuildkitUnsigned, "a statement of BuildKit's in an index that another key signed", BUILT, |scene| {
        let index = built(scene, |_, _| {});
        sign_index(scene, "b", &index, &index);
    }),
    case(
        BuildkitUnsigned,
        "an index with a signature of something else, its claims unchecked",
        UNCHECKED,
        |scene| {
            let index = built(scene, |_, _| {});
            sign_index(scene, "a", &index, &Digest::sha256(b"another"));
        },
    ),
    case(BuildkitManifests, "17 attestation manifests of one image", BUILT, |scene| {
        built(scene, |_, parts| parts.copies = 17);
    }),
    case(BuildkitLayers, "65 layers", BUILT, |scene| {
        let index = built(scene, |_, parts| {
            parts.manifest["layers"] = json!(vec![parts.manifest["layers"][0].clone(); 65]);
        });
        sign_index(scene, "a", &index, &index);
    }),
    case(BuildkitPlatform, "an attestation manifest that would run", BUILT, |scene| {
        built(scene, |_, parts| parts.entry["platform"]["os"] = "freebsd".into());
    }),
    case(BuildkitEntryMismatch, "an attestation manifest of another size than listed", BUILT, |scene| {
        built(scene, |_, parts| parts.entry["size"] = 7.into());
    }),
    case(BuildkitShape, "an artifact without a subject", BUILT, |scene| {
        built(scene, |_, parts| {
            parts.manifest.as_object_mut().expect("an object").remove("subject");
        });
    }),
    case(BuildkitSubjectMismatch, "an attestation manifest of another image", BUILT, |scene| {
        built(scene, |scene, parts| {
            let other = scene.other_image("s390x");
            parts.manifest["subject"] = scene.entry(&other);
        });
    }),
    case(BuildkitPredicateType, "a statement of another type than annotated", BUILT, |scene| {
        built(scene, |scene, parts| {
            let other = documents::statement(&scene.digest, "https://slsa.dev/provenance/v1");
            let mut layer = scene.blob(IN_TOTO, other.to_string().as_bytes());
            layer["annotations"] = parts.manifest["layers"][0]["annotations"].clone();
            parts.manifest["layers"] = json!([layer]);
        });
    }),
    case(SubjectMismatch, "a statement of BuildKit's about another image", BUILT, |scene| {
        built(scene, |scene, parts| {
            let other = documents::statement(&Digest::sha256(b"another"), SPDX);
            parts.manifest["layers"] = json!([scene.blob(IN_TOTO, other.to_string().as_bytes())]);
        });
    }),
    case(ArtifactMalformed, "a statement of BuildKit's that is cut off", BUILT, |scene| {
        built(scene, |scene, parts| {
            parts.manifest["layers"] = json!([scene.blob(IN_TOTO, b"{\"_type\":")]);
        });
    }),
    case(ContentMismatch, "a statement of BuildKit's with a byte less than its size", BUILT, |scene| {
        built(scene, |_, parts| {
            let layer = &mut parts.manifest["layers"][0];
            layer["size"] = (layer["size"].as_u64().expect("a size") + 1).into();
        });
    }),
];

/// An attestation manifest of BuildKit's that is about to be stored.
struct Built {
    manifest: Value,
    /// What differs from its entry in the index.
    entry: Value,
    /// How often the index lists it.
    copies: usize,
}

/// Makes the tag `v1` an index of the image and of what BuildKit says of it, changed so.
fn built(scene: &Scene, change: fn(&Scene, &mut Built)) -> Digest {
    let statement = documents::statement(&scene.digest, SPDX);
    let mut layer = scene.blob(IN_TOTO, statement.to_string().as_bytes());
    layer["annotations"] = json!({"in-toto.io/predicate-type": SPDX});
    scene.blob("application/vnd.oci.empty.v1+json", b"{}");
    let mut manifest = documents::referrer(&scene.subject(), &[layer]);
    manifest["artifactType"] = json!("application/vnd.docker.attestation.manifest.v1+json");
    let entry = json!({
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": scene.digest,
        },
    });
    let mut parts = Built { manifest, entry, copies: 1 };
    change(scene, &mut parts);
    let mut entry = scene.entry(&scene.manifest(None, &parts.manifest));
    for (name, value) in parts.entry.as_object().expect("an object") {
        entry[name] = value.clone();
    }
    let mut image = scene.subject();
    image["platform"] = json!({"os": "linux", "architecture": "amd64"});
    let entries: Vec<_> = [image].into_iter().chain(vec![entry; parts.copies]).collect();
    scene.index("v1", &entries)
}

/// Attaches a bundle to an index, which is good where it is about the index.
fn sign_index(scene: &Scene, key: &str, index: &Digest, about: &Digest) {
    let bundle = scene.signed_statement(key, &documents::statement(about, SIGN));
    let layer = scene.blob(BUNDLE, bundle.to_string().as_bytes());
    scene.manifest(None, &documents::referrer(&scene.entry(index), &[layer]));
}

fn good_bundle(scene: &Scene) -> Value {
    scene.signed_statement("a", &documents::statement(&scene.digest, SIGN))
}

/// Attaches a good bundle but for one value.
fn changed_bundle(scene: &Scene, pointer: &str, value: Value) {
    let mut bundle = good_bundle(scene);
    *bundle.pointer_mut(pointer).expect("a value to change") = value;
    scene.bundle(bundle.to_string());
}
