//! The locks of [`super::outcomes`]. The shuttle tests replace this module.

pub(super) use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
