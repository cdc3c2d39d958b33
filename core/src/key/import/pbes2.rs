//! `ENCRYPTED PRIVATE KEY`: PKCS#8 under PBES2 (RFC 8018, 6.2) with PBKDF2 or scrypt and AES.

use der::asn1::ObjectIdentifier;
use der::{Decode as _, Reader as _, SliceReader};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{Kdf, PBES2_OID, Parameters, Pbkdf2Prf};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use crate::key::asn1;
use crate::key::envelope::scrypt_params;
use crate::key::error::KeyError;
use crate::key::limits;
use crate::key::private::PrivateKey;

const STRUCTURE: &str = "EncryptedPrivateKeyInfo";

/// Algorithms that OpenSSL can write and nobody should read.
const REFUSED: &[(&str, &str)] = &[
    ("1.2.840.113549.3.7", "PBES2 with triple DES"),
    ("1.3.14.3.2.7", "PBES2 with DES"),
    ("1.2.840.113549.3.2", "PBES2 with RC2"),
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
        check_algorithms(der)?;
        let info =
            EncryptedPrivateKeyInfoRef::from_der(der).map_err(|error| KeyError::der(STRUCTURE, error))?;
        let EncryptionScheme::Pbes2(parameters) = info.encryption_algorithm else {
            return Err(KeyError::unsupported("key encryption other than PBES2"));
        };
        match &parameters.kdf {
            // Also what an absent function means (RFC 8018, A.2).
            Kdf::Pbkdf2(kdf) if kdf.prf == Pbkdf2Prf::HmacWithSha1 => {
                return Err(KeyError::unsupported("PBKDF2 with HMAC-SHA-1"));
            }
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
    /// `KEY_PASSWORD_WRONG`: CBC has no tag, so one wrong password in 256 gives noise instead of a padding
    /// error; what is no PKCS#8 counts as noise.
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

/// Refuses what is known and weak by its name, before the library sees a structure that it would call
/// malformed.
fn check_algorithms(der: &[u8]) -> Result<(), KeyError> {
    let algorithms = algorithms(der).map_err(|error| KeyError::der(STRUCTURE, error))?;
    for oid in &algorithms {
        let text = oid.to_string();
        if let Some((_, name)) = REFUSED.iter().find(|(refused, _)| *refused == text) {
            return Err(KeyError::unsupported(*name));
        }
    }
    match algorithms.first() {
        Some(oid) if *oid == PBES2_OID => Ok(()),
        Some(oid) => Err(KeyError::unsupported(format!("key encryption with object identifier {oid}"))),
        None => Err(KeyError::der(STRUCTURE, "no algorithm")),
    }
}

/// The scheme, and for PBES2 the key derivation and the cipher.
fn algorithms(der: &[u8]) -> der::Result<Vec<ObjectIdentifier>> {
    let mut reader = SliceReader::new(der)?;
    let scheme: AlgorithmIdentifierRef<'_> = reader.sequence(|inner| {
        let scheme = inner.decode()?;
        inner.drain(inner.remaining_len())?;
        Ok::<_, der::Error>(scheme)
    })?;
    let mut found = vec![scheme.oid];
    if scheme.oid == PBES2_OID
        && let Some(parameters) = scheme.parameters
    {
        let (kdf, cipher): (AlgorithmIdentifierRef<'_>, AlgorithmIdentifierRef<'_>) =
            parameters.sequence(|inner| Ok::<_, der::Error>((inner.decode()?, inner.decode()?)))?;
        found.extend([kdf.oid, cipher.oid]);
    }
    Ok(found)
}
