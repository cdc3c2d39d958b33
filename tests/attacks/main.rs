//! The attacks and faults of the threat model, against the program.
//!
//! Each is cited by its number ("threat model, row 17"). What the program must do: end with the exit code of its outcome
//! and a code that says why, never say "unsigned" of what it could not ask, write nothing, tell nobody a secret. Many
//! are tested at a lower level as well; `rows.rs` holds the list, and looks that none is forgotten.

mod documents;
mod images;
mod keys;
mod layers;
mod local;
mod memory;
mod registry;
mod rows;
mod signing;
mod terminal;
