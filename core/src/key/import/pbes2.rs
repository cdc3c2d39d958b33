//! `ENCRYPTED PRIVATE KEY`: PKCS#8 under PBES2 (RFC 8018, 6.2) with PBKDF2 or scrypt and AES.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode as _, Reader as _, SliceReader};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use crate::key::asn1;
use crate::key::envelope::scrypt_params;
use crate::key::error::KeyError;
use crate::key::limits;
use crate::key::private::PrivateKey;

const STRUCTURE: &str = "EncryptedPrivateKeyInfo";
const PBES2: &str = "1.2.840.113549.1.5.13";

/// Algorithms that OpenSSL can write and nobody should read.
const REFUSED: &[(&str, &str)] = &[
    ("1.2.840.113549.3.7", "PBES2 with triple DES"),
    ("1.3.14.3.2.7", "PBES2 with DES"),
    ("1.2.840.113549.3.2", "PBES2 with RC2"),
    ("1.2.840.113549.2.7", "PBKDF2 with HMAC-SHA-1"),
    ("1.2.840.113549.1.5.3", "PBES1 with MD5 and DES"),
    ("1.2.840.113549.1.5.10", "PBES1 with SHA-1 and DES"),
    ("1.2.840.113549.1.12.1.3", "PKCS#12 encryption with SHA-1 and triple DES"),
    ("1.2.840.113549.1.12.1.6", "PKCS#12 encryption with SHA-1 and RC2"),
];

/// An encrypted key whose parameters are within bounds.
pub(super) struct Encrypted {
    parameters: Parameters,
    ciphertext: Vec<u8>,
}

impl Encrypted {
    /// Reads the structure and checks what the derivation would cost.
    ///
    /// # Errors
    /// `KEY_DER_MALFORMED`, `KEY_UNSUPPORTED`, `KEY_KDF_BOUNDS`.
    pub(super) fn parse(der: &[u8]) -> Result<Self, KeyError> {
        let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|error| refusal(der, error))?;
        let EncryptionScheme::Pbes2(parameters) = info.encryption_algorithm else {
            return Err(refusal(der, "unknown encryption"));
        };
        match &parameters.kdf {
            Kdf::Pbkdf2(kdf) => check_iterations(u64::from(kdf.iteration_count))?,
            Kdf::Scrypt(kdf) => {
                scrypt_params(kdf.cost_parameter, u64::from(kdf.block_size), u64::from(kdf.parallelization))?;
            }
            _ => return Err(KeyError::unsupported("PBES2 with an unknown key derivation")),
        }
        Ok(Self { parameters, ciphertext: info.encrypted_data.as_bytes().to_vec() })
    }

    /// Decrypts and reads the key.
    ///
    /// # Errors
    /// `KEY_PASSWORD_WRONG`: CBC has no tag, so one wrong password in 256 gives noise instead of a padding error;
    /// what is no PKCS#8 counts as noise.
    pub(super) fn open(&self, password: &[u8]) -> Result<PrivateKey, KeyError> {
        let der = self.parameters.decrypt(password, &self.ciphertext).map_err(|_| KeyError::PasswordWrong)?;
        let der = Zeroizing::new(der);
        match asn1::structure(&der) {
            Ok(asn1::Structure::Pkcs8) => super::from_pkcs8(&der),
            _ => Err(KeyError::PasswordWrong),
        }
    }
}

fn check_iterations(got: u64) -> Result<(), KeyError> {
    if (1..=limits::PBKDF2_ITERATIONS_MAX).contains(&got) {
        return Ok(());
    }
    Err(KeyError::KdfBounds { parameter: "PBKDF2 iterations", accepted: "1 to 10000000", got })
}

/// Names the first algorithm in the structure that is known and refused; else it is malformed.
fn refusal(der: &[u8], error: impl std::fmt::Display) -> KeyError {
    let known = |oid: &ObjectIdentifier| {
        let text = oid.to_string();
        REFUSED.iter().find(|(refused, _)| *refused == text).map(|(_, name)| KeyError::unsupported(*name))
    };
    let Ok(algorithms) = algorithms(der) else {
        return KeyError::der(STRUCTURE, error);
    };
    if let Some(refused) = algorithms.iter().find_map(known) {
        return refused;
    }
    match algorithms.first() {
        Some(oid) if oid.to_string() != PBES2 => {
            KeyError::unsupported(format!("key encryption with object identifier {oid}"))
        }
        _ => KeyError::der(STRUCTURE, error),
    }
}

/// The scheme, and for PBES2 the key derivation, the pseudorandom function and the cipher.
fn algorithms(der: &[u8]) -> der::Result<Vec<ObjectIdentifier>> {
    let mut reader = SliceReader::new(der)?;
    let scheme: AlgorithmIdentifierRef<'_> = reader.sequence(|inner| {
        let scheme = inner.decode()?;
        inner.drain(inner.remaining_len())?;
        Ok::<_, der::Error>(scheme)
    })?;
    let mut found = vec![scheme.oid];
    if let (PBES2, Some(parameters)) = (scheme.oid.to_string().as_str(), scheme.parameters) {
        let (kdf, cipher): (AlgorithmIdentifierRef<'_>, AlgorithmIdentifierRef<'_>) =
            parameters.sequence(|inner| Ok::<_, der::Error>((inner.decode()?, inner.decode()?)))?;
        found.extend([kdf.oid, cipher.oid]);
        found.extend(kdf.parameters.and_then(pseudorandom_function));
    }
    Ok(found)
}

fn pseudorandom_function(parameters: AnyRef<'_>) -> Option<ObjectIdentifier> {
    let read = parameters.sequence(|inner| {
        let mut last = None;
        while !inner.is_finished() {
            last = Some(inner.decode::<AnyRef<'_>>()?);
        }
        Ok::<_, der::Error>(last)
    });
    read.ok().flatten()?.decode_as::<AlgorithmIdentifierRef<'_>>().ok().map(|algorithm| algorithm.oid)
}
