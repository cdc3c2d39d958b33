//! What may have been meant by a text that was taken for an image: something on this machine.

use std::path::Path;

use countersign_core::{file, limits};

use crate::failure::Failure;

/// Adds to a failure that the image is a layout, or a key, of this machine that was named as if it were in a registry.
pub(crate) fn local(failure: Failure, image: &str) -> Failure {
    match layout(image).or_else(|| key(image)) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Adds to a failure for want of a key that one stands among the images.
pub(crate) fn key_among(failure: Failure, images: &[String]) -> Failure {
    match images.iter().find_map(|image| key(image)) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// A directory, perhaps with a tag or a digest behind it.
fn layout(text: &str) -> Option<String> {
    let before = |mark| text.rsplit_once(mark).map(|(path, _)| path);
    let mut paths = [Some(text), before(':'), before('@')].into_iter().flatten();
    let path = paths.find(|path| Path::new(path).join("oci-layout").is_file())?;
    Some(format!("'{path}' is an image layout: name it as oci:{text}"))
}

fn key(text: &str) -> Option<String> {
    let content = file::read_bounded(Path::new(text), limits::SMALL_FILE_BYTES).ok()?;
    let is_key = content.windows(11).any(|window| window == b"-----BEGIN ");
    is_key.then(|| format!("'{text}' is a key: give it with --key {text}"))
}
