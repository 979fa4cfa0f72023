//! Threads that read and write while the filter runs, and the buffers they exchange.

use std::{
    sync::mpsc::Receiver,
    thread::{self, Scope, ScopedJoinHandle},
};

use crate::{
    error::{LimitError, Result},
    image::{Depth, Samples},
};

/// The capacity of the bounded channels, in chunks: one that is ready, and one that evens
/// out differences in speed.
pub(super) const CAPACITY: usize = 2;

/// A buffer that the receiver of chunks gave back, or a new one.
pub(super) fn recycled_buffer(buffers: &Receiver<Samples>, depth: Depth) -> Result<Samples> {
    match buffers.try_recv() {
        Ok(samples) => Ok(samples),
        Err(_) => Samples::zeroed(depth, 0),
    }
}

/// Whether reading and writing may run on threads of their own: not on one core, and not
/// from a thread of rayon's pool, which would block on a writer that waits for the pool.
pub(super) fn can_overlap() -> bool {
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
