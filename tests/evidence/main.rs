//! What scanners really write: each output is read as evidence, and is what an attestation of its type may hold.
//!
//! Trivy and Hadolint run here, without a network; where one writes several formats of one scan, they must say the same.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_core::evidence::{self, Scan, Severity};
use countersign_core::format::predicate::PredicateType;
use testkit::{Sandbox, peer};

/// What is found fault with: an image, a manifest and a secret.
fn scanned(sandbox: &Sandbox) {
    std::fs::create_dir(sandbox.path("app")).expect("a folder");
    sandbox
        .write("app/Dockerfile", "FROM debian:latest\nRUN cd /tmp && apt-get install -y curl\nUSER root\n");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: web\n      \
        image: registry.example/web:1\n      securityContext:\n        privileged: true\n";
    sandbox.write("app/pod.yaml", pod);
    // In two parts, so that nobody takes it for one.
    sandbox.write("app/credentials", format!("aws_access_key_id = AKIA{}\n", "QYLPMN5HNWXYZABC"));
}

/// Reads an output, after it was attested as what it is: what is no predicate of the type is not signed.
fn read(sandbox: &Sandbox, kind: &str, output: &[u8]) -> Scan {
    if !sandbox.path("cosign.key").exists() {
        sandbox.countersign(["generate-key-pair"]).succeeds();
        sandbox.write("blob", "scanned");
    }
    sandbox.write("output", output);
    let attest = ["attest-blob", "--key", "cosign.key", "--type", kind, "--predicate", "output"];
    sandbox.countersign(attest.iter().chain(&["--bundle", "made.json", "blob"])).succeeds();
    let verify =
        ["verify-blob-attestation", "--key", "cosign.pub", "--bundle", "made.json", "--type", kind, "blob"];
    sandbox.countersign(verify).succeeds();
    let kind: PredicateType = kind.parse().expect("a type");
    evidence::scan(kind.uri(), output).expect("a scan")
}

/// What was found, in no order.
fn found(scan: &Scan) -> BTreeSet<(String, Severity)> {
    scan.findings.iter().map(|finding| (finding.id.clone(), finding.severity)).collect()
}

fn trivy(sandbox: &Sandbox, program: &Path, format: &str) -> Vec<u8> {
    let mut words =
        vec!["rootfs", "--quiet", "--offline-scan", "--skip-policy-update", "--cache-dir", "trivy"];
    words.extend(["--scanners", "config,secret", "--output", "scan", "--format", format, "app"]);
    sandbox.run(program, words).succeeds();
    sandbox.read("scan")
}

#[test]
fn every_format_of_trivy_says_the_same() {
    let (sandbox, Some(program)) = (Sandbox::new(), peer("TRIVY")) else { return };
    scanned(&sandbox);
    let scan = read(&sandbox, "trivy", &trivy(&sandbox, &program, "json"));
    assert_eq!(scan.scanner, "trivy");
    let places: BTreeSet<_> = scan.findings.iter().filter_map(|finding| finding.package.as_deref()).collect();
    assert_eq!(places, BTreeSet::from(["Dockerfile", "credentials", "pod.yaml"]));
    let expected = found(&scan);
    for known in
        [("DS001", Severity::Medium), ("KSV017", Severity::High), ("aws-access-key-id", Severity::Critical)]
    {
        assert!(expected.contains(&(known.0.to_owned(), known.1)), "{known:?}: {expected:?}");
    }
    for (kind, format) in [("sarif", "sarif"), ("vuln", "cosign-vuln")] {
        let other = read(&sandbox, kind, &trivy(&sandbox, &program, format));
        assert_eq!((other.scanner.as_str(), found(&other)), ("trivy", expected.clone()), "{format}");
    }
}

#[test]
fn both_formats_of_hadolint_say_the_same() {
    let (sandbox, Some(program)) = (Sandbox::new(), peer("HADOLINT")) else { return };
    scanned(&sandbox);
    // It ends with 1 where it finds something.
    let lint = |format| sandbox.run(&program, ["--format", format, "app/Dockerfile"]).ends(1).stdout;
    let scan = read(&sandbox, "hadolint", lint("json").as_bytes());
    let expected = found(&scan);
    for known in [("DL3007", Severity::Medium), ("DL3003", Severity::Medium), ("DL3015", Severity::Low)] {
        assert!(expected.contains(&(known.0.to_owned(), known.1)), "{known:?}: {expected:?}");
    }
    assert!(scan.findings.iter().all(|finding| finding.package.as_deref() == Some("app/Dockerfile")));
    let other = read(&sandbox, "sarif", lint("sarif").as_bytes());
    assert_eq!((other.scanner.as_str(), found(&other)), ("hadolint", expected));
}

#[test]
fn outputs_of_what_does_not_run_here() {
    let sandbox = Sandbox::new();
    let trufflehog = serde_json::to_vec(include_str!("vectors/trufflehog.jsonl")).expect("JSON");
    for (kind, output, findings) in [
        (
            "grype",
            include_bytes!("vectors/grype.json").as_slice(),
            vec![("CVE-1999-0001", Severity::Low), ("CVE-1999-0002", Severity::Critical)],
        ),
        (
            "kubesec",
            include_bytes!("vectors/kubesec.json").as_slice(),
            vec![
                ("containers[] .securityContext .capabilities .add == SYS_ADMIN", Severity::Critical),
                ("containers[] .securityContext .runAsNonRoot == true", Severity::Low),
            ],
        ),
        ("trufflehog", &trufflehog, vec![("AWS", Severity::Critical)]),
    ] {
        let scan = read(&sandbox, kind, output);
        let expected = findings.into_iter().map(|(id, severity)| (id.to_owned(), severity)).collect();
        assert_eq!((scan.scanner.as_str(), found(&scan)), (kind, expected));
        // What is empty is not known.
        assert_eq!((scan.finished, scan.database_updated), (None, None), "{kind}");
    }
}
