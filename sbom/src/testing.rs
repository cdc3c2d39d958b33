//! What tests share.

use std::fmt::Display;

/// Says that a test, or a part of it, is left out, for want of something that this machine has not got.
pub(crate) fn left_out(missing: impl Display) {
    eprintln!("left out: no {missing}");
}
