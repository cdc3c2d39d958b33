//! What BuildKit says of the images that it builds: SBOMs and provenance in attestation manifests (BuildKit,
//! `docs/attestations/attestation-storage.md`).
//!
//! ```text
//! index ── image M (linux/amd64)
//!       └─ attestation manifest A (unknown/unknown, annotated with M) ── statement, statement...
//! ```
//!
//! The statements are bare: whoever can push an image can write them. They count for something only where a signature
//! covers them, of A itself or of the index that lists it ([`Authenticity`]). Reading trusts nothing: [`Index`] finds
//! what is listed, [`statements`] fetches it and checks each link between index, image, manifest and statement, and
//! [`outline`] tells what there is without fetching it.

mod error;
mod fetch;
#[cfg(fuzzing)]
pub mod fuzzing;
mod index;
mod manifest;
mod state;

pub use error::BuildkitError;
pub use fetch::{Found, Outline, RefusedPart, Said, outline, statements};
pub use index::{Index, Listed};
pub use state::{Authenticity, Cover};
