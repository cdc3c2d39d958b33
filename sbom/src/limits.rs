//! Every bound on what is read from outside, in one place.
//!
//! A bound that is passed makes the inventory incomplete, and is named in it.

/// Bytes of one file that is looked into.
pub const FILE_BYTES: u64 = 256 << 20;

/// Packages of one database file.
pub const PACKAGES_PER_FILE: usize = 100_000;

/// Files that one package owns.
pub const FILES_PER_PACKAGE: usize = 1_000_000;

/// Archives in archives (a jar in a war in an ear).
pub const ARCHIVE_DEPTH: usize = 4;

/// Entries of one archive.
pub const ARCHIVE_ENTRIES: usize = 1_000_000;

/// Bytes of all that is unpacked of one archive.
pub const UNPACKED_BYTES: u64 = 1 << 30;

/// Bytes of one document that is read: a bill of materials that someone else wrote.
pub const DOCUMENT_BYTES: u64 = 512 << 20;

/// Components of one document that is read.
pub const DOCUMENT_COMPONENTS: usize = 250_000;
