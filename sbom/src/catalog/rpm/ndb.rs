//! rpm's own database: the file `Packages.db` of SUSE.
//!
//! After `lib/backend/ndb/rpmpkg.c` of rpm: pages of slots, the first of which begins with the file's head, then blobs.
//! All numbers are little-endian.
//!
//! ```text
//! head: RpmP, version, generation, pages of slots: u32 each, 16 bytes more
//! slot: Slot, package, offset in blocks of 16 bytes, blocks: u32 each; package 0 is a free slot
//! blob: BlbS, package, checksum, length: u32 each, header
//! ```

use super::{Visit, malformed};
use crate::catalog::Unreadable;

const SLOT_PAGE_BYTES: usize = 4096;
const BLOCK_BYTES: usize = 16;
const HEAD_BYTES: usize = 32;

/// Pages of slots: this many have room for half a million packages.
const SLOT_PAGES: usize = 2048;

/// Whether these bytes are such a database.
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RpmP")
}

/// Calls `visit` with every header.
pub(super) fn headers(bytes: &[u8], visit: &mut Visit<'_>) -> Result<(), Unreadable> {
    let pages = match (is(bytes), number(bytes, 4), number(bytes, 12)) {
        (true, Some(0), Some(pages)) if (1..=SLOT_PAGES).contains(&pages) => pages,
        (true, Some(version), Some(pages)) => {
            return wrong(format!("an rpm database of version {version} with {pages} pages of slots"));
        }
        _ => return wrong("no rpm database".to_owned()),
    };
    let slots = bytes.get(HEAD_BYTES..pages.saturating_mul(SLOT_PAGE_BYTES));
    let Some(slots) = slots else { return wrong("an rpm database ends in its slots".to_owned()) };
    // Blobs don't overlap: all together are no longer than the file.
    let mut left = bytes.len();
    for slot in slots.chunks_exact(BLOCK_BYTES) {
        if !slot.starts_with(b"Slot") {
            return wrong("a slot of an rpm database is none".to_owned());
        }
        let package = number(slot, 4).unwrap_or(0);
        if package == 0 {
            continue;
        }
        let Some(blob) = number(slot, 8).and_then(|block| blob(bytes, block, package)) else {
            return wrong(format!("package {package} of an rpm database isn't where its slot says"));
        };
        left = match left.checked_sub(blob.len()) {
            Some(left) => left,
            None => return wrong("packages of an rpm database overlap".to_owned()),
        };
        visit(blob)?;
    }
    Ok(())
}

/// The header of a package in a block.
fn blob(bytes: &[u8], block: usize, package: usize) -> Option<&[u8]> {
    let blob = bytes.get(block.checked_mul(BLOCK_BYTES)?..)?;
    if !blob.starts_with(b"BlbS") || number(blob, 4)? != package {
        return None;
    }
    blob.get(BLOCK_BYTES..)?.get(..number(blob, 12)?)
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}

fn wrong(why: String) -> Result<(), Unreadable> {
    Err(malformed(why))
}

#[cfg(test)]
mod tests {
    use super::super::header::made;
    use super::*;
    use crate::catalog::rpm::testing::{self, all};

    fn words(magic: &[u8; 4], words: [usize; 3]) -> Vec<u8> {
        let words = words.into_iter().flat_map(|word| (word as u32).to_le_bytes());
        magic.iter().copied().chain(words).collect()
    }

    /// A database of packages 1 and 3 in a page of slots, and of two blobs.
    fn database() -> Vec<u8> {
        let mut bytes = words(b"RpmP", [0, 7, 1]);
        bytes.extend([0; 16]);
        let mut blobs = Vec::new();
        for slot in 2..SLOT_PAGE_BYTES / BLOCK_BYTES {
            if !matches!(slot, 2 | 4) {
                bytes.extend(words(b"Slot", [0, 0, 0]));
                continue;
            }
            let header = made::package(&format!("p{slot}"));
            bytes.extend(words(b"Slot", [slot - 1, (SLOT_PAGE_BYTES + blobs.len()) / BLOCK_BYTES, 0]));
            blobs.extend(words(b"BlbS", [slot - 1, 0, header.len()]));
            blobs.extend(&header);
            blobs.resize(blobs.len().next_multiple_of(BLOCK_BYTES), 0);
        }
        bytes.extend(blobs);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Unreadable> {
        all(headers, bytes)
    }

    #[test]
    fn packages() {
        assert_eq!(read(&database()).unwrap(), [made::package("p2"), made::package("p4")]);
    }

    #[test]
    fn broken_anywhere() {
        let bytes = database();
        testing::broken_anywhere(&bytes, bytes.len() - BLOCK_BYTES, read);
    }

    #[test]
    fn packages_that_overlap() {
        let mut bytes = database();
        let slot = words(b"Slot", [1, SLOT_PAGE_BYTES / BLOCK_BYTES, 0]);
        for at in (HEAD_BYTES..SLOT_PAGE_BYTES).step_by(BLOCK_BYTES) {
            bytes[at..at + BLOCK_BYTES].copy_from_slice(&slot);
        }
        assert_eq!(
            read(&bytes).unwrap_err().to_string(),
            "malformed rpm database: packages of an rpm database overlap"
        );
    }
}
