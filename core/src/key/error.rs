//! What can be wrong with a key, or with an attempt to use it.

use super::limits;

/// Why a key could not be read, made, written or used for signing.
///
/// A signature that does not verify is no `KeyError` but a [`SignatureMismatch`](super::SignatureMismatch).
/// Text taken from the input (labels, names) is shortened and free of control characters.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The input holds no PEM block, or the block at `line` is damaged (RFC 7468).
    #[error("not valid PEM, line {line}: {problem}")]
    PemMalformed {
        /// Line of the input, counted from one.
        line: usize,
        /// What is wrong there.
        problem: &'static str,
    },
    /// More than one PEM block where one key was expected.
    #[error("expected one PEM block, got {got}: {labels}")]
    PemSeveral {
        /// Blocks found.
        got: usize,
        /// Their labels, comma separated.
        labels: String,
    },
    /// Something other than white space follows the key.
    #[error("unexpected data after the end of the PEM block, line {line}")]
    PemTrailing {
        /// Line of the input, counted from one.
        line: usize,
    },
    /// The old OpenSSL encryption of PEM (`Proc-Type: 4,ENCRYPTED`), whose key derivation is one round of
    /// MD5.
    #[error("the PEM block {label:?} is encrypted in the legacy OpenSSL way (Proc-Type: 4,ENCRYPTED)")]
    PemLegacyEncryption {
        /// Label of the block.
        label: String,
    },
    /// The PEM label names nothing that is read here.
    #[error("unknown PEM label {got:?}, expected {expected}")]
    LabelUnknown {
        /// The labels that are read.
        expected: &'static str,
        /// The label found.
        got: String,
    },
    /// A private key where a public one was expected.
    #[error("this is a private key ({got}); a public key was expected")]
    PrivateKeyGiven {
        /// Label or structure found.
        got: String,
    },
    /// A public key where a private one was expected.
    #[error("this is a public key ({got}); a private key was expected")]
    PublicKeyGiven {
        /// Label or structure found.
        got: String,
    },
    /// A certificate where a key was expected.
    #[error("this is a certificate ({got}); a key was expected")]
    CertificateGiven {
        /// Label or structure found.
        got: String,
    },
    /// The DER structure does not decode, or holds values that contradict each other.
    #[error("malformed {structure}: {reason}")]
    DerMalformed {
        /// Name of the structure, as its specification calls it.
        structure: &'static str,
        /// What the decoder found.
        reason: String,
    },
    /// Larger than any key: nothing of it was parsed.
    #[error("{got} bytes are too large for a key, at most {limit} are read")]
    TooLarge {
        /// [`limits::INPUT_BYTES`].
        limit: usize,
        /// Size of the input in bytes.
        got: usize,
    },
    /// A kind of key, curve, cipher or encoding that is refused by name.
    #[error("unsupported: {what}")]
    Unsupported {
        /// What was found.
        what: String,
    },
    /// An RSA modulus outside of the accepted sizes.
    #[error("RSA key of {got} bits, accepted are {min} to {max}", min = limits::RSA_BITS_MIN, max = limits::RSA_BITS_MAX)]
    RsaSize {
        /// Bits of the modulus.
        got: usize,
    },
    /// An RSA public exponent that is even, below three or above 33 bits.
    #[error("RSA public exponent 0x{got} is not an odd number from 3 to 2^33 - 1")]
    RsaExponent {
        /// The exponent in hexadecimal, shortened.
        got: String,
    },
    /// The public point is off the curve, at infinity, of small order, or not in its canonical encoding.
    #[error("the public point is not a valid {curve} point")]
    PointInvalid {
        /// Name of the curve.
        curve: &'static str,
    },
    /// The private and the public half in one file do not belong together, or the private half is out of
    /// range.
    #[error("the {kind} private key is inconsistent with its public half, or out of range")]
    Inconsistent {
        /// Kind of the key.
        kind: &'static str,
    },
    /// The key is encrypted and no password was given.
    #[error("the private key is encrypted and no password was given")]
    PasswordRequired,
    /// The password does not open the key. Where the format can't tell, a damaged ciphertext looks the same.
    #[error("wrong password for the private key (or its ciphertext is damaged)")]
    PasswordWrong,
    /// The JSON inside an encrypted key file does not have the expected shape.
    #[error("malformed encrypted key envelope: {reason}")]
    EnvelopeMalformed {
        /// What is wrong.
        reason: String,
    },
    /// A key derivation function or cipher that the envelope may not name.
    #[error("unknown {field} {got:?} in the encrypted key, expected {expected:?}")]
    EnvelopeUnknown {
        /// `kdf` or `cipher`.
        field: &'static str,
        /// The only name that is read.
        expected: &'static str,
        /// The name found.
        got: String,
    },
    /// A parameter of the key derivation is out of bounds; nothing was derived.
    #[error("key derivation parameter {parameter} is {got}, accepted is {accepted}")]
    KdfBounds {
        /// Name of the parameter.
        parameter: &'static str,
        /// The accepted range, in words.
        accepted: &'static str,
        /// The value found.
        got: u64,
    },
    /// A name of a key algorithm that can't be generated.
    #[error("unknown key algorithm {got:?}, expected one of {expected}")]
    AlgorithmUnknown {
        /// The canonical names.
        expected: &'static str,
        /// The name given.
        got: String,
    },
    /// A digest of the wrong length for its algorithm.
    #[error("a {algorithm} digest has {expected} bytes, got {got}")]
    DigestLength {
        /// Name of the hash.
        algorithm: &'static str,
        /// Bytes of its digests.
        expected: usize,
        /// Bytes given.
        got: usize,
    },
    /// A digest by another hash than the one that the key signs.
    #[error("a {kind} key signs {expected}, got a {got} digest")]
    DigestAlgorithm {
        /// Kind of the key.
        kind: String,
        /// What it signs.
        expected: &'static str,
        /// Hash of the digest given.
        got: &'static str,
    },
    /// The message read for a second time differed from the first: no signature was released.
    #[error("the message changed while it was being signed")]
    MessageChanged,
    /// The message could not be read.
    #[error("cannot read the message to sign")]
    Read(#[source] std::io::Error),
    /// The cryptographic library failed: no entropy, or no memory.
    #[error("the cryptographic library failed at {operation}")]
    Crypto {
        /// What was attempted.
        operation: &'static str,
    },
    /// A signer outside of this process could not be asked: whether it would sign is not known.
    #[error("signer {signer} is not available: {reason}")]
    SignerUnavailable {
        /// Name of the signer, without secrets.
        signer: String,
        /// Why not.
        reason: String,
    },
    /// A signer outside of this process was asked and refused.
    #[error("signer {signer} refused: {reason}")]
    SignerRefused {
        /// Name of the signer, without secrets.
        signer: String,
        /// Why.
        reason: String,
    },
}

impl KeyError {
    /// The stable code of this error, for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::PemMalformed { .. } => "KEY_PEM_MALFORMED",
            Self::PemSeveral { .. } => "KEY_PEM_SEVERAL",
            Self::PemTrailing { .. } => "KEY_PEM_TRAILING",
            Self::PemLegacyEncryption { .. } => "KEY_PEM_LEGACY_ENCRYPTION",
            Self::LabelUnknown { .. } => "KEY_LABEL_UNKNOWN",
            Self::PrivateKeyGiven { .. } => "KEY_PRIVATE_GIVEN",
            Self::PublicKeyGiven { .. } => "KEY_PUBLIC_GIVEN",
            Self::CertificateGiven { .. } => "KEY_CERTIFICATE_GIVEN",
            Self::DerMalformed { .. } => "KEY_DER_MALFORMED",
            Self::TooLarge { .. } => "KEY_TOO_LARGE",
            Self::Unsupported { .. } => "KEY_UNSUPPORTED",
            Self::RsaSize { .. } => "KEY_RSA_SIZE",
            Self::RsaExponent { .. } => "KEY_RSA_EXPONENT",
            Self::PointInvalid { .. } => "KEY_POINT_INVALID",
            Self::Inconsistent { .. } => "KEY_INCONSISTENT",
            Self::PasswordRequired => "KEY_PASSWORD_REQUIRED",
            Self::PasswordWrong => "KEY_PASSWORD_WRONG",
            Self::EnvelopeMalformed { .. } => "KEY_ENVELOPE_MALFORMED",
            Self::EnvelopeUnknown { .. } => "KEY_ENVELOPE_UNKNOWN",
            Self::KdfBounds { .. } => "KEY_KDF_BOUNDS",
            Self::AlgorithmUnknown { .. } => "KEY_ALGORITHM_UNKNOWN",
            Self::DigestLength { .. } => "KEY_DIGEST_LENGTH",
            Self::DigestAlgorithm { .. } => "KEY_DIGEST_ALGORITHM",
            Self::MessageChanged => "KEY_MESSAGE_CHANGED",
            Self::Read(_) => "KEY_MESSAGE_READ",
            Self::Crypto { .. } => "KEY_CRYPTO",
            Self::SignerUnavailable { .. } => "KEY_SIGNER_UNAVAILABLE",
            Self::SignerRefused { .. } => "KEY_SIGNER_REFUSED",
        }
    }

    /// What the user can do about it, where there is one thing to do that needs no flag of ours.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::PemLegacyEncryption { .. } => {
                Some("convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW")
            }
            Self::CertificateGiven { .. } => {
                Some("extract its key: openssl x509 -pubkey -noout -in CERTIFICATE")
            }
            Self::PrivateKeyGiven { .. } => Some("extract its public half: openssl pkey -pubout -in KEY"),
            _ => None,
        }
    }

    pub(super) fn der(structure: &'static str, error: impl std::fmt::Display) -> Self {
        Self::DerMalformed { structure, reason: error.to_string() }
    }

    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
}

/// Makes text of the input fit for a message: at most 48 characters, printable ASCII.
pub(super) fn printable(text: &str) -> String {
    printable_up_to(text, 48)
}

/// Makes text of the input fit for a message: at most so many characters, printable ASCII.
pub(crate) fn printable_up_to(text: &str, limit: usize) -> String {
    let mut shown: String =
        text.chars().take(limit).map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
    if text.chars().nth(limit).is_some() {
        shown.push_str("...");
    }
    shown
}
