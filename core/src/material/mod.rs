//! What a caller trusts: the keys of logs and authorities, each within a window of time.
//!
//! Nothing here comes from an artifact. It is read from what the caller gives, and verification takes it as it is.

pub mod log;
pub mod window;
