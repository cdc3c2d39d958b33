//! Programs and libraries: the parts of ELF, PE and Mach-O files that tell what is built in.

use std::io::{self, Cursor};

use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};
use object::{File, FileKind, Object, ObjectSection, ObjectSegment, ReadCache, SectionKind, SegmentFlags};

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
type Parts<'content> = ReadCache<&'content mut dyn Content>;

/// A program or a library.
pub(super) type Program<'data, 'content> = File<'data, &'data Parts<'content>>;

/// Gives the programs of a file one after another: more than one where it is for several processors (Mach-O), none where
/// it is no program.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn each(content: &mut dyn Content, give: &mut dyn FnMut(&Program<'_, '_>)) -> io::Result<()> {
    // What fails later is read as a program that is cut short.
    let mut head = [0; 1];
    if content.read(&mut head)? == 0 {
        return Ok(());
    }
    let parts = ReadCache::new(content);
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
    Ok(())
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
        one(&ReadCache::new(&mut Cursor::new(slice)), give);
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
