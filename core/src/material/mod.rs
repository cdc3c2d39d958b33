//! Whom a verifier believes: authorities, logs, those who tell the time. All of it is passed in.

pub mod log;
pub mod trusted_root;
pub mod window;
