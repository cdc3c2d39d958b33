//! Certification paths (RFC 5280, 6.1): from a leaf to the one authority that the caller trusts.
//!
//! The search goes from the leaf upwards through certificates that anyone may have supplied; only the anchor is
//! trusted, and the anchor obeys the same rules as every other authority: an expired one, or one that may not issue,
//! proves nothing. Every step costs a signature check, and both their number and the length of a path are bounded.

use jiff::Timestamp;

use super::certificate::Certificate;
use super::constraints;
use super::rules::{self, Role};
use crate::limits;

/// What a leaf is trusted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Signing artifacts.
    CodeSigning,
    /// Signing timestamps (RFC 3161, 2.3): the purpose is critical and the only one.
    TimeStamping,
}

impl Purpose {
    /// The purpose as RFC 5280, 4.2.1.12 calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CodeSigning => "codeSigning",
            Self::TimeStamping => "timeStamping",
        }
    }
}

/// A path that was verified: made by [`verify`] and by nothing else.
#[derive(Clone, Debug)]
pub struct Path {
    certificates: Vec<Certificate>,
    issuer: Certificate,
}

impl Path {
    /// The certificates, the leaf first, the trust anchor last: at least two.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The key of the authority that issued the leaf, as it stands in that authority's certificate.
    #[must_use]
    pub fn issuer_spki_der(&self) -> &[u8] {
        self.issuer.spki_der()
    }
}

/// Why there is no path. Where several ways fail, the reason is that of the first that came to an authority by the
/// right name. Names in it are shortened and printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nobody at hand issued a certificate of the path.
    #[error("{certificate} was not issued by {anchor}, nor by an authority below it")]
    NoIssuer {
        /// The certificate whose issuer is missing.
        certificate: String,
        /// The trust anchor.
        anchor: String,
    },
    /// The signature on a certificate is not by the authority that it names.
    #[error("the signature on {certificate} was not made by {issuer}")]
    Signature {
        /// The certificate.
        certificate: String,
        /// The authority of the name that it gives as its issuer.
        issuer: String,
    },
    /// A certificate is signed with an algorithm that is not accepted.
    #[error("{certificate} is signed with an algorithm that is not accepted: {reason}")]
    Algorithm {
        /// The certificate.
        certificate: String,
        /// What is wrong with the algorithm.
        reason: String,
    },
    /// Too early or too late.
    #[error("{certificate} is valid from {not_before} to {not_after}, the time of the signature is {at}")]
    Expired {
        /// The certificate.
        certificate: String,
        /// The first second in which it is valid.
        not_before: Timestamp,
        /// The last second in which it is valid.
        not_after: Timestamp,
        /// The time that was asked for.
        at: Timestamp,
    },
    /// A certificate may not be used for what it is used for here.
    #[error("{certificate}: expected {expected}, got {got}")]
    Usage {
        /// The certificate.
        certificate: String,
        /// What it must have.
        expected: &'static str,
        /// What it has.
        got: String,
    },
    /// A critical extension that is not understood (RFC 5280, 4.2).
    #[error("{certificate} has a critical extension that is not understood: {oid}")]
    CriticalExtension {
        /// The certificate.
        certificate: String,
        /// The object identifier of the extension.
        oid: String,
    },
    /// More authorities below one than it allows (RFC 5280, 4.2.1.9).
    #[error("{certificate} allows {limit} authorities below it, got {got}")]
    PathLength {
        /// The authority.
        certificate: String,
        /// What it allows.
        limit: u8,
        /// Authorities below it that are not self-issued.
        got: usize,
    },
    /// A name that an authority may not give (RFC 5280, 4.2.1.10).
    #[error("the name constraints of {authority}: {name} {problem}")]
    NameConstraints {
        /// The authority.
        authority: String,
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Longer than any path.
    #[error("more than {limit} certificates from {certificate} to a trusted authority")]
    TooLong {
        /// The leaf.
        certificate: String,
        /// The bound.
        limit: usize,
    },
    /// More signatures than are checked for one path.
    #[error("no path from {certificate} found within {limit} signature checks")]
    Effort {
        /// The leaf.
        certificate: String,
        /// The bound.
        limit: usize,
    },
}

impl PathError {
    /// The stable code of this refusal, for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoIssuer { .. } | Self::Signature { .. } => "CERTIFICATE_CHAIN",
            Self::Algorithm { .. } => "CERTIFICATE_ALGORITHM",
            Self::Expired { .. } => "CERTIFICATE_EXPIRED",
            Self::Usage { .. } => "CERTIFICATE_USAGE",
            Self::CriticalExtension { .. } => "CERTIFICATE_EXTENSION",
            Self::PathLength { .. } => "CERTIFICATE_PATH_LENGTH",
            Self::NameConstraints { .. } => "CERTIFICATE_NAME_CONSTRAINTS",
            Self::TooLong { .. } | Self::Effort { .. } => "CERTIFICATE_LIMIT",
        }
    }
}

/// Verifies that `leaf` may be used for `purpose` at the time `at`, by a path through certificates of `pool` to
/// `anchor`.
///
/// The order of the pool does not matter. Times are compared in whole seconds, both ends of a validity included.
///
/// # Errors
/// [`PathError`].
pub fn verify(
    leaf: &Certificate,
    pool: &[Certificate],
    anchor: &Certificate,
    at: Timestamp,
    purpose: Purpose,
) -> Result<Path, PathError> {
    rules::leaf(leaf, at, purpose)?;
    let mut search = Search { pool, anchor, at, purpose, checks: 0, failure: None };
    let mut certificates = vec![leaf.clone()];
    let issuer = if search.extend(&mut certificates)? { certificates.get(1).cloned() } else { None };
    match issuer {
        Some(issuer) => Ok(Path { certificates, issuer }),
        None => Err(search.failure.unwrap_or_else(|| PathError::NoIssuer {
            certificate: Role::Leaf.shown(leaf),
            anchor: Role::Authority.shown(anchor),
        })),
    }
}

struct Search<'a> {
    pool: &'a [Certificate],
    anchor: &'a Certificate,
    at: Timestamp,
    purpose: Purpose,
    checks: usize,
    failure: Option<PathError>,
}

impl<'a> Search<'a> {
    /// Goes on from the last certificate of the path, depth first; true once the path ends in the anchor.
    ///
    /// # Errors
    /// The work is more than is done. Everything else that fails is only kept, for there may be another way.
    fn extend(&mut self, path: &mut Vec<Certificate>) -> Result<bool, PathError> {
        let Some(last) = path.last().cloned() else { return Ok(false) };
        let role = if path.len() == 1 { Role::Leaf } else { Role::Authority };
        let candidates = std::iter::once(self.anchor).chain(self.pool.iter().filter(|c| *c != self.anchor));
        let candidates: Vec<&'a Certificate> =
            candidates.filter(|c| c.subject_der() == last.issuer_der() && !path.contains(c)).collect();
        if candidates.is_empty() {
            let anchor = Role::Authority.shown(self.anchor);
            self.keep(PathError::NoIssuer { certificate: role.shown(&last), anchor });
        } else if path.len() >= limits::CERTIFICATES {
            let certificate = Role::Leaf.shown(path.first().unwrap_or(&last));
            self.keep(PathError::TooLong { certificate, limit: limits::CERTIFICATES });
            return Ok(false);
        }
        let below = path.iter().skip(1).filter(|certificate| !certificate.is_self_issued()).count();
        for candidate in candidates {
            self.count(path)?;
            let checked = signed_by(&last, role, candidate)
                .and_then(|()| rules::authority(candidate, below, self.at, self.purpose));
            if let Err(error) = checked {
                self.keep(error);
                continue;
            }
            path.push(candidate.clone());
            if self.complete(path)? {
                return Ok(true);
            }
            path.pop();
        }
        Ok(false)
    }

    /// Ends the path where it has come to the anchor, else goes on.
    fn complete(&mut self, path: &mut Vec<Certificate>) -> Result<bool, PathError> {
        if path.last() != Some(self.anchor) {
            return self.extend(path);
        }
        match name_constraints(path) {
            Ok(()) => Ok(true),
            Err(error) => {
                self.keep(error);
                Ok(false)
            }
        }
    }

    fn count(&mut self, path: &[Certificate]) -> Result<(), PathError> {
        self.checks += 1;
        match path.first() {
            Some(leaf) if self.checks > limits::PATH_SIGNATURES => {
                Err(PathError::Effort { certificate: Role::Leaf.shown(leaf), limit: limits::PATH_SIGNATURES })
            }
            _ => Ok(()),
        }
    }

    /// Keeps the first reason; that an issuer is missing gives way to a better one.
    fn keep(&mut self, error: PathError) {
        if matches!(self.failure, None | Some(PathError::NoIssuer { .. })) {
            self.failure = Some(error);
        }
    }
}

/// Checks the one signature that takes a path a step further.
fn signed_by(certificate: &Certificate, role: Role, issuer: &Certificate) -> Result<(), PathError> {
    let algorithm = rules::algorithm(certificate, role)?;
    let key = issuer.public_key();
    key.verify_named(algorithm, certificate.tbs_der(), certificate.signature()).map_err(|_| {
        PathError::Signature { certificate: role.shown(certificate), issuer: Role::Authority.shown(issuer) }
    })
}

/// Checks every certificate against the constraints of all authorities above it. Self-issued authorities are exempt
/// (RFC 5280, 6.1.3).
fn name_constraints(path: &[Certificate]) -> Result<(), PathError> {
    for (above, authority) in path.iter().enumerate().skip(1) {
        for (position, certificate) in path.iter().take(above).enumerate() {
            if position > 0 && certificate.is_self_issued() {
                continue;
            }
            constraints::check(authority, certificate).map_err(|violation| PathError::NameConstraints {
                authority: Role::Authority.shown(authority),
                name: violation.name,
                problem: violation.problem,
            })?;
        }
    }
    Ok(())
}
