//! Bills of materials: what is in an image or a directory.
//!
//! ```text
//! layer or directory -> look -> facts -> merge -> assemble -> inventory -> write
//!                       (one file at a time,        (who owns what,        (CycloneDX, SPDX, SWID)
//!                        kept by layer digest)       which distribution)
//! ```
//!
//! - [`catalog`] **looks** at one file and says what it shows: [`Fact`](fact::Fact)s, which need no other file. They are
//!   small, and can be kept by the digest of the layer that the file came from.
//!   The facts of a layer are a [`Layer`](layer::Layer), which [`cache`] can keep.
//! - **Merging** lays layers on one another: a file that a later layer replaces or removes takes its facts along.
//! - What [`locked`] files ask for counts where nothing is installed, or not at all.
//! - **Assembling** makes an [`Inventory`](inventory::Inventory) of the facts that are left: package URLs get their
//!   distribution, a language's package that belongs to a distribution's package is linked to it.
//! - [`mod@format`] writes an inventory, deterministically, and reads what others wrote.
//! - [`compare`] says what is different between two inventories, and whether a document tells the truth;
//!   [`score`] says how much a document tells of what authorities ask for.
//!
//! Nothing is extracted, nothing is executed, nothing is asked of a network. Whatever is read is bounded by [`limits`],
//! and what could not be read is named in the inventory.

mod assemble;
pub mod cache;
pub mod catalog;
pub mod compare;
pub mod directory;
pub mod fact;
pub mod format;
pub mod inventory;
pub mod layer;
pub mod limits;
pub mod locked;
pub mod merge;
mod paths;
pub mod purl;
pub mod score;
#[cfg(test)]
mod testing;
mod told;
pub mod tree;

pub use assemble::assemble;
