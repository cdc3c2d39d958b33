//! The content of an archive: an index and blobs, each a part of the file or a document made when it was opened.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::members::{Member, Members, members};
use super::window::{Window, read_at};
use crate::digest::Digest;
use crate::file;
use crate::limits;
use crate::oci::ImageIndex;
use crate::source::layout::content::{Content, Opened, check_marker, parse_index, protocol};
use crate::source::layout::referrers::Seen;
use crate::source::{Result, SourceError};

pub(super) const INDEX: &str = "index.json";
pub(super) const MARKER_NAME: &str = "oci-layout";

/// An open tar and where its members are.
#[derive(Debug)]
pub(super) struct Tar {
    pub(super) path: PathBuf,
    pub(super) file: Arc<File>,
    pub(super) members: Members,
}

impl Tar {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let place = || path.display().to_string();
        // Looked at before it is opened: opening a pipe waits for a writer.
        let metadata = fs::metadata(path).map_err(|error| SourceError::io(place(), error))?;
        if !metadata.is_file() {
            let kind = file::kind(metadata.file_type());
            return Err(protocol(place(), format!("is {kind}, expected an archive file")));
        }
        let file = File::open(path).map_err(|error| SourceError::io(place(), error))?;
        let members = members(path, &file)?;
        Ok(Self { path: path.into(), file: Arc::new(file), members })
    }

    pub(super) fn place(&self) -> String {
        self.path.display().to_string()
    }

    /// Offset and size of a member that must be a regular file; `None` when it is missing.
    pub(super) fn part(&self, name: &str) -> Result<Option<(u64, u64)>> {
        match self.members.get(name) {
            None => Ok(None),
            Some(Member::File { offset, size }) => Ok(Some((*offset, *size))),
            Some(Member::Link(target)) => Err(protocol(
                self.place(),
                format!("member '{name}' is a link to '{target}', expected a file"),
            )),
        }
    }

    /// The bytes of a member that is held in memory.
    pub(super) fn read(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let Some((offset, size)) = self.part(name)? else { return Ok(None) };
        if size > limit {
            let place = format!("{}: {name}", self.place());
            return Err(SourceError::Limit { place, what: "the member in bytes", limit });
        }
        let mut bytes = vec![0; size as usize];
        read_at(&self.file, &mut bytes, offset).map_err(|error| SourceError::io(self.place(), error))?;
        Ok(Some(bytes))
    }

    /// A part of the archive as a reader.
    pub(super) fn window(&self, (offset, size): (u64, u64)) -> Opened {
        Opened { size, reader: Box::new(Window { file: self.file.clone(), offset, left: size }) }
    }
}

/// Where the bytes of a blob are.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A part of the archive: offset and size.
    Part(u64, u64),
    /// In memory.
    Held(Bytes),
}

/// An archive as an image layout.
#[derive(Debug)]
pub(crate) struct Packed {
    /// The transport, `oci-archive` or `docker-archive`.
    pub(super) transport: &'static str,
    pub(super) tar: Tar,
    pub(super) index: Arc<ImageIndex>,
    pub(super) blobs: BTreeMap<Digest, Place>,
    pub(super) seen: Seen,
}

impl Packed {
    /// Reads a tar that holds an image layout.
    pub(super) fn oci(transport: &'static str, tar: Tar) -> Result<Self> {
        for control in [INDEX, MARKER_NAME, "blobs"] {
            check_case(&tar, control)?;
        }
        let missing =
            |name: &str| protocol(tar.place(), format!("no archive of an image layout: {name} is missing"));
        let marker = tar.read(MARKER_NAME, limits::SMALL_FILE_BYTES)?.ok_or_else(|| missing(MARKER_NAME))?;
        check_marker(&format!("{}: {MARKER_NAME}", tar.place()), &marker)?;
        let bytes = tar.read(INDEX, limits::LAYOUT_INDEX_BYTES)?.ok_or_else(|| missing(INDEX))?;
        let index = Arc::new(parse_index(&format!("{}: {INDEX}", tar.place()), &bytes)?);
        let mut blobs = BTreeMap::new();
        for name in tar.members.keys() {
            let Some(Ok(digest)) = name.strip_prefix("blobs/").map(|rest| rest.replacen('/', ":", 1).parse())
            else {
                continue;
            };
            if let Some((offset, size)) = tar.part(name)? {
                blobs.insert(digest, Place::Part(offset, size));
            }
        }
        Ok(Self { transport, tar, index, blobs, seen: Seen::default() })
    }
}

/// Refuses a member that is a control file on a file system that ignores letter case, and none elsewhere.
pub(super) fn check_case(tar: &Tar, control: &str) -> Result<()> {
    let first = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
    let wrong = |name: &&String| {
        let first = first(name);
        first != control && first.to_lowercase() == control
    };
    match tar.members.keys().find(wrong) {
        None => Ok(()),
        Some(name) => {
            Err(protocol(tar.place(), format!("member '{name}' differs from '{control}' in letter case")))
        }
    }
}

impl Content for Packed {
    fn place(&self) -> String {
        format!("{}:{}", self.transport, self.tar.path.display())
    }

    fn index(&self) -> Result<Arc<ImageIndex>> {
        Ok(self.index.clone())
    }

    fn open(&self, digest: &Digest) -> Result<Option<Opened>> {
        Ok(self.blobs.get(digest).map(|place| match place {
            Place::Part(offset, size) => self.tar.window((*offset, *size)),
            Place::Held(bytes) => {
                Opened { size: bytes.len() as u64, reader: Box::new(io::Cursor::new(bytes.clone())) }
            }
        }))
    }

    fn blobs(&self) -> Result<Vec<(Digest, u64)>> {
        let size = |place: &Place| match place {
            Place::Part(_, size) => *size,
            Place::Held(bytes) => bytes.len() as u64,
        };
        Ok(self.blobs.iter().map(|(digest, place)| (*digest, size(place))).collect())
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}
