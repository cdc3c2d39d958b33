//! The test kit.

pub mod registry;
