//! `OPENSSH PRIVATE KEY` (OpenSSH, PROTOCOL.key), plain or encrypted with bcrypt.

use aws_lc_rs::rsa::{KeyPair, KeyPairComponents, PublicKeyComponents};
use ssh_key::private::{EcdsaKeypair, KeypairData, RsaKeypair};
use ssh_key::{Cipher, Kdf, Mpint};

use super::{Locked, Source};
use crate::key::algorithm::{Curve, KeyKind};
use crate::key::error::KeyError;
use crate::key::limits;
use crate::key::private::{PrivateKey, inconsistent};
use crate::key::rsa;

const STRUCTURE: &str = "OpenSSH private key";

/// An encrypted key whose derivation is within bounds.
pub(super) struct Encrypted(ssh_key::PrivateKey);

/// Reads the binary inside the PEM block.
///
/// # Errors
/// `KEY_DER_MALFORMED`, `KEY_UNSUPPORTED`, `KEY_KDF_BOUNDS`, `KEY_INCONSISTENT`, those of RSA keys and of
/// points.
pub(super) fn parse(data: &[u8]) -> Result<Source, KeyError> {
    let key = ssh_key::PrivateKey::from_bytes(data).map_err(refusal)?;
    if !key.is_encrypted() {
        return from_keypair(key.key_data()).map(Source::Plain);
    }
    // Known without the password; the library would call it a wrong one.
    if key.cipher() == Cipher::TDesCbc {
        return Err(KeyError::unsupported("OpenSSH encryption with 3des-cbc"));
    }
    match key.kdf() {
        Kdf::Bcrypt { rounds, .. } => check_rounds(u64::from(*rounds))?,
        _ => return Err(KeyError::unsupported("OpenSSH encryption with an unknown key derivation")),
    }
    Ok(Source::Locked(Locked::OpenSsh(Box::new(Encrypted(key)))))
}

impl Encrypted {
    /// Decrypts and reads the key.
    ///
    /// # Errors
    /// `KEY_PASSWORD_WRONG`; those of a plain key.
    pub(super) fn open(&self, password: &[u8]) -> Result<PrivateKey, KeyError> {
        from_keypair(self.0.decrypt(password).map_err(refusal)?.key_data())
    }
}

/// Two equal numbers before the key tell a wrong password from a damaged file.
fn refusal(error: ssh_key::Error) -> KeyError {
    match error {
        ssh_key::Error::Crypto => KeyError::PasswordWrong,
        ssh_key::Error::PublicKey => KeyError::Inconsistent { kind: "OpenSSH" },
        ssh_key::Error::AlgorithmUnknown | ssh_key::Error::AlgorithmUnsupported { .. } => {
            KeyError::unsupported("OpenSSH keys of an unknown kind")
        }
        other => KeyError::der(STRUCTURE, other),
    }
}

fn check_rounds(got: u64) -> Result<(), KeyError> {
    if (1..=limits::BCRYPT_ROUNDS_MAX).contains(&got) {
        return Ok(());
    }
    Err(KeyError::KdfBounds { parameter: "bcrypt rounds", accepted: "1 to 2048", got })
}

fn from_keypair(data: &KeypairData) -> Result<PrivateKey, KeyError> {
    match data {
        KeypairData::Ed25519(pair) => {
            PrivateKey::from_ed25519(pair.private.as_ref(), Some(pair.public.as_ref()))
        }
        KeypairData::Ecdsa(pair) => {
            let curve = match pair {
                EcdsaKeypair::NistP256 { .. } => Curve::P256,
                EcdsaKeypair::NistP384 { .. } => Curve::P384,
                EcdsaKeypair::NistP521 { .. } => Curve::P521,
            };
            PrivateKey::from_ecdsa_parts(curve, pair.private_key_bytes(), pair.public_key_bytes())
        }
        KeypairData::Rsa(pair) => from_rsa(pair),
        KeypairData::Dsa(_) => Err(KeyError::unsupported("DSA keys")),
        KeypairData::SkEcdsaSha2NistP256(_) | KeypairData::SkEd25519(_) => {
            Err(KeyError::unsupported("OpenSSH security keys (the secret is in the token)"))
        }
        _ => Err(KeyError::unsupported("OpenSSH keys of an unknown kind")),
    }
}

/// OpenSSH stores neither of the CRT exponents; the library checks all components against each other.
fn from_rsa(pair: &RsaKeypair) -> Result<PrivateKey, KeyError> {
    let (n, e) = (positive(&pair.public.n)?, positive(&pair.public.e)?);
    let bits = rsa::check(n, e, STRUCTURE)?;
    let private = &pair.private;
    let (d, p, q) = (positive(&private.d)?, positive(&private.p)?, positive(&private.q)?);
    let (exponent_p, exponent_q) =
        (rsa::remainder(d, &rsa::minus_one(p)), rsa::remainder(d, &rsa::minus_one(q)));
    let components = KeyPairComponents {
        public_key: PublicKeyComponents { n, e },
        d,
        p,
        q,
        dP: exponent_p.as_slice(),
        dQ: exponent_q.as_slice(),
        qInv: positive(&private.iqmp)?,
    };
    PrivateKey::from_rsa(
        KeyPair::from_components(&components).map_err(|_| inconsistent(KeyKind::Rsa { bits }))?,
    )
}

fn positive(number: &Mpint) -> Result<&[u8], KeyError> {
    number.as_positive_bytes().ok_or_else(|| KeyError::der(STRUCTURE, "a negative number"))
}
