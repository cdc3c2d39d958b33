//! The program, as users run it.

mod cosign_flags;
mod cosign_lines;
mod demo;
mod directory;
mod inspect;
mod machine;
mod messages;
mod wrong;
