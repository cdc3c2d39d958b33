//! One named test for each thing that cosign 3.1.1 gets wrong: what countersign does instead, shown with the real
//! programs and registries, or with a registry that lies where no real one can be made to.

mod attestations;
mod bench;
mod bystanders;
mod cleaned;
mod copies;
mod hidden;
mod kinds;
mod log;
mod memory;
mod parallel;
mod readers;
mod requests;
mod throttled;
