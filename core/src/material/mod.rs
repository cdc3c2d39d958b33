//! What a caller trusts: authorities, logs, those who tell the time, each within a window of time.
//!
//! Nothing here comes from an artifact. It is read from what the caller gives, and verification takes it as it is.

pub mod log;
pub mod trusted_root;
pub mod window;
