use proptest::prelude::*;

use super::*;

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn shown(text: &str) -> String {
    text.parse::<ImageReference>().unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
}

#[test]
fn defaults_are_dockers() {
    let digest = format!("sha256:{HEX}");
    for (text, expected) in [
        ("alpine", "index.docker.io/library/alpine".to_owned()),
        ("alpine:3", "index.docker.io/library/alpine:3".to_owned()),
        ("acme/app", "index.docker.io/acme/app".to_owned()),
        ("docker.io/alpine", "index.docker.io/library/alpine".to_owned()),
        ("localhost/app", "localhost/app".to_owned()),
        ("localhost:5000/app:v1", "localhost:5000/app:v1".to_owned()),
        ("GHCR.io/acme/app", "ghcr.io/acme/app".to_owned()),
        ("[::1]:5000/app/b:v1", "[::1]:5000/app/b:v1".to_owned()),
        ("127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c".to_owned()),
        (&format!("r.io/app:v1@{digest}"), format!("r.io/app:v1@{digest}")),
        (&format!("app@{digest}"), format!("index.docker.io/library/app@{digest}")),
        ("host:5000", "index.docker.io/library/host:5000".to_owned()),
        ("r.io/a__b/c--d/e.f_g", "r.io/a__b/c--d/e.f_g".to_owned()),
    ] {
        assert_eq!(shown(text), expected);
        assert_eq!(shown(&expected), expected, "what is shown parses to the same");
    }
}

#[test]
fn what_is_no_reference_is_refused() {
    for text in [
        "",
        "/",
        "app/",
        "/app",
        "app:",
        "app:-x",
        "app:.x",
        "app:a b",
        &format!("app:{}", "a".repeat(129)),
        "app@",
        "app@sha256:abc",
        &format!("app@sha256:{HEX}@sha256:{HEX}"),
        "r.io/App",
        "r.io/a//b",
        "r.io/../b",
        "r.io/a/.",
        "r.io/a..b",
        "r.io/a___b",
        "r.io/-a",
        "r.io/a-",
        "r.io:/a",
        "r.io:0/a",
        "r.io:70000/a",
        "r.io:12x/a",
        "-r.io/a",
        "[::1/a",
        "[::g]/a",
        "user@r.io/a",
        "https://r.io/a",
        "r.io/a\n",
        "r.io/a\u{202e}",
        &format!("r.io/{}", "a".repeat(256)),
    ] {
        assert!(text.parse::<ImageReference>().is_err(), "{text:?}");
    }
}

#[test]
fn a_digest_wins_over_a_tag() {
    let reference: ImageReference = format!("r.io/a:v1@sha256:{HEX}").parse().unwrap();
    assert!(matches!(reference.selector(), Selector::Digest(_)));
    let reference: ImageReference = "r.io/a".parse().unwrap();
    assert_eq!(reference.selector().to_string(), "latest");
}

#[test]
fn loopback_is_recognised() {
    for (text, expected) in [
        ("localhost/a", true),
        ("127.0.0.1:1/a", true),
        ("127.9.9.9/a", true),
        ("[::1]:1/a", true),
        ("10.0.0.1/a", false),
        ("localhost.evil.io/a", false),
        ("127.0.0.1.evil.io/a", false),
        ("a", false),
    ] {
        assert_eq!(text.parse::<ImageReference>().unwrap().repository.is_loopback(), expected, "{text}");
    }
}

#[test]
fn transports_are_told_apart() {
    let digest = format!("sha256:{HEX}");
    for text in [
        "oci:dir".to_owned(),
        "oci:/a/b:v1".to_owned(),
        format!("oci:dir@{digest}"),
        "oci-archive:a.tar:v1".to_owned(),
        "docker-archive:a.tar:ghcr.io/acme/app:v1".to_owned(),
    ] {
        let location: Location = text.parse().unwrap();
        assert!(!matches!(location, Location::Registry(_)));
        assert_eq!(location.to_string(), text);
    }
    assert_eq!("docker://alpine".parse::<Location>(), "alpine".parse::<Location>());
    for text in ["oci:", "oci::v1", "oci:dir:", "oci:dir@sha256:zz", "docker://", "docker-archive:"] {
        assert!(text.parse::<Location>().is_err(), "{text}");
    }
}

proptest! {
    /// Whatever parses is shown in the one form that parses to the same.
    #[test]
    fn what_parses_is_shown_so_that_it_parses_again(text in "[A-Za-z0-9:/@._\\[\\]-]{0,60}") {
        if let Ok(reference) = text.parse::<ImageReference>() {
            prop_assert_eq!(reference.to_string().parse::<ImageReference>(), Ok(reference));
        }
        if let Ok(location) = text.parse::<Location>() {
            prop_assert_eq!(location.to_string().parse::<Location>(), Ok(location));
        }
    }

    #[test]
    fn well_formed_references_are_read(
        host in "([a-z0-9]{1,8}\\.){1,3}[a-z]{2,4}(:[1-9][0-9]{1,3})?",
        path in "[a-z0-9]{1,8}([._-][a-z0-9]{1,8})?(/[a-z0-9]{1,8}){0,3}",
        tag in "[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}",
    ) {
        let reference: ImageReference = format!("{host}/{path}:{tag}@sha256:{HEX}").parse().unwrap();
        let host = if host == "docker.io" { DEFAULT_REGISTRY } else { &host };
        prop_assert_eq!(reference.repository.host(), host);
        prop_assert_eq!(reference.tag.as_ref().map(Tag::as_str), Some(tag.as_str()));
        prop_assert_eq!(reference.selector().to_string(), format!("sha256:{HEX}"));
    }
}

/// Found by fuzzing: hosts are in lower case, and then look like a transport.
#[test]
fn a_host_that_is_called_as_a_transport_stays_one() {
    for (text, shown) in [
        ("Oci:3/a", "docker://oci:3/a"),
        ("docker://oci-archive:5000/a/b:v1", "docker://oci-archive:5000/a/b:v1"),
    ] {
        let location: Location = text.parse().unwrap();
        assert_eq!(location.to_string(), shown);
        assert_eq!(location.to_string().parse(), Ok(location));
    }
}
