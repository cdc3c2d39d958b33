//! cosign's encrypted key file: PEM around JSON around secretbox around PKCS#8.
//!
//! ```text
//! -----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----      (older files: ENCRYPTED COSIGN PRIVATE KEY)
//! base64 of {"kdf":{"name":"scrypt","params":{"N":65536,"r":8,"p":1},"salt":base64},
//!            "cipher":{"name":"nacl/secretbox","nonce":base64},"ciphertext":base64}
//! -----END ENCRYPTED SIGSTORE PRIVATE KEY-----
//! ```
//!
//! The key is scrypt(password, salt) (RFC 7914), the cipher XSalsa20-Poly1305 as NaCl's secretbox. JSON is
//! read strictly: no unknown or duplicate members, no other kdf or cipher, nothing after it. It is written
//! byte for byte as Go's `encoding/json` does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::Aead as _;
use crypto_secretbox::{KeyInit as _, XSalsa20Poly1305};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::{KeyError, printable};
use super::limits;
use super::pem;
use super::private::{PrivateKey, fill_random};

/// The label that is written; cosign 2 and 3 write the same.
pub(super) const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
/// The label of older files.
pub(super) const LABEL_COSIGN: &str = "ENCRYPTED COSIGN PRIVATE KEY";

const KDF: &str = "scrypt";
const CIPHER: &str = "nacl/secretbox";
const SALT_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// Poly1305's tag: what is shorter can't be a ciphertext.
const TAG_BYTES: usize = 16;
const WRITTEN: Params = Params { n: 65_536, r: 8, p: 1 };

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kdf {
    name: String,
    params: Params,
    salt: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    #[serde(rename = "N")]
    n: u64,
    r: u64,
    p: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cipher {
    name: String,
    nonce: String,
}

impl PrivateKey {
    /// The key as cosign's encrypted key file, `ENCRYPTED SIGSTORE PRIVATE KEY`, with a line feed at the end.
    /// The password may be empty, as cosign allows; salt and nonce are new each time.
    ///
    /// # Errors
    /// `KEY_CRYPTO`.
    pub fn to_encrypted_pem(&self, password: &[u8]) -> Result<String, KeyError> {
        let mut salt = [0; SALT_BYTES];
        let mut nonce = [0; NONCE_BYTES];
        fill_random(&mut salt)?;
        fill_random(&mut nonce)?;
        let json = seal(&self.to_pkcs8_der()?, password, &salt, &nonce)?;
        Ok(std::mem::take(&mut *pem::encode(LABEL, json.as_bytes())))
    }
}

/// An envelope whose shape and bounds were checked, before any password is asked for.
pub(super) struct Envelope {
    params: scrypt::Params,
    salt: Vec<u8>,
    nonce: [u8; NONCE_BYTES],
    ciphertext: Vec<u8>,
}

impl Envelope {
    /// Reads the JSON.
    ///
    /// # Errors
    /// `KEY_ENVELOPE_MALFORMED`, `KEY_ENVELOPE_UNKNOWN`, `KEY_KDF_BOUNDS`.
    pub(super) fn parse(json: &[u8]) -> Result<Self, KeyError> {
        let json: Json =
            serde_json::from_slice(json).map_err(|error| malformed(printable(&error.to_string())))?;
        expect_name("kdf", KDF, &json.kdf.name)?;
        expect_name("cipher", CIPHER, &json.cipher.name)?;
        let Params { n, r, p } = json.kdf.params;
        let params = scrypt_params(n, r, p)?;
        let salt = decode("salt", &json.kdf.salt)?;
        if !limits::SALT_BYTES.contains(&salt.len()) {
            return Err(malformed(format!("the salt has {} bytes, expected 16 to 64", salt.len())));
        }
        let nonce = decode("nonce", &json.cipher.nonce)?;
        let nonce = nonce
            .as_slice()
            .try_into()
            .map_err(|_| malformed(format!("the nonce has {} bytes, expected {NONCE_BYTES}", nonce.len())))?;
        let ciphertext = decode("ciphertext", &json.ciphertext)?;
        if ciphertext.len() <= TAG_BYTES {
            return Err(malformed(format!("the ciphertext has only {} bytes", ciphertext.len())));
        }
        Ok(Self { params, salt, nonce, ciphertext })
    }

    /// Opens the envelope: PKCS#8 in DER.
    ///
    /// # Errors
    /// `KEY_PASSWORD_WRONG`, also when the ciphertext was altered: its tag can't tell.
    pub(super) fn open(&self, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let cipher = cipher(password, &self.salt, self.params)?;
        let plain = cipher.decrypt(&self.nonce.into(), self.ciphertext.as_slice());
        plain.map(Zeroizing::new).map_err(|_| KeyError::PasswordWrong)
    }
}

/// Checks scrypt's parameters against [`limits`], for this envelope and for PBES2.
pub(super) fn scrypt_params(n: u64, r: u64, p: u64) -> Result<scrypt::Params, KeyError> {
    let bounds = |parameter, accepted, got| Err(KeyError::KdfBounds { parameter, accepted, got });
    if !(2..=limits::SCRYPT_N_MAX).contains(&n) || !n.is_power_of_two() {
        return bounds("scrypt N", "a power of two from 2 to 1048576", n);
    }
    if !(1..=limits::SCRYPT_R_MAX).contains(&r) {
        return bounds("scrypt r", "1 to 32", r);
    }
    if !(1..=limits::SCRYPT_P_MAX).contains(&p) {
        return bounds("scrypt p", "1 to 16", p);
    }
    if 128 * n * r > limits::SCRYPT_MEMORY_BYTES {
        return bounds("scrypt 128·N·r", "at most 268435456 bytes", 128 * n * r);
    }
    if n * r * p > limits::SCRYPT_WORK {
        return bounds("scrypt N·r·p", "at most 8388608", n * r * p);
    }
    let (Ok(r), Ok(p)) = (u32::try_from(r), u32::try_from(p)) else {
        return bounds("scrypt r·p", "at most 512", r * p);
    };
    let log_n = n.trailing_zeros() as u8;
    scrypt::Params::new(log_n, r, p).or_else(|_| bounds("scrypt N", "what RFC 7914 allows for r and p", n))
}

fn seal(der: &[u8], password: &[u8], salt: &[u8], nonce: &[u8; NONCE_BYTES]) -> Result<String, KeyError> {
    let failed = KeyError::Crypto { operation: "encrypting a private key" };
    let cipher = cipher(password, salt, scrypt_params(WRITTEN.n, WRITTEN.r, WRITTEN.p)?)?;
    let Ok(ciphertext) = cipher.encrypt(&(*nonce).into(), der) else {
        return Err(failed);
    };
    let json = Json {
        kdf: Kdf { name: KDF.to_owned(), params: WRITTEN, salt: STANDARD.encode(salt) },
        cipher: Cipher { name: CIPHER.to_owned(), nonce: STANDARD.encode(nonce) },
        ciphertext: STANDARD.encode(ciphertext),
    };
    serde_json::to_string(&json).map_err(|_| failed)
}

fn cipher(password: &[u8], salt: &[u8], params: scrypt::Params) -> Result<XSalsa20Poly1305, KeyError> {
    let mut key = Zeroizing::new([0_u8; 32]);
    scrypt::scrypt(password, salt, &params, &mut *key)
        .map_err(|_| KeyError::Crypto { operation: "deriving a key from the password" })?;
    Ok(XSalsa20Poly1305::new((&*key).into()))
}

fn expect_name(field: &'static str, expected: &'static str, got: &str) -> Result<(), KeyError> {
    if got == expected {
        return Ok(());
    }
    Err(KeyError::EnvelopeUnknown { field, expected, got: printable(got) })
}

fn decode(field: &str, text: &str) -> Result<Vec<u8>, KeyError> {
    STANDARD.decode(text).map_err(|_| malformed(format!("{field} is not valid base64")))
}

fn malformed(reason: String) -> KeyError {
    KeyError::EnvelopeMalformed { reason }
}

#[cfg(test)]
mod tests;
