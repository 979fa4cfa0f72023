//! `Stop`: cooperative cancellation.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::error::{Error, Result};

/// A cancellation token, shared by its clones. It is checked between two chunks of an
/// image and before a result is renamed into place.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    own: Arc<AtomicBool>,
    parent: Option<Arc<AtomicBool>>,
    deadline: Option<Instant>,
}

impl Stop {
    /// A token that is cancelled by setting `flag`, for example in a signal handler.
    pub const fn when(flag: Arc<AtomicBool>) -> Self {
        Self {
            own: flag,
            parent: None,
            deadline: None,
        }
    }

    /// A child token, also cancelled when `self` is, and after this time limit.
    pub(crate) fn child(&self, limit: Option<Duration>) -> Self {
        Self {
            own: Arc::default(),
            parent: Some(Arc::clone(&self.own)),
            deadline: limit.and_then(|limit| Instant::now().checked_add(limit)),
        }
    }

    /// Cancels the work.
    pub fn set(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// Whether the work was cancelled.
    pub fn is_set(&self) -> bool {
        let set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        set(&self.own)
            || self.parent.as_deref().is_some_and(set)
            || self.deadline.is_some_and(|end| Instant::now() > end)
    }

    /// # Errors
    ///
    /// [`Error::Stopped`] if the work was cancelled.
    pub fn check(&self) -> Result<()> {
        match self.is_set() {
            true => Err(Error::Stopped),
            false => Ok(()),
        }
    }
}
