//! How long a transfer is waited for: what comes earns time, what a descriptor says of its size does not.
//!
//! A descriptor is the word of whoever wrote it. If it counted, a registry that claims much and sends little could
//! hold a reader for hours (threat model, row 4).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::{Sleep, sleep};

use crate::limits;

/// The time that so many bytes earn, once they have come or have to be sent.
pub(super) const fn earned(bytes: u64) -> Duration {
    Duration::from_secs(bytes / limits::TRANSFER_RATE)
}

/// The patience of one who reads a stream. Only the time in which nothing comes counts, so that a reader who is slow
/// himself does not lose it.
#[derive(Debug)]
pub(super) struct Patience {
    timeout: Duration,
    idle: Duration,
    waited: Duration,
    since: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

impl Patience {
    /// Waits for `timeout` in all and what comes earns, and for `idle` without a byte.
    pub(super) fn new(timeout: Duration, idle: Duration) -> Self {
        Self { timeout, idle, waited: Duration::ZERO, since: None, alarm: Box::pin(sleep(idle)) }
    }

    /// Something came.
    pub(super) fn end_wait(&mut self) {
        if let Some(since) = self.since.take() {
            self.waited = self.waited.saturating_add(since.elapsed());
        }
    }

    /// Nothing came yet, after so many bytes: ready when it is too late.
    pub(super) fn poll_late(&mut self, context: &mut Context<'_>, came: u64) -> Poll<()> {
        if self.since.is_none() {
            let now = Instant::now();
            self.since = Some(now);
            let next = now + self.left(came);
            self.alarm.as_mut().reset(next.into());
        }
        self.alarm.as_mut().poll(context)
    }

    /// The time until the next byte must have come.
    fn left(&self, came: u64) -> Duration {
        let all = self.timeout.saturating_add(earned(came));
        self.idle.min(all.saturating_sub(self.waited))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// threat model, row 4.
    #[tokio::test]
    async fn bytes_that_came_earn_time_and_nothing_else_does() {
        let (timeout, idle) = (Duration::from_secs(30), Duration::from_secs(20));
        for (waited, came, left) in [
            (0, 0, 20),
            (15, 0, 15),
            (30, 0, 0),
            (30, limits::TRANSFER_RATE - 1, 0),
            (30, limits::TRANSFER_RATE, 1),
            (100, limits::TRANSFER_RATE * 75, 5),
            (100, limits::TRANSFER_RATE * 1_000, 20),
        ] {
            let waited = Duration::from_secs(waited);
            let patience = Patience { waited, ..Patience::new(timeout, idle) };
            assert_eq!(patience.left(came), Duration::from_secs(left), "{waited:?}, {came} bytes");
        }
    }
}
