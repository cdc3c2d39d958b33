//! Reading a layout directory, without leaving it.
//!
//! A layout may come from anywhere. Its index and blobs are opened only as regular files, through directories that are
//! directories: no symbolic link below the layout's own path is followed, whoever changes it meanwhile. Names below it come from parsed digests and
//! from constants, never from a document.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::content::{Content, Opened, check_marker, file_error, parse_index, protocol};
use super::referrers::Seen;
use crate::digest::{Algorithm, Digest};
use crate::file::{self, Open};
use crate::limits;
use crate::oci::ImageIndex;
use crate::source::{Result, SourceError};

pub(super) const INDEX: &str = "index.json";
pub(super) const MARKER_NAME: &str = "oci-layout";
pub(super) const BLOBS: &str = "blobs";

/// A layout directory.
#[derive(Debug)]
pub(crate) struct Directory {
    root: PathBuf,
    /// The `index.json` that was parsed last, with its bytes.
    parsed: Mutex<Option<(Vec<u8>, Arc<ImageIndex>)>>,
    seen: Seen,
}

impl Directory {
    pub(super) fn at(root: &Path) -> Self {
        Self { root: root.into(), parsed: Mutex::default(), seen: Seen::default() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Checks that this is a layout that can be read.
    pub(super) fn check(&self) -> Result<()> {
        let metadata = fs::metadata(&self.root).map_err(|error| self.io(&self.root, error))?;
        if !metadata.is_dir() {
            let kind = file::kind(metadata.file_type());
            let kind = if metadata.is_file() { "a file (of an oci-archive: perhaps)" } else { kind };
            return Err(protocol(
                self.place(),
                format!("is {kind}, expected the directory of an image layout"),
            ));
        }
        let Some(marker) = self.read(MARKER_NAME, limits::SMALL_FILE_BYTES)? else {
            return Err(protocol(self.place(), "no image layout: the file oci-layout is missing"));
        };
        check_marker(&self.path_text(MARKER_NAME), &marker)?;
        self.index().map(drop)
    }

    /// A small file of the layout's own; `None` when it is missing.
    pub(super) fn read(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let Some((mut file, length)) = self.open_regular(&[name])? else { return Ok(None) };
        let path = self.root.join(name);
        file::read_open(&mut file, length, limit, &path).map(Some).map_err(file_error)
    }

    /// Opens a regular file for reading, and gives its length; `None` when it is missing.
    fn open_regular(&self, components: &[&str]) -> Result<Option<(File, u64)>> {
        let Some((path, _)) = self.regular(components)? else { return Ok(None) };
        match file::open_below(&self.root, components, Open::Read) {
            Ok(file) => self.opened(file, &path).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.io(&path, error)),
        }
    }

    /// Checks that what was opened is a regular file: what was looked at before may have been another.
    pub(super) fn opened(&self, file: File, path: &Path) -> Result<(File, u64)> {
        let metadata = file.metadata().map_err(|error| self.io(path, error))?;
        if metadata.is_file() {
            return Ok((file, metadata.len()));
        }
        let kind = file::kind(metadata.file_type());
        Err(protocol(path.display().to_string(), format!("is {kind}, expected a regular file")))
    }

    /// The path of a regular file, every component of which was looked at; `None` when it is missing.
    pub(super) fn regular(&self, components: &[&str]) -> Result<Option<(PathBuf, Metadata)>> {
        let mut path = self.root.clone();
        for (position, component) in components.iter().enumerate() {
            path.push(component);
            let metadata = match fs::symlink_metadata(&path) {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(self.io(&path, error)),
            };
            let last = position + 1 == components.len();
            if last && metadata.is_file() {
                return Ok(Some((path, metadata)));
            } else if last || !metadata.is_dir() {
                let expected = if last { "a regular file" } else { "a directory" };
                let kind = if metadata.is_file() { "a file" } else { file::kind(metadata.file_type()) };
                return Err(protocol(path.display().to_string(), format!("is {kind}, expected {expected}")));
            }
        }
        Ok(None)
    }

    pub(super) fn blob_path(&self, digest: &Digest) -> Result<Option<(PathBuf, Metadata)>> {
        self.regular(&[BLOBS, digest.algorithm().name(), &digest.hex()])
    }

    pub(super) fn io(&self, path: &Path, error: io::Error) -> SourceError {
        SourceError::io(path.display().to_string(), error)
    }

    fn path_text(&self, name: &str) -> String {
        self.root.join(name).display().to_string()
    }

    fn blobs_of(&self, algorithm: Algorithm, found: &mut Vec<(Digest, u64)>) -> Result<()> {
        for directory in [&[BLOBS][..], &[BLOBS, algorithm.name()]] {
            if !self.is_directory(directory)? {
                return Ok(());
            }
        }
        let path = self.root.join(BLOBS).join(algorithm.name());
        for entry in fs::read_dir(&path).map_err(|error| self.io(&path, error))? {
            let entry = entry.map_err(|error| self.io(&path, error))?;
            let name = entry.file_name();
            let Some(Ok(digest)) = name.to_str().map(|hex| format!("{}:{hex}", algorithm.name()).parse())
            else {
                continue;
            };
            if let Some((_, metadata)) = self.blob_path(&digest)? {
                found.push((digest, metadata.len()));
            }
            let limit = limits::LAYOUT_BLOBS;
            if found.len() > limit {
                let what = "the number of blobs";
                return Err(SourceError::Limit { place: self.place(), what, limit: limit as u64 });
            }
        }
        Ok(())
    }

    /// Whether there is such a directory; an error when there is something else.
    pub(super) fn is_directory(&self, components: &[&str]) -> Result<bool> {
        let path = components.iter().fold(self.root.clone(), |path, component| path.join(component));
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Ok(true),
            Ok(metadata) => {
                let kind = if metadata.is_file() { "a file" } else { file::kind(metadata.file_type()) };
                Err(protocol(path.display().to_string(), format!("is {kind}, expected a directory")))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.io(&path, error)),
        }
    }

    /// The bytes of `index.json`.
    pub(crate) fn index_bytes(&self) -> Result<Vec<u8>> {
        self.read(INDEX, limits::LAYOUT_INDEX_BYTES)?.ok_or_else(|| {
            protocol(self.place(), "an incomplete image layout: the file index.json is missing")
        })
    }
}

impl Content for Directory {
    fn place(&self) -> String {
        format!("oci:{}", self.root.display())
    }

    fn index(&self) -> Result<Arc<ImageIndex>> {
        let bytes = self.index_bytes()?;
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, index)) = &*parsed
            && *known == bytes
        {
            return Ok(index.clone());
        }
        let index = Arc::new(parse_index(&self.path_text(INDEX), &bytes)?);
        *parsed = Some((bytes, index.clone()));
        Ok(index)
    }

    fn open(&self, digest: &Digest) -> Result<Option<Opened>> {
        let opened = self.open_regular(&[BLOBS, digest.algorithm().name(), &digest.hex()])?;
        Ok(opened.map(|(file, size)| Opened { size, reader: Box::new(file) }))
    }

    fn blobs(&self) -> Result<Vec<(Digest, u64)>> {
        let mut found = Vec::new();
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            self.blobs_of(algorithm, &mut found)?;
        }
        found.sort_unstable();
        Ok(found)
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}
