//! What a registry asks for when it answers 401 (RFC 9110 section 11.6.1; distribution's token specification).

use http::{HeaderMap, header};

/// A way to say who one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User and password (RFC 7617).
    Basic,
    /// A token of a token server.
    Bearer {
        /// The URL of the token server.
        realm: String,
        /// What the registry is called there.
        service: Option<String>,
        /// What the registry says is needed.
        scope: Option<String>,
    },
}

/// The challenge to answer: a token where one is offered, since it says less about us than a password.
pub(super) fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let mut basic = None;
    for value in headers.get_all(header::WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok()) {
        for offered in http_auth::parse_challenges(value).unwrap_or_default() {
            let parameter = |name: &str| {
                let found = offered.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_unescaped())
            };
            if offered.scheme.eq_ignore_ascii_case("bearer") {
                let (service, scope) = (parameter("service"), parameter("scope"));
                if let Some(realm) = parameter("realm") {
                    return Some(Challenge::Bearer { realm, service, scope });
                }
            } else if offered.scheme.eq_ignore_ascii_case("basic") {
                basic = Some(Challenge::Basic);
            }
        }
    }
    basic
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::WWW_AUTHENTICATE, value.parse().unwrap());
        }
        challenge(&headers)
    }

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Option<Challenge> {
        let realm = realm.into();
        Some(Challenge::Bearer { realm, service: service.map(Into::into), scope: scope.map(Into::into) })
    }

    #[test]
    fn challenges_are_read() {
        let full = r#"Bearer realm="https://a/t?x=1,2",service="s",scope="repository:a/b:pull,push""#;
        let expected = bearer("https://a/t?x=1,2", Some("s"), Some("repository:a/b:pull,push"));
        assert_eq!(of(&[full]), expected);
        assert_eq!(of(&[r#"Basic realm="x""#]), Some(Challenge::Basic));
        assert_eq!(of(&[r#"basic realm="x", bearer Realm="https://a""#]), bearer("https://a", None, None));
        assert_eq!(of(&[r#"Basic realm="x""#, full]), expected);
        assert_eq!(of(&[r#"Bearer realm="https://a/\"q""#]), bearer("https://a/\"q", None, None));
    }

    #[test]
    fn what_is_no_challenge_is_none() {
        for value in [
            "",
            "Bearer",
            "Bearer realm=",
            "Digest realm=\"x\"",
            "Bearer service=\"x\"",
            "\"",
            "Bearer realm=\"x",
        ] {
            assert_eq!(of(&[value]), None, "{value}");
        }
    }
}
