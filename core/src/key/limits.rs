//! Every bound on what is read as a key, in one place.
//!
//! A key file is the caller's own, yet it may come from a repository, a cluster or a URL: reading one must
//! cost bounded time and memory.

/// Largest input that is parsed as a key, in bytes. A 4096-bit RSA key in an encrypted PEM has about 5,000.
pub const INPUT_BYTES: usize = 64 * 1024;

/// PEM blocks read from one input.
pub const PEM_BLOCKS: usize = 8;

/// Smallest RSA modulus, in bits.
pub const RSA_BITS_MIN: usize = 2048;

/// Largest RSA modulus, in bits.
pub const RSA_BITS_MAX: usize = 4096;

/// Longest RSA public exponent, in bits.
pub const RSA_EXPONENT_BITS_MAX: usize = 33;

/// Longest signature that is looked at, in bytes; RSA-4096 has 512, ECDSA P-521 at most 139.
pub const SIGNATURE_BYTES: usize = 512;

/// scrypt: largest cost N, a power of two.
pub const SCRYPT_N_MAX: u64 = 1 << 20;

/// scrypt: largest block size r.
pub const SCRYPT_R_MAX: u64 = 32;

/// scrypt: largest parallelisation p.
pub const SCRYPT_P_MAX: u64 = 16;

/// scrypt: largest memory 128·N·r, in bytes: 256 MiB, four times what cosign's N = 65536, r = 8 takes.
pub const SCRYPT_MEMORY_BYTES: u64 = 256 << 20;

/// scrypt: largest work N·r·p, sixteen times cosign's: a few seconds.
pub const SCRYPT_WORK: u64 = 1 << 23;

/// Salt of the encrypted key file, in bytes: least and most that is read.
pub const SALT_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// PBKDF2 (PBES2): most iterations. OpenSSL writes 2,048, current advice is 600,000.
pub const PBKDF2_ITERATIONS_MAX: u64 = 10_000_000;

/// bcrypt (OpenSSH): most rounds. `ssh-keygen` writes 16 or 24 unless told otherwise with `-a`.
pub const BCRYPT_ROUNDS_MAX: u64 = 2_048;
