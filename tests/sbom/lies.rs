//! Documents beside the real image that they are about: what they say wrongly is found, each lie with its code.

use countersign_sbom::format::Format;
use serde_json::{Value, json};
use testkit::Sandbox;
use testkit::peer;
use testkit::servers::{Kind, Server};

use crate::images::push;

const STATUS: &str = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b7\n\
    Source: bash (5.2.15-2)\n\nPackage: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\n\
    Source: glibc\n\nPackage: python3-six\nStatus: install ok installed\nArchitecture: all\nVersion: 1.16.0-4\n\n";
const SIX: &str = "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\nLicense: MIT\n";
const LEFT_PAD: &str = r#"{"name": "left-pad", "version": "1.3.0", "license": "WTFPL"}"#;
const TWIN: &str = r#"{"name": "left-pad", "version": "1.1.0", "license": "WTFPL"}"#;

/// An image of Debian with a package of Python that came with one of Debian, and two versions of one of Node.
fn image(sandbox: &Sandbox, host: &str) -> Option<String> {
    let files = [
        ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
        ("var/lib/dpkg/status", STATUS),
        (
            "var/lib/dpkg/info/python3-six.list",
            "/usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA\n",
        ),
        ("usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA", SIX),
        ("app/node_modules/left-pad/package.json", LEFT_PAD),
        ("app/node_modules/x/node_modules/left-pad/package.json", TWIN),
    ];
    push(sandbox, &format!("{host}/sbom/truth:v1"), &[("truth", &files)])
}

fn document(sandbox: &Sandbox, image: &str) -> Value {
    sandbox.countersign(["sbom", "generate", image]).succeeds().json()
}

/// The codes of the findings, in order.
fn codes(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["code"].as_str().expect("a code")).collect()
}

/// Says something else of the component with this name.
fn component<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    let components = document["components"].as_array_mut().expect("components");
    components.iter_mut().find(|component| component["name"] == name).expect("a component of this name")
}

type Lie = (fn(&mut Value), &'static [&'static str]);

const LIES: [Lie; 8] = [
    (
        |document| {
            let components = document["components"].as_array_mut().expect("components");
            components.retain(|component| component["name"] != "bash");
        },
        &["SBOM_MISSING_PACKAGE"],
    ),
    (|document| add(document, "pkg:deb/debian/vim@9.0-1?arch=amd64"), &["SBOM_EXTRA_PACKAGE"]),
    (
        |document| component(document, "bash")["purl"] = json!("pkg:deb/debian/bash@5.1-1?arch=amd64"),
        &["SBOM_VERSION"],
    ),
    // Beside a package URL that is right.
    (|document| component(document, "bash")["version"] = json!("5.2.15-2+b8"), &["SBOM_VERSION"]),
    (|document| add(document, "pkg:deb/debian/glibc@2.36-9"), &["SBOM_SOURCE_PACKAGE"]),
    (|document| add(document, "pkg:deb/debian/bash@5.2.15-2?arch=amd64"), &["SBOM_SOURCE_PACKAGE"]),
    (|document| add(document, "pkg:deb/debian/dpkg@1.21?arch=source"), &["SBOM_SOURCE_PACKAGE"]),
    (
        |document| {
            let text = document["metadata"]["component"].to_string();
            let digest = text.split_once("sha256").expect("a digest").1;
            let hex: String = digest.chars().filter(char::is_ascii_hexdigit).skip(2).take(8).collect();
            let other = text.replace(&hex, "00000000");
            document["metadata"]["component"] = serde_json::from_str(&other).expect("JSON");
        },
        &["SBOM_SUBJECT"],
    ),
];

fn add(document: &mut Value, purl: &str) {
    let component = json!({"type": "library", "name": "added", "purl": purl});
    document["components"].as_array_mut().expect("components").push(component);
}

#[test]
fn each_lie_is_found_with_its_code() {
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Crane)) else { return };
    let Some(image) = image(&sandbox, server.host()) else { return };
    let true_one = document(&sandbox, &image);
    for (number, (lie, expected)) in LIES.into_iter().enumerate() {
        let mut lying = true_one.clone();
        lie(&mut lying);
        assert_ne!(lying, true_one, "{number}");
        sandbox.write("lie.json", lying.to_string());
        let json = sandbox.countersign(["sbom", "verify", "lie.json", &image, "-o", "json"]);
        let json = json.fails(1, "SBOM_MISMATCH").json();
        assert_eq!(
            (codes(&json), json["outcome"].as_str()),
            (expected.to_vec(), Some("refused")),
            "{number}"
        );
        let text = sandbox.countersign(["sbom", "verify", "lie.json", &image]).ends(1).stdout;
        assert!(text.starts_with(expected[0]), "{number}: {text}");
    }
}

#[test]
fn what_the_program_writes_is_true() {
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Crane)) else { return };
    let Some(image) = image(&sandbox, server.host()) else { return };
    sandbox.countersign(["copy", &image, "oci:layout:v1"]).succeeds();
    for format in Format::ALL.map(|format| format.to_string()) {
        let made = sandbox.countersign(["sbom", "generate", &image, "-o", &format]).succeeds().stdout;
        sandbox.write("made", made);
        for source in [&image, "oci:layout:v1"] {
            let report =
                sandbox.countersign(["sbom", "verify", "made", source, "-o", "json"]).succeeds().json();
            let compared = json!({"deb": 3, "npm": 2, "pypi": 1});
            assert_eq!((&report["compared"], &report["outcome"]), (&compared, &json!("proven")), "{format}");
        }
        // The same components, in every format and in the image itself.
        assert_eq!(sandbox.countersign(["sbom", "diff", "made", &image]).ends(0).stdout, "", "{format}");
    }
    // Of a directory, packages alone can be compared.
    let report = sandbox.countersign(["sbom", "verify", "made", "truth", "-o", "json"]).succeeds().json();
    assert_eq!(report["notChecked"]["subject"]["count"], 1);
}

#[test]
fn what_is_known_is_left_out() {
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Crane)) else { return };
    let Some(image) = image(&sandbox, server.host()) else { return };
    let mut lying = document(&sandbox, &image);
    add(&mut lying, "pkg:npm/extra@1");
    sandbox.write("lie.json", lying.to_string());
    for (flags, code) in [
        (vec!["--ignore", "pkg:npm/extra*"], 0),
        (vec!["--ignore", "pkg:npm/other*"], 1),
        (vec!["--only", "deb", "--only", "pypi"], 0),
        (vec!["--only", "npm"], 1),
        (vec!["--only", "rust"], 2),
        (vec!["--ignore", "["], 2),
        // Nothing is compared, and so nothing is proven.
        (vec!["--only", "cargo"], 3),
    ] {
        let words = ["sbom", "verify", "lie.json", &image].into_iter().chain(flags);
        sandbox.countersign(words).ends(code);
    }
    // A package of Python that came with one of Debian may be left out: said, and no finding.
    let components = lying["components"].as_array_mut().expect("components");
    components.retain(|component| component["name"] != "six" && component["name"] != "added");
    sandbox.write("short.json", lying.to_string());
    let report =
        sandbox.countersign(["sbom", "verify", "short.json", &image, "-o", "json"]).succeeds().json();
    assert_eq!(report["notChecked"]["came-with-package"]["count"], 1);
}

#[test]
fn what_could_not_be_read_is_not_proven() {
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Crane)) else { return };
    let files = [("var/lib/dpkg/status", STATUS), ("opt/node_modules/torn/package.json", "{")];
    let tagged = format!("{}/sbom/torn:v1", server.host());
    let Some(image) = push(&sandbox, &tagged, &[("torn", &files)]) else { return };
    sandbox.write("made", document(&sandbox, &image).to_string());
    sandbox.countersign(["sbom", "verify", "made", &image]).fails(3, "SBOM_NOT_PROVEN");
    sandbox.countersign(["sbom", "verify", "made", &image, "--ignore", "/opt/**"]).succeeds();
    let diff = sandbox
        .countersign(["sbom", "diff", "made", &image, "-o", "json"])
        .fails(3, "SBOM_NOT_PROVEN")
        .json();
    assert_eq!(
        (&diff["equal"], &diff["unread"][0]["path"]),
        (&json!(null), &json!("/opt/node_modules/torn/package.json"))
    );
    sandbox.countersign(["sbom", "diff", "made", "made"]).ends(0);
}

/// The SBOM that is attested to an image: it must be attested by the key, and true.
#[test]
fn attested_documents_are_verified_and_compared() {
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Referrers)) else { return };
    let Some(image) = image(&sandbox, server.host()) else { return };
    for prefix in ["right", "wrong"] {
        sandbox.countersign(["generate-key-pair", "--output-key-prefix", prefix]).succeeds();
    }
    let verify = |key: &str, more: &[&str]| {
        sandbox.countersign(["sbom", "verify", "--key", key, &image].iter().chain(more))
    };
    verify("right.pub", &[]).fails(1, "NO_ATTESTATIONS");
    sandbox
        .countersign([
            "sbom",
            "generate",
            &image,
            "--attest",
            "--key",
            "right.key",
            "-o",
            "cyclonedx-json=made",
        ])
        .succeeds();
    verify("right.pub", &[]).succeeds();
    verify("right.pub", &["--type", "spdxjson"]).fails(1, "NO_ATTESTATIONS");
    verify("wrong.pub", &[]).fails(1, "NO_SIGNATURE_ACCEPTED");
    // A trusted key's lie is a lie.
    let mut lying = document(&sandbox, &image);
    add(&mut lying, "pkg:npm/extra@1");
    sandbox.write("lie.json", lying.to_string());
    let attest = ["attest", "--key", "wrong.key", "--type", "cyclonedx", "--predicate", "lie.json", &image];
    sandbox.countersign(attest).succeeds();
    let lie = verify("wrong.pub", &["-o", "json"]).fails(1, "SBOM_MISMATCH").json();
    assert_eq!(codes(&lie), ["SBOM_EXTRA_PACKAGE"]);
    // A document or a key, and an image for the key.
    verify("right.pub", &["made"]).ends(2);
    sandbox.countersign(["sbom", "verify", "--key", "right.pub", "truth"]).fails(2, "USAGE");
    sandbox.countersign(["sbom", "verify", &image]).fails(2, "USAGE");
}

#[test]
fn documents_images_and_directories_are_told_apart() {
    let (sandbox, Some(server)) = (Sandbox::new(), Server::start(Kind::Crane)) else { return };
    let Some(image) = image(&sandbox, server.host()) else { return };
    let made = document(&sandbox, &image);
    sandbox.write("made.json", made.to_string());
    let mut other = made;
    component(&mut other, "bash")["purl"] = json!("pkg:deb/debian/bash@6?arch=amd64");
    other["components"].as_array_mut().expect("components").retain(|it| it["name"] != "six");
    add(&mut other, "pkg:npm/extra@1");
    sandbox.write("other.json", other.to_string());
    sandbox.countersign(["sbom", "diff", "made.json", &image]).ends(0);
    sandbox.countersign(["sbom", "diff", "truth", &image]).ends(0);
    let run = sandbox.countersign(["sbom", "diff", "made.json", "other.json"]).ends(1);
    assert_eq!(
        run.stdout,
        "- pkg:pypi/six@1.16.0\n+ pkg:npm/extra@1\n\
         ~ pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12&upstream=bash%405.2.15-2  \
         version: 5.2.15-2+b7 -> 6\n"
    );
    let report =
        sandbox.countersign(["sbom", "diff", "-o", "json", "made.json", "other.json"]).ends(1).json();
    assert_eq!((&report["equal"], report["changed"].as_array().map(Vec::len)), (&json!(false), Some(1)));
    let piped = sandbox.countersign_with(other.to_string().as_bytes(), ["sbom", "diff", "-", &image]);
    piped.ends(1);
    sandbox.countersign(["sbom", "diff", "-", "-"]).fails(2, "USAGE");
    sandbox.countersign(["sbom", "diff", "made.json", "missing.json"]).fails(3, "IO");
    // An archive that is there is no document, and the hint says how it is named.
    let archive = sandbox.countersign(["sbom", "diff", "truth.tar", "made.json"]).ends(3);
    assert!(archive.stderr.contains("oci-archive:FILE"), "{}", archive.stderr);
}

/// What Trivy's SBOM of a whole Debian lacks or adds, and nothing else: its packages of Debian with their epochs, of Python,
/// Node, PHP and Go are the same, however it spells them.
#[test]
fn what_trivy_does_not_tell_is_named() {
    let (Some(root), Some(trivy)) = (peer("DEBIAN_ROOT"), peer("TRIVY")) else { return };
    let (sandbox, root) = (Sandbox::new(), root.display().to_string());
    let words =
        ["rootfs", &root, "--offline-scan", "--quiet", "--cache-dir", "trivy", "--format", "cyclonedx"];
    // It looks into no archive of Java without its database.
    let words = words.into_iter().chain(["--skip-files", "**/*.[jwe]ar", "--output", "trivy.json"]);
    sandbox.run(&trivy, words).succeeds();
    let verify = |more: &[&str]| {
        let words = ["sbom", "verify", "trivy.json", &root, "-o", "json"];
        sandbox.countersign(words.iter().chain(more))
    };
    let report = verify(&[]).fails(1, "SBOM_MISMATCH").json();
    for (number, finding) in report["findings"].as_array().expect("findings").iter().enumerate() {
        let text = |key: &str| finding[key].as_str().unwrap_or_default();
        // Packages of Rust are of a type of its own, and a project is no installed package.
        let known = match text("code") {
            "SBOM_MISSING_PACKAGE" => ["pkg:cargo/", "pkg:golang/stdlib@", "pkg:maven/"]
                .iter()
                .any(|kind| text("source").starts_with(kind)),
            "SBOM_EXTRA_PACKAGE" => text("document") == "pkg:npm/talk@2.0.1",
            _ => false,
        };
        assert!(known, "{number}: {finding}");
    }
    assert!(report["compared"]["deb"].as_u64() > Some(150), "{}", report["compared"]);
    assert_eq!(report["notChecked"]["unknown-ecosystem"]["count"], 3);
    verify(&["--only", "deb", "--only", "pypi", "--only", "composer"]).succeeds();
}
