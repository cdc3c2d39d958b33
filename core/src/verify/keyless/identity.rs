//! Step 6: who signed, by the certificate's word, and whom the caller accepts.

use std::collections::BTreeMap;

use regex::bytes::{Regex, RegexBuilder};

use super::{CertificateProven, KeylessError};
use crate::limits;
use crate::x509::{Claims, Identity};

/// A text that is asked for.
#[derive(Clone, Debug)]
pub struct Matcher {
    text: String,
    pattern: Option<Regex>,
}

/// A pattern that cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[error("'{pattern}' is no regular expression that is accepted: {why}")]
pub struct PatternError {
    /// The pattern.
    pattern: String,
    /// Why.
    why: String,
}

impl Matcher {
    /// Exactly this text.
    pub fn exact(text: impl Into<String>) -> Self {
        Self { text: text.into(), pattern: None }
    }

    /// What a regular expression matches from its beginning to its end, whether or not that has `^` and `$`; classes such
    /// as `\w` are those of ASCII, as in RE2.
    ///
    /// # Errors
    /// When it is none, or larger than [`limits::PATTERN_BYTES`].
    pub fn pattern(pattern: &str) -> Result<Self, PatternError> {
        let refused = |why: String| PatternError { pattern: pattern.to_owned(), why };
        if pattern.len() > limits::PATTERN_BYTES {
            return Err(refused(format!("larger than {} bytes", limits::PATTERN_BYTES)));
        }
        // By itself first: a pattern that closes the group is none.
        let built = |pattern: &str| {
            RegexBuilder::new(pattern).unicode(false).size_limit(limits::PATTERN_PROGRAM_BYTES).build()
        };
        let anchored = built(pattern).and_then(|_| built(&format!(r"\A(?:{pattern})\z")));
        let anchored = anchored.map_err(|error| refused(error.to_string()))?;
        Ok(Self { text: pattern.to_owned(), pattern: Some(anchored) })
    }

    /// Whether a text is what is asked for.
    pub fn matches(&self, text: &str) -> bool {
        match &self.pattern {
            Some(pattern) => pattern.is_match(text.as_bytes()),
            None => self.text == text,
        }
    }

    /// The text or the pattern.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is a pattern.
    pub const fn is_pattern(&self) -> bool {
        self.pattern.is_some()
    }
}

/// One signer that is accepted.
#[derive(Clone, Debug)]
pub struct IdentityPolicy {
    /// The name in the certificate: an e-mail address, a URI.
    pub subject: Matcher,
    /// Who vouched for it.
    pub issuer: Matcher,
    /// Claims of the certificate, by their name in Fulcio's list or their object identifier, and their values.
    pub claims: BTreeMap<String, String>,
}

/// Proof that a certificate is that of an accepted signer.
#[derive(Clone, Debug)]
pub struct IdentityProven {
    identity: Identity,
    issuer: String,
    claims: Claims,
}

impl IdentityProven {
    /// Compares a proven certificate with those that are accepted.
    ///
    /// # Errors
    /// [`KeylessError::Certificate`] when it names no signer, or more than one; [`KeylessError::Issuer`] when it tells no
    /// issuer; [`KeylessError::Identity`] when nobody accepts it.
    pub fn check(certificate: &CertificateProven, accepted: &[IdentityPolicy]) -> Result<Self, KeylessError> {
        let identity = Identity::read(certificate.leaf()).map_err(KeylessError::Certificate)?;
        let claims = Claims::read(certificate.leaf()).map_err(KeylessError::Certificate)?;
        let issuer = claims.issuer().ok_or(KeylessError::Issuer)?.to_owned();
        let mut missing = None;
        for policy in accepted {
            if !(policy.subject.matches(identity.value()) && policy.issuer.matches(&issuer)) {
                continue;
            }
            match policy.claims.iter().find(|(name, value)| claim(&claims, name) != Some(value)) {
                None => return Ok(Self { identity, issuer, claims }),
                Some((name, expected)) => missing = Some((name.clone(), expected.clone())),
            }
        }
        Err(match missing {
            Some((name, expected)) => {
                let got =
                    claim(&claims, &name).map_or_else(|| "nothing".to_owned(), |got| format!("'{got}'"));
                KeylessError::Claim { name, expected, got }
            }
            None => KeylessError::Identity { identity: identity.value().to_owned(), issuer },
        })
    }

    /// The name in the certificate.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Who vouched for it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// All that the certificate claims.
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Whether both are one signer: the same name, vouched for by the same. Every signature has a key of its own.
    pub fn is_same(&self, other: &Self) -> bool {
        self.identity == other.identity && self.issuer == other.issuer
    }
}

/// A claim by its name or its object identifier.
fn claim<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.by_name(name).or_else(|| claims.by_oid(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_from_end_to_end() {
        for (pattern, text, matches) in [
            (".*", "user@example.com", true),
            ("user", "user", true),
            ("user", "user@example.com", false),
            ("user@example.com", "another-user@example.com", false),
            ("a|b", "ab", false),
            ("^https://example\\.com/.+$", "https://example.com/x", true),
            ("^https://example\\.com/.+$", "https://example.com/x\nhttps://other.example", false),
            ("\\w+@example\\.com", "us\u{435}r@example.com", false),
            ("(?i)USER@example.com", "user@example.com", true),
            ("user.example", "user\u{e9}example", false),
        ] {
            assert_eq!(Matcher::pattern(pattern).unwrap().matches(text), matches, "{pattern} {text}");
        }
        for pattern in ["(", "a)|(b", "x{1000000}", "\\", &"a".repeat(limits::PATTERN_BYTES + 1)] {
            assert!(Matcher::pattern(pattern).is_err(), "{}", &pattern[..pattern.len().min(20)]);
        }
        assert!(Matcher::exact("a.c").matches("a.c") && !Matcher::exact("a.c").matches("abc"));
    }
}
