//! The header of one rpm package: tagged values (rpm's `docs/manual/format_header.md`).
//!
//! ```text
//! [magic, 8 bytes: not in databases] entries: u32, length of data: u32, entries of 16 bytes, data
//! entry: tag, type, offset into the data, count: u32 each; all numbers are big-endian
//! ```
//!
//! Only the entries that are asked for are looked at. A tag may be there twice, where rpm has added to a header that is
//! signed: then the last entry holds (`headerImport` of rpm: "Dribble entries replace duplicate region entries").

use crate::limits;

/// Before a header that stands alone: magic, version, four reserved bytes.
const MAGIC: [u8; 8] = [0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0];

/// Entries of a header, and bytes of its data: rpm's own bounds (`HEADER_TAGS_MAX`, `HEADER_DATA_MAX`).
const ENTRIES: usize = 0xffff;
const DATA: usize = 0x0fff_ffff;

const ENTRY_BYTES: usize = 16;

const INT32: u32 = 4;
const STRING: u32 = 6;
const BINARY: u32 = 7;
const STRING_ARRAY: u32 = 8;
const TRANSLATED_STRING: u32 = 9;

/// What a value is called (`rpmtag.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Tag {
    SigMd5 = 261,
    Name = 1000,
    Version = 1001,
    Release = 1002,
    Epoch = 1003,
    Summary = 1004,
    Vendor = 1011,
    License = 1014,
    Url = 1020,
    Arch = 1022,
    OldFileNames = 1027,
    SourceRpm = 1044,
    ProvideName = 1047,
    RequireName = 1049,
    DirIndexes = 1116,
    BaseNames = 1117,
    DirNames = 1118,
    ModularityLabel = 5096,
}

/// The header of a package.
#[derive(Debug)]
pub(super) struct Header<'a> {
    entries: &'a [u8],
    data: &'a [u8],
}

struct Entry<'a> {
    tag: Tag,
    kind: u32,
    count: usize,
    /// The data from the value on.
    data: &'a [u8],
}

impl<'a> Header<'a> {
    /// A header, by its outline. Values are checked when they are asked for.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let bytes = bytes.strip_prefix(&MAGIC).unwrap_or(bytes);
        let cut = || "a header ends too soon".to_owned();
        let (count, rest) = number(bytes).ok_or_else(cut)?;
        let (length, rest) = number(rest).ok_or_else(cut)?;
        if count == 0 || count > ENTRIES || length > DATA {
            return Err(format!("a header says that it has {count} entries and {length} bytes"));
        }
        let (entries, rest) = rest.split_at_checked(count.saturating_mul(ENTRY_BYTES)).ok_or_else(cut)?;
        let data = rest.get(..length).ok_or_else(cut)?;
        Ok(Self { entries, data })
    }

    fn entry(&self, tag: Tag) -> Result<Option<Entry<'a>>, String> {
        for entry in self.entries.chunks_exact(ENTRY_BYTES).rev() {
            let mut words = entry.chunks_exact(4).filter_map(|word| number(word)).map(|(number, _)| number);
            let (Some(found), Some(kind), Some(offset), Some(count)) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                continue;
            };
            if found == tag as usize {
                let Some(data) = self.data.get(offset..) else {
                    return Err(format!("{tag:?} of a header is outside of its data"));
                };
                return Ok(Some(Entry { tag, kind: u32::try_from(kind).unwrap_or(u32::MAX), count, data }));
            }
        }
        Ok(None)
    }

    /// A string; of a translated one the first, which is in the language of the locale `C`.
    pub(super) fn string(&self, tag: Tag) -> Result<Option<String>, String> {
        let Some(entry) = self.entry(tag)? else { return Ok(None) };
        entry.be_of(&[STRING, TRANSLATED_STRING, STRING_ARRAY])?;
        entry.strings().next().transpose()
    }

    /// An array of strings; empty if the header has none.
    pub(super) fn strings(&self, tag: Tag) -> Result<Vec<String>, String> {
        let Some(entry) = self.entry(tag)? else { return Ok(Vec::new()) };
        entry.be_of(&[STRING_ARRAY, STRING])?;
        if entry.count > limits::FILES_PER_PACKAGE {
            return Err(format!("{tag:?} of a header has {} strings", entry.count));
        }
        entry.strings().collect()
    }

    /// An array of numbers; empty if the header has none.
    pub(super) fn numbers(&self, tag: Tag) -> Result<Vec<u32>, String> {
        let Some(entry) = self.entry(tag)? else { return Ok(Vec::new()) };
        entry.be_of(&[INT32])?;
        let bytes = entry.data.get(..entry.count.saturating_mul(4)).ok_or_else(|| entry.cut())?;
        Ok(bytes.chunks_exact(4).filter_map(|word| word.try_into().ok()).map(u32::from_be_bytes).collect())
    }

    /// Bytes.
    pub(super) fn bytes(&self, tag: Tag) -> Result<Option<&'a [u8]>, String> {
        let Some(entry) = self.entry(tag)? else { return Ok(None) };
        entry.be_of(&[BINARY])?;
        entry.data.get(..entry.count).map(Some).ok_or_else(|| entry.cut())
    }
}

impl<'a> Entry<'a> {
    fn be_of(&self, kinds: &[u32]) -> Result<(), String> {
        if kinds.contains(&self.kind) {
            Ok(())
        } else {
            Err(format!("{:?} of a header is of type {}", self.tag, self.kind))
        }
    }

    fn cut(&self) -> String {
        format!("{:?} of a header ends too soon", self.tag)
    }

    /// As many strings as the entry says, each ended by a zero byte; ends with the first that isn't.
    fn strings(&self) -> impl Iterator<Item = Result<String, String>> {
        let mut data = Some(self.data);
        let mut left = self.count;
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let from = data.take()?;
            let Some(end) = from.iter().position(|byte| *byte == 0) else { return Some(Err(self.cut())) };
            let (string, rest) = from.split_at(end);
            data = rest.get(1..);
            Some(Ok(String::from_utf8_lossy(string).into_owned()))
        })
    }
}

/// A number, and what follows it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((usize::try_from(u32::from_be_bytes(*word)).ok()?, rest))
}

#[cfg(test)]
pub(super) mod made {
    //! Headers as rpm writes them.

    use super::{BINARY, INT32, STRING, STRING_ARRAY, Tag};

    pub(in crate::catalog::rpm) enum Value<'a> {
        String(&'a str),
        Strings(&'a [&'a str]),
        Numbers(&'a [u32]),
        Bytes(&'a [u8]),
    }

    /// A header as a database holds it.
    pub(in crate::catalog::rpm) fn header(values: &[(Tag, Value<'_>)]) -> Vec<u8> {
        let (mut entries, mut data) = (Vec::new(), Vec::new());
        for (tag, value) in values {
            let offset = data.len();
            let (kind, count) = match value {
                Value::String(string) => {
                    data.extend(string.bytes().chain([0]));
                    (STRING, 1)
                }
                Value::Strings(strings) => {
                    strings.iter().for_each(|string| data.extend(string.bytes().chain([0])));
                    (STRING_ARRAY, strings.len())
                }
                Value::Numbers(numbers) => {
                    numbers.iter().for_each(|number| data.extend(number.to_be_bytes()));
                    (INT32, numbers.len())
                }
                Value::Bytes(bytes) => {
                    data.extend(*bytes);
                    (BINARY, bytes.len())
                }
            };
            for word in [*tag as u32, kind, offset as u32, count as u32] {
                entries.extend(word.to_be_bytes());
            }
        }
        let mut bytes = Vec::new();
        bytes.extend((values.len() as u32).to_be_bytes());
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(entries);
        bytes.extend(data);
        bytes
    }

    /// The header of a package with a name and the version `1-2`.
    pub(in crate::catalog::rpm) fn package(name: &str) -> Vec<u8> {
        header(&[
            (Tag::Name, Value::String(name)),
            (Tag::Version, Value::String("1")),
            (Tag::Release, Value::String("2")),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::made::{Value, header};
    use super::*;

    #[test]
    fn values() {
        let bytes = header(&[
            (Tag::Name, Value::String("x")),
            (Tag::Summary, Value::Strings(&["first", "second"])),
            (Tag::Epoch, Value::Numbers(&[1, 0xffff_ffff])),
            (Tag::SigMd5, Value::Bytes(b"\0\x01\x02")),
            (Tag::Name, Value::String("y")),
        ]);
        let mut with_magic = MAGIC.to_vec();
        with_magic.extend(&bytes);
        for bytes in [bytes, with_magic] {
            let header = Header::read(&bytes).unwrap();
            assert_eq!(header.string(Tag::Name).unwrap().as_deref(), Some("y"));
            assert_eq!(header.string(Tag::Summary).unwrap().as_deref(), Some("first"));
            assert_eq!(header.strings(Tag::Summary).unwrap(), ["first", "second"]);
            assert_eq!(header.numbers(Tag::Epoch).unwrap(), [1, 0xffff_ffff]);
            assert_eq!(header.bytes(Tag::SigMd5).unwrap(), Some(&b"\0\x01\x02"[..]));
            assert_eq!(header.string(Tag::Arch), Ok(None));
            assert_eq!(header.numbers(Tag::Name).unwrap_err(), "Name of a header is of type 6");
        }
    }

    #[test]
    fn outlines_that_are_wrong() {
        let cases: [(&[u8], &str); 6] = [
            (b"", "a header ends too soon"),
            (&[0, 0, 0, 0, 0, 0, 0, 0], "a header says that it has 0 entries and 0 bytes"),
            (&[0, 1, 0, 0, 0, 0, 0, 0], "a header says that it has 65536 entries and 0 bytes"),
            (&[0, 0, 0, 1, 0xff, 0, 0, 0], "a header says that it has 1 entries and 4278190080 bytes"),
            (&[0, 0, 0, 1, 0, 0, 0, 0], "a header ends too soon"),
            (
                &[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                "a header ends too soon",
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Header::read(bytes).unwrap_err(), expected, "{bytes:?}");
        }
    }

    #[test]
    fn values_that_are_wrong() {
        let entry = |kind: u32, offset: u32, count: u32, data: &[u8]| {
            let words = [1, data.len() as u32, Tag::Name as u32, kind, offset, count];
            let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_be_bytes).collect();
            bytes.extend(data);
            bytes
        };
        let cut = "Name of a header ends too soon";
        let outside = "Name of a header is outside of its data";
        let cases = [
            (entry(STRING, 0, 1, b"open"), cut),
            (entry(STRING, 5, 1, b"x\0"), outside),
            (entry(STRING, u32::MAX, 1, b"x\0"), outside),
            (entry(STRING, 2, 1, b"x\0"), cut),
            (entry(STRING_ARRAY, 0, 3, b"x\0y\0"), cut),
            (entry(STRING_ARRAY, 0, u32::MAX, b"x\0y\0"), "Name of a header has 4294967295 strings"),
            (entry(INT32, 0, u32::MAX, b"1234"), cut),
            (entry(BINARY, 0, u32::MAX, b"1234"), cut),
        ];
        for (bytes, expected) in cases {
            let header = Header::read(&bytes).unwrap();
            let errors = [
                header.strings(Tag::Name).err(),
                header.numbers(Tag::Name).err(),
                header.bytes(Tag::Name).err(),
            ];
            assert!(errors.iter().flatten().any(|error| error == expected), "{errors:?}");
        }
    }
}
