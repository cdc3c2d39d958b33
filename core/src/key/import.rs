//! Reading private keys of every common format.
//!
//! | PEM label | structure | password |
//! | --- | --- | --- |
//! | `ENCRYPTED SIGSTORE PRIVATE KEY`, `ENCRYPTED COSIGN PRIVATE KEY` | cosign's envelope | always |
//! | `PRIVATE KEY` | PKCS#8 (RFC 5208, 5958) | |
//! | `ENCRYPTED PRIVATE KEY` | PKCS#8 with PBES2 (RFC 8018) | always |
//! | `EC PRIVATE KEY` | SEC 1 (RFC 5915) | |
//! | `RSA PRIVATE KEY` | PKCS#1 (RFC 8017) | |
//! | `OPENSSH PRIVATE KEY` | OpenSSH, PROTOCOL.key | where encrypted |
//!
//! An `EC PARAMETERS` block, as `openssl ecparam -genkey` writes it, may stand beside the key and is ignored.
//! The same structures are read as DER.

mod openssh;
mod pbes2;

use der::asn1::{AnyRef, ContextSpecific, OctetStringRef, UintRef};
use der::{Decode as _, Reader as _, SliceReader, TagNumber};
use pkcs8::PrivateKeyInfoRef;
use zeroize::Zeroizing;

use super::asn1::{self, Structure};
use super::envelope::{self, Envelope};
use super::error::{KeyError, printable};
use super::pem::{self, Block};
use super::private::PrivateKey;

/// A password: bytes that are wiped when dropped.
pub type Password = Zeroizing<Vec<u8>>;

const LABELS: &str = "ENCRYPTED SIGSTORE PRIVATE KEY, PRIVATE KEY, ENCRYPTED PRIVATE KEY, EC PRIVATE KEY, \
                      RSA PRIVATE KEY or OPENSSH PRIVATE KEY";
const EC_PRIVATE_KEY: &str = "ECPrivateKey";

/// Reads a private key in any format of this module, encrypted or not. The password is asked for at most
/// once, only when the key needs one, and after everything that can be checked without it has been checked.
///
/// # Errors
/// What `password` returns, as it is; else a [`KeyError`]: those of the PEM; `KEY_LABEL_UNKNOWN`,
/// `KEY_PUBLIC_GIVEN`, `KEY_CERTIFICATE_GIVEN`; `KEY_PASSWORD_WRONG`, `KEY_KDF_BOUNDS`, `KEY_ENVELOPE_*`;
/// `KEY_DER_MALFORMED`, `KEY_UNSUPPORTED`, `KEY_INCONSISTENT`, `KEY_RSA_*`, `KEY_POINT_INVALID`.
pub fn load<E: From<KeyError>>(
    input: &[u8],
    password: impl FnOnce() -> Result<Password, E>,
) -> Result<PrivateKey, E> {
    match Source::parse(input)? {
        Source::Plain(key) => Ok(key),
        Source::Locked(locked) => Ok(locked.open(&password()?)?),
    }
}

impl PrivateKey {
    /// Reads a private key that is not encrypted, as [`load`] does.
    ///
    /// # Errors
    /// `KEY_PASSWORD_REQUIRED` for an encrypted one; those of [`load`].
    pub fn from_pem(input: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        load(input.as_ref(), || Err(KeyError::PasswordRequired))
    }

    /// Reads a private key in DER that is not encrypted: PKCS#8, SEC 1 or PKCS#1.
    ///
    /// # Errors
    /// `KEY_PASSWORD_REQUIRED` for an encrypted one; those of [`load`].
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        match Source::parse_der(der)? {
            Source::Plain(key) => Ok(key),
            Source::Locked(_) => Err(KeyError::PasswordRequired),
        }
    }
}

/// Whether [`load`] would ask for a password.
///
/// # Errors
/// Those of [`load`] that need no password to be found.
pub fn needs_password(input: &[u8]) -> Result<bool, KeyError> {
    Ok(matches!(Source::parse(input)?, Source::Locked(_)))
}

/// A key, or what a password opens.
enum Source {
    Plain(PrivateKey),
    Locked(Locked),
}

enum Locked {
    Envelope(Envelope),
    Pbes2(pbes2::Encrypted),
    OpenSsh(Box<openssh::Encrypted>),
}

impl Source {
    fn parse(input: &[u8]) -> Result<Self, KeyError> {
        pem::check_size(input)?;
        if input.first() == Some(&0x30) && !pem::looks_like_pem(input) {
            return Self::parse_der(input);
        }
        let mut blocks = pem::parse(input)?;
        if blocks.len() > 1 {
            blocks.retain(|block| block.label != "EC PARAMETERS");
        }
        Self::from_block(&pem::one(blocks)?)
    }

    fn from_block(block: &Block) -> Result<Self, KeyError> {
        let data = block.data.as_slice();
        match block.label.as_str() {
            envelope::LABEL | envelope::LABEL_COSIGN => {
                Ok(Self::Locked(Locked::Envelope(Envelope::parse(data)?)))
            }
            "PRIVATE KEY" => from_pkcs8(data).map(Self::Plain),
            "ENCRYPTED PRIVATE KEY" => Ok(Self::Locked(Locked::Pbes2(pbes2::Encrypted::parse(data)?))),
            "EC PRIVATE KEY" => from_sec1(data).map(Self::Plain),
            "RSA PRIVATE KEY" => PrivateKey::from_rsa_der(data).map(Self::Plain),
            "OPENSSH PRIVATE KEY" => openssh::parse(data),
            label => Err(refuse_label(label)),
        }
    }

    fn parse_der(der: &[u8]) -> Result<Self, KeyError> {
        pem::check_size(der)?;
        let given = || "DER".to_owned();
        match asn1::structure(der)? {
            Structure::Pkcs8 => from_pkcs8(der).map(Self::Plain),
            Structure::Pkcs8Encrypted => Ok(Self::Locked(Locked::Pbes2(pbes2::Encrypted::parse(der)?))),
            Structure::Sec1 => from_sec1(der).map(Self::Plain),
            Structure::Pkcs1Private => PrivateKey::from_rsa_der(der).map(Self::Plain),
            Structure::Pkcs1Public | Structure::SubjectPublicKeyInfo => {
                Err(KeyError::PublicKeyGiven { got: given() })
            }
            Structure::Certificate => Err(KeyError::CertificateGiven { got: given() }),
        }
    }
}

impl Locked {
    fn open(&self, password: &[u8]) -> Result<PrivateKey, KeyError> {
        match self {
            Self::Envelope(envelope) => from_pkcs8(&envelope.open(password)?),
            Self::Pbes2(encrypted) => encrypted.open(password),
            Self::OpenSsh(encrypted) => encrypted.open(password),
        }
    }
}

fn refuse_label(label: &str) -> KeyError {
    let got = printable(label);
    match label {
        "PUBLIC KEY" | "RSA PUBLIC KEY" => KeyError::PublicKeyGiven { got },
        label if pem::CERTIFICATES.contains(&label) => KeyError::CertificateGiven { got },
        "DSA PRIVATE KEY" => KeyError::unsupported("DSA keys"),
        _ => KeyError::LabelUnknown { expected: LABELS, got },
    }
}

/// `PrivateKeyInfo` (RFC 5208, 5) or `OneAsymmetricKey` (RFC 5958, 2).
fn from_pkcs8(der: &[u8]) -> Result<PrivateKey, KeyError> {
    let info = PrivateKeyInfoRef::from_der(der).map_err(|error| KeyError::der("PrivateKeyInfo", error))?;
    let key = info.private_key.as_bytes();
    match info.algorithm.oid {
        asn1::EC_PUBLIC_KEY => {
            let curve = asn1::curve(info.algorithm.parameters)?;
            read_sec1(key).map_err(|error| KeyError::der(EC_PRIVATE_KEY, error))?;
            PrivateKey::from_ecdsa_der(curve, der)
        }
        asn1::RSA_ENCRYPTION => PrivateKey::from_rsa_der(key),
        asn1::ED25519 => {
            let seed =
                <&OctetStringRef>::from_der(key).map_err(|error| KeyError::der("CurvePrivateKey", error))?;
            PrivateKey::from_ed25519(seed.as_bytes(), info.public_key.and_then(|public| public.as_bytes()))
        }
        other => Err(asn1::refused("key", other)),
    }
}

/// `ECPrivateKey` (RFC 5915, 3) that names its curve.
fn from_sec1(der: &[u8]) -> Result<PrivateKey, KeyError> {
    let parameters = read_sec1(der).map_err(|error| KeyError::der(EC_PRIVATE_KEY, error))?;
    PrivateKey::from_ecdsa_der(asn1::curve(parameters)?, der)
}

/// The parameters of an `ECPrivateKey`; the library reads the rest.
fn read_sec1(der: &[u8]) -> der::Result<Option<AnyRef<'_>>> {
    let mut reader = SliceReader::new(der)?;
    let parameters = reader.sequence(|inner| {
        let _version: UintRef<'_> = inner.decode()?;
        let _scalar: &OctetStringRef = inner.decode()?;
        let parameters =
            ContextSpecific::<AnyRef<'_>>::decode_explicit(inner, TagNumber(0))?.map(|field| field.value);
        inner.drain(inner.remaining_len())?;
        Ok::<_, der::Error>(parameters)
    })?;
    reader.finish()?;
    Ok(parameters)
}
