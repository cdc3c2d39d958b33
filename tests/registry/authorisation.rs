//! Who we say we are, and to whom.

use std::sync::Arc;

use countersign_core::oci::Descriptor;
use countersign_core::source::registry::RegistryOptions;
use countersign_core::source::registry::credentials::{Credential, ForHost};
use countersign_core::source::{BlobContent, Source};
use testkit::registry::{Access, Action, Fault, Options, Registry};

use crate::common::{PATH, client, code, referrer, seed, settings, tag, with_credential, with_password};

fn basic() -> Options {
    let access = Access::Basic { user: "user".into(), password: "secret".into() };
    Options { access, ..Options::default() }
}

fn bearer(realm: Option<&str>) -> Options {
    let realm = realm.map(Into::into);
    let access =
        Access::Bearer { user: "user".into(), password: "secret".into(), anonymous_pull: true, realm };
    Options { access, ..Options::default() }
}

fn authorizations(registry: &Registry) -> Vec<String> {
    registry.log().into_iter().filter_map(|entry| entry.authorization).collect()
}

/// threat model, row 16: one challenge for each repository, no ping, and every later request knows.
#[tokio::test]
async fn a_password_is_shown_when_it_is_asked_for() {
    let registry = Registry::start(basic());
    seed(&registry, "v1");
    let source = client(&registry, with_password(registry.host(), "secret"));
    for _ in 0..3 {
        assert!(source.manifest(&tag("v1")).await.unwrap().is_some());
    }
    assert_eq!(registry.count(), 4);
    assert_eq!(registry.log()[0].authorization, None);
    assert!(registry.requests().iter().all(|line| line.contains("/manifests/")));
}

/// threat model, row 16: 401 for ever is one round, not many.
#[tokio::test]
async fn a_wrong_password_is_an_error_at_once() {
    let registry = Registry::start(basic());
    let source = client(&registry, with_password(registry.host(), "wrong"));
    assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_UNAUTHORIZED");
    assert_eq!(registry.count(), 2);
    let anonymous = client(&registry, settings());
    let error = anonymous.manifest(&tag("v1")).await.unwrap_err();
    assert!(error.to_string().contains("no credentials for"), "{error}");
    let registry = Registry::start(bearer(None));
    seed(&registry, "v1");
    registry.fault(Fault::on("GET", "/v2/", {
        let challenge = format!("Bearer realm=\"http://{}/token\",service=\"x\"", registry.host());
        Action::Answer(401, vec![("www-authenticate", challenge)], String::new())
    }));
    let source = client(&registry, with_password(registry.host(), "secret"));
    assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_UNAUTHORIZED");
    assert_eq!(registry.count(), 3, "{:?}", registry.requests());
}

/// Tokens: asked for once for each kind of access, renewed once when they are refused.
#[tokio::test]
async fn tokens_are_kept_and_renewed() {
    let registry = Registry::start(bearer(None));
    seed(&registry, "v1");
    let options = with_password(registry.host(), "secret");
    let source = client(&registry, options.clone());
    source.manifest(&tag("v1")).await.unwrap();
    source.manifest(&tag("v1")).await.unwrap();
    assert_eq!(registry.count(), 4, "{:?}", registry.requests());
    source.put_manifest(&tag("v2"), &referrer(None, 1)).await.unwrap();
    assert_eq!(registry.count(), 6, "{:?}", registry.requests());
    source.delete(&tag("v2")).await.unwrap();
    source.manifest(&tag("v1")).await.unwrap();
    assert_eq!(registry.count(), 9, "{:?}", registry.requests());
    registry.clear_log();
    registry.expire_tokens();
    source.manifest(&tag("v1")).await.unwrap();
    // Refused, a new token, and the answer.
    assert_eq!(registry.count(), 3, "{:?}", registry.requests());
    registry.clear_log();
    let writer = client(&registry, options).for_writing();
    writer.manifest(&tag("v1")).await.unwrap();
    writer.put_manifest(&tag("v2"), &referrer(None, 1)).await.unwrap();
    assert_eq!(registry.count(), 4, "{:?}", registry.requests());
}

#[tokio::test]
async fn anyone_may_read_where_anyone_may() {
    let registry = Registry::start(bearer(None));
    seed(&registry, "v1");
    let source = client(&registry, settings());
    assert!(source.manifest(&tag("v1")).await.unwrap().is_some());
    assert_eq!(code(source.put_manifest(&tag("v2"), &referrer(None, 1)).await), "STORE_UNAUTHORIZED");
}

#[tokio::test]
async fn identity_tokens_and_registry_tokens_are_shown() {
    let registry = Registry::start(bearer(None));
    seed(&registry, "v1");
    let source =
        client(&registry, with_credential(registry.host(), Credential::IdentityToken("secret".into())));
    assert!(source.manifest(&tag("v1")).await.unwrap().is_some());
    assert_eq!(registry.requests()[1], "POST /token");
    let source =
        client(&registry, with_credential(registry.host(), Credential::RegistryToken("mine".into())));
    assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_UNAUTHORIZED");
    assert_eq!(authorizations(&registry).last().map(String::as_str), Some("Bearer mine"));
}

/// A mount needs a token that reads the other repository too.
#[tokio::test]
async fn a_mount_asks_for_both_repositories() {
    let registry = Registry::start(bearer(None));
    registry.change(|contents| contents.repository("other/app").put_blob(b"blob"));
    let source = client(&registry, with_password(registry.host(), "secret"));
    let descriptor = Descriptor::of("x", b"blob");
    source.put_blob(&descriptor, BlobContent::from(b"blob".to_vec()), Some("other/app")).await.unwrap();
    let contents = registry.contents();
    assert!(contents.repositories[PATH].blobs.contains_key(&descriptor.digest));
    assert_eq!(registry.count(), 3, "{:?}", registry.requests());
}

/// threat model, row 10: token servers at places where none should be.
#[tokio::test]
async fn token_servers_elsewhere_are_refused() {
    for realm in [
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/token",
        "https://[fe80::1]/token",
        "http://token.example/token",
        "file:///etc/passwd",
        "ftp://token.example/",
        "https://user:word@token.example/",
        "nonsense",
    ] {
        let registry = Registry::start(bearer(Some(realm)));
        let source = client(&registry, with_password(registry.host(), "secret"));
        assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_PROTOCOL", "{realm}");
        assert_eq!(registry.count(), 1);
        assert!(authorizations(&registry).is_empty());
    }
}

/// threat model, rows 11 and 12: a token server that sends us elsewhere gets no password there.
#[tokio::test]
async fn a_token_server_cannot_pass_on_a_password() {
    let elsewhere = Registry::start(Options::default());
    for (target, expected) in [
        ("http://169.254.169.254/".to_owned(), "STORE_PROTOCOL"),
        (format!("http://{}/token", elsewhere.host()), "STORE_UNAUTHORIZED"),
    ] {
        let registry = Registry::start(bearer(None));
        registry.fault(Fault::redirect("GET", "/token", target));
        let source = client(&registry, with_password(registry.host(), "secret"));
        assert_eq!(code(source.manifest(&tag("v1")).await), expected);
    }
    assert_eq!(elsewhere.count(), 1);
    assert!(authorizations(&elsewhere).is_empty());
}

/// threat model, rows 12 and 13: another host gets no credentials, not even when it sends us back.
#[tokio::test]
async fn credentials_stay_with_their_host() {
    let (registry, elsewhere) = (Registry::start(basic()), Registry::start(Options::default()));
    elsewhere.change(|contents| contents.repository(PATH).put_blob(b"blob"));
    let descriptor = Descriptor::of("x", b"blob");
    let path = format!("/v2/{PATH}/blobs/{}", descriptor.digest);
    let source = client(&registry, with_password(registry.host(), "secret"));
    source.manifest(&tag("v1")).await.unwrap();
    registry.fault(Fault::redirect("GET", "/blobs/", format!("http://{}{path}", elsewhere.host())));
    assert_eq!(source.blob(&descriptor, 10).await.unwrap(), "blob");
    assert!(authorizations(&elsewhere).is_empty());
    elsewhere.fault(Fault::redirect("GET", "/blobs/", format!("http://{}/back", registry.host())));
    registry.clear_log();
    assert!(source.blob(&descriptor, 10).await.is_err());
    assert_eq!(registry.log().last().unwrap().path, "/back");
    assert_eq!(registry.log().last().unwrap().authorization, None);
    // A 401 of the other host is not answered with what is meant for the registry.
    elsewhere.behave();
    let challenge = vec![("www-authenticate", "Basic realm=\"x\"".to_owned())];
    elsewhere.fault(Fault::on("GET", "", Action::Answer(401, challenge, String::new())));
    assert_eq!(code(source.blob(&descriptor, 10).await), "STORE_UNAUTHORIZED");
    assert!(authorizations(&elsewhere).is_empty());
}

/// threat model, row 13: an upload may go to another host, which gets the content and no credentials.
#[tokio::test]
async fn an_upload_elsewhere_gets_no_credentials() {
    let mut options = basic();
    options.takes_blob_at_once = false;
    let (registry, elsewhere) = (Registry::start(options), Registry::start(Options::default()));
    let source = client(&registry, with_password(registry.host(), "secret"));
    let created = Action::Answer(201, vec![], String::new());
    elsewhere.fault(Fault::on("PUT", "^/put\\?a=b%2Fc&digest=sha256:", created));
    let location = vec![("location", format!("http://{}/put?a=b%2Fc", elsewhere.host()))];
    registry.fault(Fault::on("POST", "uploads", Action::Headers(location)).after(1));
    let descriptor = Descriptor::of("x", b"blob");
    source.put_blob(&descriptor, BlobContent::from(b"blob".to_vec()), None).await.unwrap();
    assert_eq!(elsewhere.count(), 1);
    assert!(authorizations(&elsewhere).is_empty());
    for location in ["http://169.254.169.254/", "http://user:word@127.0.0.1/", "ftp://127.0.0.1/", ""] {
        registry.behave();
        registry.fault(Fault::on("POST", "uploads", Action::Headers(vec![("location", location.into())])));
        let put = source.put_blob(&descriptor, BlobContent::from(b"blob".to_vec()), None).await;
        assert_eq!(code(put), "STORE_PROTOCOL", "{location}");
    }
}

/// threat model, row 15: redirects end.
#[tokio::test]
async fn redirects_end() {
    let registry = Registry::start(Options::default());
    registry.fault(Fault::redirect("GET", "", "/v2/acme/app/manifests/again"));
    let source = client(&registry, settings());
    let error = source.manifest(&tag("v1")).await.unwrap_err();
    assert!(error.to_string().contains("more than 10 redirects"), "{error}");
    assert_eq!(registry.count(), 11);
    for target in ["http://169.254.169.254/", "file:///etc/passwd", "http://[fe80::1]/", "http://"] {
        registry.behave();
        registry.fault(Fault::redirect("GET", "", target));
        assert_eq!(code(source.manifest(&tag("v1")).await), "STORE_PROTOCOL", "{target}");
    }
}

/// threat model, row 81: no secret in what is shown.
#[tokio::test]
async fn nothing_shows_a_secret() {
    let registry = Registry::start(bearer(None));
    let options = with_password(registry.host(), "wrong-secret");
    assert!(!format!("{options:?}").contains("wrong-secret"));
    let source = client(&registry, options);
    let error = source.manifest(&tag("v1")).await.unwrap_err();
    assert!(!format!("{error} {error:?} {source:?}").contains("wrong-secret"), "{error:?}");
    let credential = Credential::Basic { username: "u".into(), password: "wrong-secret".into() };
    let provider = ForHost { host: "h".into(), credential };
    assert!(!format!("{provider:?}").contains("wrong-secret"));
    let proxy = Some("http://user:wrong-secret@127.0.0.1:1".into());
    let mut options = RegistryOptions { credentials: Arc::new(provider), tries: 1, ..settings() };
    options.proxy.https_proxy = proxy;
    assert!(!format!("{options:?}").contains("wrong-secret"));
    let source = countersign_core::source::registry::Registry::new(options);
    let error =
        source.repository("registry.example/a".parse().unwrap()).manifest(&tag("v1")).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("wrong-secret"), "{error:?}");
}
