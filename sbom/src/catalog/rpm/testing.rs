//! What the tests of every kind of database need.

use super::Visit;
use crate::catalog::Unreadable;

/// Calls the visitor with every header of a database.
pub(super) type Headers = fn(&[u8], &mut Visit<'_>) -> Result<(), Unreadable>;

/// All headers of a database.
pub(super) fn all(headers: Headers, bytes: &[u8]) -> Result<Vec<Vec<u8>>, Unreadable> {
    let mut all = Vec::new();
    headers(bytes, &mut |header| {
        all.push(header.to_vec());
        Ok(())
    })?;
    Ok(all)
}

/// Reads every beginning of a database, which must fail before its first `needed` bytes are there, and the database with
/// each byte of it changed, which must end.
pub(super) fn broken_anywhere<T>(bytes: &[u8], needed: usize, read: impl Fn(&[u8]) -> Result<T, Unreadable>) {
    for end in 0..needed {
        assert!(read(&bytes[..end]).is_err(), "{end}");
    }
    let mut changed = bytes.to_vec();
    for at in 0..bytes.len() {
        for byte in [0, 1, 0x7f, 0xff] {
            changed[at] = byte;
            let _ = read(&changed);
        }
        changed[at] = bytes[at];
    }
}
