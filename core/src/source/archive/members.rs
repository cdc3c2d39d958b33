//! Where the members of a tar are: names, offsets and sizes, read in one pass over the headers.
//!
//! The walk is our own, over the header type of the `tar` crate: two readers that disagree about an archive are a way
//! in, so whatever could be read in two ways is refused, and everything is bounded. Nothing is unpacked. POSIX.1-1988
//! (ustar), POSIX.1-2001 (pax: `path`, `linkpath`, `size`) and GNU (long names, sizes in base 256) are understood.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::Path;

use tar::{EntryType, Header};

use super::names::{clean_name, link_target};
use super::pax::records;
use super::window::read_at;
use crate::limits;
use crate::source::layout::content::protocol;
use crate::source::{Result, SourceError};

const BLOCK: u64 = 512;

/// One member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    /// A regular file: where its bytes begin, and how many there are.
    File {
        /// Bytes from the start of the archive.
        offset: u64,
        /// Bytes.
        size: u64,
    },
    /// A link, with the name of the member that it means.
    Link(String),
}

/// The members by name; directories are left out.
pub(super) type Members = BTreeMap<String, Member>;

/// Reads the headers of a whole archive.
pub(super) fn members(path: &Path, file: &File) -> Result<Members> {
    let length = file.metadata().map_err(|error| SourceError::io(path.display().to_string(), error))?.len();
    let mut walk =
        Walk { place: path.display().to_string(), file, length, position: 0, pending: Extended::default() };
    walk.check_magic()?;
    let mut found = Collected::default();
    let mut count = 0;
    while let Some(entry) = walk.next()? {
        count += 1;
        if count > limits::ARCHIVE_MEMBERS {
            let (what, limit) = ("the number of members", limits::ARCHIVE_MEMBERS as u64);
            return Err(SourceError::Limit { place: walk.place, what, limit });
        }
        found.add(&walk.place, entry)?;
    }
    Ok(found.members)
}

#[derive(Default)]
struct Collected {
    members: Members,
    directories: HashSet<String>,
    /// Every name in lower case: on some file systems these are one file.
    folded: HashSet<String>,
}

impl Collected {
    fn add(&mut self, place: &str, entry: Entry) -> Result<()> {
        let Some(name) = clean_name(place, &entry.name)? else { return Ok(()) };
        let member = match entry.kind {
            EntryType::Directory if self.directories.contains(&name) => return Ok(()),
            EntryType::Directory => None,
            EntryType::Regular | EntryType::Continuous => {
                Some(Member::File { offset: entry.offset, size: entry.size })
            }
            EntryType::Symlink => Some(Member::Link(link_target(place, &name, &entry.link, true)?)),
            EntryType::Link => Some(Member::Link(link_target(place, &name, &entry.link, false)?)),
            other => {
                return Err(protocol(
                    place,
                    format!(
                        "member '{name}' is neither file nor directory nor link (type {})",
                        other.as_byte()
                    ),
                ));
            }
        };
        if !self.folded.insert(name.to_lowercase()) {
            return Err(protocol(place, format!("member '{name}' is there twice, or but for letter case")));
        }
        match member {
            Some(member) => drop(self.members.insert(name, member)),
            None => drop(self.directories.insert(name)),
        }
        Ok(())
    }
}

struct Entry {
    name: String,
    link: String,
    kind: EntryType,
    offset: u64,
    size: u64,
}

/// What extended headers say of the member that follows them.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

struct Walk<'a> {
    place: String,
    file: &'a File,
    length: u64,
    position: u64,
    pending: Extended,
}

impl Walk<'_> {
    fn bad(&self, why: &str) -> SourceError {
        protocol(self.place.clone(), format!("malformed tar at byte {}: {why}", self.position))
    }

    fn check_magic(&self) -> Result<()> {
        let mut magic = [0; 4];
        let count = (self.length.min(4)) as usize;
        read_at(self.file, &mut magic[..count], 0)
            .map_err(|error| SourceError::io(self.place.clone(), error))?;
        let compressed = match magic {
            [0x1f, 0x8b, ..] => Some("gzip -d"),
            [0x28, 0xb5, 0x2f, 0xfd] => Some("zstd -d"),
            [0xfd, b'7', b'z', b'X'] => Some("xz -d"),
            [b'B', b'Z', b'h', _] => Some("bzip2 -d"),
            _ => None,
        };
        match compressed {
            None => Ok(()),
            Some(command) => Err(SourceError::Unsupported {
                place: self.place.clone(),
                what: format!(
                    "a compressed archive cannot be read at random: decompress it first ({command})"
                ),
            }),
        }
    }

    /// The next member, past the extended headers that belong to it.
    fn next(&mut self) -> Result<Option<Entry>> {
        loop {
            let Some(header) = self.header()? else {
                let pending = std::mem::take(&mut self.pending);
                let open = pending.name.is_some() || pending.link.is_some() || pending.size.is_some();
                return if open { Err(self.bad("it ends after an extended header")) } else { Ok(None) };
            };
            let field = &header.as_old().size;
            if field[0] & 0x80 != 0 && field[..4] != [0x80, 0, 0, 0] {
                return Err(self.bad("a size is negative or impossible"));
            }
            let stated = header.entry_size().map_err(|error| self.bad(&error.to_string()))?;
            match header.entry_type() {
                EntryType::GNULongName => {
                    let name = self.extension(stated, limits::ARCHIVE_NAME_BYTES + 1)?;
                    self.set_name(trim_nul(name))?;
                }
                EntryType::GNULongLink => {
                    let link = self.extension(stated, limits::ARCHIVE_NAME_BYTES + 1)?;
                    self.set_link(trim_nul(link))?;
                }
                EntryType::XHeader => self.pax(stated, false)?,
                EntryType::XGlobalHeader => self.pax(stated, true)?,
                kind => return self.entry(&header, kind, stated).map(Some),
            }
        }
    }

    /// The header at the position; `None` at the end. Two blocks of zeros end an archive, and so does the file.
    fn header(&mut self) -> Result<Option<Header>> {
        if self.position >= self.length {
            return if self.position == 0 { Err(self.bad("it is empty")) } else { Ok(None) };
        }
        if self.length - self.position < BLOCK {
            return Err(self.bad("it ends within a header"));
        }
        let mut header = Header::new_old();
        read_at(self.file, header.as_mut_bytes(), self.position)
            .map_err(|error| SourceError::io(self.place.clone(), error))?;
        let bytes = header.as_bytes();
        if bytes.iter().all(|byte| *byte == 0) {
            return self.end().map(|()| None);
        }
        let sum: u32 = bytes[..148].iter().chain(&bytes[156..]).map(|byte| u32::from(*byte)).sum();
        if header.cksum().ok() != Some(sum + 8 * 32) {
            return Err(self.bad("a header has a wrong checksum, or this is no tar archive"));
        }
        self.position += BLOCK;
        Ok(Some(header))
    }

    /// Called at a block of zeros. Some readers would go on after it, so a second one, or nothing, must follow.
    fn end(&self) -> Result<()> {
        if self.position == 0 {
            return Err(self.bad("it is no tar archive"));
        }
        let mut second = [0; BLOCK as usize];
        let after = (self.length - self.position - BLOCK).min(BLOCK) as usize;
        read_at(self.file, &mut second[..after], self.position + BLOCK)
            .map_err(|error| SourceError::io(self.place.clone(), error))?;
        if second.iter().all(|byte| *byte == 0) {
            Ok(())
        } else {
            Err(self.bad("something follows a block of zeros"))
        }
    }

    fn skip(&mut self, size: u64) -> Result<u64> {
        let start = self.position;
        let end = size.checked_next_multiple_of(BLOCK).and_then(|padded| start.checked_add(padded));
        // Some writers leave out the padding of the last member.
        match end {
            Some(end) if start + size <= self.length => self.position = end,
            _ => return Err(self.bad("a member is larger than what is left of the archive")),
        }
        Ok(start)
    }

    fn extension(&mut self, size: u64, limit: u64) -> Result<Vec<u8>> {
        if size > limit {
            let what = "an extended header in bytes";
            return Err(SourceError::Limit { place: self.place.clone(), what, limit });
        }
        let offset = self.skip(size)?;
        let mut bytes = vec![0; size as usize];
        read_at(self.file, &mut bytes, offset).map_err(|error| SourceError::io(self.place.clone(), error))?;
        Ok(bytes)
    }

    fn pax(&mut self, size: u64, global: bool) -> Result<()> {
        let bytes = self.extension(size, limits::ARCHIVE_HEADER_BYTES)?;
        for (key, value) in records(&bytes).ok_or_else(|| self.bad("an extended header is malformed"))? {
            if key.starts_with(b"GNU.sparse") {
                return Err(self.bad("sparse members are not supported"));
            }
            if global && matches!(key, b"path" | b"linkpath" | b"size") {
                return Err(self.bad("a global header names a path or a size"));
            }
            match key {
                b"path" => self.set_name(value.to_vec())?,
                b"linkpath" => self.set_link(value.to_vec())?,
                b"size" => self.set_size(std::str::from_utf8(value).ok())?,
                _ => {}
            }
        }
        Ok(())
    }

    fn set_name(&mut self, name: Vec<u8>) -> Result<()> {
        match self.pending.name.replace(name) {
            None => Ok(()),
            Some(_) => Err(self.bad("a member is named twice")),
        }
    }

    fn set_link(&mut self, link: Vec<u8>) -> Result<()> {
        match self.pending.link.replace(link) {
            None => Ok(()),
            Some(_) => Err(self.bad("a link is given twice")),
        }
    }

    fn set_size(&mut self, size: Option<&str>) -> Result<()> {
        let decimal = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let Some(Ok(size)) = size.filter(decimal).map(str::parse) else {
            return Err(self.bad("a size is no number"));
        };
        match self.pending.size.replace(size) {
            None => Ok(()),
            Some(_) => Err(self.bad("a size is given twice")),
        }
    }

    fn entry(&mut self, header: &Header, kind: EntryType, stated: u64) -> Result<Entry> {
        let pending = std::mem::take(&mut self.pending);
        let name = pending.name.unwrap_or_else(|| header.path_bytes().into_owned());
        let link = pending.link.or_else(|| header.link_name_bytes().map(Cow::into_owned));
        let text = |bytes| String::from_utf8(bytes).map_err(|_| self.bad("a name is not UTF-8"));
        let (name, link) = (text(name)?, text(link.unwrap_or_default())?);
        // An old archive says by a slash what newer ones say by the type.
        let kind =
            if kind == EntryType::Regular && name.ends_with('/') { EntryType::Directory } else { kind };
        let size = pending.size.unwrap_or(stated);
        if kind != EntryType::Regular && kind != EntryType::Continuous && size != 0 {
            return Err(self.bad("a member that is no file has content"));
        }
        let offset = self.skip(size)?;
        Ok(Entry { name, link, kind, offset, size })
    }
}

fn trim_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}
