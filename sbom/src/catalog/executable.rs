//! Programs and libraries: the parts of ELF, PE and Mach-O files that tell what is built in.

use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};
use object::{File, FileKind, Object, ObjectSection, ObjectSegment, SectionKind, SegmentFlags};

use super::FileName;
use crate::limits;

/// Whether a file may be a program or a library, by its name and mode.
pub(super) fn wants(file: &FileName<'_>) -> bool {
    let name = file.name();
    file.size > 0
        && (file.is_executable()
            || [".so", ".exe", ".dll", ".dylib"].iter().any(|end| name.ends_with(end))
            || name.contains(".so."))
}

/// The programs of a file: more than one where it is for several processors (Mach-O), none where it is no program.
pub(super) fn programs(data: &[u8]) -> Vec<File<'_>> {
    match FileKind::parse(data) {
        Ok(FileKind::MachOFat32) => {
            MachOFatFile32::parse(data).map(|fat| slices(fat.arches(), data)).unwrap_or_default()
        }
        Ok(FileKind::MachOFat64) => {
            MachOFatFile64::parse(data).map(|fat| slices(fat.arches(), data)).unwrap_or_default()
        }
        Ok(
            FileKind::Elf32
            | FileKind::Elf64
            | FileKind::MachO32
            | FileKind::MachO64
            | FileKind::Pe32
            | FileKind::Pe64,
        ) => File::parse(data).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn slices<'data, A: FatArch>(arches: &[A], data: &'data [u8]) -> Vec<File<'data>> {
    arches
        .iter()
        .take(limits::UNIVERSAL_PROGRAMS)
        .filter_map(|arch| arch.data(data).ok())
        .filter_map(|slice| File::parse(slice).ok())
        .collect()
}

/// The bytes of a section.
pub(super) fn section<'data>(program: &File<'data>, name: &str) -> Option<&'data [u8]> {
    program.section_by_name(name).and_then(|section| section.data().ok())
}

/// What a program can write to: where linkers put data with addresses in it.
pub(super) fn writable<'data>(program: &File<'data>) -> Vec<&'data [u8]> {
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
pub(super) fn constants<'data>(program: &File<'data>) -> Vec<&'data [u8]> {
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
pub(super) fn at_address<'data>(program: &File<'data>, address: u64, length: u64) -> Option<&'data [u8]> {
    program.segments().find_map(|segment| segment.data_range(address, length).ok().flatten())
}
