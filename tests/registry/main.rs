//! The client of registries against a registry that lies.
//!
//! No test depends on how fast anything is: what must not end waits for ever, what is counted is requests.

mod authorisation;
mod common;
mod reading;
mod referrers;
mod shared_tags;
mod throttling;
mod writing;
