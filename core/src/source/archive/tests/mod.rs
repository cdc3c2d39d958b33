//! Archives that are written, read, and made up by an enemy.

use std::fs;
use std::path::PathBuf;

use tar::{EntryType, Header};

use super::*;
use crate::digest::Digest;
use crate::oci::{Descriptor, RawManifest};
use crate::reference::Tag;
use crate::source::layout::tests::{empty, image, legacy, manifest, notes, tag, wait};
use crate::source::layout::{Layout, content};
use crate::source::{BlobContent, ReferrersFrom, SharedTag, Source};

mod docker;
mod hostile;
mod round_trip;

/// A tar that is put together member by member, as no honest tool would.
#[derive(Default)]
pub(super) struct Tarball(Vec<u8>);

impl Tarball {
    /// A tar that is an image layout, with an empty index.
    pub(super) fn layout() -> Self {
        let mut tarball = Self::default();
        tarball.file("oci-layout", content::MARKER);
        tarball.file("index.json", br#"{"schemaVersion":2,"manifests":[]}"#);
        tarball
    }

    pub(super) fn file(&mut self, name: &str, content: &[u8]) -> &mut Self {
        self.member(name, EntryType::Regular, "", content)
    }

    pub(super) fn member(&mut self, name: &str, kind: EntryType, link: &str, content: &[u8]) -> &mut Self {
        self.stated(name, kind, link, content, content.len() as u64)
    }

    /// A member whose header states another size.
    pub(super) fn stated(
        &mut self,
        name: &str,
        kind: EntryType,
        link: &str,
        content: &[u8],
        size: u64,
    ) -> &mut Self {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(size);
        let fields = header.as_old_mut();
        fields.name[..name.len()].copy_from_slice(name.as_bytes());
        fields.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// A pax header with these records.
    pub(super) fn pax(&mut self, kind: EntryType, records: &[(&str, &str)]) -> &mut Self {
        let mut content = String::new();
        for (key, value) in records {
            let rest = format!(" {key}={value}\n");
            let digits = (rest.len() + 2).to_string().len();
            content += &format!("{}{rest}", rest.len() + digits);
        }
        self.member("pax", kind, "", content.as_bytes())
    }

    /// Writes it to a file of a new directory.
    pub(super) fn written(&self) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("archive.tar");
        fs::write(&path, [&self.0[..], &[0; 1024]].concat()).unwrap();
        (directory, path)
    }

    pub(super) fn open(&self) -> Result<Archive> {
        Archive::open_oci(&self.written().1)
    }
}
