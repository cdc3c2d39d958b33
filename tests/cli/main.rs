//! The program, as users run it.

mod demo;
mod messages;
