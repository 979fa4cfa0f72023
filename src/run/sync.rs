//! The locks of the ledger. The model-checked build of the ledger replaces this module by
//! shuttle's.

pub(super) use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
