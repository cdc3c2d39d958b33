//! Over real certificates, in place.

mod bundles;

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use serde_json::Value;

use super::*;
use crate::format::bundle::Bundle;
use crate::material::trusted_root::TrustedRoot;
use crate::vectors::{rows, trusted_root, vectors};
use crate::x509::Certificate;

/// A row of CPython's releases, and the certificate in its bundle.
fn releases() -> Option<(TrustedRoot, Vec<(Value, Certificate)>)> {
    let (bundles, roots) = (vectors("cpython")?, vectors("sigstore-conformance")?);
    let rows = rows(&bundles).into_iter().map(|row| {
        let bundle = std::fs::read(bundles.join(row["bundle"].as_str().unwrap())).unwrap();
        let material = Bundle::parse(bundle.into()).unwrap().verification_material;
        (row, SigningCertificate::of_bundle(&material).unwrap().leaf)
    });
    Some((trusted_root(&roots.join("prod-trusted_root.json")), rows.collect()))
}

fn exactly(identity: &str, issuer: &str) -> IdentityPolicy {
    IdentityPolicy {
        subject: Matcher::exact(identity),
        issuer: Matcher::exact(issuer),
        claims: BTreeMap::new(),
    }
}

#[test]
fn every_release_is_proven_while_its_certificate_is_valid() {
    let Some((root, releases)) = releases() else { return };
    for (row, leaf) in &releases {
        let check =
            |times: &[Timestamp], promises| CertificateProven::check(leaf, &[], &root, times, promises);
        let code =
            |times: &[Timestamp], promises| check(times, promises).map(drop).map_err(|error| error.code());
        let (begin, end) = (leaf.not_before(), leaf.not_after());
        let certificate = check(&[begin, end], 1).unwrap();
        assert_eq!(certificate.timestamps(), 1, "{row}");
        assert_eq!(code(&[begin], 2), Err("CERTIFICATE_TIMESTAMP"));
        assert_eq!(code(&[], 1), Err("TIME_MISSING"));
        assert_eq!(code(&[begin, end + 1.second()], 1), Err("CERTIFICATE_EXPIRED"));
        assert_eq!(code(&[begin - 1.second()], 1), Err("CERTIFICATE_EXPIRED"));
        let (identity, issuer) = (row["identity"].as_str().unwrap(), row["issuer"].as_str().unwrap());
        let proven = IdentityProven::check(&certificate, &[exactly("x", issuer), exactly(identity, issuer)]);
        assert_eq!(proven.unwrap().identity().value(), identity);
        for other in [exactly(identity, "https://example.com"), exactly("x", issuer)] {
            let error = IdentityProven::check(&certificate, &[other]).unwrap_err();
            assert_eq!(error.code(), "IDENTITY_MISMATCH");
            assert!(error.to_string().contains(identity), "{error}");
        }
        assert_eq!(IdentityProven::check(&certificate, &[]).unwrap_err().code(), "IDENTITY_MISMATCH");
        let claimed = IdentityPolicy {
            claims: [("build-trigger".to_owned(), "push".to_owned())].into(),
            ..exactly(identity, issuer)
        };
        assert_eq!(IdentityProven::check(&certificate, &[claimed]).unwrap_err().code(), "CLAIM_MISMATCH");
    }
    assert_eq!(releases.len(), 87);
}

/// Neither an authority nor a log is believed outside of its own time, whatever its certificates say, and nothing is
/// proven by what is not in the trusted root.
#[test]
fn whom_the_root_does_not_name_is_not_believed() {
    let Some((root, releases)) = releases() else { return };
    let (_, leaf) = releases.first().unwrap();
    let at = leaf.not_before();
    let code = |change: fn(&mut TrustedRoot, Timestamp)| {
        let mut root = root.clone();
        change(&mut root, at);
        CertificateProven::check(leaf, &[], &root, &[at], 1).map(drop).map_err(|error| error.code())
    };
    assert_eq!(code(|_, _| ()), Ok(()));
    assert_eq!(code(|root, _| root.authorities.clear()), Err("CERTIFICATE_CHAIN"));
    assert_eq!(code(|root, _| root.certificate_logs.clear()), Err("CERTIFICATE_TIMESTAMP"));
    assert_eq!(
        code(|root, at| root.authorities.iter_mut().for_each(|it| it.valid_for.start = at + 1.second())),
        Err("CERTIFICATE_CHAIN")
    );
    assert_eq!(
        code(|root, at| root
            .certificate_logs
            .iter_mut()
            .for_each(|it| it.valid_for.end = Some(at - 1.hour()))),
        Err("CERTIFICATE_TIMESTAMP")
    );
    // A log's key under another log's id.
    assert_eq!(
        code(|root, _| {
            let other = root.logs.first().unwrap().key.clone();
            root.certificate_logs.iter_mut().for_each(|log| log.key = other.clone());
        }),
        Err("CERTIFICATE_TIMESTAMP")
    );
    // A chain that came along is no authority.
    let mut none = root.clone();
    let chain = std::mem::take(&mut none.authorities).into_iter().flat_map(|it| it.chain).collect::<Vec<_>>();
    let error = CertificateProven::check(leaf, &chain, &none, &[at], 1).unwrap_err();
    assert_eq!(error.code(), "CERTIFICATE_CHAIN");
}
