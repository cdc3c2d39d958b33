//! Bounds of RSA keys (RFC 8017, 3.1), the same for public and private ones.

#[cfg(test)]
use der::Encode as _;
use der::asn1::UintRef;
use der::{Reader as _, SliceReader};
use zeroize::Zeroizing;

use super::error::{KeyError, printable};
use super::limits;

const PUBLIC: &str = "RSAPublicKey";
const PRIVATE: &str = "RSAPrivateKey";

/// Checks a `RSAPublicKey` (RFC 8017, A.1.1) and gives the bits of its modulus.
pub(super) fn check_public(der: &[u8]) -> Result<usize, KeyError> {
    let (modulus, exponent) = read_public(der).map_err(|error| KeyError::der(PUBLIC, error))?;
    check(modulus.as_bytes(), exponent.as_bytes(), PUBLIC)
}

/// Checks the public half of a `RSAPrivateKey` (RFC 8017, A.1.2) before the library sees it.
pub(super) fn check_private(der: &[u8]) -> Result<usize, KeyError> {
    let (version, modulus, exponent) = read_private(der).map_err(|error| KeyError::der(PRIVATE, error))?;
    match version.as_bytes() {
        [0] => check(modulus.as_bytes(), exponent.as_bytes(), PRIVATE),
        [1] => Err(KeyError::unsupported("RSA keys with more than two primes")),
        _ => Err(KeyError::der(PRIVATE, "unknown version")),
    }
}

/// Checks modulus and exponent, big-endian with no leading zeros.
pub(super) fn check(modulus: &[u8], exponent: &[u8], structure: &'static str) -> Result<usize, KeyError> {
    let bits = bit_length(modulus);
    if !(limits::RSA_BITS_MIN..=limits::RSA_BITS_MAX).contains(&bits) {
        return Err(KeyError::RsaSize { got: bits });
    }
    if modulus.last().is_some_and(|byte| byte % 2 == 0) {
        return Err(KeyError::der(structure, "the modulus is even"));
    }
    let is_odd = exponent.last().is_some_and(|byte| byte % 2 == 1);
    if !is_odd || exponent == [1] || bit_length(exponent) > limits::RSA_EXPONENT_BITS_MAX {
        return Err(KeyError::RsaExponent { got: printable(&hex::encode(exponent)) });
    }
    Ok(bits)
}

/// `RSAPublicKey` of a modulus and an exponent.
#[cfg(test)]
pub(super) fn encode_public(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let parts = [UintRef::new(modulus).unwrap(), UintRef::new(exponent).unwrap()];
    let body: Vec<u8> = parts.iter().flat_map(|part| part.to_der().unwrap()).collect();
    der::asn1::AnyRef::new(der::Tag::Sequence, &body).unwrap().to_der().unwrap()
}

/// `value mod modulus` of big-endian numbers, for the CRT exponents that OpenSSH leaves out.
///
/// Plain shift and subtract: it runs once per imported key, on the machine of the key's owner.
pub(super) fn remainder(value: &[u8], modulus: &[u8]) -> Zeroizing<Vec<u8>> {
    let width = modulus.len() + 1;
    let mut rest = Zeroizing::new(vec![0_u8; width]);
    let wide: Zeroizing<Vec<u8>> = Zeroizing::new([&[0], modulus].concat());
    for byte in value {
        for bit in (0..8).rev() {
            shift_in(&mut rest, byte >> bit & 1);
            if rest.as_slice() >= wide.as_slice() {
                subtract(&mut rest, &wide);
            }
        }
    }
    rest
}

/// `value - 1` of an odd big-endian number.
pub(super) fn minus_one(value: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut less = Zeroizing::new(value.to_vec());
    if let Some(last) = less.last_mut() {
        *last &= 0xfe;
    }
    less
}

fn shift_in(number: &mut [u8], mut carry: u8) {
    for byte in number.iter_mut().rev() {
        let out = *byte >> 7;
        *byte = *byte << 1 | carry;
        carry = out;
    }
}

fn subtract(number: &mut [u8], other: &[u8]) {
    let mut borrow = false;
    for (byte, less) in number.iter_mut().zip(other).rev() {
        let (first, under) = byte.overflowing_sub(*less);
        let (second, under_again) = first.overflowing_sub(u8::from(borrow));
        *byte = second;
        borrow = under || under_again;
    }
}

fn bit_length(number: &[u8]) -> usize {
    match number.iter().position(|byte| *byte != 0) {
        Some(start) => (number.len() - start) * 8 - number[start].leading_zeros() as usize,
        None => 0,
    }
}

fn read_public(der: &[u8]) -> der::Result<(UintRef<'_>, UintRef<'_>)> {
    let mut reader = SliceReader::new(der)?;
    let parts = reader.sequence(|inner| Ok::<_, der::Error>((inner.decode()?, inner.decode()?)))?;
    reader.finish()?;
    Ok(parts)
}

fn read_private(der: &[u8]) -> der::Result<(UintRef<'_>, UintRef<'_>, UintRef<'_>)> {
    let mut reader = SliceReader::new(der)?;
    let parts = reader.sequence(|inner| {
        let parts = (inner.decode()?, inner.decode()?, inner.decode()?);
        inner.drain(inner.remaining_len())?;
        Ok::<_, der::Error>(parts)
    })?;
    reader.finish()?;
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remainders() {
        for (value, modulus) in
            [(0_u64, 1), (1000, 7), (u64::MAX, 255), (u64::MAX, 65_536), (5, 1 << 40), (256, 256)]
        {
            let trimmed = |n: u64| n.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect::<Vec<_>>();
            let got = remainder(&value.to_be_bytes(), &trimmed(modulus));
            let got = got.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
            assert_eq!(got, value % modulus, "{value} mod {modulus}");
        }
    }

    #[test]
    fn bounds_are_named() {
        let modulus = |bits: usize| {
            let mut bytes = vec![0xff; bits.div_ceil(8)];
            bytes[0] = 0xff >> (bytes.len() * 8 - bits);
            bytes
        };
        let cases: &[(usize, &[u8], &str)] = &[
            (2047, &[1, 0, 1], "KEY_RSA_SIZE"),
            (2048, &[1, 0, 1], "ok"),
            (2048, &[3], "ok"),
            (4096, &[1, 0, 1], "ok"),
            (4097, &[1, 0, 1], "KEY_RSA_SIZE"),
            (8192, &[1, 0, 1], "KEY_RSA_SIZE"),
            (2048, &[1], "KEY_RSA_EXPONENT"),
            (2048, &[2], "KEY_RSA_EXPONENT"),
            (2048, &[1, 0, 0], "KEY_RSA_EXPONENT"),
            (2048, &[1, 0xff, 0xff, 0xff, 0xff], "ok"),
            (2048, &[2, 0, 0, 0, 1], "KEY_RSA_EXPONENT"),
        ];
        for (bits, exponent, expected) in cases {
            let got = check_public(&encode_public(&modulus(*bits), exponent));
            assert_eq!(got.as_ref().map_or_else(KeyError::code, |_| "ok"), *expected, "{bits} {exponent:?}");
        }
        let mut even = modulus(2048);
        even[255] = 0xfe;
        assert_eq!(check_public(&encode_public(&even, &[3])).unwrap_err().code(), "KEY_DER_MALFORMED");
    }
}
