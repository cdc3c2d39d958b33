use super::*;

fn scan_of(name: &str, document: &str) -> Scan {
    let kind: PredicateType = name.parse().unwrap();
    scan(kind.uri(), document.as_bytes()).unwrap()
}

fn brief(scan: &Scan) -> Vec<(&str, Option<&str>, Severity, FixState)> {
    scan.findings
        .iter()
        .map(|finding| (finding.id.as_str(), finding.package.as_deref(), finding.severity, finding.fix_state))
        .collect()
}

#[test]
fn trivy() {
    let scan = scan_of(
        "trivy",
        r#"{"SchemaVersion":2,"CreatedAt":"2026-01-02T03:04:05Z","Trivy":{"Version":"0.60.0"},"ArtifactName":"x","Results":[
            {"Target":"x (debian 12)","Vulnerabilities":[
                {"VulnerabilityID":"CVE-2026-1","PkgName":"openssl","PkgIdentifier":{"PURL":"pkg:deb/debian/openssl@3.0.1"},
                 "InstalledVersion":"3.0.1","FixedVersion":"3.0.9, 3.1.2","Status":"fixed","Severity":"HIGH","SeveritySource":"nvd"},
                {"VulnerabilityID":"CVE-2026-2","PkgName":"bash","InstalledVersion":"5.2","Status":"will_not_fix","Severity":"LOW"},
                {"VulnerabilityID":"CVE-2026-3","PkgName":"zlib","InstalledVersion":"1.3","Status":"affected"}]},
            {"Target":"Dockerfile","Misconfigurations":[{"ID":"DS002","Severity":"HIGH","Status":"FAIL"},{"ID":"DS001","Severity":"LOW","Status":"PASS"}],
             "Secrets":[{"RuleID":"aws-access-key-id","Severity":"CRITICAL"}]},
            {"Target":"empty"}]}"#,
    );
    assert_eq!((scan.scanner.as_str(), scan.scanner_version.as_deref()), ("trivy", Some("0.60.0")));
    assert_eq!(scan.finished.as_deref(), Some("2026-01-02T03:04:05Z"));
    assert_eq!(scan.database_updated, None);
    assert_eq!(scan.findings[0].fixed_in, ["3.0.9", "3.1.2"]);
    assert_eq!(
        brief(&scan),
        [
            ("CVE-2026-1", Some("pkg:deb/debian/openssl@3.0.1"), Severity::High, FixState::Fixed),
            ("CVE-2026-2", Some("bash@5.2"), Severity::Low, FixState::WontFix),
            ("CVE-2026-3", Some("zlib@1.3"), Severity::Unknown, FixState::NotFixed),
            ("DS002", Some("Dockerfile"), Severity::High, FixState::Unknown),
            ("aws-access-key-id", Some("Dockerfile"), Severity::Critical, FixState::Unknown),
        ]
    );
}

#[test]
fn grype() {
    for db in [r#"{"built":"2026-01-01T00:00:00Z"}"#, r#"{"status":{"built":"2026-01-01T00:00:00Z"}}"#] {
        let scan = scan_of(
            "grype",
            &format!(
                r#"{{"matches":[{{"vulnerability":{{"id":"GHSA-x","severity":"Medium","namespace":"github:language:go","fix":{{"versions":["1.2"],"state":"fixed"}}}},
                "relatedVulnerabilities":[{{"id":"CVE-2026-9"}},{{"id":"GHSA-x"}}],"artifact":{{"name":"m","version":"1.1","purl":"pkg:golang/m@1.1"}}}}],
                "descriptor":{{"name":"grype","version":"0.90","timestamp":"2026-01-02T00:00:00Z","db":{db}}}}}"#
            ),
        );
        assert_eq!(scan.database_updated.as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(brief(&scan), [("GHSA-x", Some("pkg:golang/m@1.1"), Severity::Medium, FixState::Fixed)]);
        assert_eq!(scan.findings[0].aliases, ["CVE-2026-9"]);
    }
}

#[test]
fn sarif() {
    let scan = scan_of(
        "sarif",
        r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Trivy","version":"0.60","rules":[
            {"id":"CVE-1","properties":{"security-severity":"9.8"}},{"id":"R2","defaultConfiguration":{"level":"note"}}]}},
            "invocations":[{"endTimeUtc":"2026-01-02T00:00:00Z"}],
            "results":[{"ruleId":"CVE-1","ruleIndex":0,"level":"error","locations":[{"physicalLocation":{"artifactLocation":{"uri":"usr/lib/x"}}}]},
            {"ruleId":"R2"},{"ruleId":"R3"},{"ruleId":"R4","level":"error","suppressions":[{"kind":"external"}]},
            {"ruleId":"R5","level":"error","suppressions":[{"kind":"external","status":"rejected"}]},
            {"ruleId":"R6","kind":"pass"}]}]}"#,
    );
    assert_eq!((scan.scanner.as_str(), scan.finished.as_deref()), ("trivy", Some("2026-01-02T00:00:00Z")));
    assert_eq!(
        brief(&scan),
        [
            ("CVE-1", Some("usr/lib/x"), Severity::Critical, FixState::Unknown),
            ("R2", None, Severity::Low, FixState::Unknown),
            ("R3", None, Severity::Medium, FixState::Unknown),
            ("R5", None, Severity::High, FixState::Unknown),
        ]
    );
}

#[test]
fn kubesec_and_hadolint() {
    let scan = scan_of(
        "kubesec",
        r#"[{"object":"Pod/x.default","valid":true,"score":-30,"scoring":{"critical":[{"id":"Privileged","selector":"containers[] .securityContext .privileged == true","points":-30}],
            "advise":[{"id":"LimitsCPU","points":1}],"passed":[{"id":"RunAsNonRoot"}]}},{"object":"Unknown","valid":false,"message":"could not parse"}]"#,
    );
    assert_eq!(
        brief(&scan),
        [
            ("Privileged", Some("Pod/x.default"), Severity::Critical, FixState::Unknown),
            ("LimitsCPU", Some("Pod/x.default"), Severity::Low, FixState::Unknown),
            ("could not parse", Some("Unknown"), Severity::Unknown, FixState::Unknown),
        ]
    );
    let scan = scan_of(
        "hadolint",
        r#"[{"line":1,"code":"DL3006","message":"Always tag the version","column":1,"file":"Dockerfile","level":"warning"},
            {"line":2,"code":"DL3002","message":"Last user should not be root","column":1,"file":"Dockerfile","level":"error"},
            {"line":3,"code":"DL3059","message":"x","column":1,"file":"Dockerfile","level":"info"}]"#,
    );
    let severities: Vec<_> = scan.findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Medium, Severity::High, Severity::Low]);
}

#[test]
fn trufflehog_keeps_no_secret() {
    let lines = "{\"DetectorName\":\"AWS\",\"Verified\":true,\"Raw\":\"AKIA...\"}\n{\"level\":\"info\",\"msg\":\"done\"}\n{\"DetectorName\":\"Github\",\"Verified\":false}\n";
    let scan = scan_of("trufflehog", &serde_json::to_string(lines).unwrap());
    let severities: Vec<_> =
        scan.findings.iter().map(|finding| (finding.id.as_str(), finding.severity)).collect();
    assert_eq!(severities, [("AWS", Severity::Critical), ("Github", Severity::High)]);
    assert!(!serde_json::to_string(&scan).unwrap().contains("AKIA"));
}

#[test]
fn vulnerability_predicates() {
    let inner = r#"{"SchemaVersion":2,"ArtifactName":"x","Results":[{"Vulnerabilities":[{"VulnerabilityID":"CVE-1","Severity":"HIGH"}]}]}"#;
    let predicate = |result: &str| {
        format!(
            r#"{{"scanner":{{"uri":"pkg:github/aquasecurity/trivy@1","version":"1","db":{{"lastUpdate":"2026-01-01T00:00:00Z"}},"result":{result}}},
            "metadata":{{"scanStartedOn":"2026-01-02T00:00:00Z","scanFinishedOn":"2026-01-02T00:01:00Z"}}}}"#
        )
    };
    let scan = scan_of("vuln", &predicate(inner));
    assert_eq!((scan.scanner.as_str(), scan.findings.len()), ("trivy", 1));
    assert_eq!(scan.database_updated.as_deref(), Some("2026-01-01T00:00:00Z"));
    assert_eq!(scan.finished.as_deref(), Some("2026-01-02T00:01:00Z"));
    let rated = r#"[{"id":"CVE-1","severity":[{"method":"nvd","score":"5.0"},{"method":"cvss","score":9.1}]},{"id":"CVE-2"}]"#;
    let scan = scan_of("vulns", &predicate(rated));
    let severities: Vec<_> = scan.findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Critical, Severity::Unknown]);
    assert_eq!(scan.findings[0].source.as_deref(), Some("cvss"));
}

#[test]
fn cyclonedx() {
    let scan = scan_of(
        "cyclonedx",
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"timestamp":"2026-01-02T00:00:00Z","tools":{"components":[{"name":"grype","version":"1"}]}},
            "components":[{"bom-ref":"a","name":"x","version":"1","purl":"pkg:npm/x@1"},{"bom-ref":"b","name":"y","version":"2"}],
            "vulnerabilities":[{"id":"CVE-1","source":{"name":"NVD"},"ratings":[{"severity":"low"},{"score":7.5}],"affects":[{"ref":"a"},{"ref":"b"}],"analysis":{"response":["will_not_fix"]}},
            {"id":"CVE-2"}]}"#,
    );
    assert_eq!(scan.scanner, "grype");
    assert_eq!(
        brief(&scan),
        [
            ("CVE-1", Some("pkg:npm/x@1"), Severity::High, FixState::WontFix),
            ("CVE-1", Some("y@2"), Severity::High, FixState::WontFix),
            ("CVE-2", None, Severity::Unknown, FixState::Unknown),
        ]
    );
}

#[test]
fn what_is_no_scan_is_said() {
    let trivy: PredicateType = "trivy".parse().unwrap();
    assert_eq!(scan(trivy.uri(), b"[]").unwrap_err().code(), "EVIDENCE_MALFORMED");
    assert_eq!(scan("https://slsa.dev/provenance/v1", b"{}").unwrap_err().code(), "EVIDENCE_UNKNOWN");
    let vuln: PredicateType = "vuln".parse().unwrap();
    let other = br#"{"scanner":{"uri":"x","result":{}}}"#;
    assert_eq!(scan(vuln.uri(), other).unwrap_err().code(), "EVIDENCE_UNKNOWN");
    assert!(Severity::Unknown > Severity::Critical);
}
