//! Berkeley DB: the file `Packages` of rpm up to 4.16, a hash table of headers.
//!
//! After `dbinc/db_page.h` of Berkeley DB: pages of one size, numbers in the byte order of the machine that wrote them.
//! A page of the table holds pairs of a key and a value. rpm's keys are numbers of packages; a value is a header, which
//! seldom fits in the page, and then stands in a chain of overflow pages. No chain shares a page with another, so what
//! is read can't be more than the file.

use super::{Visit, malformed};
use crate::catalog::Unreadable;

const META_BYTES: usize = 72;
const PAGE_HEADER_BYTES: usize = 26;
const MAGIC: u32 = 0x0006_1561;

const PAGE_HASH_UNSORTED: u8 = 2;
const PAGE_OVERFLOW: u8 = 7;
const PAGE_HASH_META: u8 = 8;
const PAGE_HASH: u8 = 13;

const ITEM_IN_PAGE: u8 = 1;
const ITEM_OFF_PAGE: u8 = 3;

/// Whether these bytes are such a database.
pub(super) fn is(bytes: &[u8]) -> bool {
    Order::of(bytes).is_some()
}

/// Calls `visit` with every header.
pub(super) fn headers(bytes: &[u8], visit: &mut Visit<'_>) -> Result<(), Unreadable> {
    let mut database = Database::open(bytes)?;
    for number in 1..database.pages() {
        let page = database.page(number)?;
        if matches!(page.kind(), Some(PAGE_HASH | PAGE_HASH_UNSORTED)) {
            database.pairs(page, visit)?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    /// The byte order that makes the magic number right.
    fn of(bytes: &[u8]) -> Option<Self> {
        [Self::Little, Self::Big].into_iter().find(|order| order.u32(bytes, 12) == Some(MAGIC))
    }

    fn u16(self, bytes: &[u8], at: usize) -> Option<usize> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(usize::from(match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }))
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }
}

struct Database<'a> {
    bytes: &'a [u8],
    order: Order,
    page_size: usize,
    /// Which pages were read as a part of a chain.
    chained: Vec<bool>,
}

#[derive(Clone, Copy)]
struct Page<'a> {
    bytes: &'a [u8],
    order: Order,
}

impl<'a> Page<'a> {
    fn kind(self) -> Option<u8> {
        self.bytes.get(25).copied()
    }

    fn next(self) -> Option<u32> {
        self.order.u32(self.bytes, 16)
    }

    /// How many items there are; of an overflow page the bytes in use follow.
    fn items(self) -> usize {
        self.order.u16(self.bytes, 20).unwrap_or(0)
    }

    fn overflow(self) -> Option<&'a [u8]> {
        let length = self.order.u16(self.bytes, 22)?;
        self.bytes.get(PAGE_HEADER_BYTES..)?.get(..length)
    }

    /// Where an item begins.
    fn offset(self, index: usize) -> Option<usize> {
        self.order.u16(self.bytes, PAGE_HEADER_BYTES.saturating_add(index.saturating_mul(2)))
    }

    /// An item: items fill the page from its end, so each ends where the one before it begins.
    fn item(self, index: usize) -> Option<&'a [u8]> {
        let end = match index.checked_sub(1) {
            Some(before) => self.offset(before)?,
            None => self.bytes.len(),
        };
        self.bytes.get(self.offset(index)?..end)
    }
}

impl<'a> Database<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let wrong = |why: &str| Err(malformed(why));
        let (Some(order), Some(meta)) = (Order::of(bytes), bytes.get(..META_BYTES)) else {
            return wrong("no Berkeley DB");
        };
        if meta.get(25) != Some(&PAGE_HASH_META) {
            return wrong("a Berkeley DB that is no hash table");
        }
        if meta.get(24) != Some(&0) || meta.get(26) != Some(&0) {
            return wrong("a Berkeley DB with encryption, checksums or partitions");
        }
        let page_size = order.u32(meta, 20).and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        if !page_size.is_power_of_two() || !(512..=65536).contains(&page_size) {
            return wrong("a Berkeley DB with a page size that can't be");
        }
        let last = order.u32(meta, 32).and_then(|last| usize::try_from(last).ok()).unwrap_or(usize::MAX);
        let pages = bytes.len().checked_div(page_size).unwrap_or(0);
        if last >= pages {
            return Err(malformed(format!("a Berkeley DB of {last} pages ends after {pages}")));
        }
        Ok(Self { bytes, order, page_size, chained: vec![false; last.saturating_add(1)] })
    }

    /// The number of pages, that of the first one with it.
    fn pages(&self) -> u32 {
        u32::try_from(self.chained.len()).unwrap_or(u32::MAX)
    }

    fn page(&self, number: u32) -> Result<Page<'a>, Unreadable> {
        let start = usize::try_from(number).ok().and_then(|number| number.checked_mul(self.page_size));
        let bytes = start.and_then(|start| self.bytes.get(start..start.checked_add(self.page_size)?));
        match bytes {
            Some(bytes) => Ok(Page { bytes, order: self.order }),
            None => Err(malformed(format!("a Berkeley DB lacks its page {number}"))),
        }
    }

    /// The values of a page of the table.
    fn pairs(&mut self, page: Page<'a>, visit: &mut Visit<'_>) -> Result<(), Unreadable> {
        let wrong = || malformed("a page of a Berkeley DB has items outside of itself");
        for index in (1..page.items()).step_by(2) {
            let key = page.item(index.saturating_sub(1)).ok_or_else(wrong)?;
            // The package 0 is none: rpm notes the number of the last one there.
            if key.get(1..).is_some_and(|key| !key.is_empty() && key.iter().all(|byte| *byte == 0)) {
                continue;
            }
            let value = page.item(index).ok_or_else(wrong)?;
            match value.split_first() {
                Some((&ITEM_IN_PAGE, header)) => visit(header)?,
                Some((&ITEM_OFF_PAGE, _)) => {
                    let header = self.chain(value)?;
                    visit(&header)?;
                }
                Some((kind, _)) => {
                    return Err(malformed(format!("an item of a Berkeley DB is of type {kind}")));
                }
                None => return Err(wrong()),
            }
        }
        Ok(())
    }

    /// What stands in overflow pages: three unused bytes, the number of the first page, the length of all.
    fn chain(&mut self, item: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let cut = || malformed("a chain of pages of a Berkeley DB is broken");
        let mut number = self.order.u32(item, 4).ok_or_else(cut)?;
        let length =
            self.order.u32(item, 8).and_then(|length| usize::try_from(length).ok()).ok_or_else(cut)?;
        let mut value = Vec::new();
        while number != 0 {
            let page = self.page(number)?;
            let seen = usize::try_from(number).ok().and_then(|number| self.chained.get_mut(number));
            if page.kind() != Some(PAGE_OVERFLOW) || seen.is_none_or(|seen| std::mem::replace(seen, true)) {
                return Err(cut());
            }
            value.extend_from_slice(page.overflow().ok_or_else(cut)?);
            number = page.next().ok_or_else(cut)?;
        }
        if value.len() == length { Ok(value) } else { Err(cut()) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::made;
    use super::*;
    use crate::catalog::rpm::testing::{self, all};

    const PAGE: usize = 512;

    /// Numbers in a byte order.
    fn put(bytes: &mut [u8], at: usize, order: Order, number: u32, width: usize) {
        let all = if order == Order::Little { number.to_le_bytes() } else { number.to_be_bytes() };
        let from = if order == Order::Little { 0 } else { 4 - width };
        bytes[at..at + width].copy_from_slice(&all[from..from + width]);
    }

    /// A page with items, the first at its end.
    fn table(order: Order, items: &[Vec<u8>]) -> Vec<u8> {
        let mut page = vec![0; PAGE];
        page[25] = PAGE_HASH;
        put(&mut page, 20, order, items.len() as u32, 2);
        let mut end = PAGE;
        for (index, item) in items.iter().enumerate() {
            end -= item.len();
            page[end..end + item.len()].copy_from_slice(item);
            put(&mut page, PAGE_HEADER_BYTES + 2 * index, order, end as u32, 2);
        }
        page
    }

    /// A database of a small package in its page, and of a large one in two more.
    fn database(order: Order) -> Vec<u8> {
        let mut meta = vec![0; PAGE];
        for (at, number) in [(12, MAGIC), (20, PAGE as u32), (32, 3)] {
            put(&mut meta, at, order, number, 4);
        }
        meta[25] = PAGE_HASH_META;
        let key = |number: u8| vec![ITEM_IN_PAGE, 0, 0, 0, number];
        let large = made::package(&"l".repeat(600));
        let mut off = vec![0; 12];
        off[0] = ITEM_OFF_PAGE;
        put(&mut off, 4, order, 2, 4);
        put(&mut off, 8, order, large.len() as u32, 4);
        let mut small = vec![ITEM_IN_PAGE];
        small.extend(made::package("small"));
        let items = [key(0), vec![ITEM_IN_PAGE, 0, 0, 0, 2], key(1), small, key(2), off];
        let mut bytes = [meta, table(order, &items)].concat();
        for (number, part) in (2..).zip(large.chunks(PAGE - PAGE_HEADER_BYTES)) {
            let mut page = vec![0; PAGE];
            page[25] = PAGE_OVERFLOW;
            put(&mut page, 16, order, if number == 2 { 3 } else { 0 }, 4);
            put(&mut page, 22, order, part.len() as u32, 2);
            page[PAGE_HEADER_BYTES..PAGE_HEADER_BYTES + part.len()].copy_from_slice(part);
            bytes.extend(page);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Unreadable> {
        all(headers, bytes)
    }

    #[test]
    fn both_byte_orders() {
        for order in [Order::Little, Order::Big] {
            let bytes = database(order);
            assert!(is(&bytes));
            assert_eq!(read(&bytes).unwrap(), [made::package("small"), made::package(&"l".repeat(600))]);
        }
    }

    #[test]
    fn broken_anywhere() {
        let bytes = database(Order::Little);
        testing::broken_anywhere(&bytes, bytes.len(), read);
    }

    #[test]
    fn chains_that_loop() {
        let mut bytes = database(Order::Little);
        put(&mut bytes, 3 * PAGE + 16, Order::Little, 2, 4);
        assert_eq!(
            read(&bytes).unwrap_err().to_string(),
            "malformed rpm database: a chain of pages of a Berkeley DB is broken"
        );
    }
}
