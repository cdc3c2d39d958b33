//! SQLite: the file `rpmdb.sqlite` of rpm from 4.16 on; only as much of the format as reading one table takes.
//!
//! After <https://www.sqlite.org/fileformat2.html>: the table `sqlite_schema` begins in page 1 and names the first page
//! of `Packages`; a table is a tree of pages, its leaves hold records, and what of a record doesn't fit stands in a
//! chain of overflow pages. What is read is never more than the file. What stands in a log beside it is not seen.

use super::{Visit, malformed};
use crate::catalog::Unreadable;

const MAGIC: &[u8] = b"SQLite format 3\0";
const HEAD_BYTES: usize = 100;

const PAGE_INTERIOR: u8 = 5;
const PAGE_LEAF: u8 = 13;

/// Columns of a record that are looked at.
const COLUMNS: usize = 16;

/// Whether these bytes are such a database.
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Calls `visit` with every header: the last column of the table `Packages`.
pub(super) fn headers(bytes: &[u8], visit: &mut Visit<'_>) -> Result<(), Unreadable> {
    let mut database = Database::open(bytes)?;
    let mut root = None;
    database.rows(1, &mut |columns| {
        // type, name, tbl_name, rootpage, sql
        if let [Value::Text(b"table"), Value::Text(b"Packages"), _, Value::Integer(page), ..] = columns {
            root = usize::try_from(*page).ok();
        }
        Ok(())
    })?;
    let Some(root) = root else { return Err(wrong("has no table Packages")) };
    database.rows(root, &mut |columns| match columns.last() {
        Some(Value::Blob(header)) => visit(header),
        _ => Err(wrong("has a package without a header")),
    })
}

/// A value of a record. Numbers that are not whole are none here.
#[derive(Debug, PartialEq)]
enum Value<'a> {
    Other,
    Integer(i64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

type Row<'r> = dyn FnMut(&[Value<'_>]) -> Result<(), Unreadable> + 'r;

struct Database<'a> {
    bytes: &'a [u8],
    page_size: usize,
    /// The bytes of a page without those reserved for extensions.
    usable: usize,
    /// Which pages were read, and how many bytes more the records can have: they don't overlap.
    read: Vec<bool>,
    left: usize,
}

impl<'a> Database<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let head = bytes.get(..HEAD_BYTES).filter(|head| is(head)).ok_or_else(|| wrong("has no head"))?;
        let page_size = match big_endian(head, 16, 2) {
            Some(1) => 65536,
            Some(size) if size >= 512 && size.is_power_of_two() => size,
            _ => return Err(wrong("has a page size that can't be")),
        };
        let reserved = big_endian(head, 20, 1).unwrap_or(0);
        // "The usable size is not allowed to be less than 480."
        let usable = page_size.checked_sub(reserved).filter(|usable| *usable >= 480);
        let usable = usable.ok_or_else(|| wrong("reserves too much of its pages"))?;
        if big_endian(head, 56, 4) != Some(1) {
            return Err(wrong("is not in UTF-8"));
        }
        let pages = bytes.len().checked_div(page_size).unwrap_or(0);
        Ok(Self { bytes, page_size, usable, read: vec![false; pages], left: bytes.len() })
    }

    /// A page, counted from 1, that was not read before; without what is reserved at its end.
    fn page(&mut self, number: usize) -> Result<&'a [u8], Unreadable> {
        let index = number.checked_sub(1).ok_or_else(|| wrong("refers to the page 0"))?;
        let read = self.read.get_mut(index).ok_or_else(|| wrong("ends before one of its pages"))?;
        if std::mem::replace(read, true) {
            return Err(wrong("refers to one page from two places"));
        }
        let page = self.bytes.get(index.saturating_mul(self.page_size)..);
        page.and_then(|page| page.get(..self.usable)).ok_or_else(|| wrong("ends in one of its pages"))
    }

    /// Calls `row` with each record of the table that begins in a page.
    fn rows(&mut self, root: usize, row: &mut Row<'_>) -> Result<(), Unreadable> {
        let mut open = vec![root];
        while let Some(number) = open.pop() {
            let page = self.page(number)?;
            let head = if number == 1 { HEAD_BYTES } else { 0 };
            let broken = || wrong("has a page of a table with cells outside of itself");
            let head = page.get(head..).ok_or_else(broken)?;
            let count = big_endian(head, 3, 2).ok_or_else(broken)?;
            let (interior, pointers) = match head.first() {
                Some(&PAGE_INTERIOR) => (true, 12),
                Some(&PAGE_LEAF) => (false, 8),
                _ => return Err(wrong("has a table with a page that is none of a table")),
            };
            let cells = head.get(pointers..).and_then(|cells| cells.get(..count.saturating_mul(2)));
            let cells = cells.ok_or_else(broken)?.chunks_exact(2).map(|pointer| big_endian(pointer, 0, 2));
            let from = open.len();
            for cell in cells {
                let cell = cell.and_then(|at| page.get(at..)).ok_or_else(broken)?;
                if interior {
                    open.push(big_endian(cell, 0, 4).ok_or_else(broken)?);
                } else {
                    let record = self.record(cell)?;
                    row(&columns(&record).ok_or_else(|| wrong("has a record that ends too soon"))?)?;
                }
            }
            if interior {
                open.push(big_endian(head, 8, 4).ok_or_else(broken)?);
                // The first is the next, so that rows come in their order.
                open.get_mut(from..).unwrap_or_default().reverse();
            }
        }
        Ok(())
    }

    /// The record of a cell of a leaf: its length, its number, as much of it as fits, the first page of the rest
    /// (section 1.6, "B-tree Pages").
    fn record(&mut self, cell: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let broken = || wrong("has a record that is not whole");
        let (length, rest) = variable(cell).ok_or_else(broken)?;
        let (_, rest) = variable(rest).ok_or_else(broken)?;
        let length = usize::try_from(length).map_err(|_| broken())?;
        self.left = self.left.checked_sub(length).ok_or_else(|| wrong("has records that overlap"))?;
        let local = self.local(length);
        let (local, rest) = rest.split_at_checked(local).ok_or_else(broken)?;
        let mut record = local.to_vec();
        let mut next = if record.len() < length { big_endian(rest, 0, 4).ok_or_else(broken)? } else { 0 };
        while record.len() < length {
            let page = self.page(next)?;
            next = big_endian(page, 0, 4).ok_or_else(broken)?;
            let part = page.get(4..).ok_or_else(broken)?;
            let wanted = length.saturating_sub(record.len()).min(part.len());
            record.extend_from_slice(part.get(..wanted).ok_or_else(broken)?);
        }
        Ok(record)
    }

    /// How much of a record stands in its cell.
    fn local(&self, length: usize) -> usize {
        let whole = self.usable.saturating_sub(35);
        if length <= whole {
            return length;
        }
        let least = self
            .usable
            .saturating_sub(12)
            .saturating_mul(32)
            .checked_div(255)
            .unwrap_or(0)
            .saturating_sub(23);
        let beyond = length.saturating_sub(least).checked_rem(self.usable.saturating_sub(4)).unwrap_or(0);
        let fitting = least.saturating_add(beyond);
        if fitting <= whole { fitting } else { least }
    }
}

/// The values of a record (section 2.1, "Record Format").
fn columns(record: &[u8]) -> Option<Vec<Value<'_>>> {
    let (length, _) = variable(record)?;
    let (head, mut body) = record.split_at_checked(usize::try_from(length).ok()?)?;
    let (_, mut kinds) = variable(head)?;
    let mut columns = Vec::new();
    while !kinds.is_empty() && columns.len() < COLUMNS {
        let (kind, rest) = variable(kinds)?;
        kinds = rest;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => usize::try_from(kind.checked_sub(12)?.checked_div(2)?).ok()?,
        };
        let (value, rest) = body.split_at_checked(length)?;
        body = rest;
        columns.push(match kind {
            1..=6 => Value::Integer(integer(value)),
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            0 | 7 => Value::Other,
            even if even.is_multiple_of(2) => Value::Blob(value),
            _ => Value::Text(value),
        });
    }
    Some(columns)
}

/// A big-endian number in two's complement.
fn integer(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |number: i64, byte| number.wrapping_shl(8) | i64::from(*byte))
}

/// A number of one to nine bytes, and what follows it (section 1.6, "A variable-length integer").
fn variable(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for length in 1..=9 {
        let (read, rest) = bytes.split_at_checked(length)?;
        let byte = *read.last()?;
        if length == 9 {
            return Some((number.wrapping_shl(8) | u64::from(byte), rest));
        }
        number = number.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, rest));
        }
    }
    None
}

/// A big-endian number of one to four bytes.
fn big_endian(bytes: &[u8], at: usize, length: usize) -> Option<usize> {
    let bytes = bytes.get(at..)?.get(..length)?;
    Some(bytes.iter().fold(0, |number: usize, byte| number.wrapping_shl(8) | usize::from(*byte)))
}

fn wrong(why: &str) -> Unreadable {
    malformed(format!("the SQLite file {why}"))
}

#[cfg(test)]
mod tests;
