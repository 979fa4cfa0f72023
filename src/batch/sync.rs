//! The locks, channels and clock of the workers. The shuttle tests replace this module.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

pub(super) use std::sync::{
    Condvar, Mutex, MutexGuard, PoisonError,
    mpsc::{Sender, channel},
};

/// A monotonic clock that measures the time since its start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn now(&self) -> Duration {
        self.0.elapsed()
    }

    /// The next message, if one comes within this time.
    ///
    /// # Panics
    ///
    /// If all senders have been dropped.
    pub(super) fn receive<T>(&self, receiver: &Receiver<T>, within: Duration) -> Option<T> {
        match receiver.recv_timeout(within) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the workers keep a sender"),
        }
    }
}
