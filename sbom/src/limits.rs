//! Every bound on what is read from outside, in one place.
//!
//! A bound that is passed makes the inventory incomplete, and is named in it.

use std::time::Duration;

/// Bytes of one file that is looked into.
pub const FILE_BYTES: u64 = 256 << 20;

/// Bytes by which a file is known to be worth reading: the beginning of it.
pub const HEAD_BYTES: u64 = 4096;

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

/// Bytes of one path in a database of packages.
pub const PATH_BYTES: usize = 4096;

/// Bytes of all names (paths of files, dependencies) that one database of packages gives. Some keep folders and names
/// apart, and so can mean far more than they say.
pub const NAME_BYTES: usize = 256 << 20;

/// Fields of one package in a database of text.
pub const FIELDS_PER_PACKAGE: usize = 1000;

/// Licences that one file tells of.
pub const LICENSES_PER_FILE: usize = 1000;

/// Bytes of one text or JSON file that tells of packages.
pub const TEXT_BYTES: u64 = 32 << 20;

/// Bytes of one description of a package within an archive, unpacked.
pub const ARCHIVE_TEXT_BYTES: u64 = 4 << 20;

/// Unpacked bytes for each packed byte of an entry of an archive.
pub const ARCHIVE_RATIO: u64 = 200;

/// Objects and lists of one JSON file that tells of packages: the shortest take a hundred times their own bytes.
pub const JSON_NODES: usize = 1_000_000;

/// Bytes of all sections of one program, or of all its segments, for each byte of the file: what does not overlap is
/// never more than the file.
pub const PROGRAM_OVERLAP: u64 = 2;

/// Bytes of all that is read of one program, for each byte of the file.
pub const PROGRAM_READS: u64 = 8;

/// Bytes of the list of dependencies that is packed into a program.
pub const AUDITABLE_BYTES: u64 = 16 << 20;

/// Programs for different processors in one file.
pub const UNIVERSAL_PROGRAMS: usize = 16;

/// Entries of one layer, or of one directory with all that is in it.
pub const LAYER_ENTRIES: usize = 2_000_000;

/// Bytes of what all files of one layer show, in memory.
pub const LAYER_FACT_BYTES: usize = 1 << 30;

/// Bytes of what a tar says of one entry before its content: its name, where it leads, what else is noted of it.
pub const ENTRY_HEAD_BYTES: u64 = 1 << 20;

/// Bytes of one layer, unpacked.
pub const LAYER_BYTES: u64 = 64 << 30;

/// Bytes of all that is kept of layers that were read.
pub const CACHE_BYTES: u64 = 512 << 20;

/// How long nothing was kept in what another revision of the program keeps, until it goes.
pub const CACHE_UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Which package needs which, of all packages of one inventory.
pub const DEPENDENCIES: usize = 4_000_000;

/// Bytes that packages take over from others: licences, and who supplies them.
pub const COPIED_BYTES: usize = 256 << 20;

/// Bytes of one document that is read: a bill of materials that someone else wrote.
pub const DOCUMENT_BYTES: u64 = 512 << 20;

/// Components of one document that is read.
pub const DOCUMENT_COMPONENTS: usize = 250_000;

/// Relationships of one document that is read: who contains, needs or describes whom.
pub const DOCUMENT_RELATIONS: usize = 4_000_000;

/// Bytes that the elements of all lists of one document take while it is read, their texts not counted: an element that
/// is written as `{}` takes as much room as a full one.
pub const DOCUMENT_ELEMENT_BYTES: usize = 512 << 20;

/// Elements in elements of a document in XML. Of JSON the parser has a bound of the same size.
pub const DOCUMENT_DEPTH: usize = 128;

/// Bytes of one text, or of one element with its attributes, of a document in XML; of one value of tags and values.
pub const DOCUMENT_TEXT_BYTES: usize = 16 << 20;

/// Different places of one document of which it is said that they were passed over; the others are counted as one.
pub const PLACES_PASSED_OVER: usize = 1000;

/// Bytes of the name of one place that was passed over.
pub const PLACE_BYTES: usize = 200;
