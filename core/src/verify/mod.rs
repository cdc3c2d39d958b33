//! Verification: synchronous, without input or output, without a clock.
//!
//! It takes what was found, what is trusted and what is asked for, and gives a [`Verdict`]. The numbers are those of
//! `docs/verification.md`:
//!
//! 1. and 2. reading within limits and parsing strictly are done by [`gather`](crate::gather) and
//!    [`format`](crate::format);
//! 3. **bind**: the bytes signed name this digest and this kind of claim;
//! 4. **signature** over the exact bytes, with a key that the caller trusts;
//! 8. **log**: an entry of a transparency log is about this very signature ([`log`]; nothing asks for it yet);
//! 9. **threshold**: so many distinct signers.
//!
//! Each of steps 3 and 4 gives a token that only it can make, and an accepted signature cannot be built without both.

pub mod blob;
mod buildkit;
mod files;
mod image;
pub mod keyless;
pub mod log;
mod policy;
mod refusal;
mod token;
mod verdict;

pub use buildkit::verify_buildkit;
pub use files::{FileDifference, FileDifferences, Files};
pub use image::{verify_envelope, verify_image};
pub use policy::{ImagePolicy, PolicyError};
pub use refusal::{Refusal, RefusalCode};
pub use token::{About, ClaimsProven, CoverProven, SignatureProven};
pub use verdict::{Accepted, Check, CheckStatus, Claims, Format, Refused, Verdict};
