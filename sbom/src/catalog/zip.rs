//! Reading zip archives (APPNOTE 6.3.10) in memory, within bounds.
//!
//! The entries are those of the central directory, as for every program that runs what is in the archive. Bytes may
//! stand before the archive: a script that starts it.

use std::io::Read;

use super::Unreadable;
use crate::limits;

const WHAT: &str = "zip archive";

/// What may still be read of one file and of all archives in it.
#[derive(Debug)]
pub(super) struct Budget {
    entries: usize,
    bytes: u64,
}

impl Budget {
    /// The whole of [`limits`].
    pub(super) const fn new() -> Self {
        Self { entries: limits::ARCHIVE_ENTRIES, bytes: limits::UNPACKED_BYTES }
    }

    /// Whether nothing more may be read.
    pub(super) const fn is_spent(&self) -> bool {
        self.entries == 0 || self.bytes == 0
    }
}

/// A file in an archive.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its path.
    pub(super) name: String,
    encrypted: bool,
    method: u16,
    packed: u64,
    size: u64,
    /// Where its local header begins.
    at: u64,
}

/// Whether a file begins or ends as a zip archive.
pub(super) fn is_zip(data: &[u8]) -> bool {
    data.starts_with(b"PK\x03\x04") || end(data).is_some()
}

/// The entries whose name is wanted, in the order of the archive.
///
/// # Errors
/// It has no central directory, or more entries than the budget.
pub(super) fn entries(
    data: &[u8],
    wanted: impl Fn(&str) -> bool,
    budget: &mut Budget,
) -> Result<Vec<Entry>, Unreadable> {
    let Directory { mut rest, base } = directory(data).ok_or_else(|| malformed("no central directory"))?;
    let mut entries = Vec::new();
    while rest.starts_with(b"PK\x01\x02") {
        budget.entries = budget.entries.checked_sub(1).ok_or(Unreadable::Limit {
            what: "entries of an archive",
            limit: limits::ARCHIVE_ENTRIES as u64,
        })?;
        let (entry, after) = entry(rest, base).ok_or_else(|| malformed("truncated central directory"))?;
        if wanted(&entry.name) {
            entries.push(entry);
        }
        rest = after;
    }
    Ok(entries)
}

/// The content of an entry.
///
/// # Errors
/// It is malformed, is packed in a way that jars are not, or passes `limit`, the ratio of [`limits`] or the budget.
pub(super) fn read(
    data: &[u8],
    entry: &Entry,
    limit: u64,
    budget: &mut Budget,
) -> Result<Vec<u8>, Unreadable> {
    const SMALL: u64 = 1 << 20;
    if entry.encrypted {
        return Err(malformed("encrypted"));
    }
    if entry.size > SMALL && entry.size / limits::ARCHIVE_RATIO > entry.packed {
        return Err(Unreadable::Limit {
            what: "compression ratio of an archive",
            limit: limits::ARCHIVE_RATIO,
        });
    }
    let limit = limit.min(budget.bytes);
    // What is not read to its end took its time, too: entries may share one content, and lie about its length.
    let cost = entry.size.max(entry.packed);
    if cost > limit {
        return Err(Unreadable::Limit { what: "an unpacked archive entry", limit });
    }
    budget.bytes -= cost;
    let packed = packed(data, entry).ok_or_else(|| malformed("truncated entry"))?;
    let content = match entry.method {
        0 => packed.to_vec(),
        8 => inflated(packed, entry.size).map_err(|error| malformed(&error.to_string()))?,
        _ => return Err(malformed("unknown compression")),
    };
    if content.len() as u64 != entry.size {
        return Err(malformed("an entry has another length than it says"));
    }
    Ok(content)
}

/// At most one byte more than it shall be.
fn inflated(packed: &[u8], size: u64) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    flate2::read::DeflateDecoder::new(packed).take(size.saturating_add(1)).read_to_end(&mut content)?;
    Ok(content)
}

fn packed<'data>(data: &'data [u8], entry: &Entry) -> Option<&'data [u8]> {
    let header = data.get(usize::try_from(entry.at).ok()?..)?;
    if !header.starts_with(b"PK\x03\x04") {
        return None;
    }
    let start = 30 + usize::from(u16_at(header, 26)?) + usize::from(u16_at(header, 28)?);
    header.get(start..)?.get(..usize::try_from(entry.packed).ok()?)
}

/// The central directory, and where the archive begins in the file.
struct Directory<'data> {
    rest: &'data [u8],
    base: u64,
}

fn directory(data: &[u8]) -> Option<Directory<'_>> {
    let end = end(data)?;
    let (mut size, mut offset) = (u64::from(u32_at(data, end + 12)?), u64::from(u32_at(data, end + 16)?));
    let mut after = end;
    // Zip64: a locator of 20 bytes stands before, and before that, as all who write it do, the record of 56.
    let locator = end.checked_sub(20).filter(|at| data[*at..].starts_with(b"PK\x06\x07"));
    if let Some(record) =
        locator.and_then(|at| at.checked_sub(56)).filter(|at| data[*at..].starts_with(b"PK\x06\x06"))
    {
        (size, offset, after) = (u64_at(data, record + 40)?, u64_at(data, record + 48)?, record);
    }
    let start = (after as u64).checked_sub(size)?;
    let base = start.checked_sub(offset)?;
    Some(Directory { rest: data.get(usize::try_from(start).ok()?..after)?, base })
}

/// Where the record that ends the archive begins: its comment must reach to the end of the file.
fn end(data: &[u8]) -> Option<usize> {
    let last = data.len().checked_sub(22)?;
    (last.saturating_sub(usize::from(u16::MAX))..=last).rev().find(|at| {
        data[*at..].starts_with(b"PK\x05\x06") && u16_at(data, at + 20).map(usize::from) == Some(last - at)
    })
}

/// The first entry of the directory, and what follows it.
fn entry(header: &[u8], base: u64) -> Option<(Entry, &[u8])> {
    let lengths = [u16_at(header, 28)?, u16_at(header, 30)?, u16_at(header, 32)?].map(usize::from);
    let name = header.get(46..46 + lengths[0])?;
    let extra = header.get(46 + lengths[0]..46 + lengths[0] + lengths[1])?;
    let after = header.get(46 + lengths.iter().sum::<usize>()..)?;
    let mut sizes = [u32_at(header, 24)?, u32_at(header, 20)?, u32_at(header, 42)?].map(u64::from);
    // The zip64 field holds those that do not fit, in this order.
    let mut wide = zip64(extra).unwrap_or_default().chunks_exact(8);
    for size in sizes.iter_mut().filter(|size| **size == u64::from(u32::MAX)) {
        *size = u64_at(wide.next()?, 0)?;
    }
    let entry = Entry {
        name: String::from_utf8_lossy(name).into_owned(),
        encrypted: u16_at(header, 8)? & 1 != 0,
        method: u16_at(header, 10)?,
        size: sizes[0],
        packed: sizes[1],
        at: base.checked_add(sizes[2])?,
    };
    Some((entry, after))
}

/// The extra field with the number 1.
fn zip64(mut extra: &[u8]) -> Option<&[u8]> {
    loop {
        let (kind, length) = (u16_at(extra, 0)?, usize::from(u16_at(extra, 2)?));
        let (field, rest) = extra.get(4..)?.split_at_checked(length)?;
        if kind == 1 {
            return Some(field);
        }
        extra = rest;
    }
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn u64_at(data: &[u8], at: usize) -> Option<u64> {
    data.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes)
}

fn malformed(why: &str) -> Unreadable {
    Unreadable::Malformed { what: WHAT, why: why.to_owned() }
}

/// Writing archives, for tests.
#[cfg(test)]
pub(super) mod testing {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    /// An archive of these files, by the specification; a name that ends with `.jar` is stored, others are packed.
    pub(in crate::catalog) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut archive, mut directory) = (Vec::new(), Vec::new());
        for (name, content) in files {
            let stored = name.ends_with(".jar");
            let packed = if stored { content.to_vec() } else { deflated(content) };
            let mut common = vec![20, 0, 0, 0, if stored { 0 } else { 8 }, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            common.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
            common.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
            common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
            common.extend([0, 0]);
            directory.extend(b"PK\x01\x02\x14\0");
            directory.extend(&common);
            directory.extend([0; 10]);
            directory.extend(u32::try_from(archive.len()).unwrap().to_le_bytes());
            directory.extend(name.bytes());
            archive.extend(b"PK\x03\x04");
            archive.extend(common);
            archive.extend(name.bytes());
            archive.extend(packed);
        }
        let start = u32::try_from(archive.len()).unwrap();
        let count = u16::try_from(files.len()).unwrap().to_le_bytes();
        archive.extend(&directory);
        archive.extend(b"PK\x05\x06\0\0\0\0");
        archive.extend([count, count].concat());
        archive.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
        archive.extend(start.to_le_bytes());
        archive.extend([0, 0]);
        archive
    }

    fn deflated(content: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::testing::archive;
    use super::*;

    fn contents(data: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Unreadable> {
        let budget = &mut Budget::new();
        let entries = entries(data, |_| true, budget)?;
        entries.into_iter().map(|one| Ok((one.name.clone(), read(data, &one, 1 << 20, budget)?))).collect()
    }

    #[test]
    fn stored_and_packed_also_behind_a_script() {
        let zip = archive(&[("a.txt", b"aaaaaaaaaaaaaaaaaaaaaaaaa"), ("b.jar", b"b"), ("c", b"")]);
        for data in [zip.clone(), [&b"#!/bin/sh\nexec java -jar $0\n"[..], &zip].concat()] {
            let found = contents(&data).unwrap();
            assert_eq!(
                found,
                [
                    ("a.txt".to_owned(), b"aaaaaaaaaaaaaaaaaaaaaaaaa".to_vec()),
                    ("b.jar".to_owned(), b"b".to_vec()),
                    ("c".to_owned(), Vec::new())
                ]
            );
        }
    }

    /// What Python's zipfile writes: with a comment, in zip64, as a stream.
    #[test]
    fn as_python_writes() {
        let script = "import io,sys,zipfile\n\
            class Out(io.RawIOBase):\n\
            \x20def write(self,b): return sys.stdout.buffer.write(b)\n\
            \x20def writable(self): return True\n\
            out=io.BytesIO() if sys.argv[1]!='stream' else Out()\n\
            z=zipfile.ZipFile(out,'w',zipfile.ZIP_DEFLATED)\n\
            with z.open('a/b','w',force_zip64=sys.argv[1]=='zip64') as f: f.write(b'content'*99)\n\
            if sys.argv[1]=='comment': z.comment=b'PK\\5\\6 comment'\n\
            z.close()\n\
            if sys.argv[1]!='stream': sys.stdout.buffer.write(out.getvalue())\n";
        for form in ["plain", "comment", "zip64", "stream"] {
            let Ok(output) = Command::new("python3").args(["-c", script, form]).output() else {
                crate::testing::left_out("python3");
                return;
            };
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(
                contents(&output.stdout),
                Ok(vec![("a/b".to_owned(), b"content".repeat(99))]),
                "{form}"
            );
        }
    }

    /// Sizes of 2^32 - 1 and a record of zip64, by hand (4.3.14, 4.5.3).
    #[test]
    fn zip64_records() {
        let zip = archive(&[("n", b"nnnn")]);
        let end = zip.len() - 22;
        let start = u32_at(&zip, end + 16).unwrap() as usize;
        let mut directory = zip[start..end].to_vec();
        let (packed, size) = (u64::from(u32_at(&directory, 20).unwrap()), 4_u64);
        directory[20..28].fill(0xff);
        directory[30] = 20;
        directory.extend([1, 0, 16, 0]);
        directory.extend([size.to_le_bytes(), packed.to_le_bytes()].concat());
        let mut data = zip[..start].to_vec();
        let record = (data.len() + directory.len()) as u64;
        data.extend(&directory);
        data.extend(b"PK\x06\x06");
        data.extend([0; 36]);
        data.extend([(directory.len() as u64).to_le_bytes(), (start as u64).to_le_bytes()].concat());
        data.extend(b"PK\x06\x07\0\0\0\0");
        data.extend(record.to_le_bytes());
        data.extend([1, 0, 0, 0]);
        data.extend(b"PK\x05\x06\0\0\0\0");
        data.extend([0xff; 12]);
        data.extend([0, 0]);
        assert_eq!(contents(&data), Ok(vec![("n".to_owned(), b"nnnn".to_vec())]));
    }

    #[test]
    fn bombs() {
        let bomb = archive(&[("b", &vec![0; 8 << 20])]);
        assert_eq!(
            contents(&bomb),
            Err(Unreadable::Limit { what: "compression ratio of an archive", limit: limits::ARCHIVE_RATIO })
        );
        // One that lies about its size.
        let mut lying = bomb.clone();
        let start = u32_at(&lying, lying.len() - 6).unwrap() as usize;
        lying[start + 24..start + 28].copy_from_slice(&9_u32.to_le_bytes());
        assert_eq!(contents(&lying), Err(malformed("an entry has another length than it says")));
        // Many that are small.
        let mut budget = Budget { entries: 2, bytes: 5 };
        let many = archive(&[("a.jar", b"aaaa"), ("b.jar", b"bbbb")]);
        let found = entries(&many, |_| true, &mut budget).unwrap();
        assert!(read(&many, &found[0], 9, &mut budget).is_ok());
        assert!(matches!(read(&many, &found[1], 9, &mut budget), Err(Unreadable::Limit { limit: 1, .. })));
        assert!(matches!(
            entries(&many, |_| true, &mut budget),
            Err(Unreadable::Limit { limit: 1_000_000, .. })
        ));
        assert!(budget.is_spent());
    }

    /// Many entries that share one content are paid for each, whether it can be unpacked or not, and however little is to
    /// come of it (threat model, row 85).
    #[test]
    fn entries_that_overlap() {
        let zip = archive(&[("a", &[7; 1000]), ("b.jar", b"b")]);
        let budget = &mut Budget::new();
        let found = entries(&zip, |_| true, budget).unwrap();
        for (size, packed, cost) in [(1000, found[0].packed, 1000), (999, found[0].packed, 999), (0, 15, 15)]
        {
            let mut budget = Budget { entries: 0, bytes: 2 * cost + 1 };
            let entry = Entry { name: "x".into(), size, packed, ..found[0] };
            let tries: Vec<_> = (0..3).map(|_| read(&zip, &entry, 1 << 20, &mut budget).err()).collect();
            let spent = Unreadable::Limit { what: "an unpacked archive entry", limit: 1 };
            assert_eq!((tries[0] == tries[1], &tries[2]), (true, &Some(spent)), "{size} of {packed}");
        }
    }

    #[test]
    fn hostile() {
        let zip = archive(&[("a.txt", b"aaaaaaaaaaaaaaaaaaaaaaaaa"), ("b.jar", b"b")]);
        for end in 0..zip.len() {
            assert!(contents(&zip[..end]).is_err(), "{end}");
        }
        let mut changed = zip.clone();
        for at in 0..zip.len() {
            for byte in 0..=255 {
                changed[at] = byte;
                let _ = contents(&changed);
            }
            changed[at] = zip[at];
        }
    }
}
