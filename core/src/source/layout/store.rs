//! Writing a layout directory so that nothing is lost.
//!
//! `index.json` is the only file that changes. It is read, changed and replaced under an exclusive lock on
//! `.countersign.lock`, which the operating system releases when its holder dies. Blobs never change: each is written
//! to `.countersign.tmp/`, checked, synced, and renamed to its place before anything names it, so they need no lock.
//! What a crash leaves in `.countersign.tmp/` is removed by a later writer: all who write there hold a shared lock, so
//! whoever gets the exclusive one knows that nobody does.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::PathBuf;

use tempfile::NamedTempFile;

use super::content::{Content, MARKER, protocol, same_digest};
use super::directory::{BLOBS, Directory, INDEX, MARKER_NAME};
use crate::digest::{Digest, Hasher};
use crate::file::{self, Mode, Open};
use crate::limits;
use crate::media_type;
use crate::oci::{Descriptor, ImageIndex, OciError};
use crate::source::{Result, SourceError};

const LOCK: &str = ".countersign.lock";
const TEMPORARY: &str = ".countersign.tmp";
const TEMPORARY_LOCK: &str = "lock";

impl Directory {
    /// Makes an empty layout where there is none. A directory that holds anything else is left alone.
    pub(super) fn create(&self) -> Result<()> {
        fs::create_dir_all(self.root()).map_err(|error| self.io(self.root(), error))?;
        // The marker is written last: what has it is complete.
        if self.regular(&[MARKER_NAME])?.is_some() {
            return Ok(());
        }
        self.check_creatable()?;
        let _lock = self.lock()?;
        if self.regular(&[MARKER_NAME])?.is_some() {
            return Ok(());
        }
        if self.regular(&[INDEX])?.is_none() {
            self.write_index(&ImageIndex::new(Vec::new()))?;
        }
        self.make_directory(&[BLOBS])?;
        self.replace(MARKER_NAME, MARKER)
    }

    /// An earlier attempt that was interrupted may be completed, nothing else be turned into a layout.
    fn check_creatable(&self) -> Result<()> {
        for entry in fs::read_dir(self.root()).map_err(|error| self.io(self.root(), error))? {
            let name = entry.map_err(|error| self.io(self.root(), error))?.file_name();
            let name = name.to_string_lossy();
            if ![INDEX, BLOBS, MARKER_NAME].contains(&&*name) && !name.starts_with(".countersign") {
                return Err(protocol(
                    self.place(),
                    format!("is no image layout and not empty (it has '{name}'): choose a new directory"),
                ));
            }
        }
        Ok(())
    }

    /// Waits for the exclusive right to change `index.json`.
    fn lock(&self) -> Result<File> {
        let file = self.open_lock(&[LOCK])?;
        file.lock().map_err(|error| self.io(&self.root().join(LOCK), error))?;
        Ok(file)
    }

    fn open_lock(&self, components: &[&str]) -> Result<File> {
        let path = components.iter().fold(self.root().to_owned(), |path, component| path.join(component));
        self.regular(components)?;
        match file::open_below(self.root(), components, Open::Lock) {
            Ok(file) => Ok(self.opened(file, &path)?.0),
            Err(error) => Err(self.not_writable(path, error)),
        }
    }

    fn not_writable(&self, path: PathBuf, error: io::Error) -> SourceError {
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                let why = format!("the image layout cannot be written: {error}");
                SourceError::io(path.display().to_string(), io::Error::new(error.kind(), why))
            }
            _ => self.io(&path, error),
        }
    }

    /// Changes `index.json` while nobody else does. It is written when `change` has changed it, and read back.
    pub(crate) fn edit<T>(&self, change: impl FnOnce(&mut ImageIndex) -> Result<T>) -> Result<T> {
        let _lock = self.lock()?;
        let before = self.index()?;
        let mut index = ImageIndex::clone(&before);
        let result = change(&mut index)?;
        if index != *before {
            self.write_index(&index)?;
            if *self.index()? != index {
                return Err(protocol(self.place(), "index.json is not what was just written to it"));
            }
        }
        Ok(result)
    }

    fn write_index(&self, index: &ImageIndex) -> Result<()> {
        let bytes = serde_json::to_vec(index).map_err(|error| SourceError::Manifest {
            place: self.place(),
            source: OciError::Json(error.into()),
        })?;
        let (entries, limit) = (index.manifests.len(), limits::LAYOUT_ENTRIES);
        if entries > limit || bytes.len() as u64 > limits::LAYOUT_INDEX_BYTES {
            let (what, limit) = ("the number of entries in index.json", limit as u64);
            return Err(SourceError::Limit { place: self.place(), what, limit });
        }
        self.replace(INDEX, &bytes)
    }

    /// Replaces a file of the layout's own. The caller holds the lock.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.root().join(name);
        let mut temporary = self.temporary()?;
        let written = temporary.file.write_all(bytes).and_then(|()| temporary.file.as_file().sync_all());
        written.map_err(|error| self.io(&path, error))?;
        self.regular(&[name])?;
        temporary.file.persist(&path).map_err(|error| self.not_writable(path, error.error))?;
        file::sync_directory(self.root()).map_err(|error| self.io(self.root(), error))
    }

    /// Begins to write a blob.
    pub(crate) fn blob_writer(&self, descriptor: &Descriptor) -> Result<BlobWriter> {
        let hasher = Hasher::new(descriptor.digest.algorithm());
        let place = format!("{}@{}", self.place(), descriptor.digest);
        Ok(BlobWriter { temporary: self.temporary()?, hasher, place, descriptor: descriptor.clone() })
    }

    /// Stores a blob that is in memory, unless it is there.
    pub(crate) fn store(&self, descriptor: &Descriptor, bytes: &[u8]) -> Result<()> {
        if self.has(descriptor)? {
            return Ok(());
        }
        let mut writer = self.blob_writer(descriptor)?;
        writer.write(bytes)?;
        writer.finish(self)
    }

    /// Whether a blob is there and is what it should be. One that is not will be replaced.
    pub(crate) fn has(&self, descriptor: &Descriptor) -> Result<bool> {
        let Some(opened) = self.open(&descriptor.digest)? else { return Ok(false) };
        if opened.size != descriptor.size {
            return Ok(false);
        }
        let mut reader = opened.checked(self.place(), descriptor.digest);
        Ok(io::copy(&mut reader, &mut io::sink()).is_ok())
    }

    /// Removes the blob of a manifest that was delisted. The caller holds the lock.
    pub(super) fn remove_blob(&self, digest: &Digest) -> Result<bool> {
        let Some((path, _)) = self.blob_path(digest)? else { return Ok(false) };
        fs::remove_file(&path).map_err(|error| self.not_writable(path, error))?;
        Ok(true)
    }

    fn temporary(&self) -> Result<Temporary> {
        self.make_directory(&[TEMPORARY])?;
        let lock = self.open_lock(&[TEMPORARY, TEMPORARY_LOCK])?;
        let directory = self.root().join(TEMPORARY);
        match lock.try_lock() {
            Ok(()) => {
                self.remove_leftovers()?;
                lock.unlock().map_err(|error| self.io(&directory, error))?;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(self.io(&directory, error)),
        }
        lock.lock_shared().map_err(|error| self.io(&directory, error))?;
        let file = file::temporary_in(&directory, Mode::Default)
            .map_err(|error| self.not_writable(directory, error))?;
        Ok(Temporary { file, _lock: lock })
    }

    fn remove_leftovers(&self) -> Result<()> {
        let directory = self.root().join(TEMPORARY);
        for entry in fs::read_dir(&directory).map_err(|error| self.io(&directory, error))? {
            let entry = entry.map_err(|error| self.io(&directory, error))?;
            if entry.file_name().to_string_lossy().starts_with(".countersign-") {
                fs::remove_file(entry.path()).map_err(|error| self.io(&entry.path(), error))?;
            }
        }
        Ok(())
    }

    fn make_directory(&self, components: &[&str]) -> Result<()> {
        if self.is_directory(components)? {
            return Ok(());
        }
        let path = components.iter().fold(self.root().to_owned(), |path, component| path.join(component));
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(self.not_writable(path, error));
            }
            _ => {}
        }
        let parent = path.parent().unwrap_or(self.root());
        file::sync_directory(parent).map_err(|error| self.io(parent, error))?;
        self.is_directory(components).map(drop)
    }
}

struct Temporary {
    // Dropped, and so removed, before the lock is given up.
    file: NamedTempFile,
    _lock: File,
}

/// A blob that is being written: it appears at its place when all of it was seen and is what it should be.
pub(crate) struct BlobWriter {
    temporary: Temporary,
    hasher: Hasher,
    place: String,
    descriptor: Descriptor,
}

impl BlobWriter {
    /// Takes the next piece.
    pub(crate) fn write(&mut self, piece: &[u8]) -> Result<()> {
        self.hasher.update(piece);
        self.check_size(self.hasher.length() <= self.descriptor.size)?;
        self.temporary.file.write_all(piece).map_err(|error| SourceError::io(self.place.clone(), error))
    }

    fn check_size(&self, good: bool) -> Result<()> {
        let (expected, got) = (self.descriptor.size, self.hasher.length());
        if good {
            Ok(())
        } else {
            Err(SourceError::SizeMismatch { place: self.place.clone(), expected, got })
        }
    }

    /// Checks the whole and puts it at its place.
    pub(crate) fn finish(self, directory: &Directory) -> Result<()> {
        self.check_size(self.hasher.length() == self.descriptor.size)?;
        let digest = self.descriptor.digest;
        same_digest(&self.place, digest, self.hasher.finish())?;
        let place = self.place;
        let file = self.temporary.file;
        file.as_file().sync_all().map_err(|error| SourceError::io(place.clone(), error))?;
        let algorithm = digest.algorithm().name();
        directory.make_directory(&[BLOBS])?;
        directory.make_directory(&[BLOBS, algorithm])?;
        directory.blob_path(&digest)?;
        let parent = directory.root().join(BLOBS).join(algorithm);
        file.persist(parent.join(digest.hex())).map_err(|error| SourceError::io(place, error.error))?;
        file::sync_directory(&parent).map_err(|error| directory.io(&parent, error))
    }
}

/// Checks that what a manifest names is stored, as a registry does when it is pushed. Layers that are fetched from
/// elsewhere need not be; an index may name what is not there.
pub(super) fn check_blobs(directory: &Directory, manifest: &crate::oci::ImageManifest) -> Result<()> {
    let foreign = |layer: &&Descriptor| {
        layer.other.contains_key("urls")
            || [".foreign.", ".nondistributable."].iter().any(|word| layer.media_type.contains(word))
    };
    let layers = manifest.layers.iter().filter(|layer| !foreign(layer));
    for blob in layers.chain([&manifest.config]) {
        if blob.media_type == media_type::OCI_EMPTY && blob.other.contains_key("data") {
            continue;
        }
        super::content::open_blob(directory, blob)?;
    }
    Ok(())
}
