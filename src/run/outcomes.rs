//! The outcomes of the results of one job, recorded as they are put in their places.
//!
//! A job may be abandoned at any time by the thread that waits for it, which then reports
//! its outcomes. So that the report is true, a result is committed and recorded under one
//! lock, and closing the list needs that lock: what was recorded before is in its place, and
//! nothing is committed afterwards.

use super::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// An entry for each result of a job, shared by the thread that runs it and the thread that
/// waits for it.
#[derive(Debug)]
pub(crate) struct Outcomes<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    entries: Vec<Option<T>>,
    closed: bool,
}

impl<T> Outcomes<T> {
    /// For this number of results, without an outcome yet.
    pub(crate) fn new(results: usize) -> Self {
        let entries = (0..results).map(|_| None).collect();
        let closed = false;
        Self(Mutex::new(State { entries, closed }))
    }

    /// Runs `commit`, which puts the result of this number in its place if it can, and records
    /// its outcome. Does neither if the list is closed.
    pub(crate) fn record(&self, number: usize, commit: impl FnOnce() -> Option<T>) {
        let mut state = self.lock();
        if !state.closed {
            state.entries[number] = commit();
        }
    }

    /// Closes the list; `false` if that fails, because a result is being committed.
    pub(crate) fn close(&self) -> bool {
        let mut state = match self.0.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        state.closed = true;
        true
    }

    /// Closes the list and returns the entries so far.
    pub(crate) fn take(&self) -> Vec<Option<T>> {
        let mut state = self.lock();
        state.closed = true;
        std::mem::take(&mut state.entries)
    }

    /// Whether all results are recorded.
    pub(crate) fn is_complete(&self) -> bool {
        self.lock().entries.iter().all(Option::is_some)
    }

    /// Whether one of the outcomes recorded so far satisfies `is`.
    pub(crate) fn any(&self, is: impl FnMut(&T) -> bool) -> bool {
        self.lock().entries.iter().flatten().any(is)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
