//! What every command gets: where to print, what the environment says, what time it is.

use std::time::Duration;

use jiff::Timestamp;

use crate::environment::Environment;
use crate::failure::Failure;
use crate::options::Global;
use crate::output::Output;

/// What a command gets beside its arguments.
pub(crate) struct Context {
    pub(crate) output: Output,
    pub(crate) environment: Environment,
    /// The time at which the command began: the only place where a clock is read.
    pub(crate) now: Timestamp,
    /// How long requests to a store may take in all.
    pub(crate) timeout: Option<Duration>,
}

impl Context {
    pub(crate) fn new(global: &Global) -> Result<Self, Failure> {
        let environment = Environment::of_process();
        let output = Output::new(global.output_file.as_deref(), global.verbose)?;
        Ok(Self { output, environment, now: Timestamp::now(), timeout: global.timeout })
    }
}
