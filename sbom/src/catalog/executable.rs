//! Programs and libraries: the parts of ELF, PE and Mach-O files that tell what is built in.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use object::elf::{FileHeader32, FileHeader64, PF_X};
use object::read::elf::{FileHeader, ProgramHeader};
use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};
use object::{
    Endianness, File, FileKind, Object, ObjectSection, ObjectSegment, ReadCache, Section, SectionKind,
    Segment, SegmentFlags,
};

use super::{Content, FileName, Unreadable};
use crate::limits;

/// Whether a file may be a program or a library, by its name and mode.
pub(super) fn wants(file: &FileName<'_>) -> bool {
    let name = file.name();
    file.size > 0
        && (file.is_executable()
            || [".so", ".exe", ".dll", ".dylib"].iter().any(|end| name.ends_with(end))
            || name.contains(".so."))
}

/// A file of which only those parts are read that are asked for, each once. They may overlap, and are kept.
type Parts<'content> = ReadCache<Counted<'content>>;

/// A file of which so many bytes are read, however often.
#[derive(Debug)]
pub struct Counted<'content> {
    content: &'content mut dyn Content,
    left: u64,
    exceeded: bool,
    /// Why it could not be read: who reads a program takes that for the end of it.
    failed: Option<io::Error>,
}

impl<'content> Counted<'content> {
    fn new(content: &'content mut dyn Content) -> io::Result<Self> {
        let length = content.seek(SeekFrom::End(0))?;
        // What is small is read again by a few hundred bytes, however few there are.
        let left = length.saturating_mul(limits::PROGRAM_READS).saturating_add(1 << 20);
        Ok(Self { content, left, exceeded: false, failed: None })
    }
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer).map_err(|error| {
            let kind = error.kind();
            self.failed.get_or_insert(error);
            io::Error::from(kind)
        })?;
        let left = self.left.checked_sub(read as u64);
        self.exceeded |= left.is_none();
        self.left = left.ok_or_else(|| io::Error::other("too many parts"))?;
        Ok(read)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}

/// A program or a library.
pub(super) type Program<'data, 'content> = File<'data, &'data Parts<'content>>;

/// Code that the smallest program has, in bytes: whatever has less is data in the form of a library, as ICU's is.
const LEAST_CODE: u64 = 4096;

/// Whether a file that begins so can be a program or a library with code in it.
pub(super) fn begins_program(head: &[u8]) -> bool {
    match FileKind::parse(head) {
        Ok(FileKind::Elf32) => has_code::<FileHeader32<Endianness>>(head),
        Ok(FileKind::Elf64) => has_code::<FileHeader64<Endianness>>(head),
        Ok(_) => true,
        // What a program of Windows begins with tells where the rest of its head is.
        Err(_) => head.starts_with(b"MZ"),
    }
}

/// Whether the segments of an ELF file (System V ABI, "Program Header") have code. Where they are not in its head, nobody
/// can tell.
fn has_code<H: FileHeader<Endian = Endianness>>(head: &[u8]) -> bool {
    let code = || {
        let header = H::parse(head).ok()?;
        let endian = header.endian().ok()?;
        let segments = header.program_headers(endian, head).ok()?;
        let code = segments.iter().filter(|segment| segment.p_flags(endian) & PF_X != 0);
        Some(code.map(|segment| segment.p_filesz(endian).into()).fold(0, u64::saturating_add))
    };
    code().is_none_or(|bytes| bytes >= LEAST_CODE)
}

/// Gives the programs of a file one after another: more than one where it is for several processors (Mach-O), none where
/// it is no program. `false` where it has parts that overlap more than is read: then some of it was not seen.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn each(content: &mut dyn Content, give: &mut dyn FnMut(&Program<'_, '_>)) -> io::Result<bool> {
    let mut head = [0; 1];
    if content.read(&mut head)? == 0 {
        return Ok(true);
    }
    let parts = ReadCache::new(Counted::new(content)?);
    let mut all = true;
    match FileKind::parse(&parts) {
        Ok(FileKind::MachOFat32) => {
            if let Ok(fat) = MachOFatFile32::parse(&parts) {
                all = slices(fat.arches(), &parts, give)?;
            }
        }
        Ok(FileKind::MachOFat64) => {
            if let Ok(fat) = MachOFatFile64::parse(&parts) {
                all = slices(fat.arches(), &parts, give)?;
            }
        }
        _ => one(&parts, give),
    }
    match parts.into_inner() {
        Counted { failed: Some(error), .. } => Err(error),
        Counted { exceeded, .. } => Ok(all && !exceeded),
    }
}

fn one(parts: &Parts<'_>, give: &mut dyn FnMut(&Program<'_, '_>)) {
    let is_program = matches!(
        FileKind::parse(parts),
        Ok(FileKind::Elf32
            | FileKind::Elf64
            | FileKind::MachO32
            | FileKind::MachO64
            | FileKind::Pe32
            | FileKind::Pe64)
    );
    if let (true, Ok(program)) = (is_program, File::parse(parts)) {
        give(&program);
    }
}

fn slices<A: FatArch>(
    arches: &[A],
    parts: &Parts<'_>,
    give: &mut dyn FnMut(&Program<'_, '_>),
) -> io::Result<bool> {
    let mut all = true;
    for slice in arches.iter().take(limits::UNIVERSAL_PROGRAMS).filter_map(|arch| arch.data(parts).ok()) {
        let mut slice = Cursor::new(slice);
        let parts = ReadCache::new(Counted::new(&mut slice)?);
        one(&parts, give);
        all &= !parts.into_inner().exceeded;
    }
    Ok(all)
}

/// The bytes of a section.
pub(super) fn section<'data>(program: &Program<'data, '_>, name: &str) -> Option<&'data [u8]> {
    program.section_by_name(name).and_then(|section| section.data().ok())
}

/// What a program can write to: where linkers put data with addresses in it.
///
/// # Errors
/// [`Unreadable::Limit`] where its segments overlap ([`limits::PROGRAM_OVERLAP`]).
pub(super) fn writable<'data>(
    file: &FileName<'_>,
    program: &Program<'data, '_>,
) -> Result<Vec<&'data [u8]>, Unreadable> {
    const ELF_WRITE: u32 = 2;
    const MACHO_WRITE: u32 = 2;
    const PE_WRITE: u32 = 0x8000_0000;
    let segments = program.segments().filter(|segment| match segment.flags() {
        SegmentFlags::Elf { p_flags } => p_flags & ELF_WRITE != 0,
        SegmentFlags::MachO { initprot, .. } => initprot & MACHO_WRITE != 0,
        SegmentFlags::Coff { characteristics } => characteristics & PE_WRITE != 0,
        _ => false,
    });
    together(file, segments, |segment| segment.file_range().1, |segment| segment.data().ok())
}

/// What a program is loaded with besides its code: where compilers put texts. All of it where it has no sections.
///
/// # Errors
/// [`Unreadable::Limit`] where its sections or segments overlap ([`limits::PROGRAM_OVERLAP`]).
pub(super) fn constants<'data>(
    file: &FileName<'_>,
    program: &Program<'data, '_>,
) -> Result<Vec<&'data [u8]>, Unreadable> {
    let sections = program.sections().filter(|section| {
        matches!(
            section.kind(),
            SectionKind::Data
                | SectionKind::ReadOnlyData
                | SectionKind::ReadOnlyDataWithRel
                | SectionKind::ReadOnlyString
        )
    });
    let length = |section: &Section<'data, '_, _>| section.file_range().map_or(0, |(_, length)| length);
    let sections = together(file, sections, length, |section| section.data().ok())?;
    if !sections.is_empty() {
        return Ok(sections);
    }
    let segments = program.segments();
    together(file, segments, |segment| segment.file_range().1, |segment| segment.data().ok())
}

/// The bytes of all these parts, each of which is read for itself.
fn together<'data, P>(
    file: &FileName<'_>,
    parts: impl Iterator<Item = P>,
    length: impl Fn(&P) -> u64,
    data: impl Fn(&P) -> Option<&'data [u8]>,
) -> Result<Vec<&'data [u8]>, Unreadable> {
    let limit = file.size.saturating_mul(limits::PROGRAM_OVERLAP);
    let (mut left, mut read) = (limit, Vec::new());
    for part in parts {
        let too_many = Unreadable::Limit { what: "the length of all parts of a program", limit };
        left = left.checked_sub(length(&part)).ok_or(too_many)?;
        read.extend(data(&part));
    }
    Ok(read)
}

/// The bytes at an address of the running program.
pub(super) fn at_address<'data>(
    program: &Program<'data, '_>,
    address: u64,
    length: u64,
) -> Option<&'data [u8]> {
    let has = |segment: &Segment<'data, '_, _>| {
        let start = address.checked_sub(segment.address());
        start.and_then(|start| start.checked_add(length)).is_some_and(|end| end <= segment.file_range().1)
    };
    program.segments().find(has)?.data_range(address, length).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file of 64 bits with one segment (System V ABI).
    fn head(flags: u32, bytes: u64) -> Vec<u8> {
        let mut head = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0".to_vec();
        for number in [0_u64, 64, 0] {
            head.extend(number.to_le_bytes());
        }
        head.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 64, 0, 0, 0, 0, 0]);
        head.extend([1_u32, flags].map(u32::to_le_bytes).concat());
        head.extend([0_u64, 0, 0, bytes, bytes, 4096].map(u64::to_le_bytes).concat());
        head
    }

    #[test]
    fn a_program_is_told_by_its_beginning() {
        const READ: u32 = 4;
        for (begins, expected) in [
            (head(READ | PF_X, LEAST_CODE), true),
            (head(READ | PF_X, LEAST_CODE - 1), false),
            (head(READ, 1 << 30), false),
            // The segments are further on.
            (head(READ, 1 << 30)[..100].to_vec(), true),
            (b"MZ\x90\0".repeat(32), true),
            (b"#!/bin/sh\n".repeat(32), false),
            (0xcafe_babe_u32.to_be_bytes().repeat(32), true),
            ([&0xfeed_facf_u32.to_le_bytes()[..], &[0; 64]].concat(), true),
            (Vec::new(), false),
        ] {
            assert_eq!(begins_program(&begins), expected, "{begins:x?}");
        }
    }

    /// A small file can have thousands of sections, each of them nearly the whole of it, and each with a long name (threat
    /// model, row 85).
    #[test]
    fn sections_that_overlap() {
        const COUNT: u16 = 2000;
        let text = [vec![b'a'; 4000], vec![0]].concat().repeat(2);
        let table = 64 + text.len() as u64;
        let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0".to_vec();
        elf.extend([0_u64, 0, table].map(u64::to_le_bytes).concat());
        elf.extend([0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 64, 0]);
        elf.extend([COUNT, COUNT - 1].map(u16::to_le_bytes).concat());
        elf.extend(&text);
        for number in 0..COUNT {
            // The last has the names; the others are data of the program.
            let (kind, flags) = if number == COUNT - 1 { (3_u32, 0_u64) } else { (1, 2) };
            elf.extend([u32::from(number), kind].map(u32::to_le_bytes).concat());
            elf.extend([flags, 0, 64, text.len() as u64].map(u64::to_le_bytes).concat());
            elf.extend([0; 8]);
            elf.extend([0_u64; 2].map(u64::to_le_bytes).concat());
        }
        let file = FileName { path: "/bin/x", mode: 0o755, size: elf.len() as u64 };
        let mut said = Vec::new();
        let all = each(&mut Cursor::new(elf.as_slice()), &mut |program| {
            said.push(constants(&file, program).map(|parts| parts.len()));
            assert_eq!(section(program, ".dep-v0"), None);
        });
        let limit = file.size * limits::PROGRAM_OVERLAP;
        assert_eq!(said, [Err(Unreadable::Limit { what: "the length of all parts of a program", limit })]);
        assert!(!all.unwrap(), "2000 names of 2000 bytes on average are more than eight times the file");
    }
}
