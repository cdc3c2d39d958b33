//! An OCI image layout: a directory that is a repository (OCI image specification 1.1, "Image Layout").
//!
//! Every verb works on a directory as it does on a registry, with no server at all. `index.json` lists the manifests,
//! with their tags as annotations; manifests, configurations and layers are blobs, files named by their digests. How
//! tags are read is told in `lookup`, how referrers are found in `referrers`, how writers do not lose each other's work
//! in `store`. Layouts that `cosign save` wrote are understood.
//!
//! A layout is hostile input like everything else: nothing outside its directory is read or written through it.

use std::path::Path;
use std::sync::Arc;

use self::content::Content;
use super::{Result, SourceError};
use crate::digest::Digest;
use crate::oci::Annotations;
use crate::reference::{LocalSelector, Selector};

mod change;
mod choose;
pub(crate) mod content;
mod directory;
pub(crate) mod lookup;
pub(crate) mod referrers;
mod store;
pub(crate) mod stream;
mod verbs;

pub(crate) use change::merge_index;
pub(crate) use choose::choose;
pub(crate) use directory::Directory;
pub(crate) use verbs::Stored;

/// An image layout directory.
///
/// Clones share what was read already. Any number of them, in any number of processes, may write at the same time.
#[derive(Clone, Debug)]
pub struct Layout {
    directory: Arc<Directory>,
}

impl Layout {
    /// Opens a layout that is there.
    ///
    /// # Errors
    /// When the directory is no layout of version 1.0.0, or its `index.json` is missing, malformed or too large.
    pub fn open(path: &Path) -> Result<Self> {
        let layout = Self::at(path);
        layout.directory.check()?;
        Ok(layout)
    }

    /// Opens a layout, or makes an empty one where there is nothing or an empty directory.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when the directory holds something else or cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        let layout = Self::at(path);
        layout.directory.create()?;
        layout.directory.check()?;
        Ok(layout)
    }

    fn at(path: &Path) -> Self {
        Self { directory: Arc::new(Directory::at(path)) }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.root()
    }

    /// Which image is meant by what stands after the path of a local reference. Without a name it is the only image:
    /// signatures, attestations, referrers and the platforms of an index that is there too are not counted.
    ///
    /// # Errors
    /// When there is no such image, or several and none was named; the message lists the names.
    pub fn select(&self, selector: Option<&LocalSelector>) -> Result<Selector> {
        choose(&*self.directory, selector)
    }

    /// Adds annotations to every entry of `index.json` with this digest: the `kind` by which cosign tells images from
    /// signatures in a layout that it loads, or other names.
    ///
    /// # Errors
    /// When the layout lists no such manifest or cannot be written.
    pub async fn annotate(&self, digest: Digest, annotations: Annotations) -> Result<()> {
        self.directory
            .write(move |directory| {
                directory.edit(|index| {
                    let mut found = false;
                    for entry in index.manifests.iter_mut().filter(|entry| entry.digest == digest) {
                        entry.annotations.get_or_insert_default().extend(annotations.clone());
                        found = true;
                    }
                    let missing = || SourceError::NotFound {
                        place: directory.place(),
                        what: format!("manifest {digest}"),
                    };
                    if found { Ok(()) } else { Err(missing()) }
                })
            })
            .await
    }

    /// Marks a saved image, and what is attached to it by tag, as `cosign save` does, so that `cosign load` and
    /// `cosign verify --local-image` find them. cosign reads one image per layout: the first that is marked.
    ///
    /// # Errors
    /// When the layout cannot be written.
    pub async fn mark_for_cosign(&self, image: Digest) -> Result<()> {
        self.directory.write(move |directory| change::mark_for_cosign(directory, &image)).await
    }
}

impl Stored for Layout {
    type Content = Directory;

    fn content(&self) -> &Arc<Directory> {
        &self.directory
    }

    fn directory(&self) -> Result<&Arc<Directory>> {
        Ok(&self.directory)
    }
}

#[cfg(test)]
pub(crate) mod tests;
