//! The threads that read and write beside the filter, and what passes between them.

use std::{
    sync::mpsc::Receiver,
    thread::{self, Scope, ScopedJoinHandle},
};

use crate::{
    error::{LimitError, Result},
    image::{Depth, Samples},
};

/// Blocks or stretches that wait in a queue: one that is ready, and one for the
/// other side to be a little late.
pub(super) const QUEUE: usize = 2;

/// A buffer that came back, or a new one.
pub(super) fn buffer(empty: &Receiver<Samples>, depth: Depth) -> Result<Samples> {
    match empty.try_recv() {
        Ok(samples) => Ok(samples),
        Err(_) => Samples::zeroed(depth, 0),
    }
}

/// Whether there are threads to overlap on. A thread of the pool itself must
/// not wait for writers, which wait for the pool.
pub(super) fn overlap() -> bool {
    rayon::current_num_threads() > 1 && rayon::current_thread_index().is_none()
}

/// Runs `work` in a thread of `scope`.
///
/// # Errors
///
/// [`Limit`](crate::Error::Limit) if the system has no thread left.
pub(super) fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>> {
    let spawned = thread::Builder::new().spawn_scoped(scope, work);
    spawned.map_err(|cause| LimitError::Threads { cause }.into())
}
