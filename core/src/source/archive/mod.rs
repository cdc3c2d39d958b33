//! Images in a tar: an image layout (`oci-archive:`), or what `docker save` writes (`docker-archive:`).
//!
//! An archive is read where it lies: its headers once, its blobs by seeking. Nothing is unpacked, so nothing in it can
//! be written anywhere; names that lead out of it, links out of it, devices and names that are there twice are refused
//! all the same, because other tools do unpack it. It is a [`Source`](super::Source) that can only be read; [`save`]
//! writes one from a layout, [`load`] makes a layout of one.

mod docker;
mod members;
mod names;
mod packed;
mod pax;
mod transfer;
mod window;

use std::path::Path;
use std::sync::Arc;

use self::packed::{MARKER_NAME, Packed, Tar};
use super::layout::content::Content;
use super::layout::{Directory, Stored, choose};
use super::{Result, SourceError};
use crate::reference::{LocalSelector, Selector};

pub use transfer::{load, save};

/// An archive of images, uncompressed, that can only be read.
#[derive(Clone, Debug)]
pub struct Archive {
    packed: Arc<Packed>,
}

impl Archive {
    /// Opens a tar of an image layout.
    ///
    /// # Errors
    /// When the file is no uncompressed tar, has what no such archive may have (see the head of this module), or holds
    /// no image layout.
    pub fn open_oci(path: &Path) -> Result<Self> {
        Packed::oci("oci-archive", Tar::open(path)?).map(Self::of)
    }

    /// Opens what `docker save` or `podman save` wrote. Newer versions of Docker write an image layout beside the older
    /// format; it is preferred, because it has the manifests that a registry has. Compressed layers are read once.
    ///
    /// # Errors
    /// As [`open_oci`](Self::open_oci), and when the configuration of an image does not fit its layers.
    pub fn open_docker(path: &Path) -> Result<Self> {
        let tar = Tar::open(path)?;
        let packed = if tar.members.contains_key(MARKER_NAME) && tar.members.contains_key(packed::INDEX) {
            Packed::oci("docker-archive", tar)
        } else {
            docker::docker(tar)
        };
        packed.map(Self::of)
    }

    fn of(packed: Packed) -> Self {
        Self { packed: Arc::new(packed) }
    }

    /// Which image is meant by what stands after the path of a local reference; see
    /// [`Layout::select`](super::Layout::select).
    ///
    /// # Errors
    /// When there is no such image, or several and none was named; the message lists the names.
    pub fn select(&self, selector: Option<&LocalSelector>) -> Result<Selector> {
        choose(&*self.packed, selector)
    }
}

impl Stored for Archive {
    type Content = Packed;

    fn content(&self) -> &Arc<Packed> {
        &self.packed
    }

    fn directory(&self) -> Result<&Arc<Directory>> {
        Err(SourceError::Unsupported {
            place: self.packed.place(),
            what: "an archive cannot be written to: use an image layout (oci:DIRECTORY)".into(),
        })
    }
}

#[cfg(test)]
mod tests;
