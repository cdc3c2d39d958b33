//! Registries that are slow, full of lies, or lead elsewhere: what a user of `verify` and `sign` sees.

use std::time::Duration;

use countersign_core::digest::Digest;
use serde_json::{Value, json};
use testkit::documents::{self, BUNDLE};
use testkit::registry::{Access, Action, Entry, Fault, Options, Registry};
use testkit::{Run, Scene};

/// Verifies a well-signed image through a fault.
fn through(fault: Fault, more: &[&str]) -> Run {
    let scene = Scene::default();
    scene.signed_by("a");
    scene.verify(&[]).succeeds();
    scene.registry.fault(fault);
    scene.verify(more)
}

/// The answer is a code of this outcome, nothing is on standard output, and what was not decided is not "unsigned".
#[track_caller]
fn says(run: Run, code: i32, stable: &str) {
    let run = run.fails(code, stable);
    assert!(run.stdout.is_empty(), "{}", run.stdout);
    if code == 3 {
        assert!(!run.stderr.contains("no signatures"), "{}", run.stderr);
    }
}

fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Action {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Action::Answer(status, headers, body.into())
}

/// threat model, rows 1, 2 and 3: bodies without end, no answer, too many bytes, too few.
#[test]
fn bodies_are_bounded() {
    for (path, action, code, stable) in [
        ("/referrers/", Action::Endless, 1, "LIMIT_CONTENT"),
        ("/manifests/sha256:", Action::Endless, 1, "CONTENT_TOO_LARGE"),
        ("/blobs/", Action::Endless, 1, "CONTENT_MISMATCH"),
        ("/manifests/v1", Action::Hang, 3, "STORE_TIMEOUT"),
        ("/blobs/", Action::Hang, 3, "STORE_TIMEOUT"),
        ("/referrers/", Action::Hang, 3, "STORE_TIMEOUT"),
        ("/blobs/", Action::Drip(Duration::from_secs(1)), 3, "STORE_TIMEOUT"),
        ("/blobs/", Action::Truncate(9), 3, "STORE_UNREACHABLE"),
        ("/manifests/sha256:", Action::Body(vec![b' '; (4 << 20) + 1].into()), 1, "CONTENT_TOO_LARGE"),
    ] {
        let waits = matches!(action, Action::Hang | Action::Drip(_));
        let timeout = if waits { "1s" } else { "60s" };
        let run = through(Fault::on("*", path, action.clone()), &["--timeout", timeout]);
        let shown = format!("{path} {:.60}", format!("{action:?}"));
        assert_eq!(run.code, Some(code), "{shown}: {}", run.stderr);
        assert!(run.stderr.contains(&format!("[{stable}]")), "{shown}: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{shown}");
    }
}

/// threat model, row 3: the size that a descriptor names is looked at before anything is asked for.
#[test]
fn a_huge_signature_is_not_fetched() {
    let scene = Scene::default();
    let mut layer = scene.blob(BUNDLE, b"{}");
    layer["size"] = (i64::MAX).into();
    scene.referrer(&[layer]);
    says(scene.verify(&[]), 1, "CONTENT_TOO_LARGE");
    assert!(!scene.registry.requests().iter().any(|line| line.contains("/blobs/")));
}

/// threat model, row 4: more signatures than are looked at, and pages that go in a circle. One of them is good, and
/// does not help: which of them are read is not the attacker's choice.
#[test]
fn too_many_signatures_are_no_success() {
    let scene = Scene::default();
    scene.signed_by("a");
    let layers: Vec<Value> = vec![scene.blob("text/plain", b"x"); 1001];
    scene.legacy_layers(&layers);
    says(scene.verify(&[]), 1, "LIMIT_INDEX_ENTRIES");

    let circle = [("content-type", documents::INDEX), ("link", "</v2/acme/app/referrers/x>; rel=\"next\"")];
    let page = json!({"schemaVersion": 2, "mediaType": documents::INDEX, "manifests": []}).to_string();
    let run = through(Fault::on("GET", "/referrers/", answer(200, &circle, &page)), &[]);
    assert!(matches!(run.code, Some(1 | 3)), "{}", run.stderr);
    assert!(!run.stderr.contains("no signatures"), "{}", run.stderr);
}

/// threat model, row 5: nothing is unpacked on the way.
#[test]
fn compressed_answers_are_refused() {
    let gzip = Action::Headers(vec![("content-encoding", "gzip".into())]);
    says(through(Fault::on("GET", "/blobs/", gzip), &[]), 3, "STORE_PROTOCOL");
}

/// threat model, rows 6, 7 and 9: other bytes than were asked for, digests and media types that lie.
#[test]
fn lies_about_content_are_refused() {
    let other = || Action::Body("{}".into());
    let header = |name, value: &str| Action::Headers(vec![(name, value.into())]);
    for (path, action, code, stable) in [
        ("/manifests/sha256:", other(), 1, "CONTENT_MISMATCH"),
        ("/blobs/", other(), 1, "CONTENT_MISMATCH"),
        ("/manifests/sha256:", header("content-type", documents::INDEX), 1, "MANIFEST_MALFORMED"),
    ] {
        let run = through(Fault::on("GET", path, action), &[]);
        assert_eq!(run.code, Some(code), "{path}: {}", run.stderr);
        assert!(run.stderr.contains(&format!("[{stable}]")), "{path} {stable}: {}", run.stderr);
    }
    let lie = header("docker-content-digest", &format!("sha256:{}", "0".repeat(64)));
    says(through(Fault::on("*", "/manifests/v1", lie), &[]), 3, "NOT_FOUND");
}

/// threat model, row 8: digests that are none, in what the user types.
#[test]
fn weak_and_malformed_digests_are_wrong_usage() {
    let scene = Scene::default();
    let hex = scene.digest.hex();
    for digest in [
        "md5:d41d8cd98f00b204e9800998ecf8427e".into(),
        "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709".into(),
        format!("sha256:{}", hex.to_uppercase()),
        format!("sha256:{}", &hex[1..]),
        format!("SHA256:{hex}"),
        "sha256:".into(),
    ] {
        let image = format!("{}@{digest}", scene.repository());
        let run = scene.countersign(&["verify", "--key", "a.pub", &image]).fails(2, "REFERENCE_MALFORMED");
        assert!(run.stderr.contains(&digest), "{}", run.stderr);
    }
    assert_eq!(scene.registry.count(), 0);
}

fn with_password(access: Access) -> Scene {
    Scene::new(Options { access, ..Options::default() })
}

fn bearer(realm: Option<&str>) -> Access {
    Access::Bearer {
        user: "user".into(),
        password: "secret".into(),
        anonymous_pull: false,
        realm: realm.map(str::to_owned),
    }
}

const PASSWORD: [&str; 4] = ["--registry-username", "user", "--registry-password", "secret"];

fn credentials(entries: &[Entry]) -> Vec<&str> {
    entries.iter().filter_map(|entry| entry.authorization.as_deref()).collect()
}

/// threat model, rows 10, 11 and 12: nobody but the registry and its own token server gets the password.
#[test]
fn credentials_go_nowhere_else() {
    for realm in ["http://169.254.169.254/token", "http://token.example/token", "file:///etc/passwd"] {
        let scene = with_password(bearer(Some(realm)));
        says(scene.verify(&PASSWORD), 3, "STORE_PROTOCOL");
        assert!(credentials(&scene.registry.log()).is_empty(), "{realm}");
    }
    let elsewhere = Registry::start(Options::default());
    let scene = with_password(bearer(None));
    scene.registry.fault(Fault::redirect("GET", "/token", format!("http://{}/token", elsewhere.host())));
    says(scene.verify(&PASSWORD), 3, "STORE_UNAUTHORIZED");
    assert!(credentials(&elsewhere.log()).is_empty());

    let access = Access::Basic { user: "user".into(), password: "secret".into() };
    let scene = with_password(access);
    scene.signed_by("a");
    scene.registry.fault(Fault::redirect("GET", "/blobs/", format!("http://{}/blob", elsewhere.host())));
    elsewhere.clear_log();
    let run = scene.verify(&PASSWORD);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(elsewhere.count() > 0 && credentials(&elsewhere.log()).is_empty());
}

/// threat model, rows 13 and 23: an upload that is sent elsewhere carries no password there, and is not half a signature.
#[test]
fn an_upload_elsewhere_gets_no_credentials() {
    let elsewhere = Registry::start(Options::default());
    let access = Access::Basic { user: "user".into(), password: "secret".into() };
    let scene = Scene::new(Options { access, takes_blob_at_once: false, ..Options::default() });
    let location = format!("http://{}/v2/acme/app/blobs/uploads/x", elsewhere.host());
    scene.registry.fault(Fault::on("POST", "/uploads/", answer(202, &[("location", &location)], "")));
    let run = scene.sign(&PASSWORD);
    assert!(matches!(run.code, Some(3)), "{}", run.stderr);
    assert!(elsewhere.count() > 0 && credentials(&elsewhere.log()).is_empty());
    assert!(!scene.registry.requests().iter().any(|line| line.starts_with("PUT /v2/acme/app/manifests")));
}

/// threat model, row 14: the places that a layer names are not looked at, not even to copy it.
#[test]
fn foreign_layers_are_not_followed() {
    let elsewhere = Registry::start(Options::default());
    let scene = Scene::default();
    let mut layer = scene.blob("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", b"layer");
    layer["urls"] = json!([format!("http://{}/layer", elsewhere.host())]);
    let config = scene.blob("application/vnd.oci.image.config.v1+json", b"{}");
    let manifest =
        json!({"schemaVersion": 2, "mediaType": documents::MANIFEST, "config": config, "layers": [layer]});
    scene.manifest(Some("foreign"), &manifest);
    let image = format!("{}:foreign", scene.repository());
    scene.countersign(&["save", "--dir", "saved", &image]);
    assert_eq!(elsewhere.count(), 0);
}

/// threat model, row 15: redirects end.
#[test]
fn redirects_end() {
    says(
        through(Fault::redirect("GET", "/referrers/", "/v2/acme/app/referrers/x"), &[]),
        3,
        "STORE_PROTOCOL",
    );
}

/// threat model, rows 16, 17 and 18: what could not be asked is undecided, never unsigned, and no reason to look
/// elsewhere: with the bundle out of reach, a legacy signature that is there does not decide "refused".
#[test]
fn an_answer_that_is_none_decides_nothing() {
    for (status, headers, stable) in [
        (401, &[][..], "STORE_UNAUTHORIZED"),
        (403, &[], "STORE_FORBIDDEN"),
        (429, &[], "STORE_THROTTLED"),
        (429, &[("retry-after", "1000000000")], "STORE_THROTTLED"),
        (500, &[], "STORE_STATUS"),
        (503, &[], "STORE_STATUS"),
    ] {
        for path in
            ["/referrers/", "/blobs/", "manifests/sha256-.*.sig", "/manifests/sha256:", "/manifests/v1"]
        {
            let run = through(Fault::on("*", path, answer(status, headers, "{}")), &["--timeout", "1s"]);
            // The tag is one of two places: the other has what is needed, but nobody knows what this one holds.
            assert_eq!(run.code, Some(3), "{status} {path}: {}", run.stderr);
            // On a slow machine the time is over before the last try.
            let late = status >= 429 && run.stderr.contains("[STORE_TIMEOUT]");
            assert!(late || run.stderr.contains(&format!("[{stable}]")), "{status} {path}: {}", run.stderr);
            assert!(!run.stderr.contains("no signatures") && run.stdout.is_empty(), "{path}: {}", run.stderr);
        }
    }
}

/// threat model, row 18: an unsigned image whose referrers cannot be listed is not signed over and over, nor said unsigned.
#[test]
fn signing_needs_to_know_what_is_there() {
    let scene = Scene::default();
    scene.registry.fault(Fault::status("GET", "/referrers/", 403));
    says(scene.sign(&[]), 3, "STORE_FORBIDDEN");
    let contents = scene.registry.contents();
    assert_eq!(contents.repositories["acme/app"].manifests.len(), 1);
}

/// threat model, row 19: a registry that has the referrers API now, and a bundle that was written before.
#[test]
fn bundles_behind_the_fallback_tag_are_found() {
    let scene = Scene::default();
    let bundle = scene.signed_statement("a", &documents::statement(&scene.digest, documents::SIGN));
    let layer = scene.blob(BUNDLE, bundle.to_string().as_bytes());
    scene.blob("application/vnd.oci.empty.v1+json", b"{}");
    let referrer = scene.manifest(None, &documents::referrer(&scene.subject(), &[layer]));
    let fallback = scene.digest.to_string().replace(':', "-");
    scene.index(&fallback, &[scene.entry(&referrer)]);
    let empty = json!({"schemaVersion": 2, "mediaType": documents::INDEX, "manifests": []}).to_string();
    let empty = answer(200, &[("content-type", documents::INDEX)], &empty);
    scene.registry.fault(Fault::on("GET", "/referrers/", empty));
    scene.verify(&[]).succeeds();
}

/// threat model, rows 20 and 21: the fallback tag is no index, or lists what refers to another image.
#[test]
fn what_refers_to_another_image_is_no_signature() {
    let scene = Scene::new(Options { referrers_api: false, ..Options::default() });
    let fallback = scene.digest.to_string().replace(':', "-");
    let bundle = scene.signed_statement("a", &documents::statement(&scene.digest, documents::SIGN));
    let layer = scene.blob(BUNDLE, bundle.to_string().as_bytes());
    scene.blob("application/vnd.oci.empty.v1+json", b"{}");
    let other = scene.other_image("arm64");
    let stray = scene.manifest(None, &documents::referrer(&scene.entry(&other), &[layer]));
    scene.index(&fallback, &[scene.entry(&stray)]);
    let run = scene.verify(&[]).fails(1, "NO_SIGNATURES");
    assert!(run.stderr.contains("refers to another image"), "{}", run.stderr);

    scene.manifest(Some(&fallback), &documents::referrer(&scene.subject(), &[]));
    let run = scene.verify(&[]);
    assert!(matches!(run.code, Some(1 | 3)) && !run.stderr.contains("no signatures"), "{}", run.stderr);
}

/// threat model, row 23: what breaks in the middle is done again; the manifest comes last, and only once it is whole.
#[test]
fn connections_that_break_while_signing() {
    for (method, path) in [("POST", "/uploads/"), ("PUT", "/manifests/"), ("GET", "/referrers/")] {
        for action in [Action::Reset, Action::ResetAfter, answer(503, &[], "")] {
            let scene = Scene::default();
            scene.registry.fault(Fault::on(method, path, action.clone()).times(1));
            scene.sign(&[]).succeeds();
            scene.registry.behave();
            scene.verify(&[]).succeeds();
        }
    }
}

/// threat model, row 24: a registry that says it stored something else than was sent.
#[test]
fn a_registry_that_stores_something_else() {
    let scene = Scene::default();
    let lie = Action::Headers(vec![("docker-content-digest", format!("sha256:{}", "0".repeat(64)))]);
    scene.registry.fault(Fault::on("PUT", "/manifests/", lie));
    let run = scene.sign(&[]);
    assert!(matches!(run.code, Some(1 | 3)), "{}", run.stderr);
}

/// threat model, rows 25 and 26: a tag is asked for once, and everything after is about the digest that it named.
#[test]
fn a_tag_is_asked_for_once() {
    for command in
        [&["sign", "--key", "a.key"][..], &["verify", "--key", "a.pub"], &["save", "--dir", "saved"]]
    {
        let scene = Scene::default();
        scene.signed_by("a");
        let moved = scene.other_image("arm64");
        let page = scene.registry.contents().repositories["acme/app"].manifests[&moved].clone();
        let body = String::from_utf8(page.bytes.to_vec()).unwrap();
        let moved_to = answer(200, &[("content-type", documents::MANIFEST)], &body);
        scene.registry.fault(Fault::on("*", "/manifests/v1", moved_to).after(1));
        let run = scene.countersign(&[command, &["IMAGE"]].concat()).succeeds();
        let asked = scene.registry.requests().iter().filter(|line| line.ends_with("/manifests/v1")).count();
        assert_eq!(asked, 1, "{command:?}: {:?}", scene.registry.requests());
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains(&scene.digest.to_string()) && !said.contains(&moved.to_string()), "{said}");
    }
}

/// threat model, row 22: nothing but loopback is spoken to in plain http by itself.
#[test]
fn plain_http_is_asked_for() {
    let scene = Scene::default();
    // A name that is this machine all the same, but that nobody can be sure of.
    let (_, port) = scene.registry.host().rsplit_once(':').unwrap();
    let image = format!("127.0.0.1.nip.example:{port}/acme/app:v1");
    says(scene.countersign(&["verify", "--key", "a.pub", &image]), 3, "STORE_UNREACHABLE");
    assert_eq!(scene.registry.count(), 0);
}

/// threat model, rows 10 and 12: credentials in flags are for one registry, and which is said.
#[test]
fn credentials_in_flags_go_to_the_first_registry_alone() {
    let access = || Access::Basic { user: "user".into(), password: "secret".into() };
    let (scene, other) = (with_password(access()), with_password(access()));
    let run = scene.verify(&[&PASSWORD[..], &[&other.tag()]].concat());
    says(run, 2, "STORE_SETTINGS");
    assert!(!credentials(&scene.registry.log()).is_empty());
    assert!(credentials(&other.registry.log()).is_empty());
}

/// threat model, rows 3 and 4: many signatures of a size that is allowed alone are not held together.
#[test]
fn all_signatures_together_are_bounded() {
    let scene = Scene::new(Options::default());
    scene.signed_by("a");
    let size = 4 << 20;
    let layers: Vec<_> = (0..70)
        .map(|number| {
            let mut layer = scene
                .blob("application/vnd.dev.cosign.simplesigning.v1+json", format!("{number}").as_bytes());
            layer["size"] = size.into();
            layer["annotations"] = serde_json::json!({"dev.cosignproject.cosign/signature": "cw=="});
            layer
        })
        .collect();
    scene.legacy_layers(&layers);
    let run = scene.verify(&["-o", "report"]).succeeds();
    let refused = run.json()["images"][0]["refused"].as_array().expect("a list").clone();
    let of = |code: &str| refused.iter().filter(|refused| refused["code"] == code).count();
    assert_eq!((of("CONTENT_MISMATCH"), of("CONTENT_TOO_LARGE")), (63, 7), "{refused:?}");
}

/// threat model, row 4: tags that lead to one manifest on many ways, or to itself. A copy looks at each once.
#[test]
fn attachments_in_circles_are_copied_once() {
    let (scene, target) = (Scene::default(), Registry::start(Options::default()));
    let names = |digest: &Digest| {
        [".sig", ".att", ".sbom"].map(|suffix| format!("{}{suffix}", digest.to_string().replace(':', "-")))
    };
    let mut subject = scene.digest;
    for _ in 0..8 {
        let layer = scene.blob("text/plain", subject.to_string().as_bytes());
        let config = scene.blob("application/vnd.oci.image.config.v1+json", b"{}");
        let manifest = json!({"schemaVersion": 2, "mediaType": documents::MANIFEST, "config": config, "layers": [layer]});
        let tags = names(&subject);
        tags.iter().for_each(|tag| subject = scene.manifest(Some(tag), &manifest));
    }
    let tags = names(&subject);
    scene.registry.change(|contents| {
        let repository = contents.repository("acme/app");
        let stored = repository.manifests[&subject].clone();
        for tag in &tags {
            repository.put(Some(tag), &stored.media_type, &stored.bytes);
        }
    });
    scene.registry.clear_log();
    scene.countersign(&["copy", "IMAGE", &format!("{}/acme/app:v1", target.host())]).succeeds();
    assert!(scene.registry.count() < 150, "{} requests", scene.registry.count());
    let [first, ..] = names(&scene.digest);
    let contents = target.contents();
    assert!(contents.repositories["acme/app"].tags.contains_key(&first));
    assert!(contents.repositories["acme/app"].tags.contains_key(&tags[2]), "the circle too");
}

/// threat model, rows 18 and 20: a registry that lists what it does not have has not said that there is no signature. An
/// entry that some client left in a fallback index has: what it names was deleted.
#[test]
fn what_is_listed_and_not_there() {
    for (referrers_api, code, stable) in [(true, 3, "STORE_PROTOCOL"), (false, 1, "NO_SIGNATURES")] {
        let scene = Scene::new(Options { referrers_api, ..Options::default() });
        scene.sign(&[]).succeeds();
        scene.verify(&[]).succeeds();
        scene.registry.fault(Fault::status("GET", "/manifests/sha256:", 404));
        let run = scene.verify(&["-o", "report"]).ends(code);
        assert!(run.stderr.contains(&format!("[{stable}]")) || run.stdout.contains(stable), "{}", run.stdout);
        let kind = if referrers_api { "unread" } else { "ignored" };
        assert_eq!(run.json()["images"][0][kind].as_array().map(Vec::len), Some(1), "{}", run.stdout);
        scene.registry.behave();
        // A signature that is there is enough.
        scene.sandbox.key("b");
        scene.countersign(&["sign", "--key", "b.key", "--format", "legacy", "IMAGE"]).succeeds();
        scene.registry.fault(Fault::status("GET", "/manifests/sha256:", 404));
        scene.verify(&["--key", "b.pub"]).succeeds();
        let tree = scene.countersign(&["tree", "IMAGE"]);
        assert_eq!(tree.code, Some(if referrers_api { 3 } else { 0 }), "{}", tree.stderr);
    }
}
