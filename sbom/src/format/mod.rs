//! Writing and reading documents.
