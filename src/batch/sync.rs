//! Locks, channels and time as the crew uses them. A model of threads puts its own here.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

pub(super) use std::sync::{
    Condvar, Mutex, MutexGuard, PoisonError,
    mpsc::{Sender, channel},
};

/// Tells how much time has passed since it was made.
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
    /// If nobody is left who could send one.
    pub(super) fn receive<T>(&self, receiver: &Receiver<T>, within: Duration) -> Option<T> {
        match receiver.recv_timeout(within) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the crew keeps a sender"),
        }
    }
}
