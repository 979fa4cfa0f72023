//! Ending work before it is done.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::error::{Error, Result};

/// A request to end work before it is done, shared by its clones. Work looks at
/// it between two parts of an image and before a result is put in its place.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    own: Arc<AtomicBool>,
    outer: Option<Arc<AtomicBool>>,
}

impl Stop {
    /// One that is set by `flag`, that of a signal handler for instance.
    pub const fn when(flag: Arc<AtomicBool>) -> Self {
        Self {
            own: flag,
            outer: None,
        }
    }

    /// One of its own that `self` sets too.
    pub(crate) fn within(&self) -> Self {
        Self {
            own: Arc::default(),
            outer: Some(Arc::clone(&self.own)),
        }
    }

    /// Asks for the end.
    pub fn set(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// Whether the end was asked for.
    pub fn is_set(&self) -> bool {
        let set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        set(&self.own) || self.outer.as_deref().is_some_and(set)
    }

    /// # Errors
    ///
    /// [`Error::Stopped`] if the end was asked for.
    pub(crate) fn check(&self) -> Result<()> {
        match self.is_set() {
            true => Err(Error::Stopped),
            false => Ok(()),
        }
    }
}
