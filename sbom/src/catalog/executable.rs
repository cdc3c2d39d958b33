//! Programs and libraries: the parts of ELF, PE and Mach-O files that tell what is built in.

use std::cell::Cell;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use object::elf::{FileHeader32, FileHeader64, PF_X};
use object::read::elf::{FileHeader, ProgramHeader};
use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};
use object::{
    Endianness, File, FileKind, Object, ObjectSection, ObjectSegment, ReadCache, SectionKind, SegmentFlags,
};

use super::{Content, FileName};
use crate::limits;

/// Whether a file may be a program or a library, by its name and mode.
pub(super) fn wants(file: &FileName<'_>) -> bool {
    let name = file.name();
    file.size > 0
        && (file.is_executable()
            || [".so", ".exe", ".dll", ".dylib"].iter().any(|end| name.ends_with(end))
            || name.contains(".so."))
}

/// A file of which only those parts are read that are asked for, each once.
type Parts<'content> = ReadCache<Watched<'content>>;

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
/// it is no program.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn each(content: &mut dyn Content, give: &mut dyn FnMut(&Program<'_, '_>)) -> io::Result<()> {
    let size = content.seek(SeekFrom::End(0))?;
    content.rewind()?;
    let failed = Cell::new(None);
    let parts = ReadCache::new(Watched { content, left: readable(size), failed: &failed });
    match FileKind::parse(&parts) {
        Ok(FileKind::MachOFat32) => {
            if let Ok(fat) = MachOFatFile32::parse(&parts) {
                slices(fat.arches(), &parts, give);
            }
        }
        Ok(FileKind::MachOFat64) => {
            if let Ok(fat) = MachOFatFile64::parse(&parts) {
                slices(fat.arches(), &parts, give);
            }
        }
        _ => one(&parts, give),
    }
    failed.take().map_or(Ok(()), Err)
}

/// Bytes that may be read of a program of this size. Sections may overlap, and are kept each by itself; one that is sound
/// has each byte in one segment and in one section.
const fn readable(size: u64) -> u64 {
    size.saturating_mul(2).saturating_add(1 << 20)
}

/// A content that is read no more than so often, and of which the first failure is kept: who reads a program takes one
/// for the end of it.
pub struct Watched<'content> {
    content: &'content mut dyn Content,
    /// Bytes that may still be read.
    left: u64,
    failed: &'content Cell<Option<io::Error>>,
}

impl Watched<'_> {
    fn keep<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            self.failed.set(Some(self.failed.take().unwrap_or(error)));
            kind.into()
        })
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer);
        let read = self.keep(read)?;
        let left = self.left.checked_sub(read as u64);
        self.left = self.keep(left.ok_or_else(|| io::Error::other("its parts overlap")))?;
        Ok(read)
    }
}

impl Seek for Watched<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let sought = self.content.seek(to);
        self.keep(sought)
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

fn slices<A: FatArch>(arches: &[A], parts: &Parts<'_>, give: &mut dyn FnMut(&Program<'_, '_>)) {
    for slice in arches.iter().take(limits::UNIVERSAL_PROGRAMS).filter_map(|arch| arch.data(parts).ok()) {
        let (mut content, failed) = (Cursor::new(slice), Cell::new(None));
        let left = readable(slice.len() as u64);
        one(&ReadCache::new(Watched { content: &mut content, left, failed: &failed }), give);
    }
}

/// The bytes of a section.
pub(super) fn section<'data>(program: &Program<'data, '_>, name: &str) -> Option<&'data [u8]> {
    program.section_by_name(name).and_then(|section| section.data().ok())
}

/// What a program can write to: where linkers put data with addresses in it.
pub(super) fn writable<'data>(program: &Program<'data, '_>) -> Vec<&'data [u8]> {
    const ELF_WRITE: u32 = 2;
    const MACHO_WRITE: u32 = 2;
    const PE_WRITE: u32 = 0x8000_0000;
    program
        .segments()
        .filter(|segment| match segment.flags() {
            SegmentFlags::Elf { p_flags } => p_flags & ELF_WRITE != 0,
            SegmentFlags::MachO { initprot, .. } => initprot & MACHO_WRITE != 0,
            SegmentFlags::Coff { characteristics } => characteristics & PE_WRITE != 0,
            _ => false,
        })
        .filter_map(|segment| segment.data().ok())
        .collect()
}

/// What a program is loaded with besides its code: where compilers put texts. All of it where it has no sections.
pub(super) fn constants<'data>(program: &Program<'data, '_>) -> Vec<&'data [u8]> {
    let sections: Vec<&[u8]> = program
        .sections()
        .filter(|section| {
            matches!(
                section.kind(),
                SectionKind::Data
                    | SectionKind::ReadOnlyData
                    | SectionKind::ReadOnlyDataWithRel
                    | SectionKind::ReadOnlyString
            )
        })
        .filter_map(|section| section.data().ok())
        .collect();
    if !sections.is_empty() {
        return sections;
    }
    program.segments().filter_map(|segment| segment.data().ok()).collect()
}

/// The bytes at an address of the running program.
pub(super) fn at_address<'data>(
    program: &Program<'data, '_>,
    address: u64,
    length: u64,
) -> Option<&'data [u8]> {
    program.segments().find_map(|segment| segment.data_range(address, length).ok().flatten())
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

    /// An ELF file of 64 bits with this many sections over all of its content (System V ABI).
    fn overlapping(sections: u16) -> Vec<u8> {
        let content = vec![b'x'; 1 << 20];
        let table = 64 + content.len() as u64;
        let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
        for number in [0, 0, table] {
            elf.extend(u64::to_le_bytes(number));
        }
        elf.extend([0, 0, 0, 0, 64, 0, 56, 0, 0, 0, 64, 0]);
        elf.extend([sections + 1, sections].map(u16::to_le_bytes).concat());
        elf.extend(&content);
        elf.extend([0; 64]);
        for number in 0..u64::from(sections) {
            // The last has the names of all.
            let kind = if number + 1 == u64::from(sections) { 3 } else { 1 };
            elf.extend([0_u32, kind].map(u32::to_le_bytes).concat());
            elf.extend([2, 0, 64 + number, content.len() as u64 - number].map(u64::to_le_bytes).concat());
            elf.extend([0; 8]);
            elf.extend([1_u64, 0].map(u64::to_le_bytes).concat());
        }
        elf
    }

    /// Sections that overlap are no reason to read a file over and over (threat model, row 97).
    #[test]
    fn parts_that_overlap() {
        for (sections, sound) in [(3, true), (9, false)] {
            let mut bytes = 0;
            let elf = overlapping(sections);
            let read = each(&mut Cursor::new(elf.as_slice()), &mut |program| {
                bytes = constants(program).iter().map(|part| part.len()).sum();
            });
            assert_eq!(read.is_ok(), sound, "{sections} sections: {read:?}");
            assert!((1 << 20..4 << 20).contains(&bytes), "{sections} sections: {bytes}");
        }
    }
}
