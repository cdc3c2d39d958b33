//! BuildKit's attestation manifests: whose word they are, what of them is refused, how they are shown; the scanner that
//! BuildKit starts; SBOMs of every platform of an index.
//!
//! The indexes are written by [`made`] after BuildKit's specification (`docs/attestations/attestation-storage.md`), as
//! an image layout on the disk, and pushed to real registries by other programs.

mod made;
mod platforms;
mod refused;
mod scanner;
mod shown;
mod states;
