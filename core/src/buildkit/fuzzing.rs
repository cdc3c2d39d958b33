//! A way in for a fuzz target: what is read of what is attached; the store is only named. Not part of any build but its.

use std::sync::Arc;

use super::{Index, manifest};
use crate::image::Image;
use crate::media_type;
use crate::oci::RawManifest;
use crate::source::Source;

/// Reads an index, each of its entries that is an attestation manifest as this one, and this statement as that of each
/// layer.
pub fn attached(store: Arc<dyn Source>, index: &[u8], attestation: &[u8], statement: &[u8]) {
    let raw = |media_type, bytes: &[u8]| RawManifest::of(media_type, bytes.to_vec().into());
    let (index, attestation) =
        (raw(media_type::OCI_INDEX, index), raw(media_type::OCI_MANIFEST, attestation));
    let image = Image { source: store.clone(), attachments: store, digest: index.digest };
    let Ok(Some(index)) = Index::read(&image, &index) else { return };
    for listed in index.listed() {
        let listed = listed.made_of(attestation.descriptor());
        for layer in manifest::layers(&listed, &attestation).unwrap_or_default() {
            if let Ok(read) = manifest::statement(&layer, statement, &listed.image().digest) {
                assert!(read.names(&listed.image().digest));
            }
        }
    }
}
