//! From a layout directory to an archive, and back.

use std::io::{self, Write};
use std::path::Path;

use super::Archive;
use super::packed::{INDEX, MARKER_NAME};
use crate::digest::Algorithm;
use crate::file::{AtomicFile, Mode, Overwrite};
use crate::oci::Descriptor;
use crate::source::Result;
use crate::source::layout::content::{Content, MARKER, file_error, open_blob, parse_index, source_error};
use crate::source::layout::stream::{PIECE, blocking};
use crate::source::layout::{Layout, Stored, merge_index};

/// Writes a whole layout, every blob of it, as a tar at `path`. The same layout always gives the same bytes: members
/// are sorted, and have neither times nor owners. The file appears when it is complete.
///
/// # Errors
/// When a blob is not what its name says, `index.json` names one that is missing, or the file cannot be written.
pub async fn save(layout: &Layout, path: &Path, overwrite: Overwrite) -> Result<()> {
    let (layout, path) = (layout.clone(), path.to_owned());
    let place = path.display().to_string();
    blocking(place, move || write_archive(&layout, &path, overwrite)).await
}

fn write_archive(layout: &Layout, path: &Path, overwrite: Overwrite) -> Result<()> {
    let directory = layout.content();
    // What is added meanwhile is not named by this index; its blobs do no harm.
    let index = directory.index_bytes()?;
    for entry in &parse_index(&directory.place(), &index)?.manifests {
        open_blob(&**directory, entry)?;
    }
    let blobs = directory.blobs()?;
    let file = AtomicFile::create(path, Mode::Default, overwrite).map_err(file_error)?;
    let failed = |error| source_error(&path.display().to_string(), error);
    let mut tar = tar::Builder::new(io::BufWriter::with_capacity(PIECE, file));
    append_directory(&mut tar, "blobs/").map_err(failed)?;
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let mut blobs = blobs.iter().filter(|(digest, _)| digest.algorithm() == algorithm).peekable();
        if blobs.peek().is_some() {
            append_directory(&mut tar, &format!("blobs/{}/", algorithm.name())).map_err(failed)?;
        }
        for (digest, size) in blobs {
            let reader = open_blob(&**directory, &Descriptor::new("", *digest, *size))?;
            let name = format!("blobs/{}/{}", algorithm.name(), digest.hex());
            append_file(&mut tar, &name, *size, reader).map_err(failed)?;
        }
    }
    append_file(&mut tar, INDEX, index.len() as u64, &index[..]).map_err(failed)?;
    append_file(&mut tar, MARKER_NAME, MARKER.len() as u64, MARKER).map_err(failed)?;
    let mut buffered = tar.into_inner().map_err(failed)?;
    buffered.flush().map_err(failed)?;
    let file = buffered.into_inner().map_err(|error| failed(error.into_error()))?;
    file.commit().map_err(file_error)
}

fn append_directory<W: Write>(tar: &mut tar::Builder<W>, name: &str) -> io::Result<()> {
    let mut header = header(tar::EntryType::Directory, 0o755, 0);
    tar.append_data(&mut header, name, io::empty())
}

fn append_file<W: Write>(
    tar: &mut tar::Builder<W>,
    name: &str,
    size: u64,
    content: impl io::Read,
) -> io::Result<()> {
    let mut header = header(tar::EntryType::Regular, 0o644, size);
    tar.append_data(&mut header, name, content)
}

fn header(kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Puts all that an archive holds into the layout at `directory`, which is made when it is not there. Images that the
/// layout has stay, but for those of the same names.
///
/// # Errors
/// When a blob is not what its name says, the archive's index names one that it does not have, or the layout cannot be
/// written. The index is changed last: what was interrupted is completed by running it again.
pub async fn load(archive: &Archive, directory: &Path) -> Result<Layout> {
    let (archive, directory) = (archive.clone(), directory.to_owned());
    let place = directory.display().to_string();
    blocking(place, move || read_archive(&archive, &directory)).await
}

fn read_archive(archive: &Archive, directory: &Path) -> Result<Layout> {
    let packed = &*archive.packed;
    let layout = Layout::create(directory)?;
    let directory = layout.content();
    let index = packed.index()?;
    for entry in &index.manifests {
        open_blob(packed, entry)?;
    }
    let mut piece = vec![0; PIECE];
    for (digest, size) in packed.blobs()? {
        let descriptor = Descriptor::new("", digest, size);
        if directory.has(&descriptor)? {
            continue;
        }
        let mut writer = directory.blob_writer(&descriptor)?;
        let mut reader = open_blob(packed, &descriptor)?;
        loop {
            let count = io::Read::read(&mut reader, &mut piece)
                .map_err(|error| source_error(&packed.place(), error))?;
            if count == 0 {
                break;
            }
            writer.write(&piece[..count])?;
        }
        writer.finish(directory)?;
    }
    directory.edit(|existing| merge_index(directory, existing, &index))?;
    Ok(layout)
}
