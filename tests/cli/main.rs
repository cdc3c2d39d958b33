//! The program, as users run it.

mod cosign_lines;
mod demo;
mod messages;
mod machine;
mod wrong;
