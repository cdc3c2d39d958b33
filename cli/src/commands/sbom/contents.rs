//! What a document, an image or a directory holds, whichever of them is named.

use std::path::Path;

use countersign_sbom::inventory::{Incomplete, Inventory};

use super::document;
use super::source::SourceArgs;
use crate::context::Context;
use crate::failure::Failure;

/// What was named, and what is in it.
pub(super) struct Contents {
    pub(super) name: String,
    pub(super) inventory: Inventory,
    /// Whether it was looked at now: what a document lacks, it lacks whoever reads it.
    pub(super) looked_at: bool,
}

impl Contents {
    /// A file that is there, and `-` for standard input, is a document; everything else is what `sbom generate` takes.
    pub(super) async fn of(args: &SourceArgs, context: &Context) -> Result<Self, Failure> {
        let contents = |inventory, looked_at| Self { name: args.name().to_owned(), inventory, looked_at };
        let (name, path) = (args.name(), Path::new(args.name()));
        if name == "-" || (path.exists() && !path.is_dir()) {
            let read = document::read(context, path).await.map_err(|failure| match failure.code {
                "SBOM_UNKNOWN" => failure.hint(
                    "a file that is there is read as a document; name an archive oci-archive:FILE or docker-archive:FILE",
                ),
                _ => failure,
            })?;
            return Ok(contents(read.inventory, false));
        }
        if document::is_named_so(name) && !path.exists() {
            let failure = Failure::io(path.display(), std::io::ErrorKind::NotFound.into());
            return Err(failure.hint("check the path; an image is named REGISTRY/REPOSITORY:TAG"));
        }
        Ok(contents(args.look(context).await?.inventory, true))
    }

    /// What could not be read just now.
    pub(super) fn unread(&self) -> &[Incomplete] {
        if self.looked_at { &self.inventory.incomplete } else { &[] }
    }
}
