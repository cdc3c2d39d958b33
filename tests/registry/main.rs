//! The client of registries against a registry that lies.
//!
//! No test depends on how fast anything is: what must not end waits for ever, what is counted is requests.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod authorisation;
mod common;
mod reading;
mod referrers;
mod shared_tags;
mod throttling;
mod tls;
mod writing;
