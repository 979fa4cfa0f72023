//! The outcomes of the results of one job, recorded as they are put in their places.
//!
//! A job may be given up at any moment by somebody else, who then reports it. So that the
//! report is true, a result is put in its place and recorded under one lock, and closing the
//! ledger needs that lock: what was recorded by then is in its place, and nothing is put in
//! its place afterwards.

use super::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// An entry for each result of a job, shared by the one who works on it and the one who
/// waits for it.
#[derive(Debug)]
pub(crate) struct Ledger<T>(Mutex<Page<T>>);

#[derive(Debug)]
struct Page<T> {
    entries: Vec<Option<T>>,
    closed: bool,
}

impl<T> Ledger<T> {
    /// Of this number of results, without an outcome yet.
    pub(crate) fn new(results: usize) -> Self {
        let entries = (0..results).map(|_| None).collect();
        let closed = false;
        Self(Mutex::new(Page { entries, closed }))
    }

    /// Runs `settle`, which puts the result of this number in its place or finds that it
    /// cannot be, and records what it says. Does neither if the ledger is closed.
    pub(crate) fn record(&self, number: usize, settle: impl FnOnce() -> Option<T>) {
        let mut page = self.page();
        if !page.closed {
            page.entries[number] = settle();
        }
    }

    /// Closes the ledger, and says whether it is closed: not while a result is being put in
    /// its place.
    pub(crate) fn close(&self) -> bool {
        let mut page = match self.0.try_lock() {
            Ok(page) => page,
            Err(TryLockError::Poisoned(page)) => page.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        page.closed = true;
        true
    }

    /// The entries so far. The ledger is closed.
    pub(crate) fn take(&self) -> Vec<Option<T>> {
        let mut page = self.page();
        page.closed = true;
        std::mem::take(&mut page.entries)
    }

    /// Whether all results are recorded.
    pub(crate) fn is_complete(&self) -> bool {
        self.page().entries.iter().all(Option::is_some)
    }

    /// Whether one of the results recorded so far is such.
    pub(crate) fn any(&self, is: impl FnMut(&T) -> bool) -> bool {
        self.page().entries.iter().flatten().any(is)
    }

    fn page(&self) -> MutexGuard<'_, Page<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
