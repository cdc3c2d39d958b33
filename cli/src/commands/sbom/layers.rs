//! Reading the layers of an image: several at a time, as streams, and those that were read before not at all.

use std::thread::available_parallelism;

use countersign_core::file::FileError;
use countersign_core::image::Image;
use countersign_core::oci::{Descriptor, ImageManifest};
use countersign_core::outcome::Outcome;
use countersign_core::transfer::Observer;
use countersign_sbom::cache::Cache;
use countersign_sbom::layer::Layer;
use countersign_sbom::layer::stream::{self, LayerError};
use countersign_sbom::tree::Tree;
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use tokio::runtime::Handle;
use tokio_util::io::SyncIoBridge;

use super::look::blocking;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Progress;

/// Layers that are read at once, at most.
const CONCURRENT: usize = 4;

/// Reads all layers and lays them on one another. Nothing of them is written to the disk but what the cache keeps.
pub(super) async fn read(
    context: &Context,
    image: &Image,
    manifest: &ImageManifest,
    cache: Option<&Cache>,
) -> Result<Tree, Failure> {
    let progress = Progress::new(&context.output, "Reading");
    manifest.layers.iter().for_each(|layer| progress.planned(layer));
    let at_once = available_parallelism().map_or(1, usize::from).min(CONCURRENT);
    let reading: Vec<_> = manifest.layers.iter().map(|layer| one(image, layer, cache)).collect();
    let mut read = iter(reading).buffered(at_once);
    let (mut tree, mut not_kept) = (Tree::default(), None);
    let mut descriptors = manifest.layers.iter();
    while let (Some(read), Some(descriptor)) = (read.try_next().await?, descriptors.next()) {
        tree.lay(Some(&descriptor.digest.to_string()), read.layer);
        not_kept = not_kept.or(read.not_kept);
        progress.moved(descriptor);
    }
    progress.finish();
    if let Some(error) = not_kept {
        context.output.warning(format!("what was read is not kept for the next time: {error}"));
    }
    Ok(tree)
}

/// A layer that was read.
struct Read {
    layer: Layer,
    /// Why it could not be kept.
    not_kept: Option<FileError>,
}

async fn one(image: &Image, descriptor: &Descriptor, cache: Option<&Cache>) -> Result<Read, Failure> {
    let (digest, kept) = (descriptor.digest, cache.cloned());
    let known = blocking(move || kept.and_then(|cache| cache.get(&digest)));
    if let Some(layer) = known.await? {
        return Ok(Read { layer, not_kept: None });
    }
    let reader = image.source.blob_reader(descriptor).await?;
    let (handle, cache) = (Handle::current(), cache.cloned());
    let read = blocking(move || {
        let layer = stream::read(SyncIoBridge::new_with_handle(reader, handle))?;
        let not_kept = cache.and_then(|cache| cache.put(&digest, &layer).err());
        Ok(Read { layer, not_kept })
    });
    read.await?.map_err(|error: LayerError| {
        let outcome = if matches!(error, LayerError::Io(_)) { Outcome::Undecided } else { Outcome::Refused };
        Failure::new(outcome, error.code(), format!("{}: layer {digest}: {error}", image.name()))
    })
}
