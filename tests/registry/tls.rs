//! Which certificates are good enough.

use std::sync::Arc;

use countersign_core::source::Source;
use countersign_core::source::registry::credentials::{Credential, ForHost};
use countersign_core::source::registry::{ClientCertificate, RegistryOptions};
use testkit::registry::{Access, Options, Registry, Tls};

use crate::common::{client, code, seed, settings, tag};

fn start(tls: &Tls) -> Registry {
    let registry = Registry::start(Options { tls: Some(tls.clone()), ..Options::default() });
    seed(&registry, "v1");
    registry
}

fn trusting(tls: &Tls) -> RegistryOptions {
    RegistryOptions {
        certificate_authorities: Some(tls.authority.clone().into_bytes()),
        tries: 1,
        ..settings()
    }
}

fn patient_with_nothing() -> RegistryOptions {
    RegistryOptions { tries: 1, ..settings() }
}

/// threat model, row 22: a certificate of an unknown authority, of another host, or of another time; only the user's word
/// makes it good enough.
#[tokio::test]
async fn certificates_must_be_good() {
    let (good, other) = (Tls::of("127.0.0.1", false), Tls::of("127.0.0.1", false));
    for (tls, options, is_good) in [
        (good.clone(), trusting(&good), true),
        (good.clone(), trusting(&other), false),
        (good.clone(), patient_with_nothing(), false),
        (good.clone(), RegistryOptions { allow_http: true, ..trusting(&other) }, false),
    ] {
        let registry = start(&tls);
        let read = client(&registry, options.clone()).manifest(&tag("v1")).await;
        assert_eq!(read.is_ok(), is_good, "{options:?}: {read:?}");
        let insecure = RegistryOptions { danger_accept_invalid_certificates: true, ..options };
        assert!(client(&registry, insecure).manifest(&tag("v1")).await.unwrap().is_some());
    }
    for tls in [Tls::of("registry.example", false), Tls::of("127.0.0.1", true)] {
        let registry = start(&tls);
        assert_eq!(code(client(&registry, trusting(&tls)).manifest(&tag("v1")).await), "STORE_UNREACHABLE");
        assert_eq!(registry.count(), 0);
    }
}

/// A client certificate is shown to the registry.
#[tokio::test]
async fn a_client_certificate_is_shown() {
    let mut tls = Tls::of("127.0.0.1", false);
    tls.wants_client = true;
    let registry = start(&tls);
    assert!(client(&registry, trusting(&tls)).manifest(&tag("v1")).await.is_err());
    let (certificate, key) = (tls.client.0.clone().into_bytes(), tls.client.1.as_str().into());
    let options = RegistryOptions {
        client_certificate: Some(ClientCertificate { certificate, key }),
        ..trusting(&tls)
    };
    assert!(client(&registry, options).manifest(&tag("v1")).await.unwrap().is_some());
}

/// threat model, rows 12 and 22: from https no way leads to plain http.
#[tokio::test]
async fn https_is_not_left() {
    let tls = Tls::of("127.0.0.1", false);
    let (registry, plain) = (start(&tls), Registry::start(Options::default()));
    seed(&plain, "v1");
    let target = format!("http://{}/v2/acme/app/manifests/v1", plain.host());
    registry.fault(testkit::registry::Fault::redirect("GET", "", target));
    let source = client(&registry, RegistryOptions { allow_http: true, ..trusting(&tls) });
    assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_PROTOCOL");
    assert_eq!(plain.count(), 0);
}

/// threat model, row 10: a registry that speaks TLS cannot have the password sent in the clear.
#[tokio::test]
async fn the_token_server_of_an_https_registry_speaks_https() {
    let tls = Tls::of("127.0.0.1", false);
    let plain = Registry::start(Options::default());
    let access = Access::Bearer {
        user: "user".into(),
        password: "secret".into(),
        anonymous_pull: false,
        realm: Some(format!("http://{}/token", plain.host())),
    };
    let registry = Registry::start(Options { tls: Some(tls.clone()), access, ..Options::default() });
    let credential = Credential::Basic { username: "user".into(), password: "secret".into() };
    let credentials = Arc::new(ForHost { host: registry.host().into(), credential });
    let options = RegistryOptions { credentials, ..trusting(&tls) };
    assert_eq!(code(client(&registry, options).manifest(&tag("v1")).await), "STORE_PROTOCOL");
    assert_eq!(plain.count(), 0);
}
