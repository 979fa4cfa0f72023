//! Locks as the ledger uses them. A model of threads puts its own here.

pub(super) use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
