//! Certificates of real authorities: Sigstore's public instance and a private stack.

use serde_json::Value;

use super::{chain, leaf};
use crate::material::trusted_root::{Authority, TrustedRoot};
use crate::vectors::{json, rows, trusted_root, vectors};
use crate::x509::path::{self, Path, Purpose};
use crate::x509::{Certificate, Claims, Identity};

/// The paths of a leaf, at its own beginning, to every authority of a trusted root.
pub(super) fn paths(leaf: &Certificate, root: &TrustedRoot) -> Vec<Path> {
    let one = |authority: &Authority| {
        let (anchor, pool) = authority.chain.split_last().unwrap();
        path::verify(leaf, pool, anchor, leaf.not_before(), Purpose::CodeSigning).ok()
    };
    root.authorities.iter().filter_map(one).collect()
}

/// CPython's releases: their rows and leaves, and the trusted root. None without the vectors.
pub(super) fn released() -> Option<(Vec<(Value, Certificate)>, TrustedRoot)> {
    let (bundles, roots) = (vectors("cpython")?, vectors("sigstore-conformance")?);
    let of_row = |row: Value| {
        let leaf = leaf(&json(&bundles.join(row["bundle"].as_str().unwrap()))).unwrap();
        (row, Certificate::parse(&leaf).unwrap())
    };
    let released: Vec<_> = rows(&bundles).into_iter().map(of_row).collect();
    assert_eq!(released.len(), 87);
    Some((released, trusted_root(&roots.join("prod-trusted_root.json"))))
}

#[test]
fn public_leaves() {
    let Some((released, root)) = released() else { return };
    for (row, leaf) in released {
        let path = paths(&leaf, &root).pop().unwrap();
        let (anchor, pool) = path.certificates().split_last().unwrap();
        let late = jiff::Timestamp::from_second(leaf.not_after().as_second() + 1).unwrap();
        let error = path::verify(&leaf, pool, anchor, late, Purpose::CodeSigning).unwrap_err();
        assert_eq!(error.code(), "CERTIFICATE_EXPIRED", "{row}");
        assert_eq!(Identity::read(&leaf).unwrap(), Identity::Email(row["identity"].as_str().unwrap().into()));
        assert_eq!(Claims::read(&leaf).unwrap().issuer(), row["issuer"].as_str(), "{row}");
    }
}

#[test]
fn workflow_claims() {
    let Some(bundles) = vectors("sigstore-conformance") else { return };
    let bundle = json(&bundles.join("happy-path-v0.1/bundle.sigstore.json"));
    let leaf = Certificate::parse(&leaf(&bundle).unwrap()).unwrap();
    let repository = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon";
    let workflow =
        format!("{repository}/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main");
    assert_eq!(Identity::read(&leaf).unwrap(), Identity::Uri(workflow));
    let claims = Claims::read(&leaf).unwrap();
    assert_eq!(claims.iter().count(), 20);
    assert_eq!(claims.issuer(), Some("https://token.actions.githubusercontent.com"));
    for (name, oid, value) in [
        ("issuer", "1.3.6.1.4.1.57264.1.1", claims.issuer()),
        ("github-workflow-ref", "1.3.6.1.4.1.57264.1.6", Some("refs/heads/main")),
        ("source-repository-uri", "1.3.6.1.4.1.57264.1.12", Some(repository)),
        ("build-trigger", "1.3.6.1.4.1.57264.1.20", Some("workflow_dispatch")),
        ("deployment-environment", "1.3.6.1.4.1.57264.1.23", None),
        ("subject", "1.3.6.1.4.1.57264.1.7", None),
        ("Issuer", "1.3", None),
    ] {
        assert_eq!((claims.by_name(name), claims.by_oid(oid)), (value, value), "{name}");
    }
}

/// The leaves that the conformance suite accepts: its row, the leaf, the trusted root. None without the vectors.
pub(super) fn accepted() -> Vec<(Value, Certificate, TrustedRoot)> {
    let Some(directory) = vectors("sigstore-conformance") else { return Vec::new() };
    let mut found = Vec::new();
    for row in rows(&directory) {
        let bundle = json(&directory.join(row["bundle"].as_str().unwrap()));
        if let Some(leaf) = leaf(&bundle).filter(|_| row["expect"] == "pass") {
            let root = trusted_root(&directory.join(row["trusted_root"].as_str().unwrap()));
            found.push((row, Certificate::parse(&leaf).unwrap(), root));
        }
    }
    assert_eq!(found.len(), 15);
    found
}

#[test]
fn accepted_leaves() {
    for (row, leaf, root) in accepted() {
        assert_eq!(paths(&leaf, &root).len(), 1, "{row}");
        assert_eq!(Identity::read(&leaf).unwrap().value(), row["identity"].as_str().unwrap());
        assert_eq!(Claims::read(&leaf).unwrap().issuer(), row["issuer"].as_str());
    }
}

/// Every authority for timestamps that a trusted root names may sign them, while it is valid.
#[test]
fn timestamp_authorities() {
    let Some(directory) = vectors("sigstore-conformance") else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        let file = if path.is_dir() { path.join("trusted_root.json") } else { path };
        if !file.is_file() || !file.to_str().unwrap().ends_with("trusted_root.json") {
            continue;
        }
        // One of them is no trusted root as a whole.
        for authority in json(&file)["timestampAuthorities"].as_array().into_iter().flatten() {
            let certificates: Vec<_> =
                chain(authority).iter().map(|der| Certificate::parse(der).unwrap()).collect();
            let (leaf, rest) = certificates.split_first().unwrap();
            let Some((anchor, pool)) = rest.split_last() else { continue };
            let verdict = path::verify(leaf, pool, anchor, leaf.not_before(), Purpose::TimeStamping);
            assert_eq!(verdict.err(), None, "{}", file.display());
            seen += 1;
        }
    }
    assert_eq!(seen, 26);
}
