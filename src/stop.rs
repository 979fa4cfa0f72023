//! Ending work before it is done.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::error::{Error, Result};

/// A request to end work before it is done, shared by its clones. Work looks at
/// it between two parts of an image and before a result is put in its place.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    own: Arc<AtomicBool>,
    parent: Option<Arc<AtomicBool>>,
    deadline: Option<Instant>,
}

impl Stop {
    /// One that is set by `flag`, that of a signal handler for instance.
    pub const fn when(flag: Arc<AtomicBool>) -> Self {
        Self {
            own: flag,
            parent: None,
            deadline: None,
        }
    }

    /// A child token: set also when `self` is, and when this much time has passed.
    pub(crate) fn child(&self, limit: Option<Duration>) -> Self {
        Self {
            own: Arc::default(),
            parent: Some(Arc::clone(&self.own)),
            deadline: limit.and_then(|limit| Instant::now().checked_add(limit)),
        }
    }

    /// Asks for the end.
    pub fn set(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// Whether the end was asked for.
    pub fn is_set(&self) -> bool {
        let set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        set(&self.own)
            || self.parent.as_deref().is_some_and(set)
            || self.deadline.is_some_and(|end| Instant::now() > end)
    }

    /// # Errors
    ///
    /// [`Error::Stopped`] if the end was asked for.
    pub fn check(&self) -> Result<()> {
        match self.is_set() {
            true => Err(Error::Stopped),
            false => Ok(()),
        }
    }
}
