use super::*;

fn basic(username: &str, password: &str) -> Found {
    Found::Here(Credential::Basic { username: username.into(), password: password.into() })
}

fn found(config: &str, host: &str, path: &str) -> Vec<Found> {
    DockerConfig::parse(config.as_bytes()).unwrap().lookup(host, path).unwrap()
}

#[test]
fn every_spelling_of_a_host_is_found() {
    for (key, host) in [
        ("https://index.docker.io/v1/", "index.docker.io"),
        ("docker.io", "index.docker.io"),
        ("registry-1.docker.io", "index.docker.io"),
        ("https://registry-1.docker.io/v2/", "index.docker.io"),
        ("ghcr.io", "ghcr.io"),
        ("https://GHCR.io", "ghcr.io"),
        ("http://localhost:5000/v2/", "localhost:5000"),
        ("ghcr.io/v1/", "ghcr.io"),
        ("[::1]:5000", "[::1]:5000"),
    ] {
        let config = format!(r#"{{"auths":{{"{key}":{{"username":"u","password":"p"}}}}}}"#);
        assert_eq!(found(&config, host, "a/b"), [basic("u", "p")], "{key}");
    }
}

#[test]
fn the_most_specific_namespace_wins() {
    let config = r#"{"auths":{
        "r.io":{"username":"host","password":"p"},
        "r.io/a":{"username":"a","password":"p"},
        "r.io/a/b":{"username":"ab","password":"p"}}}"#;
    for (path, user) in [("a/b/c", "ab"), ("a/b", "ab"), ("a/bb", "a"), ("x", "host")] {
        assert_eq!(found(config, "r.io", path), [basic(user, "p")], "{path}");
    }
    assert_eq!(found(config, "r.io.evil.com", "a"), []);
    assert_eq!(found(config, "evil.com", "r.io/a"), []);
}

#[test]
fn every_kind_of_entry_is_read() {
    let token = |text: &str| Secret::from(text);
    for (entry, expected) in [
        (r#"{"auth":"dTpwOnE="}"#, vec![basic("u", "p:q")]),
        (r#"{"auth":"dTpwAAA="}"#, vec![basic("u", "p")]),
        (r#"{"identitytoken":"t","auth":"dTpw"}"#, vec![Found::Here(Credential::IdentityToken(token("t")))]),
        (r#"{"registrytoken":"t"}"#, vec![Found::Here(Credential::RegistryToken(token("t")))]),
        (
            r#"{"username":"<token>","password":"t"}"#,
            vec![Found::Here(Credential::IdentityToken(token("t")))],
        ),
        ("{}", vec![]),
        (r#"{"auth":"","email":"x"}"#, vec![]),
    ] {
        assert_eq!(
            found(&format!(r#"{{"auths":{{"r.io":{entry}}},"x":1}}"#), "r.io", "a"),
            expected,
            "{entry}"
        );
    }
    let wrong = DockerConfig::parse(br#"{"auths":{"r.io":{"auth":"bm9jb2xvbg=="}}}"#).unwrap();
    assert!(wrong.lookup("r.io", "a").is_err());
    assert!(wrong.lookup("other.io", "a").unwrap().is_empty());
    assert!(DockerConfig::parse(b"").unwrap().lookup("r.io", "a").unwrap().is_empty());
}

#[test]
fn helpers_come_first() {
    let config =
        r#"{"auths":{"r.io":{"auth":"dTpw"}},"credHelpers":{"gcr.io":"gcloud"},"credsStore":"desktop"}"#;
    let helper = |name: &str, server: &str| Found::Helper { name: name.into(), server: server.into() };
    assert_eq!(found(config, "gcr.io", "a"), [helper("gcloud", "gcr.io")]);
    assert_eq!(found(config, "r.io", "a"), [helper("desktop", "r.io"), basic("u", "p")]);
    assert_eq!(found(config, "index.docker.io", "a"), [helper("desktop", "https://index.docker.io/v1/")]);
    assert_eq!(DockerConfig::parse(config.as_bytes()).unwrap().helper("gcr.io"), Some("gcloud"));
}

#[test]
fn login_and_logout_keep_what_they_do_not_know() {
    let before =
        br#"{"auths":{"docker.io":{"auth":"x"},"r.io/a":{"auth":"dTpw"}},"HttpHeaders":{"X":"y"},"n":1}"#;
    let credential = Credential::Basic { username: "u".into(), password: "p".into() };
    let after = login(before, "index.docker.io", &credential).unwrap();
    let value: Value = serde_json::from_slice(&after).unwrap();
    assert_eq!(
        value,
        json!({"auths": {"https://index.docker.io/v1/": {"auth": "dTpw"}, "r.io/a": {"auth": "dTpw"}},
            "HttpHeaders": {"X": "y"}, "n": 1})
    );
    let out = logout(&after, "index.docker.io").unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&out).unwrap()["auths"], json!({"r.io/a": {"auth": "dTpw"}}));
    assert_eq!(logout(&out, "index.docker.io").unwrap(), None);
    assert!(login(b"", "r.io", &credential).is_ok());
    assert!(login(b"[]", "r.io", &credential).is_err());
    assert!(login(b"{}", "r.io", &Credential::Anonymous).is_err());
}

/// threat model, row 81.
#[test]
fn no_secret_is_shown() {
    let config =
        DockerConfig::parse(br#"{"auths":{"r.io":{"auth":"c2VjcmV0OnNlY3JldA==","password":"secret"}}}"#);
    assert!(!format!("{config:?}").contains("c2Vj"));
    assert!(!format!("{config:?}").contains("secret"));
}
