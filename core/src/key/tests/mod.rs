//! Tests over vectors and over key files, read in place.

mod cosign;
mod refusals;
mod signing;
mod testdata;
mod wycheproof;

use crate::vectors::vectors;
